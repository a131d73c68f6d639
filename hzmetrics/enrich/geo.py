"""Which country an address is in (spec 20 §4 to §5)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.calendar import DateSpan, Month
from hzmetrics.collation import fold
from hzmetrics.config import Settings
from hzmetrics.enrich import rows
from hzmetrics.enrich.addresses import Address, address, is_local, is_private
from hzmetrics.enrich.geocache import Cache
from hzmetrics.enrich.ipinfo import Service
from hzmetrics.enrich.places import DatabaseAbsent, Places
from hzmetrics.errors import HzmetricsError, LookupFailure
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.by_number import by_number
from hzmetrics.store.tables.metrics import web
from hzmetrics.store.types import is_empty

NONE = "-"
"""The country of an address that has none. Final."""


class Countries:
    """The sources of countries, each asked at most once for an address (spec 20 §4.2 to §4.4).

    Raises ConfigurationError if the address of the remote service is none.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        geoip = settings.geoip
        self._reads_ipv6 = geoip.database is not None or ("ipv6" in settings.corrections and not geoip.url)
        self._cache = Cache(store, settings.clock)
        self._service = Service(geoip) if geoip.url else None
        self._local: Places | None = None
        self._known: dict[Address, str] = {}
        self.can_answer = geoip.database is not None or self._service is not None
        """Whether a source is configured; one whose file does not exist yet is none."""
        self.trouble = "no country source is configured ([geoip] database)"
        """Why an address may be without an answer."""
        if self._service:
            self.trouble = "the address service gave no answer"
        if geoip.database is not None:
            try:
                self._local = Places(geoip.database)
            except DatabaseAbsent as absence:
                self.can_answer = self._service is not None
                self.trouble = str(absence)
            except LookupFailure as failure:
                self.trouble = str(failure)

    def revision(self) -> str:
        """What changes when an address without an answer may get one; empty where a source can answer all the time."""
        return "" if self.can_answer else repr((self._reads_ipv6, self._cache.revision()))

    def of(self, texts: Iterable[str]) -> dict[str, str]:
        """The country of each text, `-` for what is no address or has no country; a missing one has no answer yet."""
        asked = {text: self._asked(text) for text in texts}
        self._learn({found for found in asked.values() if found is not None})
        countries = {text: NONE if found is None else self._known.get(found) for text, found in asked.items()}
        return {text: country for text, country in countries.items() if country is not None}

    def _asked(self, text: str) -> Address | None:
        """The address to ask for, None for what no source is asked about. Without a local database no IPv6 text is."""
        found = address(text)
        return None if found is None or is_local(found) or (":" in text and not self._reads_ipv6) else found

    def _learn(self, addresses: set[Address]) -> None:
        """Ask cache, local database and service, in this order, for the addresses not known yet."""
        unknown = sorted(addresses - self._known.keys(), key=lambda found: (found.version, int(found)))
        cached = self._cache.countries([found for found in unknown if isinstance(found, IPv4Address)])
        self._known |= {found: _or_none(code) for found, code in cached.items()}
        unknown = [found for found in unknown if found not in cached]
        without = self._ask_local(unknown)
        if self._service is None:
            self._known |= dict.fromkeys(without, NONE)
            return
        self._known |= {found: NONE for found in without if isinstance(found, IPv6Address)}
        remaining = [found for found in unknown if found not in self._known and isinstance(found, IPv4Address)]
        answers = self._service.many(remaining)
        self._cache.keep(answers)
        self._known |= {found: _or_none(place.code) for found, place in answers.items()}

    def _ask_local(self, addresses: list[Address]) -> list[Address]:
        """Look up in the local database, if there is one; the addresses that it holds no country of."""
        if self._local is None:
            return []
        without = []
        try:
            for found in addresses:
                country = self._local.country(found)
                if country is None:
                    without.append(found)
                else:
                    self._known[found] = country
        except LookupFailure as failure:
            self.trouble = str(failure)
            self._local = None
        return without


def fill_ipcountry(
    store: Store,
    settings: Settings,
    database: str,
    table: str,
    span: DateSpan | None = None,
    *,
    countries: Countries | None = None,
    after: int = 0,
    dry_run: bool = False,
) -> int:
    """Fill in the country of the rows whose address lacks it; the rows written (spec 20 §4.1).

    The addresses are those of rows in the window of `span` (default: this month), but all rows of such an address get
    its country. `after`: only of those with larger keys. Private addresses get `-` in the window only. Raises
    UsageError for another table or an open span, StoreError, and, after writing what is definite, LookupFailure if
    a configured source left addresses unanswered.
    """
    target = rows.named(table, *rows.TABLES)
    window = rows.after_day_before(rows.moment(target), span or rows.this_month(settings.clock))
    source = rows.database(store, database)
    rows.require(source, table)
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
    spelled = {fold(text): text for text in answers}.values()
    elsewhere = _relation({text: answers[text] for text in spelled})
    with source.begin() as connection:  # before those of the window, which tell a later run that this is still to do
        written = source.update(connection, target, elsewhere, ["ip"], sa.and_(lacks_country(target), sa.not_(window)))
    written += rows.write(source, target, here, dry_run=False)
    _report(table, countries, len(public) - len(answers))
    return written


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


def _or_none(code: str) -> str:
    return code if code.strip(" ") else NONE


def _report(table: str, countries: Countries, unanswered: int) -> None:
    """Say what has no answer: a failure of the sources that can answer, a warning where there are none."""
    if not unanswered:
        return
    message = f"{table}: {unanswered} addresses stay without a country: {countries.trouble}"
    if countries.can_answer:
        raise LookupFailure(message)
    log.warning("%s", message)
