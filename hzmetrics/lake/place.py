"""Where the files of a lake are, and how they get there."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from hzmetrics import files
from hzmetrics.calendar import Month
from hzmetrics.engine import Engine
from hzmetrics.errors import HzmetricsError, StoreUnavailable, in_words

WORK = "work"
CELLS = "cells"
PRIVATE = "private"
"""What holds addresses and URLs as they were logged; nobody else may enter it."""

LIMITED = {"HUGEINT": "DECIMAL(38,0)"}
"""Types that Parquet does not have, and those that take their place."""


@dataclass(frozen=True)
class Place:
    """The directory of a lake. Files in it are written beside their names, and renamed when they are whole."""

    root: Path
    work: str = WORK
    """The directory in it for what is there only during a run. Each run has its own: a task of an earlier one may still
    be at work on a machine that was cut off."""

    @classmethod
    def of_run(cls, root: Path) -> Place:
        """The lake in an absolute directory, for one run."""
        return cls(root, f"{WORK}/{secrets.token_hex(8)}")

    def whole(self, table: str) -> Path:
        """The file of a table that is not partitioned."""
        return self.root / f"{table}.parquet"

    def part(self, table: str, bucket: int) -> Path:
        """The file of a bucket of a table."""
        return self.root / table / f"bucket-{bucket:04d}.parquet"

    def month(self, table: str, month: Month, bucket: int) -> Path:
        """The file of a month and bucket of a table."""
        return self.root / table / f"month={month}" / f"bucket-{bucket:04d}.parquet"

    def cells(self, month: Month) -> Path:
        """The file of the cells of a month."""
        return self.root / CELLS / f"month={month}" / "cells.parquet"

    def computed(self) -> list[Month]:
        """The months that have cells, ascending."""
        names = (path.parent.name for path in self.root.glob(f"{CELLS}/month=????-??/cells.parquet"))
        return sorted(Month.parse(name.removeprefix("month=")) for name in names)

    def grouped(self, month: Month, bucket: int) -> Path:
        """What a month and bucket of the sessions was reduced to, while the cells are computed."""
        return self.month(f"{self.work}/grouped_sessions", month, bucket)

    def counted(self, model: str, month: Month, bucket: int) -> Path:
        """The rows of a model for a bucket, in the windows that end with a month, likewise."""
        return self.month(f"{self.work}/{model}", month, bucket)

    def filled(self, month: Month) -> Path:
        """The cells of a month that are not published yet."""
        return self.made(self.cells(month))

    def made(self, target: Path) -> Path:
        """Where a file of the lake is until it is published."""
        return self.root / self.work / "made" / target.relative_to(self.root)

    def made_privately(self, target: Path) -> Path:
        """Where a private file is until it is published."""
        return self.private / self.work / "made" / target.relative_to(self.private)

    def publish(self, made: Path, target: Path) -> None:
        """Put a file in its place. Raises HzmetricsError."""
        try:
            files.make_directory(target.parent)
            made.replace(target)
        except OSError as error:
            raise HzmetricsError(f"cannot write {target}: {error.strerror}") from None

    @property
    def private(self) -> Path:
        """The directory of what was logged."""
        return self.root / PRIVATE

    def make_private(self) -> None:
        """Make that directory. Raises HzmetricsError if others can enter it, or it cannot be made."""
        try:
            files.make_directory(self.root)
            files.make_directory(self.private, files.SECRET_DIRECTORY)
            others = self.private.stat().st_mode & 0o077
        except OSError as error:
            raise HzmetricsError(f"cannot make {self.private}: {error.strerror}") from None
        if others:
            raise HzmetricsError(f"other users of this machine can enter {self.private}; run: chmod 700 {self.private}")

    def read_log(self, number: int) -> Path:
        """The requests of a log, while it is ingested."""
        return self.private / self.work / f"log-{number:08d}.parquet"

    def read_agents(self, number: int) -> Path:
        """Its user agents, likewise."""
        return self.private / self.work / f"agents-{number:08d}.parquet"

    def dimension(self, table: str) -> Path:
        """The file of a table with addresses or names as they are, which requests are completed by."""
        return self.private / f"{table}.parquet"

    def requests(self, month: Month, number: int) -> Path:
        """The requests that a log has of a month."""
        return self.private / "requests" / f"month={month}" / f"log-{number:08d}.parquet"

    def logins(self, number: int) -> Path:
        """The logins of an auth log."""
        return self.private / "logins" / f"log-{number:08d}.parquet"

    def piece(self, table: str, month: Month, window: int, number: int) -> Path:
        """The rows of some addresses in a window of a month, while sessions are made."""
        return self.root / self.work / table / f"month={month}" / f"window-{window}-{number:04d}.parquet"

    def clear(self, *names: str) -> None:
        """Remove directories and what is in them. Raises HzmetricsError."""
        try:
            for name in names:
                if (self.root / name).exists():
                    shutil.rmtree(self.root / name)
        except OSError as error:
            raise HzmetricsError(f"cannot remove {in_words(error)}") from None


def write(engine: Engine, query: str, path: Path, mode: int = files.INTERNAL) -> None:
    """Write the rows of a query to a Parquet file. Raises StoreUnavailable, also if the disk is full."""
    relation = engine.connection.sql(query)
    kinds = dict(zip(relation.columns, map(str, relation.types), strict=True))
    typed = ", ".join(f'"{name}"::{LIMITED.get(kind, kind)} AS "{name}"' for name, kind in kinds.items())
    nullable = ", ".join(f'TRY("{name}") AS "{name}"' for name in kinds)  # or its type would depend on its values
    try:
        files.make_directory(path.parent)
        with files.replacing(path, mode) as temporary:
            engine.connection.execute(
                f"COPY (SELECT {nullable} FROM (SELECT {typed} FROM ({query}))) TO {quoted([temporary])}"
                " (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"
            )
    except OSError as error:
        raise StoreUnavailable(f"cannot write {path}: {error.strerror}") from None
    except duckdb.IOException as error:
        reason = str(error).partition("\n")[0]
        engine.failure = StoreUnavailable(f"cannot write {path}: {reason}")
        raise


def quoted(paths: Sequence[Path]) -> str:
    """Paths as SQL writes texts."""
    return ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
