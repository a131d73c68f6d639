"""Pipeline.

The commands that cron calls, those that report the state of the pipeline, and those that control it by hand.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

import click

from hzmetrics import config
from hzmetrics.calendar import PERIODS, Month
from hzmetrics.cli.app import DAY, MONTH, App, Items, dry_run_option, pass_app
from hzmetrics.errors import HzmetricsError
from hzmetrics.log import keep, log, quiet
from hzmetrics.output.document import print_document
from hzmetrics.output.progress import is_shown, units_bar
from hzmetrics.output.text import say


def yes_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--yes`: agree that a change of the corrections redoes all months."""
    return click.option("--yes", is_flag=True, help="Redo all months if the list of corrections has changed.")(function)


def force_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--force", is_flag=True, help="Accept the current month, and days out of order.")(function)


@click.command()
@dry_run_option
@pass_app
def tick(app: App, dry_run: bool) -> int:
    """Do what is due now; cron calls this every five minutes.

    A tick updates the map of who is online and follows the live logs. At half past the hour it also does a run.
    """
    from hzmetrics.pipeline.tick import tick

    app.is_called_by_cron = not dry_run
    return tick(app.store, app.settings, dry_run)


@click.command()
@click.option("--all", "every", is_flag=True, help="Go on until everything is done, or a unit fails.")
@yes_option
@dry_run_option
@pass_app
def run(app: App, every: bool, yes: bool, dry_run: bool) -> int:
    """Do the next unit of work: import, analyze, summarize.

    The pipeline chooses the unit. To work on a month of your choice, use `hzmetrics process`.
    """
    from hzmetrics.installation.bootstrap import bootstrap
    from hzmetrics.pipeline.run import run

    app.is_called_by_cron = not dry_run
    if not dry_run:
        bootstrap(app.store, app.settings)
    with _progress(every) as progress:
        return run(app.store, app.settings, every=every, dry_run=dry_run, yes=yes, progress=progress)


@contextmanager
def _progress(wanted: bool) -> Iterator[Callable[[int, int, str], None]]:
    """A progress bar over the units of a run, on a terminal only. Meanwhile only warnings and errors are shown."""
    if not wanted or not is_shown():
        yield lambda done, left, what: None
        return
    with quiet(), units_bar() as progress:
        yield progress


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--watch", is_flag=True, help="Show it again every five seconds, until Ctrl-C.")
@pass_app
def status(app: App, as_json: bool, watch: bool) -> int:
    """Report the state of the pipeline, and its problems.

    The exit code is 1 if there are problems.
    """
    from hzmetrics.health.status import lines, look

    while True:
        found = look(app.store, replace(app.settings, clock=config.clock()))
        if watch:
            click.clear()
        if as_json:
            print_document(found.as_json(), indent=2)
        else:
            say(*lines(found))
        if not watch:
            return 0 if found.is_healthy else 1
        time.sleep(5)


@click.command()
@click.option("--next", "oldest", is_flag=True, help="The oldest pending month.")
@click.option("--month", type=MONTH, help="This month.")
@click.option("--day", type=DAY, help="This day, then its whole month.")
@force_option
@yes_option
@dry_run_option
@pass_app
def process(
    app: App, oldest: bool, month: Month | None, day: dt.date | None, force: bool, yes: bool, dry_run: bool
) -> int:
    """Import, analyze and summarize one month now.

    One of --next, --month and --day is required; without, the exit code is 1.
    """
    from hzmetrics.pipeline import manual

    match sum((oldest, month is not None, day is not None)):
        case 0:
            raise HzmetricsError("choose the logs with --next, --month or --day")
        case 1:
            pass
        case _:
            raise click.UsageError("use only one of --next, --month and --day")
    settings = app.settings
    with app.run_lock(dry_run):
        return manual.process(app.store, settings, month, day, manual.Consent(force, dry_run, yes))


@click.command()
@click.option("--month", type=MONTH, required=True)
@force_option
@yes_option
@dry_run_option
@pass_app
def analyze(app: App, month: Month, force: bool, yes: bool, dry_run: bool) -> None:
    """Complete the rows of a past month, then summarize it.

    Names, domains, countries and profiles are filled in, and the sessions are built. Nothing is imported.
    """
    from hzmetrics.pipeline import manual

    with app.run_lock(dry_run):
        manual.analyze(app.store, app.settings, month, manual.Consent(force, dry_run, yes))


@click.command()
@click.option("--month", type=MONTH, required=True)
@force_option
@yes_option
@dry_run_option
@pass_app
def summarize(app: App, month: Month, force: bool, yes: bool, dry_run: bool) -> None:
    """Write all grids of a past month.

    Nothing is imported or analyzed.
    """
    from hzmetrics.pipeline import manual

    with app.run_lock(dry_run):
        manual.summarize(app.store, app.settings, month, manual.Consent(force, dry_run, yes))


@click.command()
@click.option("--since", type=MONTH, required=True, help="The first month.")
@click.option("--through", type=MONTH, help="The last month (default: the previous one).")
@click.option(
    "--periods", type=Items(PERIODS), default=PERIODS, help="Period codes, separated by commas (default: all)."
)
@yes_option
@dry_run_option
@pass_app
def rebuild_summaries(
    app: App, since: Month, through: Month | None, periods: tuple[int, ...], yes: bool, dry_run: bool
) -> None:
    """Write the grids of several months again, now.

    The grids are computed from the rows as they are. Nothing is imported or analyzed.
    """
    from hzmetrics.pipeline import manual

    last = through or app.clock.month.plus(-1)
    if last < since:
        raise click.UsageError(f"the range {since} through {last} ends before it starts")
    with app.run_lock(dry_run):
        manual.rebuild_summaries(app.store, app.settings, since, last, periods, manual.Consent(True, dry_run, yes))


@click.command()
@click.argument("month", type=MONTH)
@pass_app
def rebuild_from(app: App, month: Month) -> None:
    """Have the next runs redo all months from MONTH on.

    Nothing is done now. Each run redoes one month, with all its periods.
    """
    from hzmetrics.pipeline.run import make_state_table
    from hzmetrics.store import state

    if month > app.clock.month:
        raise click.UsageError(f"{month} has not begun yet")
    app.settings.refuse_early(month)
    make_state_table(app.store)
    state.refuse_anonymised(app.store, month)
    remembered = state.read(app.store)
    if remembered.catchup_started and month < remembered.catchup_started:
        log.warning(
            "%s is before %s, the oldest month that the pipeline has caught up with", month, remembered.catchup_started
        )
    if remembered.cascade_from and remembered.cascade_from < month:
        log.warning(
            "rows of %s have changed, but the long periods of months before %s are not computed again",
            remembered.cascade_from,
            month,
        )
    state.write(app.store, {state.MODE: "rebuild", state.CURSOR: str(month)})
    log.info("the next run starts to rebuild at %s", month)


@click.command()
@click.argument("months", type=MONTH, nargs=-1, required=True)
@pass_app
def mark_dirty(app: App, months: tuple[Month, ...]) -> None:
    """Have the next runs redo only the given months.

    Nothing is done now. The months are redone from their rows, and later months that include them are adjusted.
    """
    from hzmetrics.pipeline.run import make_state_table
    from hzmetrics.store import state

    settings = app.settings
    make_state_table(app.store)
    for month in months:
        settings.refuse_early(month)
        state.refuse_anonymised(app.store, month)
    with app.store.metrics.begin() as connection:
        state.add_dirty_months(connection, months)
    log.info(
        "%s: marked; the next runs compute them again (database of %s)", ", ".join(map(str, months)), settings.file
    )


@click.command()
@click.argument("months", type=MONTH, nargs=-1)
@click.option("--all", "every", is_flag=True, help="Remove all marks.")
@pass_app
def clear_dirty(app: App, months: tuple[Month, ...], every: bool) -> None:
    """List the months that are to be redone, or remove some.

    Without MONTHS and --all, the list is printed.
    """
    from hzmetrics.pipeline.run import make_state_table
    from hzmetrics.store import state

    if not months and not every:
        say(*sorted(state.read(app.store).dirty_months))
        return
    make_state_table(app.store)
    if every:
        state.write(app.store, {state.DIRTY: ""})
    else:
        with app.store.metrics.begin() as connection:
            state.change_months(connection, state.DIRTY, remove=months)


@click.command()
@click.option("--months", type=click.IntRange(min=1, clamp=True), help="How many months back (default: 24).")
@click.option("--all", "every", is_flag=True, help="From the oldest row on.")
@click.option(
    "--floor", type=click.FloatRange(min=0, clamp=True), default=0.05, help="Share of unanswered rows that is accepted."
)
@click.option("--corrections", is_flag=True, help="What each correction would change in a month (needs --month).")
@click.option("--month", type=MONTH, help="The month of --corrections.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@pass_app
def audit(
    app: App,
    months: int | None,
    every: bool,
    floor: float,
    corrections: bool,
    month: Month | None,
    as_json: bool,
) -> int:
    """Check the stored data for gaps and contradictions.

    The data is only read. The exit code is 1 if something was found.
    """
    if months is not None and every:
        raise click.UsageError("use only one of --months and --all")
    if corrections != (month is not None):
        raise click.UsageError("--corrections needs --month, and --month needs --corrections")
    if month is not None:
        from hzmetrics.pipeline.corrections import effect_lines, effects

        described = effects(app.store, app.settings, month)
        if as_json:
            as_data = {"month": str(month), "corrections": [asdict(effect) for effect in described]}
            print_document(as_data, indent=2)
        else:
            say(*effect_lines(month, described))
        return 0
    from hzmetrics.health import audit as auditing

    found = auditing.audit(app.store, app.settings, None if every else months or auditing.MONTHS, floor)
    if as_json:
        print_document(found.as_json(), indent=2)
    else:
        say(*found.lines())
    keep(found.lines())
    return 1 if found.findings else 0
