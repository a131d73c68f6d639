"""Reports on a course from a copy brought up to date: what the command line prints and the server answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from hzmetrics import lock
from hzmetrics.courses import outbox, upkeep
from hzmetrics.courses.settings import Courses
from hzmetrics.errors import HzmetricsError, LockHeld
from hzmetrics.log import log

if TYPE_CHECKING:
    from hzmetrics.engine import Engine
    from hzmetrics.store import Store

T = TypeVar("T")

Copy = Callable[["Store", Courses, str], None]
"""Brings the copy of a course up to date, as `upkeep.copy` does."""


class UnknownCourse(HzmetricsError):
    """There is no course of this name."""


def known(courses: Courses, course: str) -> None:
    """Raises UnknownCourse."""
    if not (courses.is_name(course) and courses.folder(course).is_dir()):
        raise UnknownCourse(f"no course {course!r} in {courses.root}")


def report(store: Store, courses: Courses, course: str, make: Callable[[Engine], T], copy: Copy = upkeep.copy) -> T:
    """A report over the counted events of a course. Raises HzmetricsError."""
    from hzmetrics.courses import copy as copies
    from hzmetrics.courses import reports
    from hzmetrics.engine import Engine

    known(courses, course)
    rules = courses.rules(course)
    update_if_free(store, courses, course, copy)
    with Engine(copies.PACKAGE) as engine:
        copies.register_events(engine, store, courses, course)
        reports.count_opens(engine, rules, courses.settings.clock.utc_time)
        return make(engine)


def usage(
    store: Store, courses: Courses, course: str, anonymous: bool = False, copy: Copy = upkeep.copy
) -> dict[str, Any]:
    """The document of `courses usage`; `anonymous`: with pseudonyms. Raises HzmetricsError."""
    from hzmetrics.courses import reports

    document = report(store, courses, course, reports.usage, copy)
    if anonymous:
        heatmap = document["heatmap"]
        heatmap["y"] = list(map(pseudonyms(courses), heatmap["y"]))
    return document


def counts(store: Store, courses: Courses, course: str, copy: Copy = upkeep.copy) -> dict[str, Any]:
    """The document of `courses counts`. Raises HzmetricsError."""
    from hzmetrics.courses import copy as copies
    from hzmetrics.courses import reports

    known(courses, course)
    update_if_free(store, courses, course, copy)
    return reports.counts(copies.read_counts(store, courses, course))


def pseudonyms(courses: Courses) -> Callable[[str], str]:
    """A function from students to the pseudonyms of this installation. Raises HzmetricsError."""
    from hzmetrics.courses.anonymous import installation_key
    from hzmetrics.courses.anonymous import pseudonyms as under

    return under(installation_key(courses.settings.paths.state / "courses.key"))


def update_if_free(store: Store, courses: Courses, course: str, copy: Copy) -> None:
    """Bring the copy up to date, unless another process is doing it: then the report shows what has been copied."""
    try:
        with lock.hold(courses.settings, lock.of_step("courses")):
            try:
                outbox.deliver(store, courses)
            except HzmetricsError as error:  # perhaps of another course
                log.warning("%s", error)
            copy(store, courses, course)
    except LockHeld as held:
        log.info("the newest events may be missing: %s", held)
