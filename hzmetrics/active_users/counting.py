"""Active users of the past day, week and month (spec 82)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from hzmetrics.active_users.settings import ActiveUserSettings
from hzmetrics.calendar import Clock, epoch, utc
from hzmetrics.follow import follower
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.live_state import recall, remember
from hzmetrics.store.tables import metrics as tables
from hzmetrics.store.tables.live import active_users, user_last_event
from hzmetrics.store.types import epoch_seconds
from hzmetrics.users.log_events import SHOWING_USERS, move_forward
from hzmetrics.users.user import NO_USER, Presence, Source, fitted

DAY = 86_400
WINDOWS = {"active_users_1d": DAY, "active_users_7d": 7 * DAY, "active_users_30d": 30 * DAY}
"""Seconds that each gauge reaches back; an event exactly that old is outside."""
COUNTED = "active_users.counted"
"""The time of the last computation."""
LOGINS = "active_users.logins"
"""The number of the last row of `userlogin` that was taken into account."""
LAST_EVENT_DAYS = 400
"""How long the latest events of a user are kept."""
HOUR = 3600


@dataclass(frozen=True)
class Known:
    """A user who may count: the time of the latest event that is activity, and the state of the account."""

    last: int | None = None
    connected: bool = False
    enabled: bool = True


def count(users: Iterable[Known], now: int, count_disabled: bool = False) -> dict[str, int]:
    """The three gauges: users connected now, or with an activity less than the window ago (spec 82 §1)."""
    totals = dict.fromkeys(WINDOWS, 0)
    for user in users:
        for gauge, seconds in WINDOWS.items():
            recent = user.last is not None and now - user.last < seconds and (user.enabled or count_disabled)
            totals[gauge] += user.connected or recent
    return totals


def update(store: Store, settings: ActiveUserSettings, source: Source, clock: Clock, force: bool = False) -> bool:
    """Count and store, if a computation is due or forced; whether it was done (spec 82 §5).

    Raises UnreadLogs, and counts nothing, if a log that shows users active could not be read.
    """
    now = epoch(clock.utc)
    logins = store.metrics.scalar(sa.select(sa.func.max(tables.userlogin.c.id))) or 0
    known_logins = int(recall(store.metrics, LOGINS) or 0)
    if not (_is_due(store, now) or logins != known_logins or force):
        return False
    follower.require_read(store, SHOWING_USERS)
    _take_logins(store, now, known_logins if known_logins <= logins else 0)
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
        remember(connection, COUNTED, clock.utc)
        remember(connection, LOGINS, str(logins))
        if settings.history_days:
            old = utc(now - settings.history_days * DAY)
            connection.execute(sa.delete(active_users).where(active_users.c.time < old))
    return True


def _is_due(store: Store, now: int) -> bool:
    """Whether the hour has changed since the last computation. One ahead of the clock is taken as of now."""
    counted = recall(store.metrics, COUNTED) or store.metrics.scalar(sa.select(sa.func.max(active_users.c.time)))
    if counted is None:
        return True
    last = epoch(counted)
    if last > now + HOUR:
        log.warning("active users: the last count, at %s, is ahead of the clock; taken as of now", counted)
        with store.metrics.begin() as connection:
            remember(connection, COUNTED, utc(now))
        return False
    return now // HOUR > last // HOUR


def known_users(store: Store, settings: ActiveUserSettings, presence: Presence, now: int) -> list[Known]:
    """The users who may count: those with a counting event in the longest window, and those connected now."""
    event = user_last_event.c
    counting = event.event.in_((*sorted(settings.events), "activity")), event.time >= utc(now - max(WINDOWS.values()))
    latest = sa.select(event.username, sa.func.max(event.time).label("time")).where(*counting).group_by(event.username)
    return known({row.username: epoch(row.time) for row in store.metrics.rows(latest)}, presence, settings.ignore_users)


def known(last: Mapping[str, int], presence: Presence, ignore: Set[str]) -> list[Known]:
    """The users who may count, from their latest events and the presence; names are as `plain` makes them."""
    names = (last.keys() | presence.connected) - ignore - {*NO_USER}
    return [Known(last.get(name), name in presence.connected, name not in presence.disabled) for name in names]


def show(store: Store) -> dict[str, Any]:
    """The counts of the last computation; null before the first one.

    Later rows can exist: they were stored while the clock was ahead.
    """
    query = sa.select(active_users).order_by(active_users.c.time.desc()).limit(1)
    if counted := recall(store.metrics, COUNTED):
        query = query.where(active_users.c.time <= counted)
    rows = store.metrics.rows(query)
    values = (rows[0].d1, rows[0].d7, rows[0].d30, rows[0].time) if rows else (None,) * 4
    return dict(zip((*WINDOWS, "updated"), values, strict=True))


def history(store: Store, since: str | None) -> list[dict[str, Any]]:
    """The stored counts, oldest first; `since` is a day in UTC."""
    query = sa.select(active_users).order_by(active_users.c.time)
    if since is not None:
        query = query.where(active_users.c.time >= f"{since}T00:00:00Z")
    return [dict(zip(("time", *WINDOWS), row, strict=True)) for row in store.metrics.rows(query)]


def _take_logins(store: Store, now: int, known: int) -> None:
    """The latest login and simulation of each user in the rows of `userlogin` after the `known` one (spec 82 §4)."""
    login = tables.userlogin.c
    time = epoch_seconds(sa.func.max(login.datetime)).label("time")
    since = utc(now - (LAST_EVENT_DAYS + 1) * DAY)[:10]  # these are local times: one more day than needed
    query = (
        sa.select(sa.func.lower(login.user).label("user"), sa.func.lower(login.action).label("action"), time)
        .where(login.id > known, login.action.in_(("login", "simulation")), login.datetime >= since)
        .group_by(sa.func.lower(login.user), sa.func.lower(login.action))
    )
    latest = {
        (fitted(row.user.strip()), row.action): int(row.time)
        for row in store.metrics.rows(query)
        if row.time and now - row.time <= LAST_EVENT_DAYS * DAY and row.user.strip() not in NO_USER
    }
    with store.metrics.begin() as connection:
        move_forward(connection, latest)
