"""The record of imported files (spec 10 §10.1, §11): which rows of which table each of them became."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.calendar import Clock, Month, month_of
from hzmetrics.collation import fold
from hzmetrics.errors import HzmetricsError
from hzmetrics.log import log
from hzmetrics.logs import packing
from hzmetrics.store import Store, revisions, state
from hzmetrics.store.database import Database
from hzmetrics.store.fit import fit
from hzmetrics.store.state import UnreadFile
from hzmetrics.store.tables import metrics
from hzmetrics.store.tables.metrics import imported_sources


@dataclass(frozen=True)
class Record:
    """One ledger row; start and end are None where no rows are recorded."""

    id: int
    filename: str
    target: str
    start: int | None
    end: int | None
    rows: int
    origin: str

    @property
    def has_range(self) -> bool:
        """Whether it says which rows it means. Old records of `webhits` do not: those rows have no ids."""
        return self.start is not None and self.end is not None and self.target != "webhits"

    def overlaps(self, other: Record) -> bool:
        """Whether the two share ids of one table."""
        if not (self.has_range and other.has_range and self.target == other.target):
            return False
        assert self.start is not None and self.end is not None and other.start is not None and other.end is not None
        return self.start <= other.end and other.start <= self.end


def records(connection: sa.Connection) -> list[Record]:
    """The whole ledger, oldest first."""
    table = imported_sources.c
    columns = (
        table.id, table.filename, table.target_table, table.pk_start, table.pk_end, table.row_count, table.origin,
    )  # fmt: skip
    return [Record(*row) for row in connection.execute(sa.select(*columns).order_by(table.id))]


@lru_cache
def stored_name(filename: str) -> str:
    """A file's name as the ledger stores it: bytes that are no UTF-8 as `\\xNN`, the rest as its column holds it."""
    text = os.fsencode(filename).decode("utf-8", "backslashreplace")
    stored: str = fit(pa.chunked_array([[text]]), imported_sources.c.filename.type)[0].as_py()
    return stored


def source_name(stored: str) -> str:
    """What identifies a source: its name without the suffix of a compression, under the collation (spec 10 §10.2)."""
    name = fold(stored)
    return next((name.removesuffix(end) for end in map(fold, packing.SUFFIXES) if name.endswith(end)), name)


def knows(connection: sa.Connection, filename: str, target: str) -> bool:
    """Whether a file was imported into `target`, packed or not (spec 10 §10.2)."""
    table, wanted = imported_sources.c, source_name(stored_name(filename))
    alike = table.filename.startswith(wanted, autoescape=True)
    if connection.dialect.name == "sqlite":  # it compares letters beyond ASCII by their bytes
        alike |= sa.func.length(sa.cast(table.filename, sa.LargeBinary)) != sa.func.length(table.filename)
    names = connection.execute(sa.select(table.filename).where(table.target_table == target, alike)).scalars()
    return any(source_name(name) == wanted for name in names)


def record(
    database: Database,
    connection: sa.Connection,
    filename: str,
    target: str,
    ids: tuple[int, int] | None,
    rows: int,
    clock: Clock,
    origin: str = "importer",
) -> None:
    """Add a ledger row; `ids` are the smallest and largest id, None where no row was written."""
    start, end = ids or (None, None)
    connection.execute(
        sa.insert(imported_sources).values(
            id=database.next_id(connection, imported_sources),
            filename=stored_name(filename),
            target_table=target,
            pk_start=start,
            pk_end=end,
            row_count=rows,
            imported_at=clock.local,
            origin=origin,
        )
    )


def forget_import(
    store: Store,
    filename: str,
    table: str = "all",
    force: bool = False,
    dry_run: bool = False,
    on_rows: Callable[[sa.Connection, frozenset[Month]], None] | None = None,
) -> int:
    """Delete a file's rows and its ledger rows, all or nothing (spec 10 §11); returns the rows deleted.

    `on_rows` is called with the months of the rows, inside the same transaction.
    Raises HzmetricsError if there is no such record, or if its ids are also another record's, unless `force`.
    """
    wanted = fold(stored_name(filename))
    with store.metrics.connect() if dry_run else store.metrics.begin() as connection:
        ledger = records(connection)
        chosen = [entry for entry in ledger if fold(entry.filename) == wanted and table in ("all", entry.target)]
        if not chosen:
            where = "" if table == "all" else f" for {table}"
            raise HzmetricsError(f"the ledger has no record of {filename}{where}")
        if not force:
            _refuse_overlaps(chosen, ledger)
        if on_rows and not dry_run:
            on_rows(connection, frozenset().union(*(months(connection, entry) for entry in chosen)))
        return sum(forget(store.metrics, connection, entry, dry_run) for entry in chosen)


def _refuse_overlaps(chosen: Iterable[Record], ledger: Iterable[Record]) -> None:
    others = list(ledger)
    for entry in chosen:
        for other in others:
            if other.id != entry.id and entry.overlaps(other):
                raise HzmetricsError(
                    f"ids {entry.start} to {entry.end} of {entry.target}, recorded for {entry.filename}, overlap those "
                    f"of {other.filename} ({other.start} to {other.end}); nothing deleted (--force deletes)"
                )


def forget(database: Database, connection: sa.Connection, entry: Record, dry_run: bool = False) -> int:
    """Delete the rows of a record, the record, and what is remembered of its file; returns the rows deleted."""
    table = metrics.metadata.tables[entry.target]
    rows = 0
    if not entry.has_range:
        log.warning("%s, %s: no range is recorded, only the ledger row goes", entry.filename, entry.target)
    elif dry_run:
        within = table.c.id.between(entry.start, entry.end)
        rows = connection.execute(sa.select(sa.func.count()).select_from(table).where(within)).scalar() or 0
    else:
        within = table.c.id.between(entry.start, entry.end)
        revisions.note_rows(connection, table, within)
        rows = connection.execute(sa.delete(table).where(within)).rowcount
    if not dry_run:
        connection.execute(sa.delete(imported_sources).where(imported_sources.c.id == entry.id))
        note_unread(database, connection, entry.filename, entry.target, None)
    log.info("%s, %s: %d rows %s", entry.filename, entry.target, rows, "would be deleted" if dry_run else "deleted")
    return rows


def months(connection: sa.Connection, entry: Record) -> frozenset[Month]:
    """The months of a record's rows."""
    table = metrics.metadata.tables[entry.target]
    if not entry.has_range:
        return frozenset()
    month = sa.func.substr(table.c.datetime, 1, 7)
    found = connection.execute(sa.select(month).distinct().where(table.c.id.between(entry.start, entry.end))).scalars()
    return frozenset(filter(None, map(month_of, found)))


def note_unread(
    database: Database, connection: sa.Connection, filename: str, target: str, file: UnreadFile | None
) -> None:
    """Remember that a file is unread, or (None) that it is not, if there is a table to remember it in."""
    if metrics.pipeline_state.name in database.table_names:
        state.remember_unread_file(connection, stored_name(filename), target, file)
