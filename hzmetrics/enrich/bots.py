"""Which rows a bot left, and their removal (spec 20 §6)."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.calendar import DateSpan
from hzmetrics.config import Settings
from hzmetrics.engine import Engine
from hzmetrics.enrich import rows
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.by_number import by_number
from hzmetrics.store.tables.metrics import exclude_list


def clean_bots(
    store: Store, settings: Settings, table: str, span: DateSpan | None = None, *, after: int = 0, dry_run: bool = False
) -> int:
    """Delete the rows of `web` or `websessions` that a domain or host filter of `exclude_list` matches; their number.

    Without `span` the rows of this month; only those with ids above `after`. Raises UsageError for another table and
    for an open span, StoreError.
    """
    target = rows.named(table, "web", "websessions")
    window = rows.after_day_before(rows.moment(target), span or rows.this_month(settings.clock))
    metrics = store.metrics
    rows.require(metrics, table)
    with Engine("hzmetrics.enrich") as engine:
        engine.register("filters", metrics.read(sa.select(exclude_list.c.filter, exclude_list.c.type)))
        query = sa.select(target.c.id, target.c.host, target.c.domain)
        engine.load("checked_rows", metrics.stream(by_number(metrics, query, target, window, after)))
        found = engine.table("bot_rows")
    if dry_run:
        log.info("%s: would delete %d rows", table, found.num_rows)
        return int(found.num_rows)
    with metrics.begin() as connection:
        return metrics.delete(connection, target, found)
