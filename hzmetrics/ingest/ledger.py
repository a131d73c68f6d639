"""The record of imported files (10 §10.1, §11): which rows of which table each of them became."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from hzmetrics.calendar import Clock
from hzmetrics.collation import fold
from hzmetrics.errors import HzmetricsError
from hzmetrics.log import log
from hzmetrics.store import Store, metrics
from hzmetrics.store.database import Database
from hzmetrics.store.metrics import imported_sources

TARGETS = ("web", "userlogin", "webhits")

_UNSTORABLE = re.compile(r"[\ud800-\udfff\U00010000-\U0010ffff]")


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
        return self.start is not None and self.end is not None

    def overlaps(self, other: Record) -> bool:
        """Whether the two share ids of one table."""
        if self.start is None or self.end is None or other.start is None or other.end is None:
            return False
        return self.target == other.target and self.start <= other.end and other.start <= self.end


def records(connection: sa.Connection) -> list[Record]:
    """The whole ledger, oldest first."""
    table = imported_sources.c
    columns = (
        table.id, table.filename, table.target_table, table.pk_start, table.pk_end, table.row_count, table.origin,
    )  # fmt: skip
    return [Record(*row) for row in connection.execute(sa.select(*columns).order_by(table.id))]


def stored_name(filename: str) -> str:
    """A file's name as the ledger can hold it: bytes that are no text, and characters utf8mb3 lacks, as escapes."""
    return _UNSTORABLE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), filename)


def source_name(filename: str) -> str:
    """What identifies a source: its name without `.gz`, under the collation (10 §10.2)."""
    return fold(stored_name(filename).removesuffix(".gz"))


def sources(connection: sa.Connection, target: str) -> set[str]:
    """The identities of the files that were imported into `target`."""
    table = imported_sources.c
    return {
        source_name(name)
        for name in connection.execute(sa.select(table.filename).where(table.target_table == target)).scalars()
    }


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


def forget_import(store: Store, filename: str, table: str = "all", force: bool = False, dry_run: bool = False) -> int:
    """Delete a file's rows and its ledger rows, all or nothing (10 §11); returns the rows deleted.

    Raises HzmetricsError if there is no such record, or if its ids are also another record's, unless `force`.
    """
    with store.metrics.begin() as connection:
        ledger = records(connection)
        chosen = [
            entry
            for entry in ledger
            if fold(entry.filename) == fold(stored_name(filename)) and table in ("all", entry.target)
        ]
        if not chosen:
            where = "" if table == "all" else f" for {table}"
            raise HzmetricsError(f"the ledger has no record of {filename}{where}")
        if not force:
            _refuse_overlaps(chosen, ledger)
        deleted = 0
        for entry in chosen:
            deleted += _forget(connection, entry, dry_run)
        return deleted


def _refuse_overlaps(chosen: Iterable[Record], ledger: Iterable[Record]) -> None:
    others = list(ledger)
    for entry in chosen:
        for other in others:
            if other.id != entry.id and entry.overlaps(other):
                raise HzmetricsError(
                    f"ids {entry.start} to {entry.end} of {entry.target}, recorded for {entry.filename}, overlap those "
                    f"of {other.filename} ({other.start} to {other.end}); nothing deleted (--force deletes)"
                )


def _forget(connection: sa.Connection, entry: Record, dry_run: bool) -> int:
    table = metrics.metadata.tables[entry.target]
    rows = 0
    if not entry.has_range or "id" not in table.c:
        log.warning("%s, %s: no range is recorded, only the ledger row goes", entry.filename, entry.target)
    elif dry_run:
        within = table.c.id.between(entry.start, entry.end)
        rows = connection.execute(sa.select(sa.func.count()).select_from(table).where(within)).scalar() or 0
    else:
        rows = connection.execute(sa.delete(table).where(table.c.id.between(entry.start, entry.end))).rowcount
    if not dry_run:
        connection.execute(sa.delete(imported_sources).where(imported_sources.c.id == entry.id))
    log.info("%s, %s: %d rows %s", entry.filename, entry.target, rows, "would be deleted" if dry_run else "deleted")
    return rows
