"""The download flag of requests that were stored without one (spec 70 §8.3)."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.installation.adoption.work import Work
from hzmetrics.store.database import Database
from hzmetrics.store.tables.metrics import web

RANGE = 50_000
"""Rows flagged in one transaction."""


def count_unknown(database: Database) -> int:
    """How many rows have no flag."""
    return int(database.scalar(sa.select(sa.func.count()).select_from(web).where(web.c.dnload.is_(None))) or 0)


def fill(work: Work) -> None:
    """Flag the rows that have none, by the import's rule applied to the URL as stored; no month becomes dirty."""
    from hzmetrics.engine import Engine
    from hzmetrics.ingest.filters import EXPRESSIONS

    with Engine("hzmetrics.ingest") as engine:
        engine.set_variable("download", EXPRESSIONS["download"])
        after = None
        while True:
            unflagged = sa.select(web.c.id, web.c.content).where(web.c.dnload.is_(None)).order_by(web.c.id).limit(RANGE)
            found = work.database.read(unflagged if after is None else unflagged.where(web.c.id > after))
            if not found.num_rows:
                return
            engine.register("unflagged_requests", found)
            with work.connection.begin():
                work.database.update(work.connection, web, engine.table("download_flags"), ["id"])
            after = found["id"][-1].as_py()
