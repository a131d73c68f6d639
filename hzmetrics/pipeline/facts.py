"""The facts that a run decides by (spec 60 §3): files, rows, cells and remembered state, by month."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hzmetrics.calendar import ALL_MONTHS, Month, Months, month_of
from hzmetrics.config.schema import Logs
from hzmetrics.output.document import document
from hzmetrics.pipeline.unfinished import first_month, waits
from hzmetrics.store import state
from hzmetrics.store.state import BadFile, Left, State
from hzmetrics.store.tables import metrics

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.ingest.imports import DayReport
    from hzmetrics.ingest.sources import Source
    from hzmetrics.store import Store

GRACE = dt.timedelta(days=3)
"""How long a month of a site waits for a line of a later one."""

BASE_TABLES = (metrics.web, metrics.userlogin, metrics.webhits, metrics.websessions)


@dataclass(frozen=True)
class Facts:
    """The facts of one moment."""

    today: dt.date
    state: State = field(default_factory=State)
    pending: frozenset[dt.date] = frozenset()
    """Days with a source file. Remembered bad files are not counted."""
    imported: frozenset[dt.date] = frozenset()
    """Dates of the access logs in `imported/`."""
    months: Mapping[str, frozenset[Month]] = field(default_factory=dict)
    """Base table to the months it has rows of."""
    summarized: frozenset[Month] = frozenset()
    """Months with cells of period 1 in the user grid."""
    partly_summarized: frozenset[Month] = frozenset()
    """Months for which some grid has cells, but not of all periods."""
    plausible: Months = ALL_MONTHS
    """The months that lines can be of; those of rows and cells are among them."""
    is_site: bool = False
    """Whether the logs are those of a site, which has no files with dates (spec 60 §13)."""
    files: Mapping[Month, Sequence[Source]] = field(default_factory=dict)
    """The source files by month, in import order."""
    has_orphans: Callable[[Month], bool] = lambda month: False
    """Whether rows of a month name a session that does not exist. Expensive: it reads the rows of the month."""

    @property
    def current(self) -> Month:
        return Month.of(self.today)

    @property
    def dirty(self) -> frozenset[Month]:
        """The plausible months that are marked dirty."""
        return frozenset(month for month in self.state.dirty_months if month >= self.plausible.first)

    @cached_property
    def unfinished(self) -> Mapping[Month, Left]:
        """What is left to do, by month that a run may take."""
        first = first_month(self.state, self.plausible)
        return {month: left for month, left in self.state.unfinished.items() if month >= first}

    @property
    def previous(self) -> Month:
        return self.current.plus(-1)

    def pending_days(self, month: Month) -> tuple[dt.date, ...]:
        return tuple(sorted(day for day in self.pending if Month.of(day) == month))

    def has_source(self, month: Month) -> bool:
        return any(Month.of(day) == month for day in self.pending)

    def has_data(self, month: Month) -> bool:
        return any(month in months for months in self.months.values())

    def is_fully_imported(self, month: Month) -> bool:
        return month.last_day in self.imported

    def is_complete(self, month: Month) -> bool:
        if self.is_site:
            late = any(later > month for months in self.months.values() for later in months)
            return late or self.today - month.last_day > GRACE
        return self.is_fully_imported(month) or self.has_data(month.plus(1))

    @cached_property
    def backlog(self) -> tuple[Month, ...]:
        """Months before the current one that need work, ascending.

        The reasons are a source file, rows never summarized, a dirty mark, and an unfinished analysis. Each of them
        is enough, so the further conditions of spec 60 §3.3 hold for every candidate. A month of a site waits until it
        is complete.
        """
        unsummarized = set(self._not_before_floor(self.months.get(metrics.web.name, frozenset()) - self.summarized))
        asked_for = {Month.of(day) for day in self.pending} | self.dirty | self.unanalyzed
        return tuple(
            sorted(
                month
                for month in unsummarized | asked_for
                if month < self.current
                and not self.state.is_anonymised(month)
                and (not self.is_site or self.is_complete(month))
            )
        )

    @property
    def unanalyzed(self) -> frozenset[Month]:
        """Months whose analysis is left to do. The previous one may still be closed by a normal unit."""
        return frozenset(
            month
            for month, left in self.unfinished.items()
            if left is Left.RESET or (left is Left.ANALYSIS and (month in self.summarized or month < self.previous))
        )

    @cached_property
    def unsummarized(self) -> tuple[Month, ...]:
        """Months before the current one whose summary is left to do and waits for no earlier month, ascending."""
        left = self.unfinished
        found = (month for month, what in left.items() if what is Left.SUMMARY and not waits(month, left))
        return tuple(sorted(month for month in found if month < self.current))

    @cached_property
    def incomplete(self) -> tuple[Month, ...]:
        """Months before the current one for which a grid has some but not all periods, ascending."""
        return tuple(sorted(month for month in self._not_before_floor(self.partly_summarized) if month < self.current))

    def _not_before_floor(self, months: Iterable[Month]) -> list[Month]:
        """Without the months whose published history is left alone (spec 70 §8.1)."""
        return [month for month in months if not self.state.floor or month >= self.state.floor]


def gather(store: Store, settings: Settings) -> Facts:
    """The facts as they are now. Raises StoreError."""
    from hzmetrics.grids.state import incomplete_months, summarized_months
    from hzmetrics.ingest import sources

    remembered, plausible = state.read(store), settings.plausible_months
    pending = [
        source
        for source in sources.pending(settings)
        if not is_remembered(source.path, remembered, settings) and not remembered.is_anonymised(source.month)
    ]
    files: dict[Month, list[Source]] = {}
    for source in pending:
        files.setdefault(source.month, []).append(source)
    return Facts(
        today=settings.clock.today,
        state=remembered,
        pending=frozenset(source.date for source in pending),
        imported=frozenset(sources.imported_dates(settings)),
        months={table.name: months_with_rows(store, table, plausible) for table in BASE_TABLES},
        summarized=frozenset(filter(plausible.__contains__, summarized_months(store))),
        partly_summarized=frozenset(filter(plausible.__contains__, incomplete_months(store, settings.clock.month))),
        plausible=plausible,
        is_site=settings.is_site,
        files=files,
        has_orphans=lambda month: _has_orphans(store, month),
    )


def _has_orphans(store: Store, month: Month) -> bool:
    from hzmetrics.sessions.stamps import has_orphans  # moves rows in columns: opened only when it is asked

    return has_orphans(store, month)


def reading(settings: Settings) -> str:
    """A digest of what decides how log lines are read: a bad file is tried again when it changes."""
    texts = [settings.source.sections.get(Logs.heading, {}), settings.hub.timezone, sorted(settings.corrections)]
    return hashlib.sha256(document(texts, sort_keys=True).encode()).hexdigest()[:16]


def is_remembered(path: Path, remembered: State, settings: Settings) -> bool:
    """Whether a file is remembered as bad and has not changed since."""
    return any(bad.path == str(path) and is_unchanged(bad, settings) for bad in remembered.bad_files)


def bad_file(path: Path, reason: str, settings: Settings, is_imported: bool = False) -> BadFile:
    """A file that failed, as it looks now."""
    bad = BadFile(str(path), -1, -1, reason, reading(settings), os.access(path, os.R_OK), is_imported)
    return _look_at(bad) or bad


def remember_failures(connection: sa.Connection, report: DayReport, settings: Settings) -> None:
    """Store which files of a day failed, or could not be moved; not those that came too early."""
    failed = [bad_file(source.path, why, settings) for source, why in report.failed if source not in report.changed]
    unmoved = [bad_file(source.path, why, settings, is_imported=True) for source, why in report.unmoved]
    state.remember_bad_files(connection, [*failed, *unmoved])


def is_unchanged(bad: BadFile, settings: Settings) -> bool:
    """Whether a remembered file looks as it did when it failed, and would be read in the same way."""
    is_open_now = not bad.is_readable and os.access(bad.path, os.R_OK)
    return _look_at(bad) == bad and bad.reading in ("", reading(settings)) and not is_open_now


def _look_at(bad: BadFile) -> BadFile | None:
    """A remembered file as it looks now; None if it is gone."""
    path = Path(bad.path)
    try:
        now = path.stat() if path.exists() else path.lstat()
    except OSError:
        return None
    return replace(bad, size=now.st_size, modified=now.st_ctime_ns)


def months_with_rows(store: Store, table: sa.Table, among: Months = ALL_MONTHS) -> frozenset[Month]:
    """The months of a table's rows."""
    with store.metrics.connect() as connection:
        if table is not metrics.webhits:
            return frozenset(_look_for_months(connection, table, among))
        days = connection.execute(sa.select(table.c.datetime).distinct()).scalars()  # a row a day and no index
        dated = ((month_of(day), day) for day in days)
        return frozenset(month for month, day in dated if month and month in among and day >= month.start)


def _look_for_months(connection: sa.Connection, table: sa.Table, among: Months) -> Iterator[Month]:
    """One query a year, which looks into the index of `datetime` once a month."""
    time = table.c.datetime
    first = connection.execute(sa.select(sa.func.min(time)).where(time >= among.first.start)).scalar()
    while first and first[:7] <= str(among.last):
        year = [Month(int(first[:4]), number) for number in range(1, 13)]
        held = [sa.exists().where(time.between(month.start, f"{month.last_day} 23:59:59")) for month in year]
        later = sa.select(sa.func.min(time)).where(time > f"{first[:4]}-12-31 23:59:59").scalar_subquery()
        *found, first = connection.execute(sa.select(*held, later)).one()
        yield from filter(among.__contains__, compress(year, found))
