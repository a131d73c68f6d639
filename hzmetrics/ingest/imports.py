"""Importing log files: one transaction a file, remembered in the ledger (spec 10 §9, §10)."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import wait
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.calendar import Month, month_of
from hzmetrics.config import Settings
from hzmetrics.errors import NO_FILES_FAULT, HzmetricsError
from hzmetrics.ingest import access, auth, ledger, sources, unread
from hzmetrics.ingest.ledger import Record
from hzmetrics.ingest.log_file import Complete, as_they_are
from hzmetrics.ingest.readers import Readers
from hzmetrics.ingest.sources import Source
from hzmetrics.ingest.unread import UnreadLog
from hzmetrics.log import log
from hzmetrics.logs.account import Account
from hzmetrics.logs.packing import Limits
from hzmetrics.logs.reader import STANDARD_INPUT, ChangedLog, LogStream, open_log
from hzmetrics.logs.requests import Kind
from hzmetrics.store import Store, state
from hzmetrics.store.database import Database
from hzmetrics.store.state import UnreadFile
from hzmetrics.store.tables.metrics import userlogin, web, webhits

Progress = Callable[[int, int], None]
"""Called with the number of bytes read of a file, and its size (0: unknown)."""


OnRows = Callable[[sa.Connection, frozenset[Month]], None]
"""Called with the months of a file's rows, inside their transaction: what it changes becomes true with them."""


@dataclass
class DayReport:
    """What the import of one day did."""

    rows: int = 0
    """Rows inserted into `web` and `userlogin`."""
    failed: list[tuple[Source, str]] = field(default_factory=list)
    """Files that could not be imported, and why; nothing of them was written."""
    changed: list[Source] = field(default_factory=list)
    """Those of them that changed while they were read: nothing is wrong with them, they came too early."""
    unmoved: list[tuple[Source, str]] = field(default_factory=list)
    """Files that were imported but could not be put away, and why."""


def import_day(
    store: Store,
    settings: Settings,
    day: dt.date,
    dry_run: bool = False,
    progress: Progress | None = None,
    files: Sequence[Source] | None = None,
    on_rows: OnRows | None = None,
    readers: Readers | None = None,
    complete: Complete = as_they_are,
) -> DayReport:
    """Import all pending files of one day; one that fails is left in place and does not stop the others (spec 10 §9).

    A run that imports many days gives its `readers`, the pending `files` of the month, and of later ones, as it has
    found them, and what is to `complete` requests of the month. Raises StoreUnavailable: that the database is gone is
    no file's fault.
    """
    report = DayReport()
    if files is None:
        files = [source for source in sources.pending(settings) if source.month == Month.of(day)]
    of_day = [source for source in files if source.date == day and os.path.lexists(source.path)]
    _tell(day, of_day, dry_run)
    if dry_run:
        return report
    remembered = state.read(store)
    alone = readers is None
    with closing(Readers(settings)) if readers is None else nullcontext(readers) as readers:
        readers.expect(of_day if alone else files, complete)
        for source in of_day:
            try:
                remembered.refuse_anonymised(source.month)
                outcome = _import(
                    store, settings, source.path, source.kind, readers, progress=progress, on_rows=on_rows
                )
            except NO_FILES_FAULT:
                raise
            except HzmetricsError as error:
                log.error("%s: %s", source.path, error)
                report.failed.append((source, str(error)))
                if isinstance(error, ChangedLog):
                    report.changed.append(source)
                continue
            report.rows += outcome.rows
            if outcome.unmoved:
                report.unmoved.append((source, outcome.unmoved))
    return report


def _tell(day: dt.date, files: Sequence[Source], dry_run: bool) -> None:
    """What is out of the ordinary about a day's files; in a dry run, all of them (spec 10 §16)."""
    for kind in sources.KINDS:
        paths = [str(source.path) for source in files if source.kind == kind]
        if len(paths) > 1:
            log.info("%s has several %s logs: %s", day, kind, ", ".join(paths))
        if dry_run and paths:
            log.info("%s: would import %s", day, ", ".join(paths))
        elif dry_run:
            log.warning("%s: no %s log", day, kind)


def check_order(settings: Settings, day: dt.date) -> None:
    """Refuse a day that is not the next (spec 10 §9). Raises HzmetricsError.

    A day with an auth log and no access log is never the next one.
    """
    files = sources.pending(settings)
    kinds = {source.kind for source in files if source.date == day}
    if kinds == {"auth"}:
        return
    oldest = min((source.date for source in files if source.kind == "access"), default=day)
    if oldest < day:
        raise HzmetricsError(f"{day} is not the oldest pending day: {oldest} is (--force imports it all the same)")
    last = max(sources.imported_dates(settings), default=day)
    if last > day:
        raise HzmetricsError(f"{day} is older than {last}, which is imported (--force imports it all the same)")


def pending_days(settings: Settings, month: Month | None = None) -> list[dt.date]:
    """The days with pending files, ascending; of one month where one is given (spec 10 §8.4)."""
    return sorted({source.date for source in sources.pending(settings) if month in (None, source.month)})


def import_access(
    store: Store,
    settings: Settings,
    path: Path,
    dry_run: bool = False,
    progress: Progress | None = None,
    on_rows: OnRows | None = None,
) -> int:
    """Import one access log, whole or not at all; returns the rows inserted into `web` (spec 10 §10.2).

    A file whose name is in the ledger is only put away. Standard input (`-`) is imported without ledger and move.
    Raises HzmetricsError.
    """
    with _named(path), closing(Readers(settings)) as readers:
        return _import(store, settings, path, "access", readers, dry_run, progress, on_rows).rows


def import_auth(
    store: Store,
    settings: Settings,
    path: Path,
    dry_run: bool = False,
    progress: Progress | None = None,
    on_rows: OnRows | None = None,
) -> int:
    """Import one auth log or `-`, without ledger and move; returns the rows inserted (spec 10 §6.4).

    Raises HzmetricsError.
    """
    database, limits = store.metrics, Limits.of(settings)
    with (
        _named(path),
        closing(Readers(settings)) as readers,
        open_log(path, limits) as stream,
        database.connect() if dry_run else database.begin() as connection,
    ):
        reading = Transaction(database, connection, settings, readers, dry_run, progress).auth(path, stream)
        reading.refuse_unread(settings)
        if reading.ids.count and on_rows and not dry_run:
            on_rows(connection, reading.months)
        return reading.ids.count


def import_files(
    store: Store, settings: Settings, paths: Sequence[Path], progress: Progress | None = None
) -> list[Reading]:
    """Import access logs in one transaction; none is remembered in the ledger or moved. `-` is standard input.

    Returns what each of them held: also one whose lines could not be read. Raises HzmetricsError.
    """
    readings = []
    with store.metrics.begin() as connection, closing(Readers(settings)) as readers:
        transaction = Transaction(store.metrics, connection, settings, readers, progress=progress)
        for path in paths:
            with open_log(path, Limits.of(settings)) as stream:
                readings.append(transaction.access(path, stream))
    return readings


def import_again(
    store: Store,
    settings: Settings,
    path: Path,
    record: Record,
    dry_run: bool = False,
    first: Month | None = None,
    counted: bool = True,
) -> Reading:
    """Replace the rows of an archived file by those that it gives now, in one transaction with its ledger row.

    The file stays where it is, and the months that change are marked dirty, from `first` on. `counted`: its hits are
    added to `webhits`; otherwise the caller counts them. A file that had no rows and has none now changes nothing.
    Raises HzmetricsError; then nothing has changed.
    """
    database, limits = store.metrics, Limits.of(settings)
    with (
        _named(path),
        closing(Readers(settings)) as readers,
        open_log(path, limits) as stream,
        database.connect() if dry_run else database.begin() as connection,
    ):
        before = ledger.months(connection, record)
        if not dry_run and record.rows:
            ledger.forget(database, connection, record)
        transaction = Transaction(database, connection, settings, readers, dry_run, counted=counted, replaced=record)
        reading = transaction.read(path, stream, sources.KIND_OF[record.target])
        reading.refuse_unread(settings)
        if record.rows and not reading.account.texts:
            raise HzmetricsError(f"{path}: there is no line in it any more, but it became {record.rows:,} rows")
        stream.require_unchanged(path)
        reading = replace(reading, months=before | reading.months)
        if dry_run or not (record.rows or reading.ids.count):
            return reading
        if not record.rows:
            ledger.forget(database, connection, record)
        transaction.record(reading, record.filename, record.target)
        plausible = settings.plausible_months
        changed = [month for month in reading.months if month in plausible and (first is None or month >= first)]
        state.add_dirty_months(connection, changed)
        return reading


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Names the file whose lines could not be read."""
    try:
        yield
    except UnreadLog as error:
        raise UnreadLog(f"{path}: {error}") from None


@dataclass
class Ids:
    """The ids that a file's rows got, from `start` on without gaps."""

    start: int
    count: int = 0

    @property
    def range(self) -> tuple[int, int] | None:
        return (self.start, self.start + self.count - 1) if self.count else None

    def number(self, rows: pa.Table) -> pa.Table:
        """`rows` with the next ids as their first column."""
        first = self.start + self.count
        self.count += len(rows)
        return rows.add_column(0, "id", pa.array(np.arange(first, first + len(rows))))


@dataclass(frozen=True)
class Reading:
    """What a log held: its lines, and the rows that they became."""

    name: str
    kind: sources.Kind
    ids: Ids
    account: Account
    dropped: Mapping[str, int]
    """Lines by the filter that dropped them."""
    kept: int
    months: frozenset[Month]
    """Months of the kept lines, and of the rows that they replace."""
    format: Kind | None = None
    """The format of an access log, and how it is known; None if it has no lines."""

    def refuse_unread(self, settings: Settings) -> None:
        """Raises UnreadLog for a long file that is mostly unread."""
        unread.refuse(self.account, self.kind, settings)


@dataclass(frozen=True)
class Outcome:
    """What the import of one file did: rows inserted, and why the file could not be moved, if so."""

    rows: int
    unmoved: str = ""


def _import(
    store: Store,
    settings: Settings,
    path: Path,
    kind: sources.Kind,
    readers: Readers,
    dry_run: bool = False,
    progress: Progress | None = None,
    on_rows: OnRows | None = None,
) -> Outcome:
    """One file, whole or not at all, and its ledger row; then the move (spec 10 §10.2)."""
    database, is_file = store.metrics, path != STANDARD_INPUT
    target = sources.TARGET_OF[kind]
    rows, limits = 0, Limits.of(settings)
    with open_log(path, limits) as stream, database.connect() if dry_run else database.begin() as connection:
        if is_file and ledger.knows(connection, path.name, target):
            log.info("%s is in the ledger: its rows are there", path.name)
        else:
            log.info("reading %s", stream.name)
            stream.require_packed_as_named(path)
            transaction = Transaction(database, connection, settings, readers, dry_run, progress)
            reading = transaction.read(path, stream, kind)
            reading.refuse_unread(settings)
            rows = reading.ids.count
            if is_file:
                stream.require_unchanged(path)
            if is_file and not dry_run:
                transaction.record(reading, path.name, target)
            if rows and on_rows and not dry_run:
                on_rows(connection, reading.months)
    if dry_run or not is_file:
        return Outcome(rows)
    try:
        place = sources.put_away(path, sources.base(settings, kind) / sources.IMPORTED)
    except OSError as error:
        log.warning("imported, but cannot be moved: %s: %s", path, error.strerror or error)
        return Outcome(rows, f"cannot be moved: {error.strerror or error}")
    log.info("%s is now %s", path, place)
    return Outcome(rows)


def put_away_imported(store: Store, settings: Settings, paths: Collection[Path]) -> list[Path]:
    """Move those of some pending files whose rows are there, but which could not be moved before; those moved."""
    moved = []
    pending = [source for source in sources.pending(settings) if source.path in paths]
    with store.metrics.connect() as connection:
        known = [
            source for source in pending if ledger.knows(connection, source.path.name, sources.TARGET_OF[source.kind])
        ]
    for source in known:
        try:
            place = sources.put_away(source.path, sources.base(settings, source.kind) / sources.IMPORTED)
        except OSError:
            continue
        log.info("%s is now %s", source.path, place)
        moved.append(source.path)
    return moved


@dataclass(frozen=True)
class Transaction:
    """Appends what files hold, inside one transaction; in a dry run it reads and reports only."""

    database: Database
    connection: sa.Connection
    settings: Settings
    readers: Readers
    dry_run: bool = False
    progress: Progress | None = None
    counted: bool = True
    """Whether the hits of access logs are added to `webhits`."""
    replaced: Record | None = None
    """The record whose rows are deleted in the same transaction."""

    def read(self, path: Path, stream: LogStream, kind: sources.Kind) -> Reading:
        """The rows of a log into their table."""
        return self.access(path, stream) if kind == "access" else self.auth(path, stream)

    def record(self, reading: Reading, filename: str, target: str) -> None:
        """The ledger row of a file, and a warning if it is empty or mostly unread."""
        ids, clock = reading.ids, self.settings.clock
        ledger.record(self.database, self.connection, filename, target, ids.range, ids.count, clock)
        said = unread.warning(reading.account, self.settings)
        if said:
            log.warning("%s is imported, but %s", filename, said)
        file = UnreadFile(ledger.stored_name(filename), target, said, str(clock.today)) if said else None
        ledger.note_unread(self.database, self.connection, filename, target, file)

    def access(self, path: Path, stream: LogStream) -> Reading:
        """The rows of an access log into `web` and `webhits`, and its bots."""
        rules = access.Rules.read(self.connection, self.settings)
        rules.report()
        ids = Ids(self.database.next_id(self.connection, web))
        with self.readers.access.reading(path, stream, rules) as judged:
            self._append(web, (ids.number(rows) for rows in self._watched(judged.kept(stream), stream)))
            access.report(judged, is_daily=not self.settings.is_site)
            access.report_agents(judged)
        tally = judged.tally
        if not self.dry_run:
            if self.counted:
                self.database.append(self.connection, webhits, _hits(tally.kept))
            judged.rules.bots.learn(self.database, self.connection)
        dropped, kept = dict(tally.dropped), tally.kept.total()
        return Reading(stream.name, "access", ids, judged.account, dropped, kept, _months(tally.kept), judged.kind)

    def auth(self, path: Path, stream: LogStream) -> Reading:
        """The new rows of an auth log into `userlogin`."""
        rules = auth.Rules.read(self.connection, self.settings)
        ids = Ids(self.database.next_id(self.connection, userlogin))
        with (
            self.readers.auth.reading(path, stream, rules) as judged,
            self.readers.logins.new(judged, self.readers.auth.ahead, self.database, ids.start, self.replaced) as new,
        ):
            events = self._watched(judged.kept(stream), stream)
            self._append(userlogin, (ids.number(new.of(rows)) for rows in events))
            auth.report(judged)
        log.info("%d logins %s", ids.count, "would be inserted" if self.dry_run else "inserted")
        dropped, kept = dict(judged.tally.dropped), judged.tally.kept.total()
        return Reading(stream.name, "auth", ids, judged.account, dropped, kept, _months(new.days))

    def _append(self, table: sa.Table, chunks: Iterator[pa.Table]) -> None:
        """Append `chunks` in order; each is written while the next one is made."""
        append, writing = partial(self.database.append, self.connection, table), None
        try:
            for rows in chunks:
                if writing:
                    writing.result()
                writing = None if self.dry_run else self.readers.writer.submit(append, rows)
            if writing:
                writing.result()
        finally:
            wait([writing] if writing else [])

    def _watched(self, chunks: Iterator[pa.Table], stream: LogStream) -> Iterator[pa.Table]:
        for rows in chunks:
            yield rows
            if self.progress:
                self.progress(stream.done, stream.total)


def _months(days: Iterable[str]) -> frozenset[Month]:
    """The months of days, `YYYY-MM-DD`."""
    return frozenset(filter(None, map(month_of, days)))


def _hits(kept: Mapping[str, int]) -> pa.Table:
    """Rows of `webhits`: kept lines by day, ascending (spec 10 §5.2)."""
    days = sorted(kept)
    return pa.table(
        {
            "datetime": pa.array([f"{day} 00:00:00" for day in days], pa.string()),
            "hits": pa.array([kept[day] for day in days], pa.int64()),
        }
    )
