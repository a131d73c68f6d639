"""Event accounting as a capability of the live side (spec 84)."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.capability import Capability, Family
from hzmetrics.events.levels import disk_level
from hzmetrics.events.settings import EventSettings
from hzmetrics.events.update import EVALUATED_UNTIL, Accounting, free_space
from hzmetrics.store import Store
from hzmetrics.store.live_state import recall
from hzmetrics.store.tables.live import anomalies


def capability(store: Store, settings: EventSettings) -> Capability:
    return Capability(
        "events",
        settings.enabled,
        consumers=lambda clock: [Accounting(store, settings, clock)],
        families=lambda: families(store, settings),
    )


def families(store: Store, settings: EventSettings) -> list[Family]:
    """The stress levels, and the free space that the disk level depends on; without the latter if it is unknown."""
    evaluated = recall(store.metrics, EVALUATED_UNTIL)
    if evaluated is None:
        return []
    levels = {"activity": store.metrics.scalar(sa.select(anomalies.c.alarm).where(anomalies.c.when == evaluated)) or 0}
    mebibytes = free_space(settings)
    disk = []
    if mebibytes >= 0:
        levels["disk"] = disk_level(mebibytes, settings.max_upload_mb, settings.disk_factors)
        disk = [Family("free_disk_bytes", "Free space of the watched file system", {"": mebibytes << 20})]
    return [Family("stress_level", "Stress level from 0 to 2", levels, label="kind"), *disk]
