"""Events that are not recorded but found: opens in followed access logs, starts of a course's tool (spec 86 §6)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from functools import cached_property
from string import ascii_letters, digits
from typing import TYPE_CHECKING
from urllib.parse import unquote

import sqlalchemy as sa

from hzmetrics.courses import outbox
from hzmetrics.courses.record import event_line, protected
from hzmetrics.courses.settings import Courses
from hzmetrics.errors import HzmetricsError
from hzmetrics.follow.follower import Reading
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.live_state import recall, remember
from hzmetrics.store.types import epoch_seconds

if TYPE_CHECKING:
    import pyarrow as pa

OPENED, STARTED = "opened", "started"
PLAIN = frozenset(ascii_letters + digits + "._-")
"""The characters of a name for which an access log may cause a folder; the first is a letter or digit."""
LONGEST_NAME = 64
MOST_COURSES = 100
"""If there are this many courses, access logs cause no further folders."""


class AccessOpens:
    """Takes access entries whose target matches the URL pattern: a consumer of followed logs."""

    def __init__(self, store: Store, courses: Courses) -> None:
        self.database = store
        self.courses = courses
        self.lines: defaultdict[str, list[str]] = defaultdict(list)
        self.refused = 0

    def take(self, source: str, entries: pa.Table) -> None:
        import pyarrow.compute as pc

        if source != "access":
            return
        answered = entries.filter(pc.and_(pc.equal(entries["method"], "GET"), pc.equal(entries["status"], 200)))
        found = self.courses.url_pattern.extract(answered["target"].combine_chunks())
        opened = found.is_valid()
        for names, time in zip(
            found.filter(opened).to_pylist(), answered["time"].filter(opened).to_pylist(), strict=True
        ):
            student, notebook, course = (unquote(names[part]) for part in ("student", "notebook", "course"))
            if student and notebook and course and (folder := self._folder(course)):
                course, student, notebook = map(protected, (course, student, notebook))
                line = event_line(_utc(time), course, student, notebook, OPENED, "-")
                self.lines[folder].append(line)

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

    @cached_property
    def _folders(self) -> dict[str, str]:
        """The folders of known courses, by the name of the course; earlier versions named some as in a URL."""
        known = {course for course in self.courses.configured if self.courses.is_name(course)}
        try:
            known.update(self.courses.names())
        except HzmetricsError as error:
            log.error("%s", error)
        return {unquote(folder): folder for folder in known} | {folder: folder for folder in known}

    def _folder(self, course: str) -> str:
        """The folder of a course; empty, and counted, if it may not have one."""
        if course not in self._folders:
            if len(self._folders) >= MOST_COURSES or not is_plain(course):
                self.refused += 1
                return ""
            self._folders[course] = course
        return self._folders[course]


def is_plain(course: str) -> bool:
    """Whether an access log may cause a folder for a course of this name, if it is not configured."""
    return course.isascii() and course[:1].isalnum() and len(course) <= LONGEST_NAME and PLAIN.issuperset(course)


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
