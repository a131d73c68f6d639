"""`anonymise`: addresses are shortened, and names of hosts dropped, in months that are done (spec 67)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import AddressValueError, IPv4Address

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from hzmetrics import snapshots
from hzmetrics.calendar import Month, Window
from hzmetrics.config import Settings
from hzmetrics.engine import Engine
from hzmetrics.errors import HzmetricsError, UsageError
from hzmetrics.grids.logins import remake_userlogin_lite
from hzmetrics.health.audit import Finding, audit
from hzmetrics.log import log, stage
from hzmetrics.pipeline import facts
from hzmetrics.pipeline.run import make_state_table
from hzmetrics.store import Store, pseudonyms, state
from hzmetrics.store.tables.metrics import (
    anonymous_logins,
    dns_cache,
    ipgeo_cache,
    rebuilds,
    sessionlog_metrics,
    toolstart,
    userlogin,
    web,
    websessions,
)

TABLES = (web, websessions, toolstart, sessionlog_metrics)
"""The tables with an address and a host. `userlogin` has an address only."""

MARK = "#"
"""What a pseudonym begins with, in the place of a host."""

SIGNED = 1 << 31
"""What the hub's cache of places cannot hold."""

BATCH = 50_000
"""Rows a transaction."""

ANSWERED = 0.05
"""The share of rows without an answer that `audit` accepts."""

MOST_NAMED = 5
"""Findings that are named."""


def anonymise(store: Store, settings: Settings, before: Month, *, dry_run: bool = False, yes: bool = False) -> int:
    """Shorten the addresses of all rows before a month, and drop the names of their hosts; returns the rows changed.

    No cell changes, and cells of later months stay right: a pseudonym in the place of the host tells visitors apart.
    The months cannot be computed from their requests again. Killed at any point, the same call continues.

    Raises UsageError for a month to come; HzmetricsError where the months are not done or not in order, and without
    `yes`.
    """
    if before > settings.clock.month:
        raise UsageError(f"{before} has not begun yet: only months that are over can be anonymised")
    store.require("hub", "metrics")
    _refuse_unfinished(store, settings, before)
    if dry_run:
        rows = 0
        for table in (*TABLES, userlogin):
            rows_left = _identified(table, Window(None, before.start)).subquery()
            count = store.metrics.scalar(sa.select(sa.func.count()).select_from(rows_left))
            log.info("%s: would shorten the addresses of %d rows", table.name, count)
            rows += int(count)
        return rows
    if not yes:
        raise HzmetricsError(
            f"the addresses of all months before {before} are shortened for good, and these months cannot be rebuilt;"
            " to agree, add --yes"
        )
    key = _begin(store, settings, before)
    _remove_snapshots(settings)
    changed = 0
    with Engine("hzmetrics.privacy") as engine:
        engine.set_variable("pseudonym_key", key)
        for window in _windows(store, before):
            with stage(f"anonymisation of {window.start[:7] if window.start else 'rows without a date'}") as running:
                running.rows = sum(_shorten(store, settings, engine, table, window) for table in TABLES)
                running.rows += _shorten_logins(store, engine, window)
                changed += running.rows
    remake_userlogin_lite(store)
    _remove_snapshots(settings)
    log.info("months before %s are anonymised: %d rows changed", before, changed)
    log.info(
        "full addresses may be left in imported logs, lakes, backups, and what earlier versions wrote to %s and its"
        " rotated files: see docs/privacy.md",
        settings.paths.log_file,
    )
    return changed


def _remove_snapshots(settings: Settings) -> None:
    """Remove what was made of the addresses. Raises HzmetricsError."""
    try:
        snapshots.remove_all(settings)
    except OSError as error:
        raise HzmetricsError(f"cannot remove {error.filename}, which identifies visitors: {error.strerror}") from None


def _refuse_unfinished(store: Store, settings: Settings, before: Month) -> None:
    """Raise HzmetricsError unless all months before `before` are done, with nothing in them that could be repaired."""
    known = facts.gather(store, settings)
    waiting = sorted({month for month in (*known.backlog, *known.incomplete, *known.unfinished) if month < before})
    if waiting or known.state.mode != "normal":
        names = ", ".join(map(str, waiting[:MOST_NAMED])) or f"the pipeline is in mode {known.state.mode}"
        raise HzmetricsError(f"months before {before} are not done ({names}); first run: hzmetrics run --all")
    kept = _kept_originals(store)
    if kept:
        raise HzmetricsError(
            f"{', '.join(kept)}: original of a rebuilt table, which holds all addresses; drop it first"
        )
    findings = [
        finding
        for finding in audit(store, settings, None, ANSWERED).findings
        if not (finding.key[:7] >= str(before) and finding.key[:4].isdigit())
    ]
    repairable = [finding for finding in findings if finding.command]
    if repairable:
        raise HzmetricsError(
            f"audit finds {len(repairable)} things in months before {before}, which can be repaired only now:"
            f" {_named(repairable)}; see hzmetrics audit --all"
        )
    if findings:
        log.warning("no command repairs what audit finds in months before %s: %s", before, _named(findings))


def _named(findings: Sequence[Finding]) -> str:
    more = [f"and {len(findings) - MOST_NAMED} more"] if len(findings) > MOST_NAMED else []
    return "; ".join([*(f"{one.check} {one.key}: {one.text}" for one in findings[:MOST_NAMED]), *more])


def _kept_originals(store: Store) -> list[str]:
    tables = store.metrics.table_names
    if rebuilds.name not in tables:
        return []
    return [name for (name,) in store.metrics.rows(sa.select(rebuilds.c.original)) if name in tables]


def _begin(store: Store, settings: Settings, before: Month) -> str:
    """Record which months are anonymised, before the first row changes; returns the key of the pseudonyms."""
    make_state_table(store)
    if anonymous_logins.name not in store.metrics.table_names:
        with store.metrics.begin() as connection:
            anonymous_logins.create(connection, checkfirst=True)
        del store.metrics.table_names
    remembered = state.read(store)
    if remembered.pseudonym_key:
        key, fingerprint = pseudonyms.key(store, settings), remembered.pseudonym_key
    else:
        key, fingerprint = pseudonyms.make(settings)
    first = max(filter(None, (before, remembered.anonymised_before)))
    state.write(store, {state.ANONYMISED: str(first), state.PSEUDONYM_KEY: fingerprint})
    with store.metrics.begin() as connection:
        state.forget_example_lines(connection)
    return key


def _windows(store: Store, before: Month) -> Iterator[Window]:
    """Where rows lie: before all months, for zero dates, then the months with rows."""
    yield Window(None, Month(1, 1).start)
    first = min((month for table in (*TABLES, userlogin) if (month := _first(store, table))), default=before)
    for month in first.through(before.plus(-1)):
        yield month.window


def _first(store: Store, table: sa.Table) -> Month | None:
    time = _time(table)
    found = store.metrics.scalar(sa.select(sa.func.min(time)).where(time >= Month(1, 1).start))
    return Month(int(found[:4]), max(int(found[5:7]), 1)) if found else None


def _time(table: sa.Table) -> sa.Column[str]:
    return table.c.start if table is sessionlog_metrics else table.c.datetime


def _identified(table: sa.Table, window: Window) -> sa.Select[tuple[int, str, str | None]]:
    """The rows of a window whose addresses have not been shortened: number, address, host."""
    rows = sa.select(*table.primary_key.columns, table.c.ip)
    if table is userlogin:
        rows = rows.outerjoin(anonymous_logins, anonymous_logins.c.id == userlogin.c.id)
        rows = rows.where(anonymous_logins.c.id.is_(None))
    else:
        host = table.c.host
        rows = rows.add_columns(host).where(sa.or_(host.is_(None), sa.not_(host.startswith(MARK))))
    return rows.where(*_within(table, window))


def _within(table: sa.Table, window: Window) -> Iterator[sa.ColumnElement[bool]]:
    time = _time(table)
    if window.start:
        yield time >= window.start
    yield time < window.stop


def _shorten(store: Store, settings: Settings, engine: Engine, table: sa.Table, window: Window) -> int:
    """Shorten the addresses of a table's rows in a window, a batch a transaction; returns the rows changed."""
    (number,) = table.primary_key.columns.keys()
    rows = store.metrics.read(_identified(table, window)).rename_columns(["row", "ip", "host"])
    rows = rows.set_column(0, "row", rows["row"].cast(pa.int64()))
    for start in range(0, rows.num_rows, BATCH):
        some = rows.slice(start, BATCH)
        engine.register("identified_rows", some)
        shortened = engine.table("anonymous_rows").rename_columns([number, "ip", "host"])
        addresses = pc.unique(some["ip"]).drop_null()
        _forget_on_hub(store, settings, addresses)
        with store.metrics.begin() as connection:
            _forget(store, connection, addresses)
            store.metrics.update(connection, table, shortened, [number])
    return int(rows.num_rows)


def _shorten_logins(store: Store, engine: Engine, window: Window) -> int:
    """Shorten the addresses of a window's logins, in one transaction; returns the rows changed."""
    login = userlogin.c
    rows = store.metrics.read(
        sa.select(
            login.id, login.datetime, login.user, login.uidNumber, login.ip, login.action, anonymous_logins.c.pseudonym
        )
        .select_from(userlogin.outerjoin(anonymous_logins, anonymous_logins.c.id == login.id))
        .where(*_within(userlogin, window))
    )
    engine.register("userlogin", rows)
    found = engine.table("anonymous_logins")
    aside = pa.table({"id": found["id"], "ip": pc.binary_join_element_wise("~", found["id"].cast(pa.string()), "")})
    with store.metrics.begin() as connection:
        if found.num_rows:
            _forget(store, connection, pc.unique(rows["ip"]))
            store.metrics.append(connection, anonymous_logins, found.select(["id", "pseudonym"]))
            store.metrics.update(connection, userlogin, aside, ["id"])  # none takes a key that another still has
            store.metrics.update(connection, userlogin, found.select(["id", "ip"]), ["id"])
    return int(found.num_rows)


def _forget(store: Store, connection: sa.Connection, addresses: pa.Array) -> None:
    """Delete what is remembered of some addresses; of those that come again it is asked again."""
    for cache in (dns_cache, ipgeo_cache):
        if cache.name in store.metrics.table_names:
            store.metrics.delete(connection, cache, pa.table({"ip": addresses}))


def _forget_on_hub(store: Store, settings: Settings, addresses: pa.Array) -> None:
    cache = store.hub_tables.metrics_ipgeo_cache
    if settings.is_site or cache.name not in store.hub.table_names:
        return
    numbers = [number for text in addresses.to_pylist() if 0 <= (number := _number(text)) < SIGNED]
    with store.hub.begin() as connection:
        store.hub.delete(connection, cache, pa.table({"ip": pa.array(numbers, pa.int64())}))


def _number(text: str) -> int:
    """An address as the hub's cache writes it; -1 for what it cannot hold."""
    try:
        return int(IPv4Address(text))
    except AddressValueError:
        return -1
