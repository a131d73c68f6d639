"""Pages as files: one file each, with everything that it shows (spec 80 §8, spec 84 §9, spec 86 §5)."""

from __future__ import annotations

from urllib.parse import quote

from hzmetrics.courses import reporting, reports
from hzmetrics.courses.settings import Courses
from hzmetrics.events import reports as event_reports
from hzmetrics.live.runner import Live
from hzmetrics.serve import documents, pages
from hzmetrics.serve.values import activity_values, course_values, events_values, title_of


def activity(live: Live) -> bytes:
    """The activity page as of the last sampling run."""
    rows = documents.activity_table(live, "status", None, documents.MOST_USERS)
    found = {"/api/activity/table?limit=200": rows}
    return pages.copy("activity.html", title_of(live.settings), found, **activity_values(live.settings))


def events(live: Live) -> bytes:
    """The events page as of the last update, with this week."""
    clock = live.settings.clock
    found = {
        "/admin/present": documents.present(live, 200),
        "/admin/stats/0": event_reports.stats(live.store, live.events, clock, 0),
        "/admin/anomalies?limit=100": event_reports.anomaly_list(live.store, 100),
    }
    return pages.copy("events.html", title_of(live.settings), found, **events_values(live.events))


def course(live: Live, course: str) -> bytes:
    """The page of a course. Raises HzmetricsError."""
    courses = Courses.of(live.settings)
    name = quote(course, safe="!'()*")  # as encodeURIComponent writes it
    found = {
        f"/staff/stats/daily_metrics/{name}": reporting.report(live.store, courses, course, reports.daily),
        f"/staff/stats/material_usage/{name}": reporting.usage(live.store, courses, course),
        f"/staff/stats/monitor_counts/{name}": reporting.counts(live.store, courses, course),
    }
    return pages.copy("course.html", title_of(live.settings), found, **course_values(courses, course))
