"""Activity.

Who is active now and lately, and how many.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import sys
from pathlib import Path

import click

from hzmetrics import lock
from hzmetrics.active_users import counting as counting
from hzmetrics.activity import cells, monitor, owners
from hzmetrics.calendar import day
from hzmetrics.cli.app import INSTANT, App, Text, pass_app
from hzmetrics.errors import HzmetricsError, UsageError
from hzmetrics.live import openmetrics as prometheus
from hzmetrics.live.runner import ActivitySide
from hzmetrics.log import log

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def _side(app: App) -> ActivitySide:
    return ActivitySide(app.store, app.settings)


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def activity(context: click.Context, as_json: bool) -> None:
    """How active each user is and was; without a command: show."""
    if context.invoked_subcommand is None:
        context.invoke(show_activity, as_json=as_json)


@activity.command("show")
@click.option("--sort", type=click.Choice(sorted(cells.COLUMNS)), default="status", help="Column to sort by.")
@click.option("--asc/--desc", "ascending", default=None, help="Direction.")
@click.option("--limit", type=click.IntRange(0), default=200, show_default=True, help="Rows of the table; 0 for all.")
@click.option("--derived", is_flag=True, help="Also percentages, bars and tooltips, with --json.")
@json_option
@pass_app
def show_activity(app: App, sort: str, ascending: bool | None, limit: int, derived: bool, as_json: bool) -> None:
    """Scores and states of users, as the last sampling run knew them."""
    side = _side(app)
    if as_json:
        click.echo(json.dumps(monitor.show(app.store, side.activity, side.now, derived), ensure_ascii=False))
    else:
        from hzmetrics.activity import terminal

        ascending = sort == "username" if ascending is None else ascending
        document, rows = monitor.table(app.store, side.activity, side.now, sort, ascending, limit)
        terminal.show(document, rows, side.now)


@activity.command("sample")
@click.option("--force", is_flag=True, help="Also when no run is due.")
@json_option
@pass_app
def sample(app: App, force: bool, as_json: bool) -> None:
    """One sampling run, if one is due."""
    side = _side(app)
    with lock.hold(app.settings, lock.ACTIVITY):
        side.read_logs()
        counts = side.sample(force)
    if as_json:
        click.echo(json.dumps({"success": counts is not None, **(counts or {})}))
    elif counts is None:
        log.info("activity: no run is due; --force samples all the same")
    else:
        click.echo(", ".join(f"{name} {number}" for name, number in counts.items()))


@activity.command("backfill")
@click.option(
    "--since", required=True, type=INSTANT, help="A day or an instant, as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ; UTC."
)
@pass_app
def backfill(app: App, since: int) -> None:
    """Add samples of times when none were taken, from a source that knows the past (hub, logs)."""
    side = _side(app)
    with lock.hold(app.settings, lock.ACTIVITY):
        side.read_logs()
        added = monitor.backfill(app.store, side.activity, side.source, since, side.now)
    click.echo(f"Added {added} activity samples")


@activity.command("reset")
@click.option("--yes", is_flag=True, help="Really.")
@json_option
@pass_app
def reset(app: App, yes: bool, as_json: bool) -> None:
    """Delete all samples."""
    if not yes:
        raise UsageError("activity reset deletes all samples; say --yes")
    with lock.hold(app.settings, lock.ACTIVITY):
        deleted = monitor.reset(app.store)
    message = f"Deleted {deleted} activity samples"
    click.echo(json.dumps({"success": True, "deleted": deleted, "message": message}) if as_json else message)


@activity.command("rename")
@click.argument("old")
@click.argument("new")
@pass_app
def rename(app: App, old: str, new: str) -> None:
    """Move the rows of one user to another name."""
    with lock.hold(app.settings, lock.ACTIVITY):
        _found(owners.rename(app.store, old, new))


@activity.command("delete")
@click.argument("user")
@pass_app
def delete(app: App, user: str) -> None:
    """Delete every row of one user."""
    with lock.hold(app.settings, lock.ACTIVITY):
        _found(owners.delete(app.store, user))


@activity.command("half-life")
@pass_app
def half_life(app: App) -> None:
    """Working hours that half of a score rests on, by hours of work a day."""
    from hzmetrics.activity import terminal

    terminal.half_lives(_side(app).activity.scoring)


@click.group("active-users", invoke_without_command=True)
@click.option("--history", "with_history", is_flag=True, help="The stored counts instead of the latest.")
@json_option
@click.pass_context
def active_users(context: click.Context, with_history: bool, as_json: bool) -> None:
    """Users of the past day, week and month; without a command: show."""
    if context.invoked_subcommand is None:
        if with_history:
            context.invoke(history, since=None, as_json=as_json, as_csv=False)
        else:
            context.invoke(show_counts, as_json=as_json)


@active_users.command("show")
@json_option
@pass_app
def show_counts(app: App, as_json: bool) -> None:
    """The latest counts."""
    counts = counting.show(app.store)
    if as_json:
        click.echo(json.dumps(counts))
    else:
        from hzmetrics.activity import terminal

        terminal.counts(counts)


@active_users.command("update")
@click.option("--force", is_flag=True, help="Count now, not once an hour.")
@pass_app
def update(app: App, force: bool) -> None:
    """Read new log lines, and count when the hour has changed."""
    side = _side(app)
    with lock.hold(app.settings, lock.ACTIVITY):
        side.read_logs()
        side.count_active_users(force)
        side.publish()


@active_users.command("history")
@click.option("--since", type=Text("YYYY-MM-DD", day), help="First day, in UTC.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values.")
@json_option
@pass_app
def history(app: App, since: dt.date | None, as_csv: bool, as_json: bool) -> None:
    """The stored counts, oldest first."""
    if as_csv and as_json:
        raise UsageError("--csv and --json exclude each other")
    rows = counting.history(app.store, str(since) if since else None)
    if as_json:
        click.echo(json.dumps(rows))
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(("time", *counting.WINDOWS))
        writer.writerows(row.values() for row in rows)
    else:
        from hzmetrics.activity import terminal

        terminal.history(rows)


@click.command()
@click.option("--output", type=click.Path(path_type=Path), help="Write to this file, replaced at once.")
@pass_app
def openmetrics(app: App, output: Path | None) -> None:
    """The counts for Prometheus."""
    text = _side(app).exposition()
    if output is None:
        click.echo(text, nl=False)
    else:
        prometheus.write(output, text, 0o640)


def _found(rows: int) -> None:
    if not rows:
        raise HzmetricsError("nothing is known of a user of this name")  # which no log should hold
