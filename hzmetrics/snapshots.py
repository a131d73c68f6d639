"""Snapshots, in files: sessions and requests of months that are over, and sessions and logins of years.

Also what is counted of sessions and logins of years.

The database stays the truth (spec 50 §16). The name of a snapshot says what it was made from: the models, the key of
the pseudonyms, the revision of each month and the number of rows. A snapshot that does not match the database is made
anew. Deleting snapshots costs time, never a number.

In a run, rows are counted once: while it holds the lock, all that changes them gives their months new revisions.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from contextvars import ContextVar
from functools import cache
from importlib.resources import files as resources
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar

import sqlalchemy as sa

from hzmetrics import __version__, files
from hzmetrics.calendar import Month, Window, Year, complement
from hzmetrics.config import Settings
from hzmetrics.errors import UsageError
from hzmetrics.keeping import keep
from hzmetrics.log import log
from hzmetrics.store import Store, state
from hzmetrics.store.revisions import revisions
from hzmetrics.store.tables.metrics import userlogin, web, websessions

MADE_BY = (
    ("hzmetrics.grids", "models/month_sessions.sql"),
    ("hzmetrics.grids", "models/year_sessions.sql"),
    ("hzmetrics.grids", "models/grouped_logins.sql"),
    ("hzmetrics.tools", "models/month_requests.sql"),
    ("hzmetrics.grids", "models/macros.sql"),
    ("hzmetrics.engine", "macros.sql"),
    ("hzmetrics.data", "utf8mb3_general_ci.tsv"),
)
"""What decides on the rows of a snapshot, beside those of the database."""

CHUNK = 1 << 20

OPEN_FILES = Path("/proc/self/fd")
"""Where the system shows the files that this process has open."""


class Logins(NamedTuple):
    """The logins of a year. Written `YYYY-logins`."""

    year: Year

    def __str__(self) -> str:
        return f"{self.year}{LOGINS}"

    @property
    def months(self) -> Iterator[Month]:
        return self.year.months

    @property
    def window(self) -> Window:
        return self.year.window


LOGINS = "-logins"


class Requests(NamedTuple):
    """The requests of a month, all of which have a host. Written `YYYY-MM-requests`."""

    month: Month

    def __str__(self) -> str:
        return f"{self.month}{REQUESTS}"

    @property
    def months(self) -> Iterator[Month]:
        yield self.month

    @property
    def window(self) -> Window:
        return self.month.window


REQUESTS = "-requests"


class Settled(NamedTuple):
    """A relation that is counted of all years up to one. Written `YYYY-RELATION`."""

    year: Year
    relation: str

    def __str__(self) -> str:
        return f"{self.year}-{self.relation}"


SETTLED = ("settled_visitors", "settled_totals", "settled_domains", "settled_addresses")
"""The relations that are counted so (`grids.counting`)."""

Span = Month | Year | Logins | Requests
"""What a snapshot of rows is of: the sessions of a month or year, the logins of a year, or the requests of a month."""

S = TypeVar("S", Month, Requests)

Counts = tuple[int, ...]
"""What is counted of the rows of a stretch of time: rows inserted or deleted show here.

Of sessions, their number and that of their downloads; of logins, their number and the sum of their ids, which are never
used again; of requests, their number. Of what is counted of whole snapshots, their number.
"""


class Kept(NamedTuple):
    """What the name of a snapshot says: `SPAN.FINGERPRINT.COUNTS.CHECKSUM.parquet`."""

    span: Span | Settled
    fingerprint: str
    counts: Counts
    checksum: int

    @classmethod
    def parse(cls, name: str) -> Kept:
        """Raises ValueError or UsageError for the name of another file."""
        text, fingerprint, counted, checksum, _ = name.split(".")
        span, counts = _span(text), tuple(map(int, counted.split("-")))
        if len(counts) != (1 if isinstance(span, Requests | Settled) else 2):
            raise ValueError(f"{name}: not the counts of {span}")
        return cls(span, fingerprint, counts, int(checksum, 16))

    def __str__(self) -> str:
        counts = "-".join(map(str, self.counts))
        return f"{self.span}.{self.fingerprint}.{counts}.{self.checksum:08x}.parquet"


_of_run: ContextVar[set[Kept] | None] = ContextVar("right snapshots of the run", default=None)


def kept() -> AbstractContextManager[None]:
    """Within this context, a snapshot that was found right, or was made, is right while its name stays."""
    return keep(_of_run, nullcontext(set()))


class Snapshots:
    """The snapshots that are right for the database as it is when this is made. Raises StoreError."""

    def __init__(self, store: Store, settings: Settings, pseudonym_key: str) -> None:
        self.directory = directory(settings)
        self.pseudonym_key = pseudonym_key
        """That of `store.pseudonyms`."""
        self.current = settings.clock.month
        """The month that is not over yet."""
        self._store = store
        self._failure: str | None = None
        """Why one could not be kept; empty: each could; None: none has been made."""
        self._origin = f"{store.metrics.engine.url.render_as_string()} {pseudonym_key} {_models()}"
        with store.metrics.connect() as connection:
            found = revisions(connection)
        self.are_possible = found is not None
        self.revisions: Mapping[str, str] = found or {}
        """Those of all months that have one."""
        self._months = sorted(self.revisions)
        there = self.files() if self.are_possible else []
        self._kept: dict[Span, Kept] = {
            one.span: one
            for one in there
            if not isinstance(one.span, Settled) and one.fingerprint == self._fingerprint(one.span)
        }
        right = _of_run.get()
        self._right = set() if right is None else right
        """Those known to have as many rows as the database."""

    def expect(self, spans: Iterable[Span], others: Iterable[Span] = ()) -> None:
        """Compare with the database all at once what will be asked for: spans of sessions, logins or requests.

        `others` have rows that would otherwise have to be counted. Where some are known to be right, the few that are
        not are compared when they are asked for.
        """
        asked, more = ([span for span in some if span in self._kept] for some in (spans, others))
        if asked and self._right.isdisjoint(self._kept[span] for span in asked):
            self._right |= self._counted(sorted([*asked, *more], key=lambda span: str(span.window.start)))

    def spans(self, kind: type[S]) -> list[S]:
        """The spans of a kind that have a snapshot, right or not."""
        return [span for span in self._kept if isinstance(span, kind)]

    def of(self, span: Span) -> Snapshot | None:
        """The snapshot of a span, which need not exist yet; None if it is not over. Raises StoreError."""
        if not self.are_possible or str(span.window.stop) > self.current.start:
            return None
        kept = self._kept.get(span)
        if kept not in self._right:
            counts = self._count(span, span.window)
            if not kept or kept.counts != counts:
                return Snapshot(self, Kept(span, self._fingerprint(span), counts, 0), exists=False)
            self.note_right(kept)
        return Snapshot(self, kept, exists=True)

    def counted(self, span: Settled, of: Sequence[Snapshot], rules: str) -> Snapshot:
        """The snapshot of what is counted by some rules of whole snapshots, all of which have their files."""
        names = " ".join(one.name for one in of)
        fingerprint = hashlib.sha256(f"{self._origin} {_counting()} {rules} {names}".encode()).hexdigest()[:16]
        for kept in self.files(span):
            if kept.fingerprint == fingerprint:
                return Snapshot(self, kept, exists=True)
        return Snapshot(self, Kept(span, fingerprint, (len(of),), 0), exists=False)

    def files(self, span: Span | Settled | None = None) -> list[Kept]:
        """The files of a span, or all, whatever they were made from."""
        found = []
        for path in self.directory.glob(f"{span or '*'}.*.parquet"):
            with suppress(ValueError, UsageError):
                found.append(Kept.parse(path.name))
        return found

    def note_right(self, kept: Kept) -> None:
        """Remember that a file has as many rows as the database."""
        self._right.add(kept)

    def note(self, failure: str) -> None:
        """Remember for `status` why a snapshot could not be kept; empty: it was. The first failure is a warning."""
        if self._failure or failure == self._failure:
            return
        self._failure = failure
        if failure:
            log.warning("snapshots cannot be kept, so summaries take longer: %s", failure)
        if failure != state.read(self._store).snapshots_failing:
            state.write(self._store, {state.SNAPSHOTS_FAILING: failure})

    def _fingerprint(self, span: Span) -> str:
        """What a snapshot made now would be made from, beside the rows that are counted."""
        # as text, `YYYY-00` is in the month before
        first, stop = str(span.window.start)[:7], str(span.window.stop)[:7]
        found = " ".join(f"{month} {self.revisions[month]}" for month in self._months if first <= month < stop)
        return hashlib.sha256(f"{self._origin} {found}".encode()).hexdigest()[:16]

    def _counted(self, spans: list[Span]) -> set[Kept]:
        """Those that have as many rows as before, if all have. All rows together are counted faster than one by one."""
        kept, windows = [self._kept[span] for span in spans], [span.window for span in spans]
        counts = [one.counts for one in kept]
        counts += [self._count(spans[0], window) for window in complement(windows)]
        whole = self._count(spans[0], Window(None, None))
        return set(kept) if whole == tuple(map(sum, zip(*counts, strict=True))) else set()

    def _count(self, span: Span, window: Window) -> Counts:
        """The rows whose times are in a window: logins, requests, or sessions and downloads, as `span` has."""
        number = sa.func.count()
        if isinstance(span, Logins):
            ids = sa.func.coalesce(sa.func.sum(userlogin.c.id), 0)
            counts = [
                sa.select(count).select_from(userlogin).where(*_within(userlogin, window)) for count in (number, ids)
            ]
        elif isinstance(span, Requests):
            counts = [sa.select(number).select_from(web).where(*_within(web, window))]
        else:
            counts = [
                sa.select(number).select_from(websessions).where(*_within(websessions, window)),
                sa.select(number).where(web.c.dnload == 1, *_within(web, window)),
            ]
        return tuple(int(self._store.metrics.scalar(count)) for count in counts)


class Snapshot:
    """The snapshot that is right for a span now."""

    def __init__(self, snapshots: Snapshots, kept: Kept, exists: bool) -> None:
        self._snapshots = snapshots
        self._kept = kept
        self._exists = exists

    @property
    def name(self) -> str:
        """What the rows are recognized by, once they are in a file."""
        return str(self._kept)

    @property
    def rows(self) -> int:
        """How many sessions, logins or requests it is of."""
        return self._kept.counts[0]

    def whole(self) -> BinaryIO | None:
        """The file, whole and unchanged since it was written; None if there is none. A damaged one is removed.

        Where the system does not show open files, as in a changed root, no snapshot is used.
        """
        if not self._exists or not OPEN_FILES.is_dir():
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
        """Keep the rows in a file made now, in place of earlier ones, if that is possible. Raises StoreError."""
        content = files.read(made)
        kept = self._kept = self._kept._replace(checksum=zlib.crc32(content))
        try:
            files.make_directory(self._snapshots.directory, files.SECRET_DIRECTORY)
            files.replace(self._path(kept), content, files.SECRET)
            for other in self._snapshots.files(kept.span):
                if other != kept:
                    self._path(other).unlink(missing_ok=True)
        except OSError as error:
            self._snapshots.note(f"{self._path(kept)}: {error.strerror}")
        else:
            self._snapshots.note("")
            self._snapshots.note_right(kept)

    def _path(self, kept: Kept) -> Path:
        return self._snapshots.directory / str(kept)


class Difference(NamedTuple):
    """A month whose snapshot would be read but is not what the rows give."""

    table: str
    month: Month
    rows: int
    """Rows that only one of them has."""


DIFFERENCES = """
    SELECT count(*)
    FROM (
        (FROM read_parquet($kept) EXCEPT ALL FROM read_parquet($made))
        UNION ALL
        (FROM read_parquet($made) EXCEPT ALL FROM read_parquet($kept))
    )"""


def differing_rows(kept: BinaryIO, made: Path) -> int:
    """How many rows only one of two files has: an open snapshot, and one made now."""
    from hzmetrics.engine import Engine

    with Engine() as engine:
        files = {"kept": path_of(kept), "made": str(made)}
        ((number,),) = engine.connection.execute(DIFFERENCES, files).fetchall()
        return int(number)


def directory(settings: Settings) -> Path:
    """Where snapshots are."""
    return settings.paths.state / "snapshots"


def path_of(file: BinaryIO) -> str:
    """Under what name the engine finds an open snapshot, also when its file is removed meanwhile."""
    return str(OPEN_FILES / str(file.fileno()))


def remove_all(settings: Settings) -> None:
    """Remove all snapshots, which hold what identifies visitors. Raises OSError."""
    for path in directory(settings).glob("*.parquet"):
        path.unlink(missing_ok=True)


def _span(text: str) -> Span | Settled:
    """Raises ValueError or UsageError."""
    year, _, relation = text.partition("-")
    if relation in SETTLED:
        return Settled(Year(int(year)), relation)
    if text.endswith(LOGINS):
        return Logins(Year(int(text.removesuffix(LOGINS))))
    if text.endswith(REQUESTS):
        return Requests(Month.parse(text.removesuffix(REQUESTS)))
    return Month.parse(text) if "-" in text else Year(int(text))


def _within(table: sa.Table, window: Window) -> Iterator[sa.ColumnElement[bool]]:
    if window.start is not None:
        yield table.c.datetime >= window.start
    if window.stop is not None:
        yield table.c.datetime < window.stop


@cache
def _models() -> str:
    """What the models of rows are recognized by."""
    found = hashlib.sha256()
    for package, name in MADE_BY:
        found.update(resources(package).joinpath(name).read_bytes())
    return found.hexdigest()


@cache
def _counting() -> str:
    """What the models that count are recognized by, which are many, and the program that asks them."""
    found = hashlib.sha256(__version__.encode())
    models = resources("hzmetrics.grids").joinpath("models")
    for name in sorted(model.name for model in models.iterdir()):
        found.update(models.joinpath(name).read_bytes())
    return found.hexdigest()


def _checksum(file: BinaryIO) -> int:
    checksum = 0
    while chunk := file.read(CHUNK):
        checksum = zlib.crc32(chunk, checksum)
    return checksum
