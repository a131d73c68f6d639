"""Events, hourly statistics and anomalies (spec 84 §9). A read has the followed logs read first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from hzmetrics.events import reports
from hzmetrics.serve import documents
from hzmetrics.serve.answers import as_csv
from hzmetrics.serve.shapes import Anomaly, Hour, Present, Summary
from hzmetrics.serve.site import Site

MOST_ROWS = 10_000
MOST_WEEKS = 10_000

Rows = Annotated[int, Query(ge=1, le=MOST_ROWS)]


def routes(site: Site) -> APIRouter:
    router = APIRouter(prefix="/admin", tags=["events"], dependencies=[Depends(site.look_at_events)])

    @router.get("/stats", response_model=list[Hour])
    def stats(request: Request, recent: Rows | None = None) -> Response:
        """The 168 hours of this week; with `recent`, so many latest closed hours, newest first."""
        if recent is None:
            return _week(request, 0)
        settings = site.live.events
        return site.answers.json(request, lambda: reports.recent_stats(site.store, settings, recent))

    @router.get("/stats/{weeks_ago}", response_model=list[Hour])
    def week(request: Request, weeks_ago: Annotated[int, Path(ge=0, le=MOST_WEEKS)]) -> Response:
        """The 168 hours of an earlier week."""
        return _week(request, weeks_ago)

    def _week(request: Request, weeks_ago: int) -> Response:
        live = site.live
        return site.answers.json(
            request, lambda: reports.stats(site.store, live.events, live.settings.clock, weeks_ago)
        )

    @router.get("/export/{weeks_ago}", response_class=Response)
    def export(request: Request, weeks_ago: Annotated[int, Path(ge=0, le=MOST_WEEKS)]) -> Response:
        """A week of `hzmetrics events export`, as CSV."""
        live = site.live
        rows = reports.week_hours(site.store, live.events, live.settings.clock, weeks_ago)
        return as_csv("events", reports.HOUR_COLUMNS, rows)

    @router.get("/present", response_model=Present)
    def present(request: Request, limit: Rows = 200) -> Response:
        """The stress levels, and the latest events of the event memory, newest first."""
        live = site.live
        return site.answers.json(request, lambda: documents.present(live, limit))

    @router.get("/anomalies", response_model=list[Anomaly] | dict[str, tuple[dict[str, int], int]])
    def anomalies(request: Request, limit: Rows = 20, recent: bool = False) -> Response:
        """The latest anomalies, newest first; with `recent`, those of the last minutes by time, oldest first."""
        live = site.live
        if recent:
            return site.answers.json(
                request, lambda: reports.recent_anomalies(site.store, live.events, live.settings.clock)
            )
        return site.answers.json(request, lambda: reports.anomaly_list(site.store, limit))

    @router.get("/activities", response_model=dict[str, tuple[str, str]])
    def activities(request: Request) -> Response:
        """The event memory by number: time and name."""
        live = site.live
        return site.answers.json(request, lambda: reports.activities(site.store, live.events, live.settings.clock))

    @router.get("/activities/summary", response_model=Summary)
    def summary(request: Request) -> Response:
        """Counts by name over the event memory and the current hour."""
        live = site.live
        return site.answers.json(
            request, lambda: reports.activity_summary(site.store, live.events, live.settings.clock)
        )

    return router
