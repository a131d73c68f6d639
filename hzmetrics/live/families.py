"""What the other capabilities add to the text for Prometheus (spec 82 §6)."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.activity.settings import Scoring
from hzmetrics.calendar import utc
from hzmetrics.events.levels import disk_level
from hzmetrics.events.settings import EventSettings
from hzmetrics.events.update import EVALUATED_UNTIL, free_space
from hzmetrics.live.openmetrics import Family
from hzmetrics.store import Store
from hzmetrics.store.tables.live import activity_users, anomalies, capability_state


def of_activity(store: Store, scoring: Scoring, now: int) -> list[Family]:
    """Users by status, as last known."""
    user = activity_users.c
    active = user.last_activity >= utc(now - scoring.inactive_after * 60)
    status = sa.case((user.server_active == 0, "offline"), (active, "active"), else_="inactive").label("status")
    found = {
        row.status: row.users
        for row in store.metrics.rows(sa.select(status, sa.func.count().label("users")).group_by(status))
    }
    values = {name: found.get(name, 0) for name in ("active", "inactive", "offline")}
    return [Family("activity_users", "Users by state of their server", "status", values)]


def of_events(store: Store, settings: EventSettings) -> list[Family]:
    """The stress levels, and the free space they are judged by; what cannot be measured is left out."""
    state = capability_state.c
    until = sa.select(state.value).where(state.name == EVALUATED_UNTIL)
    evaluated = store.metrics.scalar(until)
    if evaluated is None:
        return []
    levels = {"activity": store.metrics.scalar(sa.select(anomalies.c.alarm).where(anomalies.c.when == evaluated)) or 0}
    mebibytes = free_space(settings)
    disk = []
    if mebibytes >= 0:
        levels["disk"] = disk_level(mebibytes, settings.max_upload_mb, settings.disk_factors)
        disk = [Family("free_disk_bytes", "Free space of the watched file system", None, {"": mebibytes << 20})]
    return [Family("stress_level", "Stress level from 0 to 2", "kind", levels), *disk]
