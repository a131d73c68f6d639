"""What domain a host belongs to (spec 20 §3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from hzmetrics.calendar import DateSpan
from hzmetrics.config import Settings
from hzmetrics.engine import Engine
from hzmetrics.enrich import rows
from hzmetrics.store import Store
from hzmetrics.store.by_number import by_number
from hzmetrics.store.fit import fit
from hzmetrics.store.types import is_empty


def fill_domain(
    store: Store,
    settings: Settings,
    database: str,
    table: str,
    span: DateSpan | None = None,
    *,
    after: int = 0,
    dry_run: bool = False,
) -> int:
    """Give rows with a host and without a domain their domain; the rows written (spec 20 §3.1).

    Without `span` the rows of this month; only those with keys above `after`. A host without a domain gets `?`.
    Raises UsageError for another table, StoreError.
    """
    target = rows.named(table, *rows.TABLES)
    source = rows.database(store, database)
    rows.require(source, table)
    window = rows.from_day_before(rows.moment(target), span or rows.this_month(settings.clock))
    query = sa.select(rows.key(target).label("row"), target.c.host, target.c.domain).where(lacks_domain(target))
    wanted = source.stream(by_number(source, query, target, window, after))
    with Engine("hzmetrics.enrich") as engine:
        engine.load("rows_without_domain", wanted)
        found = engine.table("domains_found")
    return rows.write(source, target, found, dry_run)


def lacks_domain(table: sa.Table) -> sa.ColumnElement[bool]:
    """Whether a row has a host, and a domain that it may change. A host without a dot has the domain `?`."""
    # LIKE counts blanks at the end: a domain that is spelled otherwise is written anew
    is_final = sa.and_(table.c.domain.like("?"), table.c.host.not_like("%.%"))
    return sa.and_(
        is_lacking(table), sa.or_(table.c.domain.is_(None), sa.not_(is_final)), sa.not_(is_empty(table.c.host))
    )


def is_lacking(table: sa.Table) -> sa.ColumnElement[bool]:
    """Whether a row takes the domain of its host."""
    return sa.or_(is_empty(table.c.domain), sa.func.rtrim(table.c.domain) == "?")


def with_domains(table: sa.Table, named: pa.Table) -> Iterator[pa.Table]:
    """Rows of `table` that get a host (`row`, `host`, `lacks_domain`), with the domain of the host where they lack one.

    The relations have the columns `row`, `host` and, the first one, `domain`.
    """
    stored = pa.table({"row": named["row"], "host": fit(named["host"], table.c.host.type)})
    lacking = named["lacks_domain"].cast(pa.bool_())
    without = stored.filter(lacking)
    if without.num_rows:
        yield hosts_with_domains(without)
    yield stored.filter(pc.invert(lacking))


def hosts_with_domains(hosts: pa.Table) -> pa.Table:
    """Rows with a host as it is stored (`row`, `host`), in the order of `row`, with its `domain`."""
    with Engine("hzmetrics.enrich") as engine:
        engine.register("rows_without_domain", hosts.append_column("domain", pa.nulls(len(hosts), pa.string())))
        return engine.table("rows_with_domains")


def domains_of(names: Iterable[str]) -> dict[str, str]:
    """The domain of each host name as it is written, without lower-casing; `?` for none (spec 20 §3.2, §12)."""
    distinct = pa.array(dict.fromkeys(names), pa.string())
    with Engine("hzmetrics.enrich") as engine:
        engine.register("hosts", pa.table({"host": distinct, "name": distinct}))
        found = engine.table("host_domains")
    return dict(zip(found["host"].to_pylist(), found["domain"].to_pylist(), strict=True))
