"""Tables of the hub that grow with its history and are read by many steps: a run keeps what it has read of them.

For some minutes the hub's tables count as unchanged (spec 60 §8.6). Slow to import, so only work that moves rows does
it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, closing
from contextvars import ContextVar

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from hzmetrics.errors import StoreUnavailable
from hzmetrics.keeping import Files, keep
from hzmetrics.store.database import Database

READ = {
    "sessionlog": ("sessnum", "username", "remoteip", "start", "appname", "exechost", "walltime", "viewtime",
                   "cputime"),
    "joblog": ("sessnum", "job", "superjob", "event", "venue", "start", "walltime", "cputime", "ncpus"),
}  # fmt: skip
"""The tables that are kept, each with the columns that steps read."""

BATCH = 25_000
"""Rows read from a copy at a time."""


class Copies(Files):
    """Files of tables, each made when it is first asked for. Close them."""

    def __init__(self) -> None:
        self._made: dict[str, pq.ParquetFile] = {}

    def of(self, hub: Database, table: sa.Table) -> pq.ParquetFile:
        """The copy of a table. Raises StoreError."""
        if table.name not in self._made:
            rows = hub.stream(sa.select(*(table.c[name] for name in READ[table.name])))
            try:
                path = self.directory / f"{table.name}.parquet"
                with pq.ParquetWriter(path, rows.schema, compression="zstd") as file:
                    for batch in rows:
                        file.write_batch(batch)
            except OSError as error:
                raise StoreUnavailable(f"cannot keep rows in the temporary directory: {error}") from None
            self._made[table.name] = pq.ParquetFile(path)
        return self._made[table.name]

    def forget(self) -> None:
        """Make the files anew when they are asked for."""
        self._made.clear()


_of_run: ContextVar[Copies | None] = ContextVar("copies of the run", default=None)


def kept() -> AbstractContextManager[None]:
    """Within this context, tables of the hub are read once, and stay as they were then until `forget`."""
    return keep(_of_run, closing(Copies()))


def forget() -> None:
    """Read the tables again when they are next asked for."""
    if copies := _of_run.get():
        copies.forget()


def stream(
    hub: Database, table: sa.Table, *names: str, enough: sa.ColumnElement[bool] | None = None
) -> pa.RecordBatchReader:
    """Columns of a table of the hub, in batches that can be read once. Raises StoreError.

    `enough`: the rows that would be enough. A copy has all of them.
    """
    copies = _of_run.get()
    if copies is None or table.name not in READ:
        return hub.stream(sa.select(*(table.c[name] for name in names)).where(sa.true() if enough is None else enough))
    file = copies.of(hub, table)
    batches = (batch.select(names) for batch in file.iter_batches(BATCH, columns=list(names)))
    return pa.RecordBatchReader.from_batches(pa.schema([file.schema_arrow.field(name) for name in names]), batches)
