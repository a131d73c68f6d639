"""Operations: what `status`, `doctor` and `audit` know, the runs, the ledger of imported files, the log file."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from hzmetrics.health import audit as auditing
from hzmetrics.health import doctor as examination
from hzmetrics.health import status as statuses
from hzmetrics.health.surroundings import cron_line
from hzmetrics.serve import history
from hzmetrics.serve.site import Site
from hzmetrics.store.tables.metrics import imported_sources

MOST_ROWS = 1000

Limit = Annotated[int, Query(ge=1, le=MOST_ROWS)]


def routes(site: Site) -> APIRouter:
    router = APIRouter(prefix="/api/operations", tags=["operations"])

    @router.get("/status", response_model=dict[str, Any])
    def status(request: Request) -> Response:
        """What `hzmetrics status --json` prints, and the symbols of its calendar."""

        def compute() -> dict[str, Any]:
            found = statuses.look(site.store, site.settings)
            return {**found.as_json(), "symbols": {one.month: statuses.symbol(one) for one in found.months}}

        return site.answers.json(request, compute)

    @router.get("/runs", response_model=list[dict[str, Any]])
    def runs(request: Request) -> Response:
        """The runs in the log file, oldest first, with the seconds of their stages."""
        return site.answers.json(request, lambda: history.runs(site.settings.paths.log_file))

    @router.get("/doctor", response_model=list[dict[str, Any]])
    def doctor(request: Request) -> Response:
        """What `hzmetrics doctor --json` prints. It asks name servers and may take a while."""

        def compute() -> list[dict[str, Any]]:
            settings = site.settings
            return [asdict(one) for one in examination.examine(site.store, settings, cron_line(settings))]

        return site.answers.json(request, compute)

    @router.get("/audit", response_model=dict[str, Any])
    def audit(request: Request) -> Response:
        """What `hzmetrics audit --json` prints. It reads the rows of two years and may take a while."""
        return site.answers.json(
            request,
            lambda: auditing.audit(site.store, site.settings, auditing.MONTHS, auditing.FLOOR).as_json(),
        )

    @router.get("/ledger", response_model=list[dict[str, Any]])
    def ledger(request: Request, search: Annotated[str, Query(max_length=255)] = "", limit: Limit = 100) -> Response:
        """The imported files whose names contain a text, newest first, each with the command that forgets it."""
        file = imported_sources.c
        query = sa.select(imported_sources).order_by(file.id.desc()).limit(limit)
        if search:
            query = query.where(file.filename.contains(search, autoescape=True))

        def compute() -> list[dict[str, Any]]:
            return [
                {
                    "filename": row.filename,
                    "target_table": row.target_table,
                    "row_count": row.row_count,
                    "imported_at": row.imported_at,
                    "command": shlex.join(["hzmetrics", "forget-import", row.filename, "--table", row.target_table]),
                }
                for row in site.store.metrics.rows(query)
            ]

        return site.answers.json(request, compute)

    @router.get("/log", response_model=list[dict[str, str]])
    def log_tail(
        request: Request, limit: Limit = 200, level: Literal["", "DEBUG", "INFO", "WARNING", "ERROR"] = ""
    ) -> Response:
        """The last lines of the log file, newest first."""
        return site.answers.json(request, lambda: history.tail(site.settings.paths.log_file, limit, level))

    return router
