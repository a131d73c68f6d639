"""Statistics of courses (spec 86 §5)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hzmetrics.courses import reporting, reports
from hzmetrics.courses.settings import Courses
from hzmetrics.engine import Engine
from hzmetrics.serve.answers import as_csv
from hzmetrics.serve.shapes import Daily, Usage
from hzmetrics.serve.site import Site

T = TypeVar("T")


def routes(site: Site) -> APIRouter:
    router = APIRouter(prefix="/staff/stats", tags=["courses"])

    turn = threading.Lock()

    def in_turn(report: Callable[[Courses], T]) -> T:
        """One report at a time: each first brings the copy of its course up to date, and only one can."""
        with turn:
            return report(Courses.of(site.settings))

    @router.get("/", response_model=list[str])
    def names(request: Request) -> Response:
        """The names of the courses, sorted."""
        return site.answers.json(request, lambda: Courses.of(site.settings).names())

    @router.get("/daily_metrics/{course}", response_model=Daily)
    def daily(request: Request, course: str) -> Response:
        """Figures of each day, and running totals."""
        return site.answers.json(
            request, lambda: in_turn(lambda courses: reporting.report(site.store, courses, course, reports.daily))
        )

    @router.get("/monitor_counts/{course}", response_model=dict[str, list[int | str | None]])
    def counts(request: Request, course: str) -> Response:
        """Containers, kernels, loads, disk space and memory over time."""
        return site.answers.json(
            request, lambda: in_turn(lambda courses: reporting.counts(site.store, courses, course))
        )

    @router.get("/material_usage/{course}", response_model=Usage)
    def usage(request: Request, course: str, anonymous: bool = False) -> Response:
        """Who opened what; with `anonymous`, pseudonyms instead of the names of students."""
        return site.answers.json(
            request, lambda: in_turn(lambda courses: reporting.usage(site.store, courses, course, anonymous))
        )

    @router.get("/export/{course}", response_class=Response)
    def export(request: Request, course: str, anonymous: bool = False) -> Response:
        """What `hzmetrics courses export` prints: opens by day, student and notebook, as CSV."""

        def opens(courses: Courses) -> list[tuple[Any, ...]]:
            name = reporting.pseudonyms(courses) if anonymous else str

            def rows(engine: Engine) -> list[tuple[Any, ...]]:
                return [row for part in reports.sorted_opens(engine, name) for row in part]

            return reporting.report(site.store, courses, course, rows)

        return as_csv(course, reports.OPENS_COLUMNS, in_turn(opens))

    return router
