"""Event accounting as a capability of the live side (spec 84)."""

from __future__ import annotations

from hzmetrics.capability import Capability, Family
from hzmetrics.events.reports import stress
from hzmetrics.events.settings import EventSettings
from hzmetrics.events.update import Accounting
from hzmetrics.store import Store


def capability(store: Store, settings: EventSettings) -> Capability:
    return Capability(
        "events",
        settings.enabled,
        consumers=lambda clock: [Accounting(store, settings, clock)],
        families=lambda: families(store, settings),
    )


def families(store: Store, settings: EventSettings) -> list[Family]:
    """The stress levels, and the free space that the disk level depends on; without the latter if it is unknown."""
    now = stress(store, settings)
    if now["activity"] is None:
        return []
    levels = {kind: now[kind] for kind in ("activity", "disk") if now[kind] is not None}
    found = [Family("stress_level", "Stress level from 0 to 2", levels, label="kind")]
    if now["disk"] is not None:
        mebibytes = now["free_disk_space"]
        found.append(Family("free_disk_bytes", "Free space of the watched file system", {"": mebibytes << 20}))
    return found
