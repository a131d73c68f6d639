"""What a tick does for the courses: events of their tools, counts of this machine, copies of the raw files."""

from __future__ import annotations

from collections.abc import Callable

from hzmetrics.calendar import epoch
from hzmetrics.courses import counting, derived, outbox, progress, record
from hzmetrics.courses.settings import Courses
from hzmetrics.errors import Failures
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.live_state import recall, remember
from hzmetrics.users.settings import jupyterhub

LAST_COUNTS = "courses.last_counts"


def tick(store: Store, courses: Courses) -> None:
    """All of it. A file or folder with an error does not stop the work on the others.

    Raises HzmetricsError at the end if there were errors.
    """
    failures = Failures()
    derived.tool_starts(store, courses)
    with failures.collected():
        outbox.deliver(store, courses)
    names = courses.names()
    if names and _counts_are_due(store, courses):
        running = counting.containers(jupyterhub(courses.settings).docker_socket)
        for course in names:
            values = counting.count(course, courses.homes(course), courses.root, running)
            line = record.count_line(courses.settings.clock.utc_time, [str(value) for value in values])
            with failures.collected():
                record.append(courses.folder(course) / "counts.raw", line)
    for course in names:
        with failures.collected():
            copy(store, courses, course)
    failures.raise_all()


def copy(store: Store, courses: Courses, course: str, told: Callable[[int], None] = lambda size: None) -> None:
    """Copy what was appended to the raw files of a course; `told` gets the number of bytes read, block by block."""
    if progress.has_news(store, courses, course):
        from hzmetrics.courses import copy as copying

        copied = copying.update(store, courses, course, told)
        log.debug("%s: %d rows copied, %d lines skipped", course, copied.rows, copied.skipped)


def _counts_are_due(store: Store, courses: Courses) -> bool:
    """Whether the last counts are old enough; if so, now is remembered as their time."""
    clock = courses.settings.clock
    last = recall(store.metrics, LAST_COUNTS)
    if last is not None and 0 <= epoch(clock.utc) - epoch(last) < counting.PERIOD - counting.JITTER:
        return False
    with store.metrics.begin() as connection:
        remember(connection, LAST_COUNTS, clock.utc)
    return True
