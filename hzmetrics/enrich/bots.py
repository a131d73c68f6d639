"""Which rows a bot left, and their removal (spec 20 §6)."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from hzmetrics.calendar import DateSpan
from hzmetrics.collation import fold
from hzmetrics.config import Settings
from hzmetrics.engine import Engine
from hzmetrics.enrich import rows
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.by_number import by_number
from hzmetrics.store.database import Database
from hzmetrics.store.tables.metrics import exclude_list
from hzmetrics.store.types import is_ascii

HOSTS, DOMAINS = 3, 1_000
"""Filters of hosts and of domains up to which the database looks for the rows: with more, reading all is cheaper."""

_ONE_CHARACTER = r"(?s)\\.?|[^\x00-\x7f]"
"""What `_` stands for in a host filter where the database looks for rows: characters that are quoted or no ASCII."""


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
    found = _matched(metrics, target, window, after)
    if dry_run:
        log.info("%s: would delete %d rows", table, found.num_rows)
        return int(found.num_rows)
    with metrics.begin() as connection:
        return metrics.delete(connection, target, found)


def _matched(metrics: Database, table: sa.Table, window: sa.ColumnElement[bool], after: int) -> pa.Table:
    """The ids of the rows that a filter matches. Without filters of domains and hosts, nothing is read for it."""
    filters = metrics.read(sa.select(exclude_list.c.filter, exclude_list.c.type))
    conditions = list(_conditions(table, filters))
    if not conditions:
        return pa.table({"id": pa.array([], pa.int64())})
    query = sa.select(table.c.id, table.c.host, table.c.domain).where(sa.or_(*conditions))
    with Engine("hzmetrics.enrich") as engine:
        engine.register("filters", filters)
        engine.load("checked_rows", metrics.stream(by_number(metrics, query, table, window, after)))
        return engine.table("bot_rows")


def _conditions(table: sa.Table, filters: pa.Table) -> Iterator[sa.ColumnElement[bool]]:
    """Of these, one or more hold for every row that a filter matches, and for few others; none without such filters.

    Databases differ in how they compare texts, but not where these are ASCII.
    """
    typed = [
        (fold(kind), text)
        for kind, text in zip(filters["type"].to_pylist(), filters["filter"].to_pylist(), strict=True)
    ]
    hosts = [text for kind, text in typed if kind == "HOST"]
    domains = [fold(text) for kind, text in typed if kind == "DOMAIN"]
    if len(hosts) > HOSTS or len(domains) > DOMAINS:
        yield sa.true()
        return
    if hosts:
        yield sa.not_(is_ascii(table.c.host))
        patterns = pc.replace_substring_regex(pa.array(hosts, pa.string()), _ONE_CHARACTER, "_")
        yield from map(table.c.host.like, patterns.to_pylist())
    if domains:
        yield sa.not_(is_ascii(table.c.domain))
        yield sa.func.upper(sa.func.rtrim(table.c.domain)).in_([name for name in domains if name.isascii()])
