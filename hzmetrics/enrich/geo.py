"""Which country an address is in (spec 20 §4 to §5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
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
    given = known.take_given(table, span) if known else {}
    # before those of the window, which tell a later run that this is still to do
    written = _write_elsewhere(source, target, span, window, located.elsewhere(target, span), given, answers)
    written += rows.write(source, target, here, dry_run=False)
    if here.num_rows == lacking.num_rows and not after:
        located.note(target, span)
    _report(table, countries, len(public) - len(answers))
    return written


def _write_elsewhere(
    source: Database,
    table: sa.Table,
    span: DateSpan,
    window: sa.ColumnElement[bool],
    others: Sequence[Window],
    given: Mapping[str, str],
    answers: Mapping[str, str],
) -> int:
    """Give rows outside the window that lack their country that of their address; the rows written.

    All of them are in the stretches of time `others`. The addresses are those of `answers`, and those that rows in the
    window still have of the addresses that were `given` a country.
    """
    time, number = rows.moment(table), rows.key(table)
    elsewhere = sa.or_(*(rows.within(time, other) for other in others))
    spelled = {fold(text): text for text in (*given, *answers)}
    some = sa.select(number).where(elsewhere).limit(len(spelled) + 1)
    if not spelled or not (there := source.scalar(sa.select(sa.func.count()).select_from(some.subquery()))):
        return 0
    if there <= len(spelled):  # to look at these rows is less than to look for rows of each address
        query = sa.select(number.label("row"), table.c.ip).where(lacks_country(table), elsewhere, sa.not_(window))
        lacking = source.read(query)
        texts = {text: fold(text) for text in lacking["ip"].unique().to_pylist()}
        found = _countries(source, table, window, set(texts.values()), given, answers)
        known = {text: found[folded] for text, folded in texts.items() if folded in found}
        return rows.write(source, table, rows.answered(lacking, "ip", _relation(known)), dry_run=False)
    found = _countries(source, table, window, set(spelled), given, answers)
    countries = _relation({spelled[folded]: country for folded, country in found.items()})
    elsewhere = sa.and_(elsewhere, outside(source, table, window, rows.before_last_day(time, span)))
    with source.begin() as connection:
        return source.update(connection, table, countries, ["ip"], sa.and_(lacks_country(table), elsewhere))


def _countries(
    source: Database,
    table: sa.Table,
    window: sa.ColumnElement[bool],
    addresses: Set[str],
    given: Mapping[str, str],
    answers: Mapping[str, str],
) -> dict[str, str]:
    """The countries of folded addresses: their answers, or what was `given` to those that rows in the window have."""
    found = {folded: country for text, country in given.items() if (folded := fold(text)) in addresses}
    if found:
        there = source.read(by_number(source, sa.select(table.c.ip).distinct(), table, window))["ip"].to_pylist()
        found = {folded: found[folded] for folded in map(fold, there) if folded in found}
    return found | {folded: country for text, country in answers.items() if (folded := fold(text)) in addresses}


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
