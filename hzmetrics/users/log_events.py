"""Events of users in followed logs: the latest of each kind, and activity instants (spec 80 §3, spec 82 §3)."""

from __future__ import annotations

import re

import sqlalchemy as sa

from hzmetrics.calendar import Clock, epoch, utc
from hzmetrics.follow.follower import Reading
from hzmetrics.follow.lines import Entry
from hzmetrics.store.tables.live import user_events, user_last_event
from hzmetrics.store.upsert import insert_missing, upsert
from hzmetrics.users.user import NO_USER, fitted, plain

ACTIVITY = ("login", "logout", "simulation")
"""Actions in the auth log that show that a user is active."""
HUB_DEEDS = re.compile(r"/hub/(login|logout)(?:\?|$)")
"""Requests to a JupyterHub that log a user in or out when the answer is a redirect."""
REDIRECT = 302
USER_EVENT_DAYS = 35
ROWS = 1000


class LatestEvents:
    """Keeps the latest event of each kind of each user: a consumer of followed logs (spec 82 §3, §4)."""

    def __init__(self) -> None:
        self.latest: dict[tuple[str, str], int] = {}

    def take(self, entry: Entry) -> None:
        if found := _user_event(entry):
            self.latest[found] = max(entry.time, self.latest.get(found, entry.time))

    def store(self, connection: sa.Connection, reading: Reading) -> None:
        move_forward(connection, self.latest)

    def finish(self, reading: Reading) -> None:
        pass


class ActivityInstants:
    """Keeps when auth logs show users active: a consumer of followed logs (spec 80 §3)."""

    def __init__(self, clock: Clock, retention_days: int) -> None:
        self.oldest = utc(epoch(clock.utc) - max(USER_EVENT_DAYS, retention_days) * 86_400)
        self.instants: set[tuple[str, int, str]] = set()

    def take(self, entry: Entry) -> None:
        if entry.source == "auth" and (found := _user_event(entry)):
            name, event = found
            self.instants.add((name, entry.time, event))

    def store(self, connection: sa.Connection, reading: Reading) -> None:
        rows = [{"username": name, "time": utc(time), "event": event} for name, time, event in sorted(self.instants)]
        for begin in range(0, len(rows), ROWS):
            insert_missing(connection, user_events, rows[begin : begin + ROWS])
        connection.execute(sa.delete(user_events).where(user_events.c.time < self.oldest))

    def finish(self, reading: Reading) -> None:
        pass


def _user_event(entry: Entry) -> tuple[str, str] | None:
    """The user and the event of a line, if it shows a user active."""
    event = _event(entry)
    name = fitted(plain(entry.user)) if event else ""
    return (name, event) if event and name not in NO_USER else None


def _event(entry: Entry) -> str | None:
    """The event of a line; None if it shows no user active."""
    if entry.source == "auth":
        return entry.target if entry.target in ACTIVITY else None
    if entry.source == "jupyterhub" and entry.status == REDIRECT:
        deed = HUB_DEEDS.search(entry.target)
        if deed and (deed[1] == "logout" or entry.method == "POST"):
            return deed[1]
    return None


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
