"""Active users as a capability of the live side (spec 82)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hzmetrics.active_users import counting
from hzmetrics.active_users.settings import ActiveUserSettings
from hzmetrics.calendar import Clock, epoch
from hzmetrics.capability import Capability, Family
from hzmetrics.store import Store
from hzmetrics.users.log_events import LatestEvents
from hzmetrics.users.user import Source

MEANINGS = {
    "active_users_1d": "Users active in the past 24 hours",
    "active_users_7d": "Users active in the past 7 days",
    "active_users_30d": "Users active in the past 30 days",
}


def capability(store: Store, settings: ActiveUserSettings, source: Callable[[], Source], clock: Clock) -> Capability:
    return Capability(
        "active_users",
        settings.enabled,
        consumers=lambda clock: [LatestEvents()],
        tick=lambda: counting.update(store, settings, source(), clock),
        families=lambda: families(counting.show(store)),
    )


def families(counts: Mapping[str, Any]) -> list[Family]:
    """The counts, given as `active-users show --json` prints them; no family before the first computation."""
    if counts["updated"] is None:
        return []
    gauges = [Family(name, meaning, {"": counts[name]}) for name, meaning in MEANINGS.items()]
    updated = {"": epoch(counts["updated"])}
    return [
        *gauges,
        Family("active_users_updated_timestamp_seconds", "Time of the last active user count", updated, unit="seconds"),
    ]
