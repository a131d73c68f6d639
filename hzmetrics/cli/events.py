"""Events.

What happens on the hub, and whether it is unusual: stress levels, hourly statistics, anomalies.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click

from hzmetrics.calendar import day
from hzmetrics.cli.app import App, Text, give_page, page_option, pass_app
from hzmetrics.errors import UsageError
from hzmetrics.events import levels, reports, terminal
from hzmetrics.events.update import free_space
from hzmetrics.live.runner import Live
from hzmetrics.live.steps import FOLLOW
from hzmetrics.output.document import print_document
from hzmetrics.output.sheet import Sheet, raw_option
from hzmetrics.output.text import say

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.group()
def events() -> None:
    """Follow the logs, and report events and stress levels."""


@events.command()
@pass_app
def update(app: App) -> None:
    """Bring the events up to date with the followed logs.

    New lines are read, and anomalies and hourly statistics are derived from them.
    """
    live = _live(app)
    live.events.signatures.check()
    with live.hold(FOLLOW):
        live.read_logs(also={"events"})


@events.command()
@click.option("--seconds", type=click.IntRange(1, 3600), default=1, show_default=True, help="Seconds between readings.")
@click.option("--updates", type=click.IntRange(min=1), help="Stop after this number of readings.")
@pass_app
def watch(app: App, seconds: int, updates: int | None) -> None:
    """Follow the logs until SIGTERM or Ctrl-C. The results are those of updates from cron; ticks do the other work."""
    from hzmetrics.live.watch import watch as keep_watching

    live = _live(app)
    live.events.signatures.check()
    with live.hold(FOLLOW):
        keep_watching(lambda clock: live.read_logs(clock, also={"events"}), seconds, updates)


@events.command()
@click.option("--week", "weeks_ago", type=click.IntRange(0, 10_000), default=0, help="Go back this number of weeks.")
@click.option(
    "--recent", type=click.IntRange(1, 100_000), is_flag=False, flag_value=20,
    help="List this number of latest closed hours instead of a week.  [default: 20]",
)  # fmt: skip
@json_option
@pass_app
def stats(app: App, weeks_ago: int, recent: int | None, as_json: bool) -> None:
    """Show the events in each hour of a week as a heat map."""
    settings = _live(app).events
    if recent is not None:
        document = reports.recent_stats(app.store, settings, recent)
        _show(document, as_json, terminal.hours)
    else:
        document = reports.stats(app.store, settings, app.clock, weeks_ago)
        _show(document, as_json, terminal.heat_map)


@events.command()
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000), default=20, show_default=True, help="Show at most this many."
)
@click.option("--recent", is_flag=True, help="Show the anomalies of the last minutes, oldest first.")
@json_option
@pass_app
def anomalies(app: App, limit: int, recent: bool, as_json: bool) -> None:
    """List the anomalies, newest first.

    An anomaly is a window of time with unusually many events.
    """
    settings = _live(app).events
    if recent:
        _show(reports.recent_anomalies(app.store, settings, app.clock), as_json, terminal.recent_anomalies)
    else:
        _show(reports.anomaly_list(app.store, limit), as_json, terminal.anomalies)


@events.command()
@click.option("--summary", is_flag=True, help="Show counts by name, of the last minute and of the current hour.")
@json_option
@pass_app
def activities(app: App, summary: bool, as_json: bool) -> None:
    """List the events of the last minute."""
    settings = _live(app).events
    if summary:
        _show(reports.activity_summary(app.store, settings, app.clock), as_json, terminal.summary)
    else:
        _show(reports.activities(app.store, settings, app.clock), as_json, terminal.activities)


@events.command()
@page_option
@pass_app
def page(app: App, output: Path | None) -> None:
    """Make a page of events and stress levels, in one file."""
    from hzmetrics.serve import copies

    give_page(copies.events(_live(app)), output)


@events.command()
@click.option("--test", nargs=4, metavar="SOURCE METHOD TARGET STATUS", help="Print the event of this request.")
@pass_app
def signatures(app: App, test: tuple[str, str, str, str] | None) -> None:
    """Print the table of event signatures."""
    settings = _live(app).events
    settings.signatures.check()
    if test is None:
        terminal.signatures(settings.signatures)
        return
    source, method, target, status = test
    if not status.isdigit() and status != "-":
        raise UsageError(f"STATUS {status!r} is not a number and not -")
    name = settings.signatures.name(source, method, target, int(status) if status.isdigit() else 0)
    say(name or "no event")


@events.command()
@json_option
@pass_app
def disk(app: App, as_json: bool) -> None:
    """Show free disk space and the disk stress level."""
    settings = _live(app).events
    free = free_space(settings)
    level = levels.disk_level(free, settings.max_upload_mb, settings.disk_factors) if free >= 0 else None
    _show({"free_disk_space": free, "level": level}, as_json, terminal.disk)


@events.command()
@click.option("--from", "low", required=True, type=Text("YYYY-MM-DD", day), help="Begin with this day, in UTC.")
@click.option("--to", "high", required=True, type=Text("YYYY-MM-DD", day), help="End before this day.")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values: the default, and the only format.")
@raw_option
@pass_app
def export(app: App, low: dt.date, high: dt.date, as_csv: bool, raw: bool) -> None:
    """Export the hourly statistics.

    The table has a row for each hour and event name.
    """
    rows = reports.hours(app.store, f"{low}T00:00:00Z", f"{high}T00:00:00Z")
    Sheet(reports.HOUR_COLUMNS, raw).write(rows)


@events.command()
@click.option("--from-start", is_flag=True, required=True, help="Read the logs from their first line.")
@pass_app
def rescan(app: App, from_start: bool) -> None:
    """Delete the events, and read the followed logs again.

    Anomalies and hourly statistics are deleted too.
    """
    from hzmetrics.events.rescan import rescan as read_again

    live = _live(app)
    live.events.signatures.check()
    with live.hold(FOLLOW):
        live.read_logs(also={"events"})  # the other capabilities must not miss the new lines
        read_again(app.store, live.following, live.events, app.clock)


def _live(app: App) -> Live:
    return Live(app.store, app.settings)


def _show(document: Any, as_json: bool, show: Any) -> None:
    if as_json:
        print_document(document)
    else:
        show(document)
