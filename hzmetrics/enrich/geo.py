"""Which country an address is in (spec 20 §4 to §5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.calendar import DateSpan, Month, Window
from hzmetrics.collation import fold
from hzmetrics.config import Settings
from hzmetrics.enrich import rows
from hzmetrics.enrich.addresses import is_private
from hzmetrics.enrich.countries import NONE, Countries
from hzmetrics.enrich.located import Located
from hzmetrics.errors import HzmetricsError, LookupFailure
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.by_number import by_number, outside
from hzmetrics.store.database import Database
from hzmetrics.store.tables.metrics import web
from hzmetrics.store.types import is_empty

if TYPE_CHECKING:
    from hzmetrics.enrich.known import KnownAddresses


def fill_ipcountry(
    store: Store,
    settings: Settings,
    database: str,
    table: str,
    span: DateSpan | None = None,
    *,
    countries: Countries | None = None,
    known: KnownAddresses | None = None,
    after: int = 0,
    dry_run: bool = False,
) -> int:
    """Fill in the country of the rows whose address lacks it; the rows written (spec 20 §4.1).

    The addresses are those of rows in the window of `span` (default: this month), but all rows of such an address get
    its country. `after`: only of those with larger keys. `known`: also of the addresses whose rows in the window were
    written with their country. Private addresses get `-` in the window only. Raises UsageError for another table or an
    open span, StoreError, and, after writing what is definite, LookupFailure if a configured source left addresses
    unanswered.
    """
    target = rows.named(table, *rows.TABLES)
    span = span or rows.this_month(settings.clock)
    window = rows.after_day_before(rows.moment(target), span)
    source = rows.database(store, database)
    rows.require(source, table)
    located = known.located if known else Located()
    if known:
        located.begin(store.metrics)
    query = sa.select(rows.key(target).label("row"), target.c.ip).where(lacks_country(target))
    lacking = source.read(by_number(source, query, target, window, after))
    texts = lacking["ip"].unique().to_pylist()
    if dry_run:
        log.info("%s: would look up %d addresses for %d rows", table, len(texts), lacking.num_rows)
        return int(lacking.num_rows)
    public = [text for text in texts if not is_private(text)]
    countries = countries or Countries(store, settings)
    answers = countries.of(public)
    private = dict.fromkeys((text for text in texts if is_private(text)), NONE)
    here = rows.answered(lacking, "ip", _relation(answers | private))
    everywhere = (_given(source, target, window, known.take_given(table, span)) if known else {}) | answers
    # before those of the window, which tell a later run that this is still to do
    others = located.elsewhere(target, span)
    written = _write_elsewhere(source, target, span, window, others, everywhere) if everywhere else 0
    written += rows.write(source, target, here, dry_run=False)
    if here.num_rows == lacking.num_rows:
        located.note(target, span)
    _report(table, countries, len(public) - len(answers))
    return written


def _given(
    source: Database, table: sa.Table, window: sa.ColumnElement[bool], given: Mapping[str, str]
) -> dict[str, str]:
    """Those of the addresses `given` a country that rows in the window still have."""
    if not given:
        return {}
    there = source.read(by_number(source, sa.select(table.c.ip).distinct(), table, window))["ip"].to_pylist()
    return {text: given[text] for text in there if text in given}


def _write_elsewhere(
    source: Database,
    table: sa.Table,
    span: DateSpan,
    window: sa.ColumnElement[bool],
    others: Sequence[Window],
    countries: Mapping[str, str],
) -> int:
    """Give rows outside the window that lack their country that of their address; the rows written.

    All of them are in the stretches of time `others`.
    """
    times = [rows.within(rows.moment(table), other) for other in others]
    there = [time for time in times if source.scalar(sa.select(rows.key(table)).where(time).limit(1)) is not None]
    if not there:
        return 0
    spelled = {fold(text): text for text in countries}.values()
    found = _relation({text: countries[text] for text in spelled})
    elsewhere = sa.and_(outside(source, table, window, rows.before_last_day(rows.moment(table), span)), sa.or_(*there))
    with source.begin() as connection:
        return source.update(connection, table, found, ["ip"], sa.and_(lacks_country(table), elsewhere))


def lacks_country(table: sa.Table) -> sa.ColumnElement[bool]:
    """Whether a row takes the country of its address."""
    return is_empty(table.c.ipcountry)


def fill_geo(store: Store, settings: Settings, span: DateSpan | None = None, *, dry_run: bool = False) -> int:
    """Run `fill_ipcountry` on all four tables, for `span` or for every month with a `web` row that lacks its country.

    Goes on after a failure; returns the rows written. Raises the first of the worst failures at the end (spec 20 §5).
    """
    spans = [span] if span else [DateSpan.of(month) for month in _months_lacking(store)]
    if not spans:
        log.info("every web row has its country")
    countries = Countries(store, settings)
    written, failures = 0, []
    for each in spans:
        for table in rows.TABLES:
            try:
                written += fill_ipcountry(store, settings, "metrics", table, each, countries=countries, dry_run=dry_run)
            except HzmetricsError as failure:
                log.warning("fill-ipcountry %s from %s: %s", table, each.start, failure)
                failures.append(failure)
    if failures:
        raise max(failures, key=lambda failure: failure.exit_code)
    return written


def _months_lacking(store: Store) -> list[Month]:
    """The months with a `web` row without country, ascending; none of zero dates, nor the last, which has no end."""
    month = sa.func.substr(web.c.datetime, 1, 7)
    found = store.metrics.rows(sa.select(month).where(lacks_country(web)).distinct().order_by(month))
    return [Month.parse(text) for (text,) in found if "0001-01" <= text < "9999-12" and not text.endswith("-00")]


def _relation(answers: dict[str, str]) -> pa.Table:
    return pa.table({"ip": pa.array(answers.keys(), pa.string()), "ipcountry": pa.array(answers.values(), pa.string())})


def _report(table: str, countries: Countries, unanswered: int) -> None:
    """Say what has no answer: a failure of the sources that can answer, a warning where there are none."""
    if not unanswered:
        return
    message = f"{table}: {unanswered} addresses stay without a country: {countries.trouble}"
    if countries.can_answer:
        raise LookupFailure(message)
    log.warning("%s", message)
