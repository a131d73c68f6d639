"""Activity of users (spec 80 §8), and the gauges for Prometheus (spec 82 §6)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from hzmetrics.active_users import counting
from hzmetrics.activity import monitor
from hzmetrics.serve import documents
from hzmetrics.serve.content import content
from hzmetrics.serve.shapes import ActivityDocument, Column, Count, Deleted, Sampled, Table
from hzmetrics.serve.site import Site

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
MOST_USERS = 1_000_000
MOST_COUNTS = 100_000

Limit = Annotated[int, Query(ge=0, le=MOST_USERS, description="the first so many users; 0: all")]


def routes(site: Site) -> APIRouter:
    router = APIRouter(tags=["activity"])

    @router.get("/api/activity", response_model=ActivityDocument)
    def show(
        request: Request, derived: bool = False, sort: Column | None = None, asc: bool | None = None, limit: Limit = 0
    ) -> Response:
        """The users, as `hzmetrics activity show --json` prints them, with the figures last sampled."""
        site.look_at_servers()
        column = sort or ("status" if asc is not None else None)
        live = site.live
        return site.answers.json(
            request, lambda: monitor.show(site.store, live.activity, live.now, derived, column, asc, limit)
        )

    @router.get("/api/activity/table", response_model=Table)
    def table(
        request: Request,
        sort: Column = "status",
        asc: bool | None = None,
        limit: Annotated[int, Query(ge=1, le=documents.MOST_USERS)] = 200,
        search: Annotated[str, Query(max_length=255)] = "",
    ) -> Response:
        """The rows of the activity page: the texts of their cells, their bars and tooltips."""
        site.look_at_servers()
        live = site.live
        return site.answers.json(request, lambda: documents.activity_table(live, sort, asc, limit, search))

    @router.get("/api/active-users", response_model=list[Count])
    def history(request: Request, limit: Annotated[int, Query(ge=1, le=MOST_COUNTS)] = 24 * 366) -> Response:
        """The latest hourly counts of active users, oldest first."""
        return site.answers.json(request, lambda: counting.history(site.store, None)[-limit:])

    @router.post("/api/activity/reset", response_model=Deleted)
    def reset() -> dict[str, object]:
        """Delete all samples; the next run is due at once."""
        with site.live.hold("activity"):
            deleted = monitor.reset(site.store)
        site.answers.forget()
        return monitor.reset_document(deleted)

    @router.post("/api/activity/sample", response_model=Sampled, response_model_exclude_unset=True)
    def sample(force: bool = False) -> dict[str, object]:
        """One sampling run, if one is due or forced."""
        live = site.live
        live.catch_up("activity")
        with live.hold("activity"):
            counts = monitor.sample(site.store, live.activity, live.source, live.now, force)
        site.answers.forget()
        return {"success": counts is not None, **(counts or {})}

    @router.get("/metrics", response_class=Response, tags=["metrics"])
    def metrics(request: Request) -> Response:
        """The gauges for Prometheus, as `hzmetrics openmetrics` prints them. No label names a user."""
        return site.answers.give(request, lambda: content(site.live.exposition().encode(), OPENMETRICS))

    return router
