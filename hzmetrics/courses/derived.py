"""Events that are not recorded but found: opens in followed access logs, starts of a course's tool (spec 86 §6)."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict

import sqlalchemy as sa

from hzmetrics.courses import outbox
from hzmetrics.courses.record import event_line
from hzmetrics.courses.settings import Courses
from hzmetrics.errors import HzmetricsError
from hzmetrics.follow.follower import Reading
from hzmetrics.follow.lines import Entry
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.live_state import recall, remember
from hzmetrics.store.types import epoch_seconds

OPENED, STARTED = "opened", "started"
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
"""Names of courses for which an access log may cause a folder, if the course is not configured."""
MOST_COURSES = 100
"""If there are this many courses, access logs cause no further folders."""


class AccessOpens:
    """Takes access entries whose target matches the URL pattern: a consumer of followed logs."""

    def __init__(self, store: Store, courses: Courses, pattern: re.Pattern[str]) -> None:
        self.database = store
        self.courses = courses
        self.pattern = pattern
        self.lines: defaultdict[str, list[str]] = defaultdict(list)
        self.refused = 0
        self.known = {course for course in courses.configured if courses.is_name(course)}
        try:
            self.known.update(courses.names())
        except HzmetricsError as error:
            log.error("%s", error)

    def take(self, entry: Entry) -> None:
        if entry.source != "access" or entry.method != "GET" or entry.status != 200:
            return
        match = self.pattern.search(entry.target)
        course, student, notebook = match.group("course", "student", "notebook") if match else ("", "", "")
        if student and notebook and course and self._accepts(course):
            self.lines[course].append(event_line(_utc(entry.time), course, student, notebook, OPENED, "-"))

    def store(self, connection: sa.Connection, reading: Reading) -> None:
        outbox.put(connection, "opens", self.lines)

    def finish(self, reading: Reading) -> None:
        if self.refused:
            log.warning(
                "courses: %d opens ignored: their courses have no folder, and the names are not plain or there are "
                "%d courses already; add a section [course:NAME] for each course that is missing",
                self.refused, MOST_COURSES,
            )  # fmt: skip
        outbox.deliver_if_free(self.database, self.courses)

    def _accepts(self, course: str) -> bool:
        if course in self.known:
            return True
        if len(self.known) < MOST_COURSES and SAFE_NAME.fullmatch(course):
            self.known.add(course)
            return True
        self.refused += 1
        return False


def tool_starts(store: Store, courses: Courses) -> None:
    """Tool sessions of the hub since the last call, as events of the courses that use the tool."""
    session = store.hub_tables.sessionlog.c
    for course, tool in courses.tools().items():
        key = f"courses.sessions.{course}"
        query = (
            sa.select(session.sessnum, session.username, session.appname, epoch_seconds(session.start).label("start"))
            .where(session.appname == tool, session.sessnum > int(recall(store.metrics, key) or 0))
            .order_by(session.sessnum)
        )
        rows = [row for row in store.hub.rows(query) if row.start]
        if rows:
            lines = [event_line(_utc(row.start), course, row.username, row.appname, STARTED, "-") for row in rows]
            with store.metrics.begin() as connection:
                outbox.put(connection, "tools", {course: lines})
                remember(connection, key, str(rows[-1].sessnum))


def _utc(epoch: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(epoch, dt.UTC).replace(tzinfo=None)
