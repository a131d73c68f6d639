"""Activity scores as a capability of the live side (spec 80)."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from hzmetrics.activity import monitor
from hzmetrics.activity.settings import ActivitySettings, Scoring
from hzmetrics.calendar import utc
from hzmetrics.capability import Capability, Family
from hzmetrics.store import Store
from hzmetrics.store.tables.live import activity_users
from hzmetrics.users.log_events import ActivityInstants
from hzmetrics.users.user import Source


def capability(store: Store, settings: ActivitySettings, source: Callable[[], Source], now: int) -> Capability:
    return Capability(
        "activity",
        settings.enabled,
        consumers=lambda clock: [ActivityInstants(clock, settings.scoring.retention_days)],
        tick=lambda: monitor.sample(store, settings, source(), now),
        families=lambda: families(store, settings.scoring, now),
    )


def families(store: Store, scoring: Scoring, now: int) -> list[Family]:
    """The number of users by status, as last known."""
    user = activity_users.c
    is_active = user.last_activity >= utc(now - scoring.inactive_after * 60)
    status = sa.case((user.server_active == 0, "offline"), (is_active, "active"), else_="inactive").label("status")
    found = {
        row.status: row.users
        for row in store.metrics.rows(sa.select(status, sa.func.count().label("users")).group_by(status))
    }
    values = {name: found.get(name, 0) for name in ("active", "inactive", "offline")}
    return [Family("activity_users", "Users by state of their server", values, label="status")]
