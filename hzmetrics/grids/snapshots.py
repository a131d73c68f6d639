"""Snapshots: the `month_sessions` of months that are over, kept in files (spec 50 §16).

The database stays the truth. The name of a snapshot says what it was made from: the models, the key of the pseudonyms,
the revision of the month and the number of its rows. A snapshot that does not match the database is made anew. Deleting
snapshots costs time, never a number.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.resources import files as resources
from pathlib import Path
from typing import BinaryIO, NamedTuple

import sqlalchemy as sa

from hzmetrics import files
from hzmetrics.calendar import Month, Window
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


class Counts(NamedTuple):
    """How many rows a stretch of time has: rows inserted or deleted by hand show here."""

    sessions: int
    downloads: int


class Kept(NamedTuple):
    """What the name of a snapshot says: `MONTH.FINGERPRINT.SESSIONS-DOWNLOADS.CHECKSUM.parquet`."""

    month: str
    fingerprint: str
    counts: Counts
    checksum: int

    @classmethod
    def parse(cls, name: str) -> Kept:
        """Raises ValueError for the name of another file."""
        month, fingerprint, counts, checksum, _ = name.split(".")
        sessions, downloads = counts.split("-")
        return cls(month, fingerprint, Counts(int(sessions), int(downloads)), int(checksum, 16))

    def __str__(self) -> str:
        counts = f"{self.counts.sessions}-{self.counts.downloads}"
        return f"{self.month}.{self.fingerprint}.{counts}.{self.checksum:08x}.parquet"


class Snapshots:
    """The snapshots that are right for the database as it is when this is made. Raises StoreError."""

    def __init__(self, store: Store, settings: Settings, pseudonym_key: str) -> None:
        self.directory = directory(settings)
        self.has_failed = False
        self._database = store.metrics
        self._current = settings.clock.month
        self._origin = f"{store.metrics.engine.url.render_as_string()} {pseudonym_key} {_models()}"
        self._revisions: dict[str, str] = {}
        self._right: dict[str, Kept] = {}
        self._is_possible = session_revisions.name in store.metrics.table_names
        if self._is_possible:
            with store.metrics.connect() as connection:
                self._revisions = revisions(connection)
            right = {one.month: one for one in self.files() if one.fingerprint == self._fingerprint(one.month)}
            self._right = self._counted(right) if right else {}

    def of(self, month: Month) -> Snapshot | None:
        """The snapshot of a month, which need not exist yet; None for one that is not over. Raises StoreError."""
        if not self._is_possible or month >= self._current:
            return None
        name = str(month)
        if kept := self._right.get(name):
            return Snapshot(self, kept, exists=True)
        return Snapshot(self, Kept(name, self._fingerprint(name), self._count(month.window), 0), exists=False)

    def files(self, month: str = "*") -> list[Kept]:
        """The files of a month, or all, whatever they were made from."""
        found = []
        for path in self.directory.glob(f"{month}.*.parquet"):
            with suppress(ValueError):
                found.append(Kept.parse(path.name))
        return found

    def _fingerprint(self, month: str) -> str:
        """What a snapshot made now would be made from, beside the rows that are counted."""
        return hashlib.sha256(f"{self._origin} {self._revisions.get(month, '')}".encode()).hexdigest()[:16]

    def _counted(self, kept: dict[str, Kept]) -> dict[str, Kept]:
        """Those whose months have as many rows as before. All rows together are counted faster than by month."""
        months = [Month.parse(month) for month in sorted(kept)]
        edges = [None, *(edge for month in months for edge in (month.start, month.stop)), None]
        between = [Window(*edges[place : place + 2]) for place in range(0, len(edges), 2)]
        counts = [one.counts for one in kept.values()]
        counts += [self._count(window) for window in between if window.start != window.stop]
        if self._count(Window(None, None)) == tuple(map(sum, zip(*counts, strict=True))):
            return kept
        return {month: one for month, one in kept.items() if self._count(Month.parse(month).window) == one.counts}

    def _count(self, window: Window) -> Counts:
        """The rows whose times are in a window. Raises StoreError."""
        return Counts(
            self._database.scalar(
                sa.select(sa.func.count()).select_from(websessions).where(*_within(websessions, window))
            ),
            self._database.scalar(sa.select(sa.func.count()).where(web.c.dnload == 1, *_within(web, window))),
        )


class Snapshot:
    """The snapshot that is right for a month now."""

    def __init__(self, snapshots: Snapshots, kept: Kept, exists: bool) -> None:
        self._snapshots = snapshots
        self._kept = kept
        self._exists = exists

    def whole(self) -> BinaryIO | None:
        """The file, whole and unchanged since it was written; None if there is none. A damaged one is removed."""
        if not self._exists:
            return None
        path = self._path(self._kept)
        with suppress(OSError):
            file = files.open_regular(path)
            if _checksum(file) == self._kept.checksum:
                return file
            file.close()
            log.warning("%s is damaged; it is made anew", path)
            path.unlink()
        return None

    def keep(self, made: Path) -> None:
        """Keep the rows in a file made now, in place of earlier ones of the month. The first failure is a warning."""
        content = files.read(made)
        kept = self._kept._replace(checksum=zlib.crc32(content))
        try:
            files.make_directory(self._snapshots.directory, files.SECRET_DIRECTORY)
            files.replace(self._path(kept), content, files.SECRET)
            for other in self._snapshots.files(kept.month):
                if other != kept:
                    self._path(other).unlink(missing_ok=True)
        except OSError as error:
            if not self._snapshots.has_failed:
                log.warning(
                    "snapshots cannot be kept, so summaries take longer: %s: %s", self._path(kept), error.strerror
                )
            self._snapshots.has_failed = True

    def _path(self, kept: Kept) -> Path:
        return self._snapshots.directory / str(kept)


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


def _within(table: sa.Table, window: Window) -> Iterator[sa.ColumnElement[bool]]:
    if window.start is not None:
        yield table.c.datetime >= window.start
    if window.stop is not None:
        yield table.c.datetime < window.stop


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
