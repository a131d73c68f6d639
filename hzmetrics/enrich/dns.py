"""What the addresses of rows are called (spec 20 §2)."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.calendar import DateSpan
from hzmetrics.config import Settings
from hzmetrics.enrich import domains, rows
from hzmetrics.enrich.addresses import Address, address, is_host
from hzmetrics.enrich.resolver import HOSTS, Resolver, hosts_file
from hzmetrics.errors import LookupFailure
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.by_number import by_number
from hzmetrics.store.tables.metrics import dns_cache
from hzmetrics.store.types import is_empty

NONE = "?"
"""The host of an address without a name. Final."""

REFRESH = dt.timedelta(days=30)
"""How long a name is remembered; an address without one is asked every time."""

BATCH = 5_000
"""Addresses looked up at a time."""

GATHERED = 20
"""Seconds after which hosts are written, at the end of a batch."""


def resolve_dns(
    store: Store,
    settings: Settings,
    database: str,
    table: str,
    span: DateSpan | None = None,
    *,
    after: int = 0,
    with_domains: bool = False,
    dry_run: bool = False,
) -> int:
    """Write the host names, in lower case, of the addresses of rows without a host; the rows written.

    Without `span` the rows of the 7 days before today; only those with keys above `after`. `with_domains`: a row
    without a domain gets that of its host in the same write (spec 60 §8.8). Names are remembered and hosts written as
    the work goes on. Raises UsageError, ConfigurationError, StoreError, and LookupFailure if the resolver does not
    work: what it did not answer stays empty.
    """
    source = rows.database(store, database)
    resolver = Resolver(settings.dns)
    span = span or rows.last_week(settings.clock)
    target = rows.addressed(source, table)
    wanted = [rows.key(target).label("row"), target.c.ip]
    if with_domains:
        wanted.append(sa.case((domains.is_lacking(target), 1), else_=0).label("lacks_domain"))
    query = sa.select(*wanted).where(lacks_host(target))
    lacking = source.read(by_number(source, query, target, rows.within(rows.moment(target), span.window), after))
    texts = lacking["ip"].unique().to_pylist()
    if dry_run:
        log.info("%s: would look up %d addresses for %d rows", table, len(texts), lacking.num_rows)
        return int(lacking.num_rows)
    hosts = _gathered(_hosts(store, settings, resolver, table, texts))
    found = (rows.answered(lacking, "ip", _relation(some)) for some in hosts)
    if with_domains:
        found = (part for named in found for part in domains.with_domains(target, named))
    return rows.write_each(source, target, found)


def lacks_host(table: sa.Table) -> sa.ColumnElement[bool]:
    """Whether a row takes the name of its address."""
    return sa.and_(is_empty(table.c.host), sa.not_(is_empty(table.c.ip)))


def _hosts(
    store: Store, settings: Settings, resolver: Resolver, table: str, texts: Sequence[str]
) -> Iterator[dict[str, str]]:
    """The host of each address, a batch at a time. Raises LookupFailure after the answers before a silence."""
    cache = _Cache(store, settings)
    for start, stop in _batches(len(texts), settings.dns.concurrency):
        some = {text: address(text) for text in texts[start:stop]}
        names = _names(cache, resolver, {found for found in some.values() if found})
        hosts = {text: _named(text) if found is None else names.get(found) for text, found in some.items()}
        yield {text: host.lower() for text, host in hosts.items() if host is not None}
        silent = sum(host is None for host in hosts.values())
        if silent:
            raise LookupFailure(
                f"{table}: the resolver ({settings.dns.nameserver}) does not answer; "
                f"{len(texts) - stop + silent} of {len(texts)} addresses stay without a host"
            )


class Remembered:
    """The hosts of addresses that are known without asking: those the resolver gave lately, and the hosts file's."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._cache = _Cache(store, settings)
        self._hosts = hosts_file(HOSTS)

    def of(self, texts: Sequence[str]) -> dict[str, str]:
        """The host of each text, in lower case; of some none is known."""
        hosts: dict[str, str] = {}
        for start in range(0, len(texts), BATCH):
            some = {text: address(text) for text in texts[start : start + BATCH] if text.strip(" ")}
            names = self._cache.read({found for found in some.values() if found})
            hosts |= {
                text: _named(text) if found is None else names.get(found) or self._hosts.get(found, "")
                for text, found in some.items()
            }
        return {text: host.lower() for text, host in hosts.items() if host}


def _gathered(answers: Iterator[dict[str, str]]) -> Iterator[dict[str, str]]:
    """Answers put together for some seconds. The rows of a few addresses are all over the table."""
    found: dict[str, str] = {}
    begun = time.monotonic()
    try:
        for some in answers:
            found |= some
            if time.monotonic() - begun > GATHERED:
                yield found
                found, begun = {}, time.monotonic()
    except LookupFailure:
        if found:
            yield found
        raise
    if found:
        yield found


def _named(text: str) -> str:
    """The host of what is no address: itself, if it is the name of one."""
    return text.strip(" ") if is_host(text) else NONE


def _relation(answers: Mapping[str, str]) -> pa.Table:
    return pa.table({"ip": pa.array(answers.keys(), pa.string()), "host": pa.array(answers.values(), pa.string())})


def _batches(count: int, first: int) -> list[tuple[int, int]]:
    """Stretches of up to BATCH addresses, after a short one that shows whether the resolver works at all."""
    starts = [0, *range(min(first, count), count, BATCH)]
    return [(start, stop) for start, stop in zip(starts, [*starts[1:], count], strict=True) if start < stop]


def _names(cache: _Cache, resolver: Resolver, addresses: set[Address]) -> dict[Address, str]:
    """The name of each address, `?` for none. Some are missing if the resolver does not work (spec 20 §2.4)."""
    names = cache.read(addresses)
    answers = resolver.names(addresses - names.keys())
    cache.keep({found: name for found, name in answers.names.items() if name and found not in resolver.hosts})
    names |= {found: name or NONE for found, name in answers.names.items()}
    if answers.failed and resolver.probe():
        names |= dict.fromkeys(answers.failed, NONE)
    return names


class _Cache:
    """The table of names the resolver gave lately."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.metrics = store.metrics
        self.now = settings.clock.local
        self.oldest = f"{settings.clock.now - REFRESH:%Y-%m-%d %H:%M:%S}"
        self._has_older = True
        """Whether there may be names that are too old."""

    def read(self, addresses: Iterable[Address]) -> dict[Address, str]:
        """The names remembered of these addresses."""
        by_text = {str(found): found for found in addresses}
        remembered = self.metrics.read(
            sa.select(dns_cache.c.ip, dns_cache.c.host).where(
                dns_cache.c.ip.in_(by_text), dns_cache.c.asked_at >= self.oldest
            )
        )
        pairs = zip(remembered["ip"].to_pylist(), remembered["host"].to_pylist(), strict=True)
        return {by_text[text]: host for text, host in pairs}

    def keep(self, names: Mapping[Address, str]) -> None:
        """Remember new names. Those that are too old go with the first: finding them takes reading the whole table."""
        if not names:
            return
        with self.metrics.begin() as connection:
            if self._has_older:
                connection.execute(sa.delete(dns_cache).where(dns_cache.c.asked_at < self.oldest))
            self.metrics.append(
                connection,
                dns_cache,
                pa.table(
                    {
                        "ip": pa.array([str(found) for found in names], pa.string()),
                        "host": pa.array(names.values(), pa.string()),
                        "asked_at": pa.array([self.now] * len(names), pa.string()),
                    }
                ),
            )
        self._has_older = False
