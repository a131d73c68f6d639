"""Tables that grow with the hub's history and are read by many steps: a run keeps what it has read of them.

For some minutes the hub's tables count as unchanged, and ours until the run writes what is kept of them (spec 60 §8.6).
Slow to import, so only work that moves rows does it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, closing
from contextvars import ContextVar
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from hzmetrics.engine import Columns
from hzmetrics.errors import StoreUnavailable
from hzmetrics.keeping import Files, keep
from hzmetrics.store.database import Database
from hzmetrics.store.tables.metrics import sessionlog_metrics, toolstart

READ = {
    "sessionlog": ("sessnum", "username", "remoteip", "start", "appname", "exechost", "walltime", "viewtime",
                   "cputime"),
    "joblog": ("sessnum", "job", "superjob", "event", "venue", "start", "walltime", "cputime", "ncpus"),
    "sessionlog_metrics": ("sessnum", "user", "start", "appname", "countryresident", "domain"),
    "toolstart": ("user", "datetime", "countryresident", "orgtype"),
}  # fmt: skip
"""The tables that are kept, each with the columns that steps read."""

OURS = {table.name: table for table in (sessionlog_metrics, toolstart)}
"""Those of them that the run writes."""

ROWS = {toolstart.name: toolstart.c.success == 1}
"""The rows that steps read of a table, where these are not all."""

BATCH = 25_000
"""Rows read from a copy at a time."""


class Copies(Files):
    """Files of tables, each made when it is first asked for. Close them."""

    def __init__(self) -> None:
        self._made: dict[str, Path] = {}

    def of(self, database: Database, table: sa.Table) -> Path:
        """The copy of a table, made again if somebody has tidied it away. Raises StoreError."""
        made = self._made.get(table.name)
        if made is None or not made.exists():
            query = sa.select(*(table.c[name] for name in READ[table.name])).where(ROWS.get(table.name, sa.true()))
            rows = database.stream(query)
            try:
                path = self.directory / f"{table.name}.parquet"
                with pq.ParquetWriter(path, rows.schema, compression="zstd") as file:
                    for batch in rows:
                        file.write_batch(batch)
            except OSError as error:
                raise StoreUnavailable(f"cannot keep rows in the temporary directory: {error}") from None
            self._made[table.name] = path
        return self._made[table.name]

    def forget(self) -> None:
        """Make the files anew when they are asked for."""
        self._made.clear()

    def written(self, names: Iterable[str]) -> None:
        """Make the files of our tables anew, except where only columns that they do not have may have been written."""
        for name in names:
            table, _, column = name.partition(".")
            if table in OURS and (column in READ[table] or column not in OURS[table].c):
                self._made.pop(table, None)


_of_run: ContextVar[Copies | None] = ContextVar("copies of the run", default=None)


def kept() -> AbstractContextManager[None]:
    """Within this context, tables are read once, and stay as they were then until `forget`, ours until `written`."""
    return keep(_of_run, closing(Copies()))


def forget() -> None:
    """Read the tables again when they are next asked for."""
    if copies := _of_run.get():
        copies.forget()


def written(names: Iterable[str]) -> None:
    """The run may have written rows: names are those of tables, or `TABLE.COLUMN` (`pipeline/inputs.py`)."""
    if copies := _of_run.get():
        copies.written(names)


def relation(
    database: Database, table: sa.Table, *names: str, enough: sa.ColumnElement[bool] | None = None
) -> pa.RecordBatchReader | Columns:
    """Columns of a table, for an engine: in batches that can be read once, or as a copy has them. Raises StoreError.

    `enough`: the rows that would be enough. A copy has all of them, and others.
    """
    copies = _of_run.get()
    if copies is None or table.name not in READ:
        rows = ROWS.get(table.name, sa.true()), sa.true() if enough is None else enough
        return database.stream(sa.select(*(table.c[name] for name in names)).where(*rows))
    return Columns(copies.of(database, table), names)


def stream(database: Database, table: sa.Table, *names: str) -> pa.RecordBatchReader:
    """As `relation`, always in batches. Raises StoreError."""
    rows = relation(database, table, *names)
    if isinstance(rows, pa.RecordBatchReader):
        return rows
    file = pq.ParquetFile(rows.path)
    batches = (batch.select(names) for batch in file.iter_batches(BATCH, columns=list(names)))
    return pa.RecordBatchReader.from_batches(pa.schema([file.schema_arrow.field(name) for name in names]), batches)
