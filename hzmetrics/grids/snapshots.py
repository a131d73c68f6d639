"""Snapshots: the `month_sessions` of months that are over, kept in files (spec 50 §16).

The database stays the truth. The name of a snapshot says what it was made from: the models, the key of the pseudonyms, the
revision of the month and how many rows it has. One that says something else than the database does is made anew; one that
is deleted is missed for a while, and no number with it.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from contextlib import suppress
from functools import cache
from importlib.resources import files as resources
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa

from hzmetrics import files
from hzmetrics.calendar import Month
from hzmetrics.config import Settings
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.revisions import revisions
from hzmetrics.store.tables.metrics import session_revisions, web, websessions

MADE_BY = (
    ("hzmetrics.grids", "models/month_sessions.sql"),
    ("hzmetrics.grids", "models/macros.sql"),
    ("hzmetrics.engine", "macros.sql"),
    ("hzmetrics.data", "utf8mb3_general_ci.tsv"),
)
"""What decides on the rows of a snapshot, beside those of the month."""

CHUNK = 1 << 20


class Snapshots:
    """The snapshots of an installation, as its database is when this is made: whatever changes later shows."""

    def __init__(self, store: Store, settings: Settings, pseudonym_key: str) -> None:
        self._store = store
        self._current = settings.clock.month
        self._directory = directory(settings)
        self._has_failed = False
        self._origin = f"{store.metrics.engine.url.render_as_string()} {pseudonym_key} {_models()}"
        self._revisions: dict[str, str] | None = None
        if session_revisions.name in store.metrics.table_names:
            with store.metrics.connect() as connection:
                self._revisions = revisions(connection)

    def of(self, month: Month) -> Snapshot | None:
        """The snapshot of a month, which need not exist yet; None for one that is not over. Raises StoreError."""
        if self._revisions is None or month >= self._current:
            return None
        session = websessions.c
        counts = self._store.metrics.rows(
            sa.select(sa.func.count(), sa.func.min(session.id), sa.func.max(session.id)).where(
                session.datetime >= month.start, session.datetime < month.stop
            )
        )
        downloads = self._store.metrics.scalar(
            sa.select(sa.func.count()).where(
                web.c.dnload == 1, web.c.datetime >= month.start, web.c.datetime < month.stop
            )
        )
        made_from = f"{self._origin} {self._revisions.get(str(month), '')} {tuple(counts[0])} {downloads}"
        return Snapshot(self, month, hashlib.sha256(made_from.encode()).hexdigest()[:16])

    def names(self, month: Month) -> list[str]:
        """The files of a month, whatever they were made from."""
        with suppress(OSError):
            return [name for name in os.listdir(self._directory) if name.startswith(f"{month}.")]
        return []

    def path(self, name: str) -> Path:
        return self._directory / name

    def write(self, name: str, content: bytes) -> bool:
        """Write a file, whole or not at all; whether it is written. The first that is not is a warning."""
        try:
            files.make_directory(self._directory, files.SECRET_DIRECTORY)
            files.replace(self.path(name), content, files.SECRET)
        except OSError as error:
            if not self._has_failed:
                log.warning("no snapshots are kept, later summaries take longer: %s: %s", self._directory, error.strerror)
            self._has_failed = True
        return not self._has_failed


class Snapshot:
    """The snapshot that is right for a month now."""

    def __init__(self, kept: Snapshots, month: Month, fingerprint: str) -> None:
        self._kept = kept
        self.month = month
        self._right = f"{month}.{fingerprint}."

    def open(self) -> BinaryIO | None:
        """The file, whole and unchanged since it was written; None if there is none. Damaged ones are removed."""
        for name in self._kept.names(self.month):
            if name.startswith(self._right):
                with suppress(OSError):
                    file = files.open_regular(self._kept.path(name))
                    if name == self._name(_checksum(file)):
                        return file
                    file.close()
                    log.warning("%s is damaged; it is made anew", self._kept.path(name))
                    self._kept.path(name).unlink()
        return None

    def keep(self, made: Path) -> None:
        """Keep the rows in a file made now, in place of all earlier ones of the month."""
        content = made.read_bytes()
        kept = self._name(zlib.crc32(content))
        if self._kept.write(kept, content):
            for name in self._kept.names(self.month):
                if name != kept:
                    self._kept.path(name).unlink(missing_ok=True)

    def _name(self, checksum: int) -> str:
        return f"{self._right}{checksum:08x}.parquet"


def directory(settings: Settings) -> Path:
    """Where snapshots are."""
    return settings.paths.state / "snapshots"


def path_of(file: BinaryIO) -> str:
    """Under what name the engine finds an open snapshot, also when its file is removed meanwhile."""
    return f"/proc/self/fd/{file.fileno()}"


def remove_all(settings: Settings) -> None:
    """Remove all snapshots, which hold what identifies visitors. Raises OSError."""
    for path in directory(settings).glob("*.parquet"):
        path.unlink(missing_ok=True)


@cache
def _models() -> str:
    """What the models are recognized by."""
    found = hashlib.sha256()
    for package, name in MADE_BY:
        found.update(resources(package).joinpath(name).read_bytes())
    return found.hexdigest()


def _checksum(file: BinaryIO) -> int:
    checksum = 0
    while chunk := file.read(CHUNK):
        checksum = zlib.crc32(chunk, checksum)
    return checksum
