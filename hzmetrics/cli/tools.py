"""Statistics of tools and resources."""

from __future__ import annotations

import json
from collections.abc import Sequence
from textwrap import fill

import click

from hzmetrics.calendar import PERIOD_NAMES, PERIODS, Month
from hzmetrics.cli.app import MONTH, App, Text, dry_run_option, pass_app
from hzmetrics.log import printable
from hzmetrics.pipeline.steps import Step
from hzmetrics.tools.rules import TOPLISTS

month_argument = click.argument("month", type=Text("YYYY-MM", Month.parse_start), required=False)


def _run(app: App, name: str, month: Month | None, dry_run: bool) -> None:
    """Run a step that writes to the hub's tables only: it needs no run lock (spec 60 §9)."""
    Step(name, (month or app.clock.month,)).run(app.store, app.settings, dry_run)


@click.command()
@month_argument
@dry_run_option
@pass_app
def gen_tool_stats(app: App, month: Month | None, dry_run: bool) -> None:
    """Count every tool's users, sessions, jobs and times (default: this month)."""
    _run(app, "gen-tool-stats", month, dry_run)


@click.command()
@month_argument
@dry_run_option
@pass_app
def gen_tool_tops(app: App, month: Month | None, dry_run: bool) -> None:
    """Break down every tool's users by country, domain and organisation."""
    _run(app, "gen-tool-tops", month, dry_run)


@click.command()
@month_argument
@dry_run_option
@pass_app
def gen_tool_toplists(app: App, month: Month | None, dry_run: bool) -> None:
    """Rank the hub's tools by users, runs and times."""
    _run(app, "gen-tool-toplists", month, dry_run)


@click.command()
@month_argument
@dry_run_option
@pass_app
def andmore_usage(app: App, month: Month | None, dry_run: bool) -> None:
    """Count the users of every resource that is not a tool."""
    _run(app, "andmore-usage", month, dry_run)


period_option = click.option(
    "--period",
    type=click.Choice(PERIODS),
    default=12,
    show_default=True,
    help="Code of the period: " + ", ".join(f"{code} {name}" for code, name in PERIOD_NAMES.items()) + ".",
)
month_option = click.option("--month", type=MONTH, help="Month that the period ends with (default: the newest).")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


HOURS = ("wall", "cpu", "view", "wait")
"""The figures that are times; a terminal shows hours."""


@click.group()
def tools() -> None:
    """Read the statistics of tools."""


@tools.command()
@period_option
@click.option("--by", type=click.Choice(list(TOPLISTS)), default="users", show_default=True)
@month_option
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many tools to list.")
@json_option
@pass_app
def top(app: App, period: int, by: str, month: Month | None, limit: int, as_json: bool) -> None:
    """List the tools that are used most."""
    from hzmetrics.tools import reading

    report = reading.top(app.store, month or reading.newest_month(app.store), period, by)
    report["tools"] = report["tools"][:limit]
    if as_json:
        click.echo(json.dumps(report, indent=2))
        return
    figures = ("users", "sessions", "jobs", "wall", "cpu", "view")
    totals = report["totals"]
    _print_table(
        f"Tools by {by}, {PERIOD_NAMES[period]}, {report['month']}",
        ("#", "tool", *map(_heading, figures)),
        [
            (str(tool["rank"]), f"{tool['alias']}  {tool['title']}", *(_figure(name, tool[name]) for name in figures))
            for tool in report["tools"]
        ],
        names="tool",
        footer=("", "all tools", *(_figure(name, totals.get(name)) for name in figures)),
    )


@tools.command()
@click.argument("tool")
@period_option
@month_option
@json_option
@pass_app
def show(app: App, tool: str, period: int, month: Month | None, as_json: bool) -> None:
    """Show what is known of one TOOL, an alias or a resource id; --period is that of its lists of users."""
    from hzmetrics.tools import reading

    report = reading.show(app.store, tool, month or reading.newest_month(app.store), period)
    if as_json:
        click.echo(json.dumps(report, indent=2))
        return
    periods = report["periods"]
    state = "" if report["published"] else ", not published"
    _print_table(
        f"{report['alias']} (resource {report['resource']}{state}): {report['title']}, {report['month']}",
        ("", *(fill(PERIOD_NAMES[row["period"]], 9) for row in periods)),
        [
            (_heading(name), *(_figure(name, row[name]) for row in periods))
            for name in ("users", "sessions", "simulations", "jobs", *HOURS)
        ],
        names="",
    )
    for kind in reading.BREAKDOWNS:
        rows = [(row["name"], _figure("users", row["users"])) for row in report["breakdown"][kind]]
        if rows:
            _print_table(f"Users by {kind}, {PERIOD_NAMES[period]}", (kind, "users"), rows, names=kind)


def _heading(figure: str) -> str:
    return f"{figure} h" if figure in HOURS else figure


def _figure(name: str, value: float | None) -> str:
    """A count, or seconds as hours."""
    if value is None:
        return ""
    if name not in HOURS:
        return f"{value:,}"
    hours = value / 3600
    return f"{hours:,.1f}" if hours < 100 else f"{hours:,.0f}"


def _print_table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    names: str,
    footer: Sequence[str] | None = None,
) -> None:
    """Print rows of figures, a line each, as wide as the terminal or 80 columns; `names` that are too long are cut."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), show_footer=footer is not None)
    for column, total in zip(columns, footer or [""] * len(columns), strict=True):
        is_figure = column != names
        table.add_column(column, total, justify="right" if is_figure else "left", no_wrap=is_figure, vertical="bottom")
    for row in rows:
        table.add_row(*(Text(printable(cell), no_wrap=True, overflow="ellipsis") for cell in row))
    console = Console()
    console.width = max(console.width, 80)
    console.print(Text(printable(title)), style="bold")
    console.print(table, "")
