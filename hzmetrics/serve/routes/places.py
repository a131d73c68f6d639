"""The pages, and the style sheets and scripts that they load."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from hzmetrics.courses import reporting
from hzmetrics.courses.settings import Courses
from hzmetrics.serve import pages
from hzmetrics.serve.answers import tagged
from hzmetrics.serve.site import Site
from hzmetrics.serve.values import activity_values, course_values, events_values, title_of

HTML = "text/html; charset=utf-8"


def routes(site: Site) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    base = site.serving.base_path

    def page(template: str, here: str, **values: Any) -> Response:
        return Response(pages.render(template, base, title_of(site.settings), here, **values), media_type=HTML)

    @router.get("/")
    def root() -> Response:
        return RedirectResponse(f"{base}{pages.NAVIGATION[0].path}")

    if base:
        router.get("")(root)

    @router.get("/activity")
    def activity() -> Response:
        return page("activity.html", "/activity", **activity_values(site.settings))

    @router.get("/active-users")
    def active_users() -> Response:
        return page("active-users.html", "/active-users")

    @router.get("/stats")
    def events() -> Response:
        return page("events.html", "/stats", **events_values(site.live.events))

    @router.get("/courses")
    def courses() -> Response:
        return page("courses.html", "/courses", names=Courses.of(site.settings).names())

    @router.get("/staff/stats/{course}")
    def course(course: str) -> Response:
        courses = Courses.of(site.settings)
        reporting.known(courses, course)
        return page("course.html", "/courses", **course_values(courses, course))

    @router.get("/operations")
    def operations() -> Response:
        return page("operations.html", "/operations")

    @router.get("/static/{name:path}")
    def static(request: Request, name: str) -> Response:
        found = pages.assets().get(name)
        if found is None:
            raise HTTPException(404)
        return tagged(request, found, **{"Cache-Control": "private, no-cache"})

    return router
