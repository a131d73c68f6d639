"""`status`: how far the pipeline has come, and its problems (spec 65 §7). Writes nothing."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import sqlalchemy as sa

from hzmetrics import journal, lock
from hzmetrics.calendar import Month, day_of, some
from hzmetrics.config import Settings
from hzmetrics.errors import ConfigurationError, StoreError
from hzmetrics.health import arrivals, hub
from hzmetrics.ingest import sources
from hzmetrics.ingest.sources import Source
from hzmetrics.live import steps
from hzmetrics.live.freshness import Freshness, Judge
from hzmetrics.live.runner import Live
from hzmetrics.output.text import printable
from hzmetrics.pipeline import corrections, decide, facts
from hzmetrics.pipeline.corrections import listed, offered
from hzmetrics.pipeline.facts import Facts
from hzmetrics.store import Store, pseudonyms
from hzmetrics.store.state import BadFile, State
from hzmetrics.store.tables.metrics import imported_sources, web, webhits

UNREAD_SHOWN = dt.timedelta(days=30)
"""How long a file is shown that was imported although it was empty or mostly unread."""

Summary = Literal["all periods", "some periods", "none"]


@dataclass(frozen=True)
class Files:
    """Log files of one kind in one place."""

    files: int
    first: str | None
    last: str | None


@dataclass(frozen=True)
class SiteLogs:
    """The logs of a site without a hub."""

    files: int
    last_read: str | None
    """When lines were last imported."""
    last_line: str | None
    """Time of the latest request that counts."""


@dataclass(frozen=True)
class MonthStatus:
    """How far one month has come."""

    month: str
    has_rows: bool
    has_sessions: bool
    summary: Summary
    is_marked: bool
    """Marked dirty, or left unfinished: it will be done again."""
    is_pending: bool
    missing_days: int
    """Days without any hit and without an access log, from the first covered day to yesterday."""


@dataclass
class Status:
    """Everything that `status` shows."""

    configuration: str
    log_file: str
    nameserver: str
    concurrency: int
    timeout: float
    corrections: str
    corrected_since: dict[str, str] = field(default_factory=dict)
    """Corrections that act at import: the day from which on imported lines follow them; empty: all lines."""
    new_corrections: list[str] = field(default_factory=list)
    """Corrections that came with a new version, and are off."""
    mode: str = ""
    analyzed: str = ""
    catchup_started: str = ""
    rebuild: str = ""
    """In mode rebuild: walk or sweep, its position and how much is left."""
    history_floor: str = ""
    next_unit: str = ""
    dirty_months: list[str] = field(default_factory=list)
    unfinished_months: dict[str, str] = field(default_factory=dict)
    """Closed months for which something is left to do: summary, analysis or reset, whichever comes first."""
    backlog: list[str] = field(default_factory=list)
    months: list[MonthStatus] = field(default_factory=list)
    pending: dict[str, Files] = field(default_factory=dict)
    imported: dict[str, Files] = field(default_factory=dict)
    logs: SiteLogs | None = None
    """In place of pending and imported files, for a site without a hub."""
    freshness: list[Freshness] = field(default_factory=list)
    """The newest of everything that should keep coming."""
    steps: dict[str, journal.Entry] = field(default_factory=dict)
    """How the last steps of ticks ended, by name."""
    last_tick: journal.Entry | None = None
    last_run: journal.Entry | None = None
    at_work: str = ""
    """The process that holds the run lock."""
    bad_files: list[BadFile] = field(default_factory=list)
    lookups_failing: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    """What somebody may want to know, and what does not make the exit code 1."""
    problems: list[str] = field(default_factory=list)

    @property
    def is_healthy(self) -> bool:
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        return {"healthy": self.is_healthy, **asdict(self)}


def look(store: Store, settings: Settings) -> Status:
    """Collect the status. A database that does not answer becomes a problem. Raises ConfigurationError."""
    waiting = sources.pending(settings)
    judge = Judge(settings)
    status = Status(
        configuration=str(settings.file),
        log_file=str(settings.paths.log_file),
        nameserver=settings.dns.nameserver,
        concurrency=settings.dns.concurrency,
        timeout=settings.dns.timeout,
        corrections=listed(settings.corrections),
        pending={kind: _files([source.date for source in waiting if source.kind == kind]) for kind in sources.KINDS},
        imported={kind: _files(sources.imported_dates(settings, kind)) for kind in sources.KINDS},
        steps=dict(steps.outcomes(settings)),
        last_tick=journal.read(settings, "tick"),
        last_run=journal.read(settings, "run"),
        at_work=lock.holder(settings),
    )
    _judge(status, judge.of_files())
    status.warnings += _address_database(settings)
    _look_at_journal(status, settings)
    if not settings.is_site:
        _tell(status, "; ".join(sources.unreadable(settings)))
    store.require("metrics")
    try:
        _judge(status, judge.of_rows(store, Live(store, settings).sample_interval))
        known = replace(facts.gather(store, settings), has_orphans=lambda month: False)  # rows are not read here
        covered = frozenset(known.imported) | _days_with_hits(store) | arrivals.days_in_ledger(store)
        _tell_state(status, settings, known)
        if settings.is_site:
            _look_at_logs(status, store, settings)
        else:
            lost, others = arrivals.misnamed(store, settings, waiting)
            status.problems += lost
            status.warnings = others + status.warnings
            _tell(status, hub.problem(store, settings))
        _look_at_anonymised(status, store, settings, known.state, waiting)
    except StoreError as error:
        _tell(status, str(error))
        return status
    status.months = list(month_list(known, covered))
    return status


def _address_database(settings: Settings) -> list[str]:
    file = settings.geoip.database
    if file is None or os.path.lexists(file):
        return []
    return [f"there is no address database {file}: countries stay unknown; see [geoip] in {settings.file}"]


def _tell_state(status: Status, settings: Settings, known: Facts) -> None:
    remembered = known.state
    status.mode = remembered.mode
    status.analyzed = remembered.analyzed
    status.catchup_started = str(remembered.catchup_started or "")
    status.history_floor = str(remembered.floor or "")
    status.dirty_months = [str(month) for month in sorted(remembered.dirty_months)]
    status.unfinished_months = remembered.unfinished_before(known.current)
    status.backlog = [str(month) for month in known.backlog]
    unit = decide.next_unit(known)
    status.next_unit = f"{unit.what} {unit.month or ''}".strip()
    if remembered.mode == "rebuild":
        status.rebuild = _rebuild(known)
    status.bad_files = [bad for bad in remembered.bad_files if facts.is_unchanged(bad, settings)]
    status.problems += [str(bad) for bad in status.bad_files]
    status.lookups_failing = {str(month): since for month, since in sorted(remembered.lookups_failing.items())}
    status.problems += [
        f"lookups for {month} have failed since {since}" for month, since in status.lookups_failing.items()
    ]
    if remembered.corrections != settings.corrections:
        status.corrections += f" (numbers so far: {listed(remembered.corrections)}; the next run computes them again)"
    status.corrected_since = remembered.corrected_since
    status.warnings += list(_unread_files(remembered, settings))
    if remembered.snapshots_failing:
        status.warnings.append(f"snapshots cannot be kept, so summaries take longer: {remembered.snapshots_failing}")
    status.new_corrections = offered(settings, remembered)


def _unread_files(remembered: State, settings: Settings) -> Iterator[str]:
    """The files of the last days that were imported although most of their lines could not be read."""
    for file in remembered.unread_files:
        day = day_of(file.day)
        if day and settings.clock.today - day <= UNREAD_SHOWN:
            yield f"{file.filename} was imported on {file.day}, but {file.said}"


def _look_at_logs(status: Status, store: Store, settings: Settings) -> None:
    from hzmetrics.ingest import in_place

    status.pending, status.imported = {}, {}
    status.logs = SiteLogs(
        files=len(in_place.files(settings)),
        last_read=store.metrics.scalar(sa.select(sa.func.max(imported_sources.c.imported_at))),
        last_line=store.metrics.scalar(sa.select(sa.func.max(web.c.datetime))),
    )
    if not status.logs.files:
        status.problems.append(f"no file has a name that [logs] files gives; see {settings.file}")


def _look_at_anonymised(
    status: Status, store: Store, settings: Settings, remembered: State, waiting: Sequence[Source]
) -> None:
    """Logs that wait for their import into months that are anonymised; whether the key of the pseudonyms is there."""
    names = [source.path.name for source in waiting if remembered.is_anonymised(source.month)]
    if names:
        before = remembered.anonymised_before
        status.warnings.append(f"months before {before} are anonymised, so no import takes {some(names)}")
    try:
        pseudonyms.key(store, settings)
    except ConfigurationError as error:
        _tell(status, str(error))


def _rebuild(known: Facts) -> str:
    cursor = decide.walk_cursor(known)
    if cursor:
        left = sum(1 for _ in cursor.through(known.previous))
        return f"walk at {cursor}, {left} months left through {known.previous}"
    swept = decide.to_sweep(known)
    if swept:
        return f"sweep, {len(swept)} incomplete months, the oldest {swept[0]}"
    return "sweep, 0 incomplete months: the next run returns to normal"


def _judge(status: Status, found: Iterable[Freshness]) -> None:
    for one in found:
        status.freshness.append(one)
        if one.problem:
            status.problems.append(one.problem)


def _look_at_journal(status: Status, settings: Settings) -> None:
    """How the last tick, its steps and the last run ended."""
    where = f"see {settings.paths.log_file}"
    tick, run = status.last_tick, status.last_run
    if tick and tick.has_failed and tick.error:
        status.problems.append(f"the tick of {tick.started} failed: {tick.error}; {where}")
    if run and run.has_failed:
        status.problems.append(f"the run of {run.started} failed{_details(run)}; {where}")
    if run and run.exit_code is None and not status.at_work:
        status.problems.append(
            f"the run of {run.started} was killed, or could not record its end{_details(run)}; "
            f"the next run continues its work; {where}"
        )
    alike: dict[tuple[str, str], list[str]] = {}
    for step, entry in status.steps.items():
        if entry.has_failed:
            alike.setdefault((entry.error, entry.since or entry.started), []).append(step)
    for (error, since), names in alike.items():
        who = f"the step {names[0]} has" if len(names) == 1 else f"the steps {', '.join(names)} have"
        status.problems.append(f"{who} failed since {since}: {error}; {where}")


def _details(run: journal.Entry) -> str:
    """What a run was doing and what went wrong, as far as it is known."""
    return (f" ({run.what})" if run.what else "") + (f": {run.error}" if run.error else "")


def _tell(status: Status, problem: str) -> None:
    """Add what was found just now, unless a step of the last tick failed of the same."""
    if problem and all(entry.error != problem for entry in status.steps.values()):
        status.problems.append(problem)


def _files(dates: Sequence[dt.date]) -> Files:
    """Files whose dates, one a file, ascend."""
    return Files(len(dates), str(dates[0]), str(dates[-1])) if dates else Files(0, None, None)


def month_list(known: Facts, covered: frozenset[dt.date]) -> Iterator[MonthStatus]:
    """Every month from the first that has files, rows or cells up to the current one."""
    rows = known.months["web"] | known.months["userlogin"]
    marked = known.dirty | {month for month in known.unfinished if month < known.current}
    pending = {Month.of(day) for day in known.pending}
    everything = rows | known.summarized | known.partly_summarized | pending | marked
    begun = min(covered, default=known.today)
    first = max(min(everything, default=known.current), known.plausible.first)
    for month in first.through(known.current):
        summary: Summary = "none"
        if month in known.partly_summarized:
            summary = "some periods"
        elif month in known.summarized:
            summary = "all periods"
        yield MonthStatus(
            month=str(month),
            has_rows=month in rows,
            has_sessions=month in known.months["websessions"],
            summary=summary,
            is_marked=month in marked,
            is_pending=month in pending,
            missing_days=_missing(month, begun, known.today, covered),
        )


def _missing(month: Month, begun: dt.date, today: dt.date, covered: frozenset[dt.date]) -> int:
    days = (month.first_day + dt.timedelta(days=number) for number in range(month.last_day.day))
    return sum(1 for day in days if begun <= day < today and day not in covered)


def _days_with_hits(store: Store) -> frozenset[dt.date]:
    days = (row.day for row in store.metrics.rows(sa.select(webhits.c.datetime.label("day")).distinct()))
    return frozenset(filter(None, map(day_of, days)))


SYMBOLS: dict[Summary, str] = {"all periods": "#", "some periods": "+", "none": ""}


def symbol(month: MonthStatus) -> str:
    """A month in at most five characters."""
    stage = SYMBOLS[month.summary] or ("s" if month.has_sessions else "r" if month.has_rows else ".")
    return (
        stage
        + ("!" if month.is_marked else "")
        + ("<" if month.is_pending else "")
        + (str(month.missing_days) if month.missing_days else "")
    )


LEGEND = (
    "# all periods summarized   + some of them   s sessions   r rows only   . nothing",
    "! will be done again   < has pending files   a number: days without hits and log",
)


def calendar(months: Sequence[MonthStatus]) -> list[str]:
    """A line a year, a column a month."""
    if not months:
        return []
    lines = ["      " + "".join(f"{number:02d}    " for number in range(1, 13)).rstrip()]
    by_year: dict[str, dict[int, str]] = {}
    for month in months:
        by_year.setdefault(month.month[:4], {})[int(month.month[5:])] = symbol(month)
    for year, cells in by_year.items():
        lines.append(f"{year}  " + "".join(f"{cells.get(number, ''):<6}" for number in range(1, 13)).rstrip())
    return [*lines, *LEGEND]


def lines(status: Status) -> list[str]:
    """The status for people."""
    found = [printable(line) for line in _lines(status)]
    if status.warnings:
        found += ["", "Warnings", *(f"  {printable(warning)}" for warning in status.warnings)]
    if status.problems:
        return [*found, "", "Problems", *(f"  {printable(problem)}" for problem in status.problems)]
    return [*found, "", "No problems."]


def _lines(status: Status) -> Iterator[str]:
    yield from _section(
        "State",
        ("mode", _mode(status.mode)),
        ("rebuild", status.rebuild),
        ("next", status.next_unit),
        ("last daily analysis", status.analyzed or "never"),
        ("oldest caught up", status.catchup_started),
        ("history kept before", status.history_floor),
        ("backlog", ", ".join(status.backlog)),
        ("marked months", some(status.dirty_months)),
        ("unfinished months", some([f"{month} ({left})" for month, left in status.unfinished_months.items()])),
        ("last tick", _entry(status.last_tick)),
        ("last run", _entry(status.last_run)),
        ("running now", status.at_work),
    )
    yield ""
    yield from _section("Newest", *((one.name, _newest(one)) for one in status.freshness))
    if status.steps:
        yield ""
        yield from _section("Steps of a tick", *((step, _outcome(entry)) for step, entry in status.steps.items()))
    if status.months:
        yield from ("", "Months", *(f"  {line}" for line in calendar(status.months)))
    if status.logs:
        yield ""
        yield from _section(
            "Logs",
            ("files", str(status.logs.files)),
            ("last read", status.logs.last_read or "never"),
            ("last line", status.logs.last_line or "none"),
        )
    for heading, places in (("Pending", status.pending), ("Imported", status.imported)):
        if not places:
            continue
        yield ""
        yield from _section(heading, *((f"{kind} logs", _count(files)) for kind, files in places.items()))
    yield ""
    yield from _section(
        "Configuration",
        ("file", status.configuration),
        ("name server", f"{status.nameserver}, {status.concurrency} at a time, {status.timeout:g} s each"),
        ("corrections", status.corrections),
        *(("at import", line) for line in corrections.since_lines(status.corrected_since)),
        ("new corrections", _offer(status.new_corrections)),
        ("log file", status.log_file),
    )


MODES = {
    "normal": "daily work",
    "catchup": "catching up: month by month, the backlog is imported and gets the period of one month",
    "rebuild": "rebuilding: the long periods are computed again, first by a walk over the months, then by a sweep",
}


def _mode(mode: str) -> str:
    """The mode, with what it means."""
    return f"{mode} ({MODES[mode]})" if mode in MODES else mode or "unknown"


def _section(heading: str, *rows: tuple[str, str]) -> Iterator[str]:
    yield heading
    for name, value in rows:
        if value:
            yield f"  {name:<20}{value}"


def _entry(entry: journal.Entry | None) -> str:
    if entry is None:
        return "never"
    result = "running, or killed" if entry.exit_code is None else "done" if entry.exit_code == 0 else "failed"
    return ", ".join(part for part in (entry.started, entry.what, result) if part)


def _newest(one: Freshness) -> str:
    judged = "" if one.limit_seconds is None else f"; a problem after {_duration(one.limit_seconds)}"
    if one.age_seconds is None:
        return f"nothing yet{judged if one.problem else ''}"
    return f"{one.newest}, {_duration(one.age_seconds)} old{judged}"


def _duration(seconds: int) -> str:
    """A length of time in its largest fitting unit."""
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _outcome(entry: journal.Entry) -> str:
    if entry.has_failed:
        return f"failed since {entry.since or entry.started}: {entry.error}"
    return f"done, {entry.started}" if entry.exit_code == 0 else f"running, or killed, {entry.started}"


def _offer(corrections: list[str]) -> str:
    names = ", ".join(corrections)
    return names and f"{names}: off; to switch on, set [metrics] corrections = all, {names}"


def _count(files: Files) -> str:
    return f"{files.files}, {files.first} to {files.last}" if files.files else "none"
