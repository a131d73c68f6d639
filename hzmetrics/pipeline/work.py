"""Units of work, done action by action, and what happens when one fails (spec 60 §10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hzmetrics import journal, lock
from hzmetrics.calendar import DateSpan, Month, moment, some
from hzmetrics.config.schema import Publish
from hzmetrics.errors import HzmetricsError, LockHeld, LookupFailure
from hzmetrics.log import log, stage
from hzmetrics.pipeline import completed, decide, facts, stages, unfinished
from hzmetrics.pipeline.changes import Changes
from hzmetrics.pipeline.decide import Action
from hzmetrics.pipeline.facts import Facts
from hzmetrics.store import copies, state
from hzmetrics.store.state import Left

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.enrich.known import KnownAddresses
    from hzmetrics.ingest.readers import Readers
    from hzmetrics.ingest.sources import Source
    from hzmetrics.pipeline.steps import Step
    from hzmetrics.store import Store

PATIENCE = dt.timedelta(hours=24)
"""How long a closed month waits for failed lookups."""

Progress = Callable[[int, int, str], None]
"""Called before each unit: units done, units left as far as can be seen, and the unit in words."""


class Work:
    """Does units of work, action by action."""

    def __init__(self, store: Store, settings: Settings, dry_run: bool = False, is_single: bool = True) -> None:
        """`is_single`: it does one unit."""
        self.store = store
        self.settings = settings
        self.dry_run = dry_run
        self.failures: list[str] = []
        """What failed, but for files, without stopping the run."""
        self.failed_files = 0
        """Files that could not be imported or put away. State keys name them, with the reasons."""
        self.unseen: list[str] = []
        """Directories of logs that cannot be looked into, with the reasons."""
        self.changes = Changes(store, is_single)
        self._is_single = is_single
        self.through = None if dry_run else self.changes.run

    @cached_property
    def readers(self) -> Readers:
        """What reads log files; made when there are some."""
        from hzmetrics.ingest.readers import Readers

        return Readers(self.settings)

    @cached_property
    def addresses(self) -> KnownAddresses:
        """What is known of addresses; made when there are rows to complete."""
        from hzmetrics.enrich.known import KnownAddresses

        return KnownAddresses(self.store, self.settings)

    def close(self) -> None:
        """Close what reads log files."""
        if "readers" in self.__dict__:
            self.readers.close()

    @property
    def error(self) -> str:
        """What failed without stopping the run, in short; empty: nothing."""
        counts = {"log files that could not be imported or put away": self.failed_files,
                  "directories of logs that could not be looked into": len(self.unseen)}  # fmt: skip
        return "; ".join([*self.failures, *(f"{what}: {count}" for what, count in counts.items() if count)])

    def units(self, limit: int | None, progress: Progress, recording: journal.Recording | None = None) -> int:
        """Up to `limit` units, ending after a normal one or a failure; the exit code.

        Without a limit, a normal unit ends them only when there is no backlog any more.
        """
        if self.settings.is_site:
            self.read_site()
        else:
            self.look_for_logs()
        with copies.kept():
            return self._units(limit, progress, recording)

    def _units(self, limit: int | None, progress: Progress, recording: journal.Recording | None) -> int:
        done = 0
        while True:
            self.changes.begin_unit()
            known = facts.gather(self.store, self.settings)
            self.tell_bad_files(known)
            self.drop_marks(known)
            unit = decide.next_unit(known)
            what = f"{unit.mode} {unit.month}: {unit.what}" if unit.month else f"{unit.mode}: {unit.what}"
            progress(done, decide.units_left(known), what)
            if recording:
                recording.update(what=what)
            with stage(what):
                for action in unit.actions:
                    self.do(action, known)
            done += 1
            has_failed = self.failures or self.failed_files
            if done == limit or has_failed or (unit.is_last and (limit or self.is_idle())):
                return 1 if self.error else 0

    def publish(self) -> int:
        """Bring the pages up to date, if there are any; the exit code. A failure is told, and the work is done."""
        if self.settings.section(Publish).dir is None:
            return 0
        from hzmetrics.publish.publishing import publish

        try:
            with stage("publication of the pages"), lock.hold(self.settings, lock.PUBLISH):
                publish(self.store, self.settings)
            return 0
        except LockHeld as held:
            log.info("the pages: %s", held)
            return 0
        except HzmetricsError as error:
            log.error("the pages are not up to date: %s", error)
            self.failures.append(str(error))
            return 1

    def is_idle(self) -> bool:
        """Whether no month waits any more: files may have come, and commands may have been given, meanwhile."""
        return decide.next_unit(facts.gather(self.store, self.settings)).is_last

    def do(self, action: Action, known: Facts) -> None:
        """Do one action. Raises what stops the unit."""
        match action:
            case decide.Remember(values):
                self.remember(lambda connection: state.put(connection, values))
            case decide.Lower(key, month):
                self.remember(lambda connection: state.lower_month(connection, key, month))
            case decide.ImportDay(day, marks):
                self.import_day(day, marks, known)
            case decide.Begin(month, left):
                self.remember(lambda connection: state.leave(connection, {month: left}))
            case decide.Reset(month, marks):
                self.reset(month, marks)
            case decide.AnalyzeToday(today):
                self.analyze_today(today)
            case decide.Analyze(month):
                self.analyze(month, known)
            case decide.Summarize(month, periods):
                stages.summarize(self.store, self.settings, month, periods, self.dry_run, through=self.through)
            case decide.Finish(month):
                if not self.dry_run:
                    unfinished.finish(self.store, self.settings, month)
            case decide.Settle(month, is_whole):
                if not known.has_source(month) and not known.has_data(month):
                    log.warning("%s is marked, but has neither rows nor files; only the mark is removed", month)
                self.remember(lambda connection: _settle(connection, month, is_whole))
            case decide.ClosePrevious():
                after_imports = facts.gather(self.store, self.settings)
                for closing in decide.close_previous(after_imports):
                    self.do(closing, after_imports)

    def remember(self, change: Callable[[sa.Connection], None]) -> None:
        """Change state keys, in a transaction of their own; not in a dry run."""
        if not self.dry_run:
            with self.store.metrics.begin() as connection:
                change(connection)

    def import_day(self, day: dt.date, marks: bool, known: Facts) -> None:
        """Import a day's files. One that fails is remembered, and the others go on (spec 60 §10.1)."""
        from hzmetrics.ingest.imports import import_day

        month = Month.of(day)

        def on_rows(connection: sa.Connection, months: frozenset[Month]) -> None:
            self.changes.imported(months)
            if marks:
                state.reopen(connection, month)
            else:
                unfinished.rows_change(connection, [month], self.settings)

        with stage(f"import of {day}") as running:
            report = import_day(
                self.store,
                self.settings,
                day,
                dry_run=self.dry_run,
                files=self._files(month, known),
                on_rows=on_rows,
                readers=self.readers,
                complete=partial(self.addresses.complete_requests, month),
            )
            running.rows = report.rows
        self.failed_files += len(report.failed) + len(report.unmoved)
        if report.failed or report.unmoved:
            self.remember(lambda connection: facts.remember_failures(connection, report, self.settings))

    def _files(self, month: Month, known: Facts) -> list[Source]:
        """The files of a month, and those of the next one that has some: a run that goes on will import them."""
        later = min((other for other in known.files if other > month), default=None)
        following = known.files[later] if later and not self._is_single else ()
        return [*known.files.get(month, ()), *following]

    def look_for_logs(self) -> None:
        """See whether there may be logs that cannot be seen (spec 60 §10.1)."""
        from hzmetrics.ingest import sources

        self.unseen = sources.unreadable(self.settings)
        for problem in self.unseen:
            log.error("%s", problem)

    def read_site(self) -> None:
        """Import the new lines of a site's logs (spec 60 §13). A file that fails is remembered."""
        from hzmetrics.pipeline import site

        remembered = state.read(self.store)

        def skip(path: Path) -> bool:
            return facts.is_remembered(path, remembered, self.settings)

        report = site.read_logs(self.store, self.settings, skip, self.dry_run)
        self.failed_files += len(report.failed)
        failed = [(path, reason) for path, reason in report.failed if path not in report.changed]
        bad = [facts.bad_file(path, reason, self.settings) for path, reason in failed]
        self.remember(lambda connection: state.remember_bad_files(connection, bad))

    def reset(self, month: Month, marks: bool) -> None:
        from hzmetrics.pipeline.reset import reset_month

        def mark(connection: sa.Connection) -> None:
            state.leave(connection, {month: Left.RESET})
            if marks:
                state.lower_month(connection, state.CASCADE_FROM, month)

        self.remember(mark)
        self.changes.reset(month)
        with stage(f"reset of {month}") as running:
            running.rows = reset_month(self.store, self.settings, month, dry_run=self.dry_run)

    def analyze_today(self, today: dt.date) -> None:
        """The daily analysis. After a failed lookup it goes on, and is done again by the next run (spec 60 §10.2)."""
        month = Month.of(today)
        requests = completed.requests(self.store, self.settings, state.read(self.store), month)
        failed = stages.analyze(
            self.store,
            self.settings,
            month,
            sessions=False,
            dry_run=self.dry_run,
            go_on_without_lookups=True,
            through=self.through,
            completed=requests.completed,
            known=self.addresses,
        )
        if failed:
            self.failures += [str(failure) for failure in failed]
        elif not self.dry_run:
            values = {state.ANALYZED: today.isoformat(), **completed.after_analysis(self.store, requests)}
            self.remember(lambda connection: state.put(connection, values))

    def analyze(self, month: Month, known: Facts) -> None:
        """The analysis of a closed month. It waits for failed lookups, at most `PATIENCE` (spec 60 §10.2)."""
        from hzmetrics.pipeline.gaps import without_rows

        failing = dict(known.state.lookups_failing)
        since = failing.get(month)
        now = self.settings.clock.now
        waited = since is not None and now - moment(since) >= PATIENCE
        if not self.dry_run:
            parts = stages.analysis(month, sessions=True, is_site=self.settings.is_site)
            steps = (step for part in parts for step in part.steps if not self.is_awaited(step))
            self.changes.ask(steps, partial(without_rows, self.store, self.settings, month))
        try:
            failed = stages.analyze(
                self.store,
                self.settings,
                month,
                dry_run=self.dry_run,
                go_on_without_lookups=waited,
                through=self.through,
                known=self.addresses,
            )
        except LookupFailure:
            failing.setdefault(month, now.isoformat(timespec="seconds"))
            self.remember(lambda connection: state.remember_lookups(connection, failing))
            raise
        if failed:
            log.warning("%s goes on without the lookups, which have failed since %s", month, since)
        elif since:
            del failing[month]
            self.remember(lambda connection: state.remember_lookups(connection, failing))

    def is_awaited(self, step: Step) -> bool:
        """Whether a step has other rows to write for addresses whose country was known."""
        match step.name, step.arguments:
            case "fill-ipcountry", (_, str(table), DateSpan() as span):
                return self.addresses.has_given(table, span)
        return False

    def tell_bad_files(self, known: Facts) -> None:
        """Warn of the remembered files; forget those that have changed or gone, and those that can be put away now."""
        changed = [bad.path for bad in known.state.bad_files if not facts.is_unchanged(bad, self.settings)]
        unchanged = [Path(bad.path) for bad in known.state.bad_files if bad.path not in changed]
        if unchanged and not self.dry_run and not self.settings.is_site:
            from hzmetrics.ingest.imports import put_away_imported

            changed += map(str, put_away_imported(self.store, self.settings, unchanged))
        for bad in known.state.bad_files:
            if bad.path not in changed:
                log.warning("%s", bad)
        if changed:
            self.remember(lambda connection: state.remember_bad_files(connection, [], forget=changed))

    def drop_marks(self, known: Facts) -> None:
        """Remove the marks of months before all plausible ones: no run takes them up (spec 60 §3.3)."""
        marks = (known.state.dirty_months | known.state.unfinished.keys()) - known.dirty - known.unfinished.keys()
        if marks:
            log.warning(
                "marks of months before %s are removed ([logs] earliest): %s",
                known.plausible.first,
                some(sorted(marks)),
            )
            self.remember(lambda connection: state.unmark(connection, marks))


def _settle(connection: sa.Connection, month: Month, is_whole: bool) -> None:
    state.unmark(connection, [month])
    if not is_whole:
        state.leave(connection, {month: Left.SUMMARY})
