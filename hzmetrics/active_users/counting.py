"""Active users of the past day, week and month (spec 82)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from hzmetrics.active_users.settings import ActiveUserSettings
from hzmetrics.calendar import Clock, epoch, utc
from hzmetrics.store import Store
from hzmetrics.store.live_state import remember
from hzmetrics.store.tables import metrics as tables
from hzmetrics.store.tables.live import active_users, capability_state, user_last_event
from hzmetrics.store.types import epoch_seconds
from hzmetrics.users.log_events import move_forward
from hzmetrics.users.user import Presence, Source, fitted

DAY = 86_400
WINDOWS = {"active_users_1d": DAY, "active_users_7d": 7 * DAY, "active_users_30d": 30 * DAY}
"""Seconds that each gauge reaches back; exactly so long ago is outside."""
FILLED = "active_users.filled"
LAST_EVENT_DAYS = 400
"""How long the latest events of a user are remembered."""
HOUR = 3600
NOBODY = {"", "-"}
"""What logs write where there is no user."""


@dataclass(frozen=True)
class Known:
    """What counts of one user: the time of the latest event that is activity, and the state of the account."""

    last: int | None = None
    connected: bool = False
    enabled: bool = True


def count(users: Iterable[Known], now: int, count_disabled: bool = False) -> dict[str, int]:
    """The three gauges: connected users, and those whose last activity is less than the window ago (spec 82 §1)."""
    totals = dict.fromkeys(WINDOWS, 0)
    for user in users:
        for gauge, seconds in WINDOWS.items():
            recent = user.last is not None and now - user.last < seconds and (user.enabled or count_disabled)
            totals[gauge] += user.connected or recent
    return totals


def update(store: Store, settings: ActiveUserSettings, source: Source, clock: Clock, force: bool = False) -> bool:
    """Count and store, if the hour has changed since the last computation; whether it was done (spec 82 §5)."""
    now = epoch(clock.utc)
    last = store.metrics.scalar(sa.select(sa.func.max(active_users.c.time)))
    if last is not None and not force and now // HOUR <= epoch(last) // HOUR:
        return False
    _fill_from_logins(store, settings, now)
    presence = source.presence()
    with store.metrics.begin() as connection:
        move_forward(connection, {(name, "activity"): time for name, time in presence.seen.items()})
        connection.execute(sa.delete(user_last_event).where(user_last_event.c.time < utc(now - LAST_EVENT_DAYS * DAY)))
    found = count(known_users(store, settings, presence, now), now, settings.count_disabled)
    with store.metrics.begin() as connection:
        connection.execute(sa.delete(active_users).where(active_users.c.time == clock.utc))
        connection.execute(
            sa.insert(active_users).values(
                time=clock.utc, d1=found["active_users_1d"], d7=found["active_users_7d"], d30=found["active_users_30d"]
            )
        )
        if settings.history_days:
            old = utc(now - settings.history_days * DAY)
            connection.execute(sa.delete(active_users).where(active_users.c.time < old))
    return True


def known_users(store: Store, settings: ActiveUserSettings, presence: Presence, now: int) -> list[Known]:
    """Who may count, each once: those of the longest window by their latest counting event, and the connected."""
    event = user_last_event.c
    counting = event.event.in_((*sorted(settings.events), "activity")), event.time >= utc(now - max(WINDOWS.values()))
    latest = sa.select(event.username, sa.func.max(event.time).label("time")).where(*counting).group_by(event.username)
    return known({row.username: epoch(row.time) for row in store.metrics.rows(latest)}, presence, settings.ignore_users)


def known(last: Mapping[str, int], presence: Presence, ignore: Set[str]) -> list[Known]:
    """Who may count, of those with a latest event and the connected; names as `plain` makes them."""
    names = (last.keys() | presence.connected) - ignore - NOBODY
    return [Known(last.get(name), name in presence.connected, name not in presence.disabled) for name in names]


def show(store: Store) -> dict[str, Any]:
    """The latest counts, null before the first computation."""
    rows = store.metrics.rows(sa.select(active_users).order_by(active_users.c.time.desc()).limit(1))
    values = (rows[0].d1, rows[0].d7, rows[0].d30, rows[0].time) if rows else (None,) * 4
    return dict(zip((*WINDOWS, "updated"), values, strict=True))


def history(store: Store, since: str | None) -> list[dict[str, Any]]:
    """The stored counts, oldest first; `since` is a day in UTC."""
    query = sa.select(active_users).order_by(active_users.c.time)
    if since is not None:
        query = query.where(active_users.c.time >= f"{since}T00:00:00Z")
    return [dict(zip(("time", *WINDOWS), row, strict=True)) for row in store.metrics.rows(query)]


def _fill_from_logins(store: Store, settings: ActiveUserSettings, now: int) -> None:
    """Once: the latest login and simulation of each user from `userlogin`, so that the first count is right.

    See spec 82 §4.
    """
    state = capability_state.c
    if store.metrics.rows(sa.select(state.value).where(state.name == FILLED)):
        return
    login = tables.userlogin.c
    time = epoch_seconds(sa.func.max(login.datetime)).label("time")
    since = utc(now - (LAST_EVENT_DAYS + 1) * DAY)[:10]  # local times: a day more than is needed
    query = (
        sa.select(sa.func.lower(login.user).label("user"), sa.func.lower(login.action).label("action"), time)
        .where(login.action.in_(("login", "simulation")), login.datetime >= since)
        .group_by(sa.func.lower(login.user), sa.func.lower(login.action))
    )
    latest = {
        (fitted(row.user.strip()), row.action): int(row.time)
        for row in store.metrics.rows(query)
        if row.time and now - row.time <= LAST_EVENT_DAYS * DAY and row.user.strip() not in NOBODY
    }
    with store.metrics.begin() as connection:
        move_forward(connection, latest)
        remember(connection, FILLED, utc(now))
