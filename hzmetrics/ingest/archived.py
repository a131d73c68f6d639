"""Importing archived files again: those that were put away unread, and whole months (spec 10 §18)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.collation import fold
from hzmetrics.config import Settings
from hzmetrics.errors import NO_FILES_FAULT, HzmetricsError, UsageError
from hzmetrics.ingest import ledger, sources, unread, webhits
from hzmetrics.ingest.imports import Reading, import_again
from hzmetrics.ingest.ledger import Record
from hzmetrics.log import log
from hzmetrics.store import Store, state
from hzmetrics.store.tables import metrics
from hzmetrics.store.tables.metrics import web


@dataclass(frozen=True)
class Archived:
    """A record of the ledger, and its file, if it is still there."""

    record: Record
    path: Path | None


def archived(store: Store, settings: Settings) -> list[Archived]:
    """The records of imported files, oldest first, each with its file in `imported/`."""
    places = {target: _places(settings, kind) for target, kind in sources.KIND_OF.items()}
    with store.metrics.connect() as connection:
        known = [record for record in ledger.records(connection) if record.target in places]
    return [Archived(record, _find(record, places[record.target])) for record in known]


def _places(settings: Settings, kind: sources.Kind) -> dict[str, Path]:
    """The archived files of a kind, by their names, and by what identifies them where only one has it."""
    files = sources.matching(sources.base(settings, kind) / sources.IMPORTED, "*")
    names = {fold(ledger.stored_name(path.name)): path for path in files}
    identities: dict[str, list[Path]] = {}
    for path in files:
        identities.setdefault(ledger.source_name(ledger.stored_name(path.name)), []).append(path)
    return {name: paths[0] for name, paths in identities.items() if len(paths) == 1} | names


def _find(record: Record, places: Mapping[str, Path]) -> Path | None:
    return places.get(fold(record.filename)) or places.get(ledger.source_name(record.filename))


@dataclass
class Retried:
    """What became of files that were put away without a row."""

    brought: list[Reading] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """Those that still cannot be read, and why."""


def retry_unread(store: Store, settings: Settings, dry_run: bool = False) -> Retried:
    """Read the archived files that became no rows again, and import those that bring rows now.

    Each is one transaction with its ledger row and the dirty marks of its months. The files stay where they are.
    """
    found = Retried()
    for one in archived(store, settings):
        if one.record.rows or one.path is None:
            continue
        try:
            reading = import_again(store, settings, one.path, one.record, dry_run)
        except NO_FILES_FAULT:
            raise
        except HzmetricsError as error:
            log.error("%s", error)
            found.failed.append(str(error))
            continue
        if reading.ids.count:
            log.info("%s: %d rows %s", one.path, reading.ids.count, "would be imported" if dry_run else "imported")
            found.brought.append(reading)
        elif reading.account.texts and (said := unread.warning(reading.account, settings)):
            log.error("%s: %s", one.path, said)
            found.failed.append(f"{one.path}: {said}")
    return found


@dataclass(frozen=True)
class MonthPlan:
    """The files of a month that are imported again, or why the month is left alone."""

    month: Month
    files: Sequence[Archived] = ()
    problem: str = ""

    @property
    def rows(self) -> int:
        return sum(one.record.rows for one in self.files)


def plan(store: Store, settings: Settings, since: Month) -> list[MonthPlan]:
    """The months from `since` on that have imported files, ascending.

    A month is left alone if one of its files is not in `imported/`, or if deleting by the ledger would delete the rows
    of other files or leave rows behind.
    """
    months: dict[Month, list[Archived]] = {}
    everything = archived(store, settings)
    with store.metrics.connect() as connection:
        for one in everything:
            month = _month_of(connection, one.record)
            if month and month >= since:
                months.setdefault(month, []).append(one)
        remembered = state.read(store)
        overlapping = _overlapping([one.record for one in everything])
        spans = _spans(one.record for one in everything if one.record.target == web.name)
        return [
            MonthPlan(
                month,
                sorted(files, key=_order),
                "it is anonymised"
                if remembered.is_anonymised(month)
                else _problem(connection, month, files, overlapping, spans),
            )
            for month, files in sorted(months.items())
        ]


def _order(one: Archived) -> tuple[dt.date, int, str]:
    """The order in which new files would be imported: by date, access before auth."""
    return _date(one.record) or dt.date.min, list(sources.KIND_OF).index(one.record.target), one.record.filename


def _date(record: Record) -> dt.date | None:
    """The date in a file's name, if it has one."""
    try:
        return sources.file_date(record.filename)
    except UsageError:
        return None


def _month_of(connection: sa.Connection, record: Record) -> Month | None:
    """The month of the date in a file's name; without one, the first month of its rows."""
    date = _date(record)
    return Month.of(date) if date else min(ledger.months(connection, record), default=None)


def _overlapping(records: Sequence[Record]) -> frozenset[int]:
    """Ids of the records whose ranges another record shares."""
    found: set[int] = set()
    for target in sources.KIND_OF:
        ranged = [record for record in records if record.target == target and record.has_range]
        furthest: Record | None = None
        for record in sorted(ranged, key=lambda one: (one.start or 0, one.end or 0)):
            if furthest and record.overlaps(furthest):
                found |= {record.id, furthest.id}
            if furthest is None or (record.end or 0) > (furthest.end or 0):
                furthest = record
    return frozenset(found)


def _spans(records: Iterator[Record]) -> list[tuple[int, int]]:
    """The ids of some records, in spans that do not touch."""
    spans: list[tuple[int, int]] = []
    for record in sorted((one for one in records if one.has_range), key=lambda one: one.start or 0):
        start, end = record.start or 0, record.end or 0
        if spans and start <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _problem(
    connection: sa.Connection,
    month: Month,
    files: Sequence[Archived],
    overlapping: frozenset[int],
    spans: Sequence[tuple[int, int]],
) -> str:
    """Why a month is left alone; empty if it is not."""
    missing = [one.record.filename for one in files if not _is_there(one)]
    if missing:
        named = ", ".join(missing[: sources.MOST_NAMED])
        more = f" and {len(missing) - sources.MOST_NAMED} more" if len(missing) > sources.MOST_NAMED else ""
        return f"{len(missing)} of its {len(files)} files are not in imported/: {named}{more}"
    for one in files:
        record = one.record
        if record.id in overlapping:
            return f"the ledger's ids of {record.filename} are also another file's; see hzmetrics audit"
        if not record.has_range:
            continue
        table = metrics.metadata.tables[record.target]
        within = sa.select(sa.func.count()).select_from(table).where(table.c.id.between(record.start, record.end))
        if (connection.execute(within).scalar() or 0) > record.rows:
            return f"the ids of {record.filename} in the ledger hold rows of other files; see hzmetrics audit"
    unknown = _rows_outside(connection, month, spans)
    if unknown:
        return f"{unknown:,} of its requests are of no file in the ledger; see hzmetrics reconstruct-imported-sources"
    return ""


def _is_there(one: Archived) -> bool:
    """Whether the file of a record is in `imported/`, and not emptied there."""
    return one.path is not None and (one.path.stat().st_size > 0 or not one.record.rows)


def _rows_outside(connection: sa.Connection, month: Month, spans: Sequence[tuple[int, int]]) -> int:
    """How many rows of `web` in a month have ids in none of the spans."""
    of_month = sa.and_(web.c.datetime >= month.start, web.c.datetime < month.stop)
    first, last, rows = connection.execute(
        sa.select(sa.func.min(web.c.id), sa.func.max(web.c.id), sa.func.count()).where(of_month)
    ).one()
    inside = 0
    for start, end in spans:
        if rows and start <= last and end >= first:
            count = sa.select(sa.func.count()).select_from(web).where(of_month, web.c.id.between(start, end))
            inside += connection.execute(count).scalar() or 0
    return int(rows) - inside


def reimport(store: Store, settings: Settings, months: Sequence[MonthPlan], since: Month) -> list[MonthPlan]:
    """Import the files of some months again, oldest first; returns the months that were left alone or are not done.

    Each file is one transaction: its rows, its ledger row and the dirty marks of the months that change. After an
    interruption, begin again: nothing is lost or doubled. A file that fails keeps its rows. The month before `since`,
    of which the first file may have a few lines, stays as it is if it is before the history floor.
    """
    floor = state.read(store).floor
    first = since if floor and since.plus(-1) < floor else None
    left = []
    for one in months:
        if one.problem:
            log.warning("%s is left alone: %s", one.month, one.problem)
            left.append(one)
            continue
        failed = 0
        changed: set[Month] = set()
        for file in one.files:
            assert file.path is not None
            try:
                reading = import_again(store, settings, file.path, file.record, first=first, counted=False)
            except NO_FILES_FAULT:
                raise
            except HzmetricsError as error:
                log.error("%s", error)
                failed += 1
                continue
            changed |= reading.months
            log.info("%s: %d rows before, %d now", file.path.name, file.record.rows, reading.ids.count)
        for month in sorted(changed):
            if first is None or month >= first:
                with store.metrics.begin() as connection:
                    webhits.recount(connection, month)
        if failed:
            left.append(MonthPlan(one.month, one.files, f"{failed} of its {len(one.files)} files keep their old rows"))
    return left
