"""Copies that tell when their table is not any more as it was copied."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from hzmetrics.store import copies
from hzmetrics.store.database import Database


class ComparedCopies(copies.Copies):
    """Copies, of which those of our tables are compared with the table whenever they are asked for."""

    def of(self, database: Database, table: sa.Table) -> Path:
        path = super().of(database, table)
        if table.name in copies.OURS:
            query = sa.select(*(table.c[name] for name in copies.READ[table.name]))
            now = database.read(query.where(copies.ROWS.get(table.name, sa.true())))
            assert _sorted(pq.read_table(path)) == _sorted(now), table.name
        return path


def _sorted(rows: pa.Table) -> list[str]:
    return sorted(map(repr, rows.to_pylist()))
