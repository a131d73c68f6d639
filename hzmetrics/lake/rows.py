"""The rows of the files of a lake, out of the engine and into it."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from hzmetrics import files
from hzmetrics.engine import Engine
from hzmetrics.errors import HzmetricsError, StoreUnavailable, in_words
from hzmetrics.lake import storage
from hzmetrics.lake.storage import Location

LIMITED = {"HUGEINT": "DECIMAL(38,0)"}
"""Types that Parquet does not have, and those that take their place."""


def write(engine: Engine, query: str, path: Location, mode: int = files.INTERNAL) -> None:
    """Write the rows of a query to a Parquet file. Raises StoreUnavailable, also if the disk is full."""
    relation = engine.connection.sql(query)
    kinds = dict(zip(relation.columns, map(str, relation.types), strict=True))
    typed = ", ".join(f'"{name}"::{LIMITED.get(kind, kind)} AS "{name}"' for name, kind in kinds.items())
    nullable = ", ".join(f'TRY("{name}") AS "{name}"' for name in kinds)  # or its type would depend on its values
    with storage.replacing(path, mode) as temporary:
        try:
            engine.connection.execute(
                f"COPY (SELECT {nullable} FROM (SELECT {typed} FROM ({query}))) TO {_quoted([str(temporary)])}"
                " (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"
            )
        except duckdb.IOException as error:
            reason = str(error).partition("\n")[0]
            engine.failure = engine.failure or StoreUnavailable(f"cannot write {path}: {reason}")
            raise


def register(engine: Engine, table: str, paths: Sequence[Location]) -> None:
    """Make the rows of some files known as a relation. Raises HzmetricsError."""
    engine.register_parquet(table, _names(engine, paths))


def rows_of(engine: Engine, paths: Sequence[Location], more: str = "") -> str:
    """The rows of some files, as SQL names them, read with `more` options. Raises HzmetricsError."""
    return f"read_parquet([{_quoted(_names(engine, paths))}], hive_partitioning = false{more})"


def read(path: Location, columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of a small file. Raises OSError, pyarrow.ArrowException."""
    found = pq.ParquetFile(pa.BufferReader(storage.read(path)))
    return found.read(list(columns) if columns else None)


def _names(engine: Engine, paths: Sequence[Location]) -> list[str]:
    """The names of files that are there, for an engine that can read them by these names. Raises HzmetricsError."""
    remote = [path for path in paths if not isinstance(path, Path)]
    for path in paths:
        if isinstance(path, Path) and not path.is_file():
            raise HzmetricsError(f"{path} is missing on {platform.node()}")
    if remote:
        from hzmetrics.lake import ranges

        try:
            ranges.attach(engine, remote)
        except FileNotFoundError as error:
            raise HzmetricsError(f"{error.filename} is missing") from None
        except OSError as error:
            raise StoreUnavailable(f"cannot read {in_words(error)}") from None
    return list(map(str, paths))


def _quoted(names: Sequence[str]) -> str:
    """Names of files as SQL writes texts."""
    return ", ".join("'" + name.replace("'", "''") + "'" for name in names)
