"""Statistics of courses (spec 86 §5)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hzmetrics.courses import reporting, reports
from hzmetrics.courses.settings import Courses
from hzmetrics.serve.shapes import Daily, Usage
from hzmetrics.serve.site import Site


def routes(site: Site) -> APIRouter:
    router = APIRouter(prefix="/staff/stats", tags=["courses"])

    @router.get("/", response_model=list[str])
    def names(request: Request) -> Response:
        """The names of the courses, sorted."""
        return site.answers.json(request, lambda: Courses.of(site.settings).names())

    @router.get("/daily_metrics/{course}", response_model=Daily)
    def daily(request: Request, course: str) -> Response:
        """Figures of each day, and running totals."""
        courses = Courses.of(site.settings)
        return site.answers.json(request, lambda: reporting.report(site.store, courses, course, reports.daily))

    @router.get("/monitor_counts/{course}", response_model=dict[str, list[int | str | None]])
    def counts(request: Request, course: str) -> Response:
        """Containers, kernels, loads, disk space and memory over time."""
        courses = Courses.of(site.settings)
        return site.answers.json(request, lambda: reporting.counts(site.store, courses, course))

    @router.get("/material_usage/{course}", response_model=Usage)
    def usage(request: Request, course: str, anonymous: bool = False) -> Response:
        """Who opened what; with `anonymous`, pseudonyms instead of the names of students."""
        courses = Courses.of(site.settings)
        return site.answers.json(request, lambda: reporting.usage(site.store, courses, course, anonymous))

    return router
