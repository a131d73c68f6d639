"""What followed logs tell of users: their latest events and their activity instants (spec 80 §3, spec 82 §3)."""

from __future__ import annotations

import re

import sqlalchemy as sa

from hzmetrics.calendar import epoch, utc
from hzmetrics.follow.follower import Reading
from hzmetrics.follow.lines import Entry
from hzmetrics.store.tables.live import user_events, user_last_event
from hzmetrics.store.upsert import insert_missing, upsert
from hzmetrics.users.user import fitted, plain

ACTIVITY = ("login", "logout", "simulation")
"""Actions of the auth log that show a user active."""
HUB_DEEDS = re.compile(r"/hub/(login|logout)(?:\?|$)")
"""Requests to a JupyterHub that, answered by a redirect, log a user in or out."""
REDIRECT = 302
USER_EVENT_DAYS = 35
ROWS = 1000


class UserEvents:
    """Keeps who did what when: a consumer of followed logs. A Hub's own logs only tell who logs in and out.

    See spec 82 §4.
    """

    def __init__(self, now: str, retention_days: int) -> None:
        self.now = epoch(now)
        self.keep_days = max(USER_EVENT_DAYS, retention_days)
        self.latest: dict[tuple[str, str], int] = {}
        self.instants: set[tuple[str, int, str]] = set()

    def take(self, entry: Entry) -> None:
        name, event = fitted(plain(entry.user)), _event(entry)
        if event and name not in ("", "-"):
            self.latest[name, event] = max(entry.time, self.latest.get((name, event), entry.time))
            if entry.source == "auth":
                self.instants.add((name, entry.time, event))

    def store(self, connection: sa.Connection, reading: Reading) -> None:
        move_forward(connection, self.latest)
        rows = [{"username": name, "time": utc(time), "event": event} for name, time, event in sorted(self.instants)]
        for begin in range(0, len(rows), ROWS):
            insert_missing(connection, user_events, rows[begin : begin + ROWS])
        connection.execute(sa.delete(user_events).where(user_events.c.time < utc(self.now - self.keep_days * 86_400)))


def _event(entry: Entry) -> str | None:
    """What the user of a line did; None if nothing that counts."""
    if entry.source == "auth":
        return entry.target if entry.target in ACTIVITY else None
    if entry.source == "jupyterhub" and entry.status == REDIRECT:
        deed = HUB_DEEDS.search(entry.target)
        if deed and (deed[1] == "logout" or entry.method == "POST"):
            return deed[1]
    return None


def move_forward(connection: sa.Connection, latest: dict[tuple[str, str], int]) -> None:
    """Remember the latest time of each (user, event); a known later one stays."""
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
