"""Activity.

Who is active now and lately, and how many.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from hzmetrics import files
from hzmetrics.active_users import counting
from hzmetrics.activity import cells, monitor, owners
from hzmetrics.calendar import day
from hzmetrics.cli.app import INSTANT, App, Text, give_page, page_option, pass_app
from hzmetrics.errors import HzmetricsError, UsageError
from hzmetrics.live import openmetrics as prometheus
from hzmetrics.live.runner import Live
from hzmetrics.log import log
from hzmetrics.output.document import print_document
from hzmetrics.output.sheet import Sheet, raw_option
from hzmetrics.output.text import say

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
TABLE_ROWS = 200
"""Rows of a table of users, unless told otherwise."""


def _live(app: App) -> Live:
    return Live(app.store, app.settings)


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def activity(context: click.Context, as_json: bool) -> None:
    """Show how active each user is, and manage the samples. Without a command: show."""
    if context.invoked_subcommand is None:
        context.invoke(show_activity, as_json=as_json)


@activity.command("show")
@click.option(
    "--sort",
    type=click.Choice(sorted(cells.COLUMNS)),
    metavar="COLUMN",
    help=f"Sort by one of the columns {', '.join(sorted(cells.COLUMNS))}.  [default: status]",
)
@click.option("--asc/--desc", "ascending", default=None, help="Sort in ascending or descending order.")
@click.option(
    "--limit", type=click.IntRange(0), help="Show this many users, 0 for all.  [default: 200; all with --json]"
)
@click.option("--derived", is_flag=True, help="With --json: add percentages, bars and tooltips.")
@json_option
@pass_app
def show_activity(
    app: App, sort: str | None, ascending: bool | None, limit: int | None, derived: bool, as_json: bool
) -> None:
    """Show scores and states of users as of the last sampling run."""
    live = _live(app)
    if sort is None and (ascending is not None or not as_json):
        sort = "status"
    if as_json:
        found = monitor.show(app.store, live.activity, live.now, derived, sort, ascending, limit or 0)
        print_document(found)
    else:
        from hzmetrics.activity import terminal

        most = TABLE_ROWS if limit is None else limit
        selected = monitor.table(app.store, live.activity, live.now, True, sort, ascending, most)
        terminal.show(selected.document, selected.rows, live.now)


@activity.command("page")
@page_option
@pass_app
def page(app: App, output: Path | None) -> None:
    """Make a page of all users and their activity, in one file."""
    from hzmetrics.serve import copies

    give_page(copies.activity(_live(app)), output)


@activity.command("sample")
@click.option("--force", is_flag=True, help="Sample now, even if no run is due.")
@json_option
@pass_app
def sample(app: App, force: bool, as_json: bool) -> None:
    """Sample the activity of all users, if a run is due."""
    live = _live(app)
    live.catch_up("activity")
    with live.hold("activity"):
        counts = monitor.sample(app.store, live.activity, live.source, live.now, force)
    if as_json:
        print_document({"success": counts is not None, **(counts or {})})
    elif counts is None:
        log.info("activity: no run is due; to sample now, use --force")
    else:
        say(", ".join(f"{name} {number}" for name, number in counts.items()))


@activity.command("backfill")
@click.option("--since", required=True, type=INSTANT, help="Begin at YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ, in UTC.")
@pass_app
def backfill(app: App, since: int) -> None:
    """Add samples for the times when none were taken. Needs a source that knows the past: hub or logs."""
    live = _live(app)
    live.catch_up("activity")
    with live.hold("activity"):
        added = monitor.backfill(app.store, live.activity, live.source, since, live.now)
    say(f"Added {added} activity samples")


@activity.command("reset")
@click.option("--yes", is_flag=True, help="Confirm the deletion.")
@json_option
@pass_app
def reset(app: App, yes: bool, as_json: bool) -> None:
    """Delete all samples."""
    if not yes:
        raise UsageError("activity reset deletes all samples; to confirm, add --yes")
    with _live(app).hold("activity"):
        document = monitor.reset_document(monitor.reset(app.store))
    if as_json:
        print_document(document)
    else:
        say(document["message"])


@activity.command("rename")
@click.argument("old")
@click.argument("new")
@pass_app
def rename(app: App, old: str, new: str) -> None:
    """Rename a user: move all rows of the old name to the new one."""
    with _live(app).hold("activity"):
        _found(owners.rename(app.store, old, new))


@activity.command("delete")
@click.argument("user")
@pass_app
def delete(app: App, user: str) -> None:
    """Delete all rows of a user."""
    with _live(app).hold("activity"):
        _found(owners.delete(app.store, user))


@activity.command("half-life")
@pass_app
def half_life(app: App) -> None:
    """Show the half-life of a score in working hours.

    The half-life depends on the hours of work a day.
    """
    from hzmetrics.activity import terminal

    terminal.half_lives(_live(app).activity.scoring)


@click.group("active-users", invoke_without_command=True)
@click.option("--history", "with_history", is_flag=True, help="Show all stored counts instead of the latest.")
@json_option
@click.pass_context
def active_users(context: click.Context, with_history: bool, as_json: bool) -> None:
    """Count the users of the past day, week and month. Without a command: show."""
    if context.invoked_subcommand is None:
        if with_history:
            context.invoke(history, since=None, as_json=as_json, as_csv=False, raw=False)
        else:
            context.invoke(show_counts, as_json=as_json)


@active_users.command("show")
@json_option
@pass_app
def show_counts(app: App, as_json: bool) -> None:
    """Show the latest counts."""
    counts = counting.show(app.store)
    if as_json:
        print_document(counts)
    else:
        from hzmetrics.activity import terminal

        terminal.counts(counts)


@active_users.command("update")
@click.option("--force", is_flag=True, help="Count now, even if this hour has been counted.")
@pass_app
def update(app: App, force: bool) -> None:
    """Read new log lines, and count if a count is due."""
    live = _live(app)
    live.catch_up("active_users")
    with live.hold("active_users"):
        counting.update(app.store, live.active_users, live.source, app.clock, force)
    live.publish()


@active_users.command("history")
@click.option("--since", type=Text("YYYY-MM-DD", day), help="Begin with this day, in UTC.")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")
@raw_option
@json_option
@pass_app
def history(app: App, since: dt.date | None, as_csv: bool, raw: bool, as_json: bool) -> None:
    """List the stored counts, oldest first."""
    if as_csv and as_json:
        raise UsageError("--csv and --json cannot be combined")
    rows = counting.history(app.store, str(since) if since else None)
    if as_json:
        print_document(rows)
    elif as_csv:
        Sheet(("time", *counting.WINDOWS), raw).write(row.values() for row in rows)
    else:
        from hzmetrics.activity import terminal

        terminal.history(rows)


@click.command()
@click.option("--output", type=click.Path(path_type=Path), help="Write to this file instead of standard output.")
@pass_app
def openmetrics(app: App, output: Path | None) -> None:
    """Print the gauges for Prometheus."""
    text = _live(app).exposition()
    if output is None:
        say(*text.splitlines())
    else:
        prometheus.write(output, text, files.INTERNAL)


def _found(rows: int) -> None:
    if not rows:
        raise HzmetricsError("there are no rows of this user")  # no name: it must not reach the log
