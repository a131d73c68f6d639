"""Answers of the address service, kept for 90 days: in the hub's cache table, or in our own (spec 20 §4.2, spec 70 §4).

The hub's table holds an address as a number, mostly in a signed column; what would not fit is in our own. A table that
cannot be used costs a warning and nothing else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address
from typing import Any, NamedTuple

import sqlalchemy as sa

from hzmetrics.calendar import Clock, midnight
from hzmetrics.enrich.places import Place
from hzmetrics.errors import ConfigurationError, StoreError
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.database import Database
from hzmetrics.store.tables.metrics import ipgeo_cache
from hzmetrics.store.upsert import upsert

PLACE = ("countrySHORT", "countryLONG", "ipREGION", "ipCITY", "ipLATITUDE", "ipLONGITUDE")
"""Columns of an entry."""

DAYS = 90
"""Calendar days for which an entry counts."""

SIGNED = 1 << 31
"""From this number on an address does not fit a signed column."""

ASKED = 10_000
"""Addresses a query."""

WRITTEN = 1_000
"""Rows a statement."""


class Entry(NamedTuple):
    """What a table says of an address, as it stands there; None is NULL."""

    code: str | None
    country: str | None
    region: str | None
    city: str | None
    latitude: float | None
    longitude: float | None


class Cache:
    """Both tables of one hub."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._has_hub = not store.is_site
        self._hub = _Shelf(lambda: store.hub, store.hub_tables.metrics_ipgeo_cache, int, clock)
        self._own = _Shelf(lambda: store.metrics, ipgeo_cache, str, clock)

    def entries(self, addresses: Sequence[IPv4Address]) -> dict[IPv4Address, Entry]:
        """The entry of each address that has one that counts; the hub's word before ours."""
        own = self._own.entries(addresses)
        return own | self._hub.entries(addresses) if self._has_hub else own

    def countries(self, addresses: Sequence[IPv4Address]) -> dict[IPv4Address, str]:
        """The country, as stored, of each address with an entry that counts."""
        return {address: entry.code or "" for address, entry in self.entries(addresses).items()}

    def revision(self) -> str:
        """What changes when an entry comes."""
        return repr((self._has_hub and self._hub.revision(), self._own.revision()))

    def keep(self, places: Mapping[IPv4Address, Place]) -> None:
        """Put answers into the tables, over what is there."""
        of_hub = {address: place for address, place in places.items() if self._has_hub and int(address) < SIGNED}
        self._hub.keep(of_hub)
        self._own.keep({address: place for address, place in places.items() if address not in of_hub})


class _Shelf:
    """One of the tables; `key` is how it writes an address."""

    def __init__(
        self,
        database: Callable[[], Database],
        table: sa.Table,
        key: Callable[[IPv4Address], int | str],
        clock: Clock,
    ) -> None:
        self.database = database
        self.table = table
        self.key = key
        self.clock = clock
        self._is_empty: bool | None = None
        """Whether there was no entry when it was first read; None: it was not read yet."""

    def entries(self, addresses: Sequence[IPv4Address]) -> dict[IPv4Address, Entry]:
        found: dict[IPv4Address, Entry] = {}
        by_key = {self.key(address): address for address in addresses}
        keys = list(by_key)
        column = self.table.c
        query = sa.select(column.ip, *(column[name] for name in PLACE))
        try:
            database = self.database()
            if self._is_empty is None:
                self._is_empty = database.scalar(sa.select(column.ip).limit(1)) is None
            if self._is_empty:
                return found
            first = midnight(database.clock(self.clock).today - dt.timedelta(days=DAYS))
            for start in range(0, len(keys), ASKED):
                some = column.ip.in_(keys[start : start + ASKED])
                for row in database.rows(query.where(some, column.lookup_datetime >= first)):
                    found[by_key[row[0]]] = Entry._make(row[1:])
        except (StoreError, ConfigurationError) as error:
            log.warning("the cache %s is not read: %s", self.table.name, error)
        return found

    def revision(self) -> str:
        """The number of entries and the time of the latest; empty if they cannot be read, as those who ask are told."""
        entries = sa.select(sa.func.count(), sa.func.max(self.table.c.lookup_datetime)).select_from(self.table)
        try:
            return repr(self.database().rows(entries))
        except (StoreError, ConfigurationError):
            return ""

    def keep(self, places: Mapping[IPv4Address, Place]) -> None:
        if not places:
            return
        try:
            database = self.database()
            rows = self._rows(places, database.clock(self.clock).local)
            self._is_empty = False
            with database.begin() as connection:
                for start in range(0, len(rows), WRITTEN):
                    upsert(connection, self.table, rows[start : start + WRITTEN])
        except (StoreError, ConfigurationError) as error:
            log.warning("the cache %s is not written: %s", self.table.name, error)

    def _rows(self, places: Mapping[IPv4Address, Place], now: str) -> list[dict[str, Any]]:
        import pyarrow as pa

        from hzmetrics.store.bulk import fitted_rows

        found = places.values()
        columns = {
            "ip": [self.key(address) for address in places],
            "countrySHORT": [place.code for place in found],
            "countryLONG": [place.country for place in found],
            "ipREGION": [place.region for place in found],
            "ipCITY": [place.city for place in found],
            "ipLATITUDE": pa.array([place.latitude for place in found], pa.float64()),
            "ipLONGITUDE": pa.array([place.longitude for place in found], pa.float64()),
            "lookup_datetime": [now] * len(places),
        }
        rows: list[dict[str, Any]] = fitted_rows(self.table, pa.table(columns)).to_pylist()
        return rows
