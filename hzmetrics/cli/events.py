"""Events.

What happens on the hub, and whether it is unusual: stress levels, hourly statistics, anomalies.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import sys
from typing import Any

import click

from hzmetrics import lock
from hzmetrics.calendar import day
from hzmetrics.cli.app import App, Text, pass_app
from hzmetrics.errors import UsageError
from hzmetrics.events import levels, reports, terminal
from hzmetrics.events.settings import EventSettings
from hzmetrics.events.update import free_space
from hzmetrics.follow.settings import Following

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.group()
def events() -> None:
    """Follow the logs, and show events, stress levels and hourly statistics."""


@events.command()
@pass_app
def update(app: App) -> None:
    """Read the new lines of the followed logs and bring everything up to now."""
    from hzmetrics.live.runner import ActivitySide

    _settings(app)
    with lock.hold(app.settings, lock.ACTIVITY):
        ActivitySide(app.store, app.settings).read_logs(account=True)


@events.command()
@click.option("--seconds", type=click.IntRange(1, 3600), default=1, show_default=True, help="Time between readings.")
@click.option("--updates", type=click.IntRange(min=1), help="Stop after so many readings.")
@pass_app
def watch(app: App, seconds: int, updates: int | None) -> None:
    """Follow the logs live until told to stop (SIGTERM or Ctrl-C); the same results as updates from cron."""
    from hzmetrics.live.runner import ActivitySide
    from hzmetrics.live.watch import watch as keep_watching

    _settings(app)
    side = ActivitySide(app.store, app.settings)
    with lock.hold(app.settings, lock.ACTIVITY):
        keep_watching(lambda clock: side.read_logs(clock, account=True), seconds, updates)


@events.command()
@click.option("--week", "weeks_ago", type=click.IntRange(0, 10_000), default=0, help="So many weeks before this one.")
@click.option(
    "--recent", type=click.IntRange(1, 100_000), is_flag=False, flag_value=20,
    help="Instead, the so many (20) latest closed hours.",
)  # fmt: skip
@json_option
@pass_app
def stats(app: App, weeks_ago: int, recent: int | None, as_json: bool) -> None:
    """Events by hour: the heat map of a week."""
    _, settings = _settings(app)
    if recent is not None:
        document = reports.recent_stats(app.store, settings, recent)
        _show(document, as_json, terminal.hours)
    else:
        document = reports.stats(app.store, settings, app.clock, weeks_ago)
        _show(document, as_json, terminal.heat_map)


@events.command()
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=20, show_default=True, help="So many at the most.")
@click.option("--recent", is_flag=True, help="Those of the last minutes, oldest first.")
@json_option
@pass_app
def anomalies(app: App, limit: int, recent: bool, as_json: bool) -> None:
    """Unusual half minutes, newest first."""
    _, settings = _settings(app)
    if recent:
        _show(reports.recent_anomalies(app.store, settings, app.clock), as_json, terminal.recent_anomalies)
    else:
        _show(reports.anomaly_list(app.store, limit), as_json, terminal.anomalies)


@events.command()
@click.option("--summary", is_flag=True, help="Counts by name instead, of the last minute and of the current hour.")
@json_option
@pass_app
def activities(app: App, summary: bool, as_json: bool) -> None:
    """The events of the last minute."""
    _, settings = _settings(app)
    if summary:
        _show(reports.activity_summary(app.store, settings, app.clock), as_json, terminal.summary)
    else:
        _show(reports.activities(app.store, settings, app.clock), as_json, terminal.activities)


@events.command()
@click.option("--test", nargs=4, metavar="SOURCE METHOD TARGET STATUS", help="Name the event that such a request is.")
@pass_app
def signatures(app: App, test: tuple[str, str, str, str] | None) -> None:
    """Print the table of event signatures."""
    _, settings = _settings(app)
    if test is None:
        terminal.signatures(settings.signatures)
        return
    source, method, target, status = test
    if not status.isdigit() and status != "-":
        raise UsageError(f"status {status!r} is neither a number nor -")
    name = settings.signatures.name(source, method, target, int(status) if status.isdigit() else 0)
    click.echo(name or "no event")


@events.command()
@json_option
@pass_app
def disk(app: App, as_json: bool) -> None:
    """Free disk space and the disk stress level."""
    _, settings = _settings(app)
    free = free_space(settings)
    level = levels.disk_level(free, settings.max_upload_mb, settings.disk_factors) if free >= 0 else None
    _show({"free_disk_space": free, "level": level}, as_json, terminal.disk)


@events.command()
@click.option("--from", "low", required=True, type=Text("YYYY-MM-DD", day), help="First day, in UTC.")
@click.option("--to", "high", required=True, type=Text("YYYY-MM-DD", day), help="Day after the last.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values (the one form there is).")
@pass_app
def export(app: App, low: dt.date, high: dt.date, as_csv: bool) -> None:
    """Hourly summaries: a row for each hour and event name."""
    _settings(app)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("hour", "event", "count", "free_disk_space"))
    writer.writerows(reports.hours(app.store, f"{low}T00:00:00Z", f"{high}T00:00:00Z"))


@events.command()
@click.option("--from-start", is_flag=True, required=True, help="Read the followed logs from their start.")
@pass_app
def rescan(app: App, from_start: bool) -> None:
    """Forget what was made of the followed logs, and read them again."""
    from hzmetrics.events.rescan import rescan as read_again
    from hzmetrics.live.runner import ActivitySide

    following, settings = _settings(app)
    with lock.hold(app.settings, lock.ACTIVITY):
        ActivitySide(app.store, app.settings).read_logs(account=True)  # new lines are new to others too
        read_again(app.store, following, settings, app.clock)


def _settings(app: App) -> tuple[Following, EventSettings]:
    following = Following.of(app.settings)
    return following, EventSettings.of(app.settings, following)


def _show(document: Any, as_json: bool, show: Any) -> None:
    if as_json:
        click.echo(json.dumps(document))
    else:
        show(document)
