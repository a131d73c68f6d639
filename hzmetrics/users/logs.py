"""Users from followed auth logs (spec 80 §4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hzmetrics.calendar import epoch, utc
from hzmetrics.follow import follower
from hzmetrics.store import Store
from hzmetrics.store.tables.live import user_events
from hzmetrics.users.user import Presence, User

if TYPE_CHECKING:
    import pyarrow as pa

event = user_events.c
ORDER = {"login": 0, "simulation": 1, "logout": 2}
"""The order of events in the same second."""


class LogSource:
    """The users in the followed auth logs. Asking for them raises UnreadLogs if such a log could not be read."""

    name = "logs"
    knows_the_past = True

    def __init__(self, store: Store, now: int, ignore: frozenset[str], session_hours: int = 24) -> None:
        self.store = store
        self.now = now
        self.ignore = frozenset(map(str.lower, ignore))
        self.session_seconds = 3600 * session_hours

    def users(self) -> pa.Table:
        from hzmetrics.users.columns import table_of

        follower.require_read(self.store, {"auth"})
        latest = sa.select(event.username, event.event, sa.func.max(event.time).label("time"))
        return table_of(self._users(latest.group_by(event.username, event.event)))

    def running(self) -> Sequence[User]:
        recent = event.time >= utc(self.now - self.session_seconds)
        return [
            user
            for user in self._users(sa.select(event.username, event.event, event.time).where(recent))
            if user.server_active
        ]

    def presence(self) -> Presence:
        return Presence()

    def instants(self, since: int) -> Mapping[str, Sequence[int]]:
        return {name: times for name, times in instants(self.store, since).items() if name not in self.ignore}

    def _users(self, query: sa.Select[tuple[str, str, str]]) -> list[User]:
        """Users by the latest of their events in a query."""
        latest: dict[str, tuple[int, int, str]] = {}
        for name, kind, time in map(tuple, self.store.metrics.rows(query)):
            found = epoch(time), ORDER.get(kind, 0), kind
            latest[name] = max(found, latest.get(name, found))
        return [
            User(
                username=name,
                server_active=kind != "logout" and self.now - time <= self.session_seconds,
                last_activity=time,
            )
            for name, (time, _, kind) in sorted(latest.items())
            if name not in self.ignore
        ]


def instants(store: Store, since: int) -> dict[str, list[int]]:
    """The times of each user's events from `since` on and the latest one before, ascending."""
    before = sa.select(event.username, sa.func.max(event.time).label("time")).where(event.time < utc(since))
    later = sa.select(event.username, event.time).where(event.time >= utc(since)).order_by(event.time)
    found: defaultdict[str, list[int]] = defaultdict(list)
    for query in (before.group_by(event.username), later):
        for name, time in map(tuple, store.metrics.rows(query)):
            found[name].append(epoch(time))
    return found
