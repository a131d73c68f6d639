"""Users of a HUBzero hub: accounts, web sessions and tool sessions (spec 80 §4).

Names are compared without case, as the hub does; users keep the spelling of their account. Times of tool sessions are
local times of the database, which converts them to seconds of the epoch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hzmetrics.store import Store
from hzmetrics.store.tables.live import user_events
from hzmetrics.store.types import epoch_seconds
from hzmetrics.users import logs
from hzmetrics.users.user import Presence, User, plain

if TYPE_CHECKING:
    import pyarrow as pa

LIVE_DAYS = 7
"""Without the table of the middleware, a tool session without an end counts as running for this long."""
AT_ONCE = 1000

_LOG_EVENTS = sa.select(user_events.c.username, sa.func.max(user_events.c.time).label("time")).group_by(
    user_events.c.username
)
"""The latest event of each user in followed logs."""

Live = tuple[int | None, int | None]
"""The latest access of a user's running tool sessions, and the seconds until the last of them times out."""


class HubSource:
    """The hub's own tables."""

    name = "hub"
    knows_the_past = True

    def __init__(self, store: Store, now: int, ignore: frozenset[str], connected_minutes: int = 60) -> None:
        self.store = store
        self.now = now
        self.ignore = frozenset(map(str.lower, ignore))
        self.connected_since = now - 60 * connected_minutes

    def users(self) -> pa.Table:
        import pyarrow as pa

        from hzmetrics.engine import Engine, relation

        account = self.store.hub_tables.users.c
        accesses = [*self._web_sessions.items(), *self._accesses().items()]
        running = [(name, left) for name, (_, left) in self._live.items()]
        with Engine("hzmetrics.users") as engine:
            engine.register(
                "accounts", self.store.hub.read(sa.select(account.username, account.block, account.approved))
            )
            engine.register("log_events", self.store.metrics.read(_LOG_EVENTS))
            engine.register("tool_sessions", self.store.hub.read(self._tool_sessions()))
            for name, number, pairs in (("accesses", "time", accesses), ("running", "time_left", running)):
                engine.register(name, relation(pairs, {"username": pa.string(), number: pa.int64()}))
            engine.register("ignored", pa.table({"username": pa.array(sorted(self.ignore), pa.string())}))
            return engine.table("hub_users")

    def running(self) -> Sequence[User]:
        account = self.store.hub_tables.users.c
        query = sa.select(account.username, account.block, account.approved)
        names = list(self._live)
        parts = [names[begin : begin + AT_ONCE] for begin in range(0, len(names), AT_ONCE)]
        rows = [
            tuple(row)
            for part in parts
            for row in self.store.hub.rows(query.where(sa.func.lower(account.username).in_(part)))
        ]
        return [user for user in self._users(rows, self._accesses()) if user.server_active]

    def presence(self) -> Presence:
        account = self.store.hub_tables.users.c
        disabled = self.store.hub.rows(sa.select(account.username).where(account.block != 0))
        return Presence(
            connected={plain(name) for name, time in self._web_sessions.items() if time >= self.connected_since},
            disabled={plain(row.username) for row in disabled if row.username},
        )

    def instants(self, since: int) -> Mapping[str, Sequence[int]]:
        found: defaultdict[str, set[int]] = defaultdict(set)
        for name, times in logs.instants(self.store, since).items():
            found[name].update(times)
        for times_of_sessions in (self._web_sessions, self._accesses()):
            for name, time in times_of_sessions.items():
                found[name].add(time)
        log = self.store.hub_tables.sessionlog.c
        start = epoch_seconds(log.start)
        end = start + sa.func.coalesce(log.walltime, 0)
        latest = sa.select(log.username, sa.func.max(end).label("time")).where(start > 0, end < since)
        begun = sa.select(log.username, sa.func.max(start).label("time")).where(start > 0, start < since, end >= since)
        for query in (
            latest.group_by(log.username),
            begun.group_by(log.username),
            sa.select(log.username, end.label("time")).where(start > 0, end >= since),
            sa.select(log.username, start.label("time")).where(start >= since),
        ):
            for name, time in _rows(self.store.hub.read(query)):
                if name:
                    found[name.lower()].add(int(time))
        account = self.store.hub_tables.users.c
        names = (name for (name,) in _rows(self.store.hub.read(sa.select(account.username))))
        return {
            name: sorted(found[name.lower()])
            for name in names
            if name.lower() not in self.ignore and name.lower() in found
        }

    def _users(self, accounts: Iterable[tuple[Any, ...]], last: Mapping[str, int]) -> list[User]:
        """`accounts`: name, block and approved of each."""
        live = self._live
        users = []
        for username, block, approved in accounts:
            if not username or username.lower() in self.ignore:
                continue
            name = username.lower()
            users.append(
                User(
                    username=username,
                    is_authorized=block == 0 and approved > 0,
                    server_active=name in live,
                    last_activity=last.get(name),
                    time_remaining_seconds=live[name][1] if name in live else None,
                )
            )
        return users

    @cached_property
    def _web_sessions(self) -> dict[str, int]:
        """User to the latest time of a web session."""
        session = self.store.hub_tables.session.c
        latest: dict[str, int] = {}
        for row in self.store.hub.rows(sa.select(session.username, session.time).where(session.guest == 0)):
            text = str(row.time or "").strip()
            if row.username and text.isdecimal():
                name = row.username.lower()
                latest[name] = max(int(text), latest.get(name, 0))
        return latest

    def _tool_sessions(self) -> sa.Select[Any]:
        """User and the latest start or end of a tool session."""
        log = self.store.hub_tables.sessionlog.c
        start = epoch_seconds(log.start)
        end = sa.func.max(start + sa.func.coalesce(log.walltime, 0)).label("time")
        return sa.select(log.username, end).where(start > 0).group_by(log.username)

    def _accesses(self) -> dict[str, int]:
        return {name: access for name, (access, _) in self._live.items() if access is not None}

    @cached_property
    def _live(self) -> dict[str, Live]:
        """The users with a running tool session."""
        middleware = sa.table("session", *(sa.column(name) for name in ("username", "accesstime", "timeout")))
        found: dict[str, Live] = {}
        if self.store.hub_tables.session.name != "session" and "session" in self.store.hub.table_names:
            access = epoch_seconds(middleware.c.accesstime).label("access")
            of_somebody = middleware.c.username != ""
            for row in self.store.hub.rows(
                sa.select(middleware.c.username, access, middleware.c.timeout).where(of_somebody)
            ):
                name = row.username.lower()
                seen, left = found.get(name, (None, None))
                if row.access:
                    this = int(row.access)
                    seen = max(this, seen or this)
                    until = this + int(row.timeout or 0) - self.now
                    left = max(until, left if left is not None else until)
                found[name] = seen, left
            return found
        log = self.store.hub_tables.sessionlog.c
        begun = epoch_seconds(log.start)
        query = sa.select(log.username).where(
            log.username != "", log.walltime == 0, begun >= self.now - LIVE_DAYS * 86_400
        )
        return {row.username.lower(): (None, None) for row in self.store.hub.rows(query)}


def _rows(table: Any) -> list[tuple[Any, ...]]:
    """The rows of an Arrow table."""
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))
