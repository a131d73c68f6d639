"""What the templates of the pages need besides the documents."""

from __future__ import annotations

from typing import Any

from hzmetrics.config import Settings
from hzmetrics.config.schema import Activity, Course, Publish
from hzmetrics.courses.settings import Courses
from hzmetrics.events.settings import EventSettings

Values = dict[str, Any]


def title_of(settings: Settings) -> str:
    """The name of the site."""
    return settings.section(Publish).title or settings.hub.site or "This site"


def activity_values(settings: Settings) -> Values:
    return {"seconds": settings.section(Activity).resources_update_interval}


def events_values(settings: EventSettings) -> Values:
    return {"zone": str(settings.zone), "memory": settings.event_memory}


def course_values(courses: Courses, course: str) -> Values:
    title = courses.settings.section(Course, f"course:{course}").title
    return {"course": course, "title": title or course, "min_students": courses.rules(course).min_students}
