"""Events of users in followed logs: the latest of each kind, and activity instants (spec 80 §3, spec 82 §3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hzmetrics.calendar import Clock, epoch, utc
from hzmetrics.follow.follower import Reading
from hzmetrics.logs.patterns import Pattern
from hzmetrics.store.tables.live import user_events, user_last_event
from hzmetrics.store.upsert import insert_missing, upsert
from hzmetrics.users.user import NO_USER, fitted, plain

if TYPE_CHECKING:
    import pyarrow as pa

ACTIVITY = ("login", "logout", "simulation")
"""Actions in the auth log that show that a user is active."""
HUB_DEEDS = (
    ("login", ("POST",), Pattern(r"/hub/login(\?|$)")),
    ("login", ("GET", "POST"), Pattern(r"/hub/(lti13/)?oauth_callback(\?|$)")),
    ("logout", (), Pattern(r"/hub/logout(\?|$)")),
)
"""Requests to a JupyterHub that log a user in or out if the answer is a redirect: methods (none: any) and target."""
SHOWING_USERS = frozenset({"auth", "jupyterhub"})
"""The sources whose entries show that a user is active."""
REDIRECT = 302
USER_EVENT_DAYS = 35
ROWS = 1000


class LatestEvents:
    """Keeps the latest event of each kind of each user: a consumer of followed logs (spec 82 §3, §4)."""

    def __init__(self) -> None:
        self.latest: dict[tuple[str, str], int] = {}

    def take(self, source: str, entries: pa.Table) -> None:
        latest = _shown(source, entries).group_by(["user", "event"]).aggregate([("time", "max")])
        for name, event, time in _rows(latest.rename_columns(["user", "event", "time"])):
            self.latest[name, event] = max(time, self.latest.get((name, event), time))

    def store(self, connection: sa.Connection, reading: Reading) -> None:
        move_forward(connection, self.latest)

    def finish(self, reading: Reading) -> None:
        pass


class ActivityInstants:
    """Keeps when auth logs show users active: a consumer of followed logs (spec 80 §3)."""

    def __init__(self, clock: Clock, retention_days: int) -> None:
        self.oldest = utc(epoch(clock.utc) - max(USER_EVENT_DAYS, retention_days) * 86_400)
        self.instants: set[tuple[str, int, str]] = set()

    def take(self, source: str, entries: pa.Table) -> None:
        if source == "auth":
            distinct = _shown(source, entries).group_by(["user", "event", "time"]).aggregate([])
            self.instants.update((name, time, event) for name, event, time in _rows(distinct))

    def store(self, connection: sa.Connection, reading: Reading) -> None:
        rows = [{"username": name, "time": utc(time), "event": event} for name, time, event in sorted(self.instants)]
        for begin in range(0, len(rows), ROWS):
            insert_missing(connection, user_events, rows[begin : begin + ROWS])
        connection.execute(sa.delete(user_events).where(user_events.c.time < self.oldest))

    def finish(self, reading: Reading) -> None:
        pass


def _shown(source: str, entries: pa.Table) -> pa.Table:
    """The entries of a source that show a user active: columns user, event, time."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if source == "auth":
        shown = entries.filter(pc.is_in(entries["target"], pa.array(ACTIVITY)))
        return pa.table({"user": shown["user"], "event": shown["target"], "time": shown["time"]})
    answered = entries.filter(pc.equal(entries["status"], REDIRECT))
    if source != "jupyterhub":
        answered = answered.slice(0, 0)
    found = []
    for event, methods, pattern in HUB_DEEDS:
        asked = answered.filter(pc.is_in(answered["method"], pa.array(methods))) if methods else answered
        done = asked.filter(pattern.is_in(asked["target"]))
        found.append(pa.table({"user": done["user"], "event": pa.repeat(event, len(done)), "time": done["time"]}))
    return pa.concat_tables(found)


def _rows(shown: pa.Table) -> Iterator[tuple[str, str, int]]:
    """User, event and time of some entries, names as the store holds them; those without a user are left out."""
    for user, event, time in zip(*(shown[column].to_pylist() for column in ("user", "event", "time")), strict=True):
        name = fitted(plain(user))
        if name not in NO_USER:
            yield name, event, time


def move_forward(connection: sa.Connection, latest: dict[tuple[str, str], int]) -> None:
    """Store the latest time of each user and event, unless a later one is known."""
    names = sorted({name for name, _ in latest})
    known: dict[tuple[str, str], int] = {}
    for begin in range(0, len(names), ROWS):
        found = sa.select(user_last_event).where(user_last_event.c.username.in_(names[begin : begin + ROWS]))
        known |= {(row.username, row.event): epoch(row.time) for row in connection.execute(found)}
    rows = [
        {"username": name, "event": event, "time": utc(time)}
        for (name, event), time in latest.items()
        if time > known.get((name, event), -1)
    ]
    for begin in range(0, len(rows), ROWS):
        upsert(connection, user_last_event, rows[begin : begin + ROWS])
