"""Events that nobody records: opens found in followed access logs, starts of a course's tool (spec 86 §6)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import sqlalchemy as sa

from hzmetrics.courses import outbox
from hzmetrics.courses.record import event_line
from hzmetrics.courses.settings import Courses
from hzmetrics.follow.follower import Reading
from hzmetrics.follow.lines import Entry
from hzmetrics.store import Store
from hzmetrics.store.live_state import remember
from hzmetrics.store.tables.live import capability_state
from hzmetrics.store.types import epoch_seconds

OPENED, STARTED = "opened", "started"


class AccessOpens:
    """Takes access entries whose target fits the URL pattern: a consumer of followed logs."""

    def __init__(self, courses: Courses) -> None:
        self.courses = courses
        self.pattern = courses.url_pattern
        self.lines: defaultdict[str, list[str]] = defaultdict(list)

    def take(self, entry: Entry) -> None:
        if self.pattern is None or entry.source != "access" or entry.method != "GET" or entry.status != 200:
            return
        match = self.pattern.search(entry.target)
        course, student, notebook = match.group("course", "student", "notebook") if match else ("", "", "")
        if student and notebook and course and self.courses.is_name(course):
            self.lines[course].append(event_line(_utc(entry.time), course, student, notebook, OPENED, "-"))

    def store(self, connection: sa.Connection, reading: Reading) -> None:
        outbox.put(connection, self.courses, self.lines)


def tool_starts(store: Store, courses: Courses) -> None:
    """Tool sessions of the hub since the last time, as events of the courses whose tool they used."""
    log = store.hub_tables.sessionlog.c
    for course, tool in courses.tools().items():
        key = f"courses.sessions.{course}"
        known = store.metrics.scalar(sa.select(capability_state.c.value).where(capability_state.c.name == key))
        query = (
            sa.select(log.sessnum, log.username, log.appname, epoch_seconds(log.start).label("start"))
            .where(log.appname == tool, log.sessnum > int(known or 0))
            .order_by(log.sessnum)
        )
        rows = [row for row in store.hub.rows(query) if row.start]
        if rows:
            lines = [event_line(_utc(row.start), course, row.username, row.appname, STARTED, "-") for row in rows]
            with store.metrics.begin() as connection:
                outbox.put(connection, courses, {course: lines})
                remember(connection, key, str(rows[-1].sessnum))


def _utc(epoch: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(epoch, dt.UTC).replace(tzinfo=None)
