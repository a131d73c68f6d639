"""What is known of addresses without asking anyone: a run completes rows with it as it writes them (spec 60 §8.8).

A row that is written with its host, domain and country need not be changed for them, which costs as much as inserting
it. What is not known stays empty, and is left to the steps of the analysis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from hzmetrics.calendar import DateSpan, Month
from hzmetrics.config import Settings
from hzmetrics.enrich.addresses import is_private
from hzmetrics.enrich.countries import NONE, Countries
from hzmetrics.enrich.dns import Remembered
from hzmetrics.enrich.domains import hosts_with_domains
from hzmetrics.enrich.located import Located
from hzmetrics.errors import StoreError
from hzmetrics.store import Store
from hzmetrics.store.fit import fit
from hzmetrics.store.tables.metrics import web, websessions

ADDRESSES = 200_000
"""Addresses that are remembered at a time."""


class Known(NamedTuple):
    """What is known of an address; None: it cannot be told without asking."""

    host: str | None
    domain: str | None
    ipcountry: str | None


class KnownAddresses:
    """What is known of the addresses of a month, for one month after the other."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._month: Month | None = None
        self._hosts: Remembered | None = None
        self._countries: Countries | None = None
        self._known: dict[str, Known] = {}
        self.located = Located()
        self._given: dict[tuple[str, DateSpan], dict[str, str]] = {}
        """By table and month, the public addresses whose rows were written with their country."""

    def complete_requests(self, month: Month, rows: pa.Table) -> pa.Table:
        """New rows of `web`, those of the month with host, domain and country as far as they are known."""
        is_of_month = pc.starts_with(rows["datetime"], f"{month}-")
        known, among = self._look_up(month, web, pc.if_else(is_of_month, rows["ip"], None))
        for name in Known._fields:
            values = pa.array([getattr(place, name) for place in known], pa.string())
            rows = rows.append_column(name, pc.take(values, among))
        self.located.forget(web, _months(rows.filter(pc.is_null(rows["ipcountry"]))))
        return rows

    def complete_sessions(self, month: Month, rows: pa.Table) -> pa.Table:
        """New rows of `websessions` of the month, with the country as far as it is known."""
        known, among = self._look_up(month, websessions, rows["ip"])
        countries = pa.array([place.ipcountry or "" for place in known], pa.string())
        rows = rows.set_column(rows.column_names.index("ipcountry"), "ipcountry", pc.take(countries, among))
        self.located.forget(websessions, _months(rows.filter(pc.equal(rows["ipcountry"], ""))))
        return rows

    def take_given(self, table: str, span: DateSpan) -> dict[str, str]:
        """The public addresses whose rows of a month were written with their country, and it; they are forgotten."""
        return self._given.pop((table, span), {})

    def has_given(self, table: str, span: DateSpan) -> bool:
        """Whether there are such addresses."""
        return (table, span) in self._given

    def _look_up(self, month: Month, table: sa.Table, ips: pa.ChunkedArray) -> tuple[list[Known], pa.ChunkedArray]:
        """What is known of each distinct address of a column, and which of them each of its rows has."""
        if month != self._month:
            self._begin(month)
        ips = fit(ips, table.c.ip.type)
        distinct = pc.drop_null(pc.unique(ips))
        texts: list[str] = distinct.to_pylist()
        if len(self._known) > ADDRESSES:
            self._known.clear()
        unknown = [text for text in texts if text not in self._known]
        if unknown:
            self._learn(unknown)
        known = [self._known[text] for text in texts]
        countries = {text: place.ipcountry for text, place in zip(texts, known, strict=True) if not is_private(text)}
        given = {text: country for text, country in countries.items() if country is not None}
        if given:
            self._given.setdefault((table.name, DateSpan.of(month)), {}).update(given)
        return known, pc.index_in(ips, distinct)

    def _begin(self, month: Month) -> None:
        """See what is known by now. Countries are known if a local database is all that is asked for them."""
        self._month, self._known = month, {}
        self._hosts = self._countries = None
        if not self._store.metrics.reads_beside_writers:
            return
        self._hosts = Remembered(self._store, self._settings)
        geoip = self._settings.geoip
        if geoip.database is not None and not geoip.url:
            self._countries = Countries(self._store, self._settings)

    def _learn(self, texts: Sequence[str]) -> None:
        """Find out what is known of more addresses."""
        hosts: dict[str, str] = {}
        try:
            hosts = self._hosts.of(texts) if self._hosts else {}
        except StoreError:  # the steps will report it
            self._hosts = self._countries = None
        names = self._names(hosts) if hosts else {}
        countries = self._countries.of(text for text in texts if not is_private(text)) if self._countries else {}
        for text in texts:
            host, domain = names.get(text, (None, None))
            country = NONE if self._countries and is_private(text) else countries.get(text)
            self._known[text] = Known(host, domain, country)

    def _names(self, hosts: dict[str, str]) -> dict[str, tuple[str, str]]:
        """The hosts as they are stored, and their domains."""
        stored = fit(pa.chunked_array([pa.array(hosts.values(), pa.string())]), web.c.host.type)
        found = hosts_with_domains(pa.table({"row": pa.array(range(len(hosts)), pa.int64()), "host": stored}))
        return dict(
            zip(hosts, zip(*(found[name].to_pylist() for name in ("host", "domain")), strict=True), strict=True)
        )


def _months(rows: pa.Table) -> list[str]:
    """The months of rows, YYYY-MM."""
    months: list[str] = pc.unique(pc.utf8_slice_codeunits(rows["datetime"], 0, 7)).to_pylist()
    return months
