"""The pages, and the style sheets and scripts that they load."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from hzmetrics.config.schema import Activity, Course, Publish
from hzmetrics.courses import reporting
from hzmetrics.courses.settings import Courses
from hzmetrics.serve import pages
from hzmetrics.serve.answers import tagged
from hzmetrics.serve.site import Site

HTML = "text/html; charset=utf-8"


def routes(site: Site) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    base = site.serving.base_path

    def page(template: str, here: str, **values: Any) -> Response:
        settings = site.settings
        title = settings.section(Publish).title or settings.hub.site or "This site"
        return Response(pages.render(template, base, title, here, **values), media_type=HTML)

    @router.get("/")
    def root() -> Response:
        return RedirectResponse(f"{base}{pages.NAVIGATION[0].path}")

    @router.get("/activity")
    def activity() -> Response:
        keys = site.settings.section(Activity)
        return page("activity.html", "/activity", seconds=keys.resources_update_interval)

    @router.get("/active-users")
    def active_users() -> Response:
        return page("active-users.html", "/active-users")

    @router.get("/stats")
    def events() -> Response:
        settings = site.live.events
        return page("events.html", "/stats", zone=str(settings.zone), memory=settings.event_memory)

    @router.get("/courses")
    def courses() -> Response:
        return page("courses.html", "/courses", names=Courses.of(site.settings).names())

    @router.get("/staff/stats/{course}")
    def course(course: str) -> Response:
        courses = Courses.of(site.settings)
        reporting.known(courses, course)
        title = site.settings.section(Course, f"course:{course}").title
        least = courses.rules(course).min_students
        return page("course.html", "/courses", course=course, title=title or course, min_students=least)

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
