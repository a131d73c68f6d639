"""Room on the disks where the database server keeps its data and its temporary files (spec 70 §8.1)."""

from __future__ import annotations

import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from hzmetrics.errors import StoreError
from hzmetrics.store.database import Database

PROBE = "HZMETRICS_FREE_BYTES"
"""Environment variable that replaces the free space of every disk, for tests."""

DATA_FACTOR = 1.8
"""Bytes of an InnoDB copy with its indexes, to bytes of the original with its own."""
SORT_FACTOR = 0.3
"""Bytes of sorting, on the temporary directory, to bytes of the original."""


@dataclass(frozen=True)
class Disk:
    directory: Path
    free: int | None
    """Bytes; None when the directory cannot be seen from here."""
    device: int = 0

    def __str__(self) -> str:
        return str(self.directory)


@dataclass(frozen=True)
class Space:
    """The server's disks."""

    data: Disk
    temporary: Disk

    @property
    def is_visible(self) -> bool:
        return self.data.free is not None and self.temporary.free is not None

    def check(self, what: str, data: int, temporary: int) -> None:
        """Raise StoreError, with figures, unless there is room for this many bytes."""
        if not self.is_visible:
            raise StoreError(
                f"{what}: cannot see the server's directories {self.data} and {self.temporary} from here; "
                f"look there for {size(data)} and {size(temporary)} of free space, "
                "then run: hzmetrics migrate --apply --space-checked"
            )
        wanted = [(self.data, data), (self.temporary, temporary)]
        if self.data.device == self.temporary.device:
            wanted = [(self.data, data + temporary)]
        for disk, need in wanted:
            if disk.free is not None and disk.free < need:
                raise StoreError(f"{what}: needs {size(need)} in {disk}, {size(disk.free)} are free; nothing changed")


def size(count: int) -> str:
    """Bytes as people read them."""
    number = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            return f"{number:,.0f} {unit}" if unit == "bytes" or number >= 100 else f"{number:,.1f} {unit}"
        number /= 1000
    raise AssertionError


def look(database: Database) -> Space:
    """The disks of a database's server."""
    if not database.is_mariadb:
        directory = Path(database.engine.url.database or ".").parent
        return Space(_disk(directory, True), _disk(directory, True))
    with database.connect() as connection:
        data, temporary, sorting, host = connection.execute(
            sa.text("SELECT @@datadir, @@tmpdir, @@innodb_tmpdir, @@hostname")
        ).one()
    here = host == socket.gethostname()
    return Space(_disk(Path(data), here), _disk(Path(sorting or str(temporary).split(":")[0]), here))


def _disk(directory: Path, here: bool) -> Disk:
    if os.environ.get(PROBE, "").isdigit():
        return Disk(directory, int(os.environ[PROBE]))
    if not here:
        return Disk(directory, None)
    try:
        return Disk(directory, shutil.disk_usage(directory).free, directory.stat().st_dev)
    except OSError:
        return Disk(directory, None)
