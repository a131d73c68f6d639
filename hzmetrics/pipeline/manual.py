"""The pipeline commands for operators: for any month, in any mode (spec 60 §9)."""

from __future__ import annotations

import datetime as dt
import sys
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hzmetrics.calendar import PERIODS, Month, some
from hzmetrics.errors import HzmetricsError
from hzmetrics.log import log, stage
from hzmetrics.pipeline import corrections, facts, stages, unfinished
from hzmetrics.pipeline.reset import reset_month
from hzmetrics.pipeline.run import keeping, make_state_table
from hzmetrics.store import state
from hzmetrics.store.schema import require_transactional
from hzmetrics.store.state import Left

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hzmetrics.config import Settings
    from hzmetrics.ingest.archived import MonthPlan
    from hzmetrics.store import Store


@dataclass(frozen=True)
class Consent:
    """The options by which an operator agrees to more."""

    force: bool = False
    """Days may be out of order, and the month may be the current one."""
    dry_run: bool = False
    yes: bool = False
    """Many months may be made anew."""


def process(store: Store, settings: Settings, month: Month | None, day: dt.date | None, consent: Consent) -> int:
    """Import a day, or a month (None: the oldest pending one), then analyze and summarize its month.

    The current month is only imported, unless forced. Returns the exit code: 1 if a file failed. Raises HzmetricsError
    if the first day is out of order; then nothing has been done.
    """
    from hzmetrics.ingest import imports

    store.require("hub", "metrics")
    month = Month.of(day) if day else month
    if month:
        settings.refuse_early(month)
    if settings.is_site:
        return _process_site(store, settings, month, consent)
    if day:
        days = [day]
    else:
        pending = imports.pending_days(settings)
        month = month or _oldest(store, settings, pending)
        days = [pending_day for pending_day in pending if Month.of(pending_day) == month]
    if month is None:
        return 0
    state.refuse_anonymised(store, month)
    if days and not consent.force:
        imports.check_order(settings, days[0])
    goes_on = consent.force or month != settings.clock.month
    if goes_on:
        _settle_corrections(store, settings, consent)
    if not consent.dry_run:
        begin_imports(store, settings)
    failed = import_days(store, settings, days, consent.dry_run)
    if goes_on:
        _compute(store, settings, month, consent.dry_run)
    else:
        log.info("%s is the current month, so it was only imported; --force analyzes it as well", month)
    return 1 if failed else 0


def _oldest(store: Store, settings: Settings, pending: Sequence[dt.date]) -> Month | None:
    """The oldest month that has pending logs or is backlog. Marks stay, so a marked month is left to `run`."""
    known = facts.gather(store, settings)
    unmarked = replace(known, state=known.state.with_values({state.DIRTY: ""}))
    with_logs = {Month.of(day) for day in pending}
    months = {month for month in with_logs if not known.state.is_anonymised(month)} | set(unmarked.backlog)
    if not months and known.backlog:
        log.info("no log is pending; the next runs redo the marked months %s", some(known.backlog))
    elif not months:
        log.info("no log is pending")
    return min(months, default=None)


def _process_site(store: Store, settings: Settings, month: Month | None, consent: Consent) -> int:
    """Read the new lines of a site's logs, then analyze and summarize a month (None: the oldest that is due)."""
    from hzmetrics.pipeline import site

    _settle_corrections(store, settings, consent)
    if not consent.dry_run:
        begin_imports(store, settings)
    report = site.read_logs(store, settings, dry_run=consent.dry_run)
    month = month or next(iter(facts.gather(store, settings).backlog), None)
    if month is None:
        log.info("no month is due")
    elif month == settings.clock.month and not consent.force:
        log.info("%s is the current month, so it was only imported; --force analyzes it as well", month)
    else:
        _compute(store, settings, month, consent.dry_run)
    return 1 if report.failed else 0


def _compute(store: Store, settings: Settings, month: Month, dry_run: bool) -> None:
    """Analyze a month with its sessions and summarize all its periods; reset it first if that is left to do.

    Raises HzmetricsError for an anonymised month, of which nothing is left to do then.
    """
    state.refuse_anonymised(store, month)
    if dry_run:
        stages.analyze(store, settings, month, dry_run=True)
        stages.summarize(store, settings, month, dry_run=True)
        return
    unfinished.begin(store, settings, month)
    is_reset = state.read(store).unfinished[month] is Left.RESET
    if is_reset:
        with stage(f"reset of {month}") as running:
            running.rows = reset_month(store, settings, month)
    with keeping():
        stages.analyze(store, settings, month)
        stages.summarize(store, settings, month)
    unfinished.finish(store, settings, month, is_reset=is_reset)


def begin_imports(store: Store, settings: Settings) -> None:
    """Before imports: require tables that can roll back a failed one, and store from when on corrections apply."""
    require_transactional(store)
    make_state_table(store)
    corrections.note_start(store, settings)


def import_days(store: Store, settings: Settings, days: Sequence[dt.date], dry_run: bool = False) -> int:
    """Import all pending files of some days; returns how many failed. They are remembered (spec 60 §10.1)."""
    from hzmetrics.ingest import imports
    from hzmetrics.ingest.readers import Readers

    failed = 0
    with closing(Readers(settings)) as readers:
        for day in days:
            with stage(f"import of {day}") as running:
                mark = unfinished.on_rows(settings, Month.of(day))
                report = imports.import_day(store, settings, day, dry_run=dry_run, on_rows=mark, readers=readers)
                running.rows = report.rows
            failed += len(report.failed)
            if report.failed and not dry_run:
                with store.metrics.begin() as connection:
                    facts.remember_failures(connection, report, settings)
    return failed


def retry_unread(store: Store, settings: Settings, dry_run: bool = False) -> int:
    """Import the archived files that became no rows and can be read now; returns how many still cannot."""
    from hzmetrics.ingest import archived

    found = archived.retry_unread(store, settings, dry_run)
    if not found.brought and not found.failed:
        log.info("no file was put away unread")
    elif found.brought and not dry_run:
        log.info("%d files imported; their months are marked dirty, and the next runs compute them", len(found.brought))
    return len(found.failed)


def reimport(store: Store, settings: Settings, since: Month, consent: Consent) -> list[MonthPlan]:
    """Import the archived logs of every month from `since` on again; returns the months that keep rows of before.

    Raises HzmetricsError on a terminal, unless `yes`: so much is not replaced by mistake.
    """
    from hzmetrics.ingest import archived

    months = archived.plan(store, settings, since)
    ready = [month for month in months if not month.problem]
    if not months:
        log.info("no file of %s or later is in the ledger", since)
    if consent.dry_run:
        for month in ready:
            log.info("%s: %d files, %d rows would be replaced", month.month, len(month.files), month.rows)
        for month in months:
            if month.problem:
                log.warning("%s would be left alone: %s", month.month, month.problem)
        return [month for month in months if month.problem]
    if ready and not consent.yes and sys.stdin is not None and sys.stdin.isatty():
        raise HzmetricsError(
            f"the rows of {len(ready)} months, {ready[0].month} to {ready[-1].month}, are replaced; to agree, add --yes"
        )
    left = archived.reimport(store, settings, months, since)
    follows = max((month.month.plus(1) for month in left), default=since)
    if ready:
        corrections.note_reimport(store, settings, follows)
        log.info("%s and later follow the corrections; the next runs compute the months that changed", follows)
    return left


def analyze(store: Store, settings: Settings, month: Month, consent: Consent) -> None:
    """Analyze a month with its sessions, then summarize all its periods."""
    _begin(store, settings, month, consent)
    _compute(store, settings, month, consent.dry_run)


def summarize(store: Store, settings: Settings, month: Month, consent: Consent) -> None:
    """Summarize all periods of a month."""
    _begin(store, settings, month, consent)
    _summarize(store, settings, month, PERIODS, consent.dry_run)


def rebuild_summaries(
    store: Store, settings: Settings, first: Month, last: Month, periods: Sequence[int], consent: Consent
) -> None:
    """Summarize each month from `first` through `last`, ascending; none before the plausible ones (spec 60 §3.3)."""
    store.require("hub", "metrics")
    _settle_corrections(store, settings, consent)
    with keeping():
        for month in max(first, settings.plausible_months.first).through(last):
            _summarize(store, settings, month, periods, consent.dry_run)


def _summarize(store: Store, settings: Settings, month: Month, periods: Sequence[int], dry_run: bool) -> None:
    """Summarize a month as it is; what that leaves undone is remembered."""
    if dry_run:
        stages.summarize(store, settings, month, periods, dry_run=True)
        return
    with keeping(), unfinished.summary(store, settings, month, is_whole=tuple(periods) == PERIODS):
        stages.summarize(store, settings, month, periods)


def _begin(store: Store, settings: Settings, month: Month, consent: Consent) -> None:
    settings.refuse_early(month)
    if month == settings.clock.month and not consent.force:
        raise HzmetricsError(
            f"{month} is the current month, whose rows are still arriving; --force does it all the same"
        )
    store.require("hub", "metrics")
    _settle_corrections(store, settings, consent)


def _settle_corrections(store: Store, settings: Settings, consent: Consent) -> None:
    if not consent.dry_run:
        make_state_table(store)
        corrections.adopt(store, settings, consent.yes)
