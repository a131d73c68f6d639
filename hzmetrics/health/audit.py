"""`audit`: gaps and contradictions in what is stored (spec 65 §11). Reads only.

Each check is a function that yields its findings; CHECKS names them in the order of the report.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hzmetrics.calendar import Clock, Month, Window, day_of, moment, month_of
from hzmetrics.grids.state import incomplete_months, summarized_months
from hzmetrics.log import printable
from hzmetrics.store import state
from hzmetrics.store.tables import metrics
from hzmetrics.store.types import as_text, is_empty

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.store import Store

FIRST_MONTH = Month(2014, 1)
"""Where `--all` begins on a hub without rows."""

SCORED_ROWS = 100
"""Rows that a month needs for its share of unanswered ones to mean something."""

GAP_DAYS = 7
STUCK = dt.timedelta(hours=48)

ENRICHMENT = (("host", "resolve-dns"), ("domain", "fill-domain"), ("ipcountry", "fill-ipcountry"))
"""Columns that lookups fill, and the commands that do."""

GRIDS = (metrics.summary_user_vals, metrics.summary_misc_vals, metrics.summary_simusage_vals)
STREAMS = (metrics.web, metrics.userlogin)

GROWING = {"summary_misc_vals": (1, 2, 3, 4, 5, 6, 8), "summary_simusage_vals": (1, 2, 3, 4, 5, 6, 9, 10)}
"""Rows of the grids whose all-time cells cannot fall. Averages can, and so can the users of all time."""


@dataclass(frozen=True)
class Finding:
    """Something that should not be so."""

    check: str
    subject: str
    """The table, column or key it is about."""
    key: str
    """The month, or what else names the finding."""
    text: str
    command: str = ""
    """What would repair it; empty where a person has to look."""


@dataclass(frozen=True)
class Report:
    """The findings, in the order of the checks."""

    scope: str
    findings: tuple[Finding, ...]

    @property
    def commands(self) -> list[str]:
        """One group a (check, subject) in order of first appearance, each sorted and without repetitions."""
        groups: dict[tuple[str, str], set[str]] = {}
        for finding in self.findings:
            if finding.command:
                groups.setdefault((finding.check, finding.subject), set()).add(finding.command)
        return [command for (check, _), group in groups.items() for command in _collapsed(check, group)]

    def lines(self) -> list[str]:
        found = [f"{f.check:<22}{f.subject:<24}{f.key:<10}{f.text}" for f in self.findings]
        ending = [f"{len(self.findings)} findings"] if self.findings else ["no findings"]
        if self.commands:
            ending += ["What would repair them:", *(f"  hzmetrics {command}" for command in self.commands)]
        return [printable(line) for line in (self.scope, *found, *ending)]

    def as_json(self) -> dict[str, Any]:
        return {"scope": self.scope, "findings": [asdict(f) for f in self.findings], "commands": self.commands}


def audit(store: Store, settings: Settings, months: int | None, floor: float) -> Report:
    """Run all checks over the last `months` months before the current one (None: from the oldest row on).

    `floor`: the share of unanswered rows that is never a finding. Raises StoreError.
    """
    subject = Audit(store, settings, months, floor)
    findings = tuple(finding for check in CHECKS for finding in check(subject))
    return Report(f"audit of {subject.window.start[:10]} up to {subject.window.stop[:10]}", findings)


class Audit:
    """What is audited, and the numbers that several checks look at."""

    def __init__(self, store: Store, settings: Settings, months: int | None, floor: float) -> None:
        self.store = store
        self.settings = settings
        self.floor = floor
        self.today = settings.clock.today
        self.previous = settings.clock.month.plus(-1)
        start = self._oldest_day() if months is None else settings.clock.month.back(months).start
        self.window = _Bounds(start, settings.clock.month.start)

    def _oldest_day(self) -> str:
        days = []
        for table in (metrics.web, metrics.websessions):
            query = sa.select(sa.func.min(table.c.datetime)).where(table.c.datetime >= Month(1, 1).start)
            if day := self.store.metrics.scalar(query):
                days.append(f"{day[:10]} 00:00:00")
        return min(days, default=FIRST_MONTH.start)

    @property
    def first_month(self) -> Month:
        return month_of(self.window.start) or FIRST_MONTH

    def within(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """In the window. The day-zero dates of the first month's cells are before it."""
        return sa.and_(column >= self.window.start, column < self.window.stop)

    def by_month(
        self, table: sa.Table, *sums: sa.ColumnElement[Any], where: sa.ColumnElement[bool] | None = None
    ) -> dict[Month, tuple[int, ...]]:
        """The number of a table's rows in the window, and sums over them, by month, ascending."""
        text = _month_text(table.c.datetime)
        query = sa.select(text, sa.func.count(), *sums).where(self.within(table.c.datetime)).group_by(text)
        rows = self.store.metrics.rows(query if where is None else query.where(where))
        found: dict[Month, tuple[int, ...]] = {}
        for row in rows:
            if month := month_of(row[0]):
                values: Sequence[Any] = row[1:]
                found[month] = tuple(int(value or 0) for value in values)
        return dict(sorted(found.items()))

    def counts(self, table: sa.Table) -> dict[Month, int]:
        return {month: rows for month, (rows,) in self.by_month(table).items()}

    @cached_property
    def web_rows(self) -> dict[Month, int]:
        return self.counts(metrics.web)

    @cached_property
    def logins(self) -> dict[Month, int]:
        return self.counts(metrics.userlogin)

    @cached_property
    def ledger(self) -> list[sa.Row[Any]]:
        """The ledger's entries, by their range."""
        entry = metrics.imported_sources.c
        return list(self.store.metrics.rows(sa.select(metrics.imported_sources).order_by(entry.pk_start, entry.pk_end)))

    @cached_property
    def state(self) -> Mapping[str, str]:
        return state.read(self.store).values

    def cells(self, grid: sa.Table, *where: sa.ColumnElement[bool]) -> Iterable[sa.Row[Any]]:
        """Cells in the window, by date."""
        query = sa.select(grid).where(self.within(grid.c.datetime), *where)
        return self.store.metrics.rows(query.order_by(grid.c.datetime))


@dataclass(frozen=True)
class _Bounds:
    start: str
    stop: str


def enrichment(audit: Audit) -> Iterator[Finding]:
    """Months with far more unanswered rows than the median month."""
    for table in (metrics.web, metrics.websessions):
        missing = [sa.func.sum(sa.case((is_empty(table.c[column]), 1), else_=0)) for column, _ in ENRICHMENT]
        scored = {month: row for month, row in audit.by_month(table, *missing).items() if row[0] >= SCORED_ROWS}
        for place, (column, command) in enumerate(ENRICHMENT, start=1):
            shares = {month: row[place] / row[0] for month, row in scored.items()}
            limit = max(5 * sorted(shares.values())[len(shares) // 2], audit.floor) if shares else 0
            for month, share in shares.items():
                if share > limit:
                    yield Finding(
                        "enrichment",
                        f"{table.name}.{column}",
                        str(month),
                        f"{share:.1%} of {scored[month][0]:,} rows have no answer",
                        f"{command} metrics {table.name} {month}",
                    )


def all_time_drop(audit: Audit) -> Iterator[Finding]:
    """The total of all time cannot fall."""
    grid = metrics.summary_user_vals
    cells = audit.cells(grid, grid.c.period == 14, grid.c.rowid == 1, grid.c.colid == 1)
    for before, cell in pairwise(cell for cell in cells if cell.value is not None):
        if cell.value < before.value:
            yield _cell_finding("all-time-drop", grid, cell, f"{before.value:,} users before, {cell.value:,} now")


def asymmetric_coverage(audit: Audit) -> Iterator[Finding]:
    """Many rows of one kind and none of the other."""
    for month in sorted(audit.web_rows.keys() | audit.logins.keys()):
        requests, logins = audit.web_rows.get(month, 0), audit.logins.get(month, 0)
        if (requests >= 100 and not logins) or (logins >= 10 and not requests):
            text = f"{requests:,} requests, {logins:,} logins: are log files missing?"
            yield Finding("asymmetric-coverage", "source_coverage", str(month), text)


def unsummarized_month(audit: Audit) -> Iterator[Finding]:
    summarized = summarized_months(audit.store)
    for month in audit.web_rows:
        if month not in summarized:
            yield _month_finding(
                "unsummarized-month", "summary_user_vals", month, "requests, but no cells of the month"
            )


def missing_periods(audit: Audit) -> Iterator[Finding]:
    for month in incomplete_months(audit.store, audit.settings.clock.month):
        if month >= audit.first_month:
            yield _month_finding("missing-periods", "summary_user_vals", month, "a grid has some periods, not all")


def orphan_stamps(audit: Audit) -> Iterator[Finding]:
    for table in (metrics.web, metrics.toolstart):
        session = sa.select(metrics.websessions.c.id).where(metrics.websessions.c.id == table.c.sessionid)
        orphans = sa.and_(table.c.sessionid != 0, ~session.exists())
        for month, (rows,) in audit.by_month(table, where=orphans).items():
            text = f"{rows:,} rows name a session that does not exist"
            yield Finding("orphan-stamps", table.name, str(month), text, f"mark-dirty {month}")


def webhits_parity(audit: Audit) -> Iterator[Finding]:
    hits = _hits_by_month(audit)
    for month, rows in audit.web_rows.items():
        if hits.get(month, 0) != rows:
            text = f"{hits.get(month, 0):,} hits, {rows:,} requests"
            yield Finding("webhits-parity", "webhits", str(month), text, f"rebuild-webhits --month {month}")


def hits_cell(audit: Audit) -> Iterator[Finding]:
    """The cell of hits is the sum of the hits of its period."""
    grid, hits = metrics.summary_misc_vals, metrics.webhits
    for month in _hits_by_month(audit):
        for period in (1, 3):
            window = month.period(period)
            total = audit.store.metrics.scalar(sa.select(sa.func.sum(hits.c.hits)).where(_in(hits.c.datetime, window)))
            stored = audit.store.metrics.scalar(
                sa.select(grid.c.value).where(
                    grid.c.datetime == month.key, grid.c.period == period, grid.c.rowid == 8, grid.c.colid == 1
                )
            )
            if _number(stored) != _number(total):
                text = f"period {period}: the cell says {stored or 'nothing'}, the hits are {total or 0:,}"
                yield Finding("hits-cell", grid.name, str(month), text, f"rebuild-webhits --month {month}")
                break


def import_gap(audit: Audit) -> Iterator[Finding]:
    """A week or more without rows and without a log file, over the whole history."""
    for table in STREAMS:
        ends = sorted({min(day, audit.today) for day in _covered_days(audit, table)})
        for before, after in pairwise(ends):
            days = (after - before).days - 1
            if days >= GAP_DAYS:
                first, last = before + dt.timedelta(days=1), after - dt.timedelta(days=1)
                text = f"{days} days without rows or files, {first} to {last}: look for the logs of these days"
                yield Finding("import-gap", table.name, str(Month.of(first)), text)


def ledger(audit: Audit) -> Iterator[Finding]:
    """Ranges that cannot be right, and rows that no file brought."""
    for table in STREAMS:
        entries = [
            entry for entry in audit.ledger if entry.target_table == table.name and entry.pk_start and entry.pk_end
        ]
        if not entries:
            continue
        importers = [entry for entry in entries if entry.origin == "importer"]
        spans = sum(1 for entry in importers if entry.pk_end - entry.pk_start + 1 != entry.row_count)
        if spans and table is metrics.web:  # ignored duplicates leave gaps in the ranges of logins
            text = f"{spans} files whose range does not hold as many ids as rows"
            yield Finding("ledger-span", table.name, table.name, text, "repair-imported-sources --apply")
        overlaps, end = 0, 0
        for entry in importers:
            overlaps += entry.pk_start <= end
            end = max(end, entry.pk_end)
        if overlaps:
            yield Finding("ledger-overlap", table.name, table.name, f"{overlaps} files share ids with an earlier one")
        if rows := _rows_outside(audit, table, [(entry.pk_start, entry.pk_end) for entry in entries]):
            text = f"{rows:,} rows belong to no file"
            yield Finding("ledger-uncovered", table.name, table.name, text, "reconstruct-imported-sources --apply")


def reconstruct_drift(audit: Audit) -> Iterator[Finding]:
    table = metrics.userlogin
    drifted = 0
    for entry in audit.ledger:
        if entry.target_table == table.name and entry.origin == "reconstruct" and entry.pk_start and entry.pk_end:
            held = sa.select(sa.func.count()).where(table.c.id.between(entry.pk_start, entry.pk_end))
            drifted += audit.store.metrics.scalar(held) != entry.row_count
    if drifted:
        yield Finding(
            "reconstruct-drift",
            table.name,
            table.name,
            f"{drifted} files whose range does not hold their number of rows",
            f"reconstruct-imported-sources --apply --target {table.name}",
        )


def auto_increment(audit: Audit) -> Iterator[Finding]:
    with audit.store.metrics.connect() as connection:
        for table in (*STREAMS, metrics.imported_sources):
            largest = connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
            following = audit.store.metrics.counter(connection, table)
            if following is not None and following <= largest:
                text = f"the next id would be {following}, the largest is {largest}"
                yield Finding("auto-increment", table.name, table.name, text)


def state_shape(audit: Audit) -> Iterator[Finding]:
    def finding(key: str, value: str) -> Finding:
        return Finding("state-shape", metrics.pipeline_state.name, key, f"holds {value!r}")

    values = audit.state
    if values.get(state.MODE) and values[state.MODE] not in ("normal", "catchup", "rebuild"):
        yield finding(state.MODE, values[state.MODE])
    for key in (state.CURSOR, state.CATCHUP_STARTED, state.CASCADE_FROM):
        if values.get(key) and not _looks_like_month(values[key]):
            yield finding(key, values[key])
    analyzed, started = values.get(state.ANALYZED, ""), values.get(state.CATCHUP_STARTED, "")
    if analyzed and not _looks_like_day(analyzed):
        yield finding(state.ANALYZED, analyzed)
    for item in values.get(state.DIRTY, "").split(","):
        if item.strip() and not _looks_like_month(item.strip()):
            yield finding(state.DIRTY, item)
            break
    if _looks_like_month(started) and _looks_like_day(analyzed) and started > analyzed[:7]:
        yield finding(state.CATCHUP_STARTED, f"{started}, later than the last analysis of {analyzed}")


def stale_summary(audit: Audit) -> Iterator[Finding]:
    for grid in GRIDS:
        is_text = isinstance(grid.c.value.type, sa.String)
        filled = sa.and_(grid.c.value.is_not(None), grid.c.value != ("" if is_text else 0))
        newest = audit.store.metrics.scalar(sa.select(sa.func.max(grid.c.datetime)).where(filled))
        month = month_of(newest) if newest else None
        if month and month >= audit.previous:
            continue
        if month is None and grid is metrics.summary_simusage_vals and not _has_rows(audit, metrics.toolstart):
            continue
        text = f"newest cells are of {month}" if month else "no cells"
        yield Finding("stale-summary", grid.name, str(audit.previous), text, f"summarize-month {audit.previous}")


def total_users(audit: Audit) -> Iterator[Finding]:
    """The first row adds up the three kinds of users; with distinct people it does not."""
    if "distinct-total" in audit.settings.corrections:
        return
    grid = metrics.summary_user_vals
    sums: dict[tuple[Any, ...], dict[bool, int]] = defaultdict(lambda: {True: 0, False: 0})
    for cell in audit.cells(grid, grid.c.rowid.in_((1, 6, 7, 8))):
        sums[cell.datetime, cell.period, cell.colid, cell.valfmt][cell.rowid == 1] += cell.value or 0
    wrong: dict[Month, int] = {}
    for (datetime, *_), parts in sums.items():
        month = month_of(datetime)
        if month and parts[True] and parts[True] != parts[False]:
            wrong[month] = wrong.get(month, 0) + 1
    for month, cells in sorted(wrong.items()):
        yield _month_finding("total-users", grid.name, month, f"{cells} totals differ from the sum of their rows")


def dirty_stuck(audit: Audit) -> Iterator[Finding]:
    if not audit.state.get(state.DIRTY, "").strip(", "):
        return
    keys = metrics.pipeline_state.c
    written = audit.store.metrics.scalar(sa.select(keys.updated_at).where(keys.k == state.DIRTY))
    now = audit.store.metrics.clock(Clock()).now.replace(tzinfo=None)
    if now - moment(str(written)) > STUCK:
        text = f"waiting since {written}: is the pipeline running?"
        yield Finding("dirty-stuck", metrics.pipeline_state.name, audit.state[state.DIRTY], text)


def all_time_regression(audit: Audit) -> Iterator[Finding]:
    """Other sums over all time that cannot fall from one month to the next."""
    for grid in GRIDS:
        rows = GROWING.get(grid.name)
        if rows is None:
            continue
        values: dict[tuple[int, int], dict[Month, int]] = defaultdict(dict)
        for cell in audit.cells(grid, grid.c.period == 14, grid.c.rowid.in_(rows)):
            month, value = month_of(cell.datetime), _number(cell.value)
            if month and isinstance(value, int):
                values[cell.rowid, cell.colid][month] = value
        fallen: dict[Month, list[str]] = defaultdict(list)
        for (row, column), series in values.items():
            for month, value in series.items():
                if month != Month(1, 1) and value < series.get(month.plus(-1), value):
                    fallen[month].append(f"{row}/{column}")
        for month, cells in sorted(fallen.items()):
            text = f"all-time cells (row/column) smaller than the month before: {', '.join(cells)}"
            yield Finding("all-time-regression", grid.name, str(month), text)


def no_logins(audit: Audit) -> Iterator[Finding]:
    for month in audit.web_rows:
        if month not in audit.logins:
            yield Finding("no-logins", metrics.userlogin.name, str(month), "requests, but no logins")


CHECKS: tuple[Callable[[Audit], Iterator[Finding]], ...] = (
    enrichment,
    all_time_drop,
    asymmetric_coverage,
    unsummarized_month,
    missing_periods,
    orphan_stamps,
    webhits_parity,
    hits_cell,
    import_gap,
    ledger,
    reconstruct_drift,
    auto_increment,
    state_shape,
    stale_summary,
    total_users,
    dirty_stuck,
    all_time_regression,
    no_logins,
)


def _month_finding(check: str, subject: str, month: Month, text: str) -> Finding:
    return Finding(check, subject, str(month), text, f"summarize-month {month}")


def _cell_finding(check: str, grid: sa.Table, cell: sa.Row[Any], text: str) -> Finding:
    month = cell.datetime[:7]
    return Finding(check, grid.name, month, text, f"summarize-month {month}")


def _collapsed(check: str, commands: Iterable[str]) -> list[str]:
    """Sorted; lookups of consecutive months become one range."""
    if check != "enrichment":
        return sorted(commands)
    ranges: list[tuple[str, Month, Month]] = []
    for command in sorted(commands):
        words, _, text = command.rpartition(" ")
        month = Month.parse(text)
        if ranges and ranges[-1][2].plus(1) == month:
            ranges[-1] = (words, ranges[-1][1], month)
        else:
            ranges.append((words, month, month))
    return [f"{words} {first}" if first == last else f"{words} {first}..{last}" for words, first, last in ranges]


def _month_text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    return sa.func.substr(as_text(column), 1, 7)


def _in(column: sa.ColumnElement[Any], window: Window) -> sa.ColumnElement[bool]:
    return sa.and_(column >= window.start, column < window.stop)


def _hits_by_month(audit: Audit) -> dict[Month, int]:
    by_month = audit.by_month(metrics.webhits, sa.func.sum(metrics.webhits.c.hits))
    return {month: hits for month, (_, hits) in by_month.items()}


def _number(value: Any) -> int | str | None:
    """A cell's value for comparison: nothing, a whole number, or what it says."""
    text = "" if value is None else str(value).strip()
    for read in (int, lambda text: int(float(text))):
        try:
            return read(text) if text else None
        except (ValueError, OverflowError):
            continue
    return text


def _covered_days(audit: Audit, table: sa.Table) -> set[dt.date]:
    """The days with rows, and the days of the files in the ledger."""
    day = sa.func.substr(as_text(table.c.datetime), 1, 10)
    texts = [row[0] for row in audit.store.metrics.rows(sa.select(day).distinct())]
    for entry in audit.ledger:
        runs = re.findall(r"(?<!\d)\d{8}(?!\d)", entry.filename) if entry.target_table == table.name else []
        if runs:
            texts.append(f"{runs[-1][:4]}-{runs[-1][4:6]}-{runs[-1][6:]}")
    return {found for text in texts if (found := day_of(text))}


def _rows_outside(audit: Audit, table: sa.Table, ranges: Iterable[tuple[int, int]]) -> int:
    """Rows whose id lies in none of the ranges, which are sorted."""
    rows, end = 0, -1
    with audit.store.metrics.connect() as connection:

        def count(*where: sa.ColumnElement[bool]) -> int:
            query = sa.select(sa.func.count()).select_from(table).where(*where)
            return int(connection.execute(query).scalar() or 0)

        for first, last in ranges:
            if first > end + 1:
                rows += count(table.c.id > end, table.c.id < first)
            end = max(end, last)
        return rows + count(table.c.id > end)


def _has_rows(audit: Audit, table: sa.Table) -> bool:
    return audit.store.metrics.scalar(sa.select(sa.literal(1)).select_from(table).limit(1)) is not None


def _looks_like_month(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d{2}", text, re.ASCII) is not None


def _looks_like_day(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) is not None
