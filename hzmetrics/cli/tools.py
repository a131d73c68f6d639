"""Statistics of tools and resources.

The commands that write them, and those that show them.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

import click

from hzmetrics.calendar import PERIOD_NAMES, PERIODS, Month
from hzmetrics.cli import completion
from hzmetrics.cli.app import MONTH, App, Text, dry_run_option, pass_app
from hzmetrics.output.document import print_document
from hzmetrics.pipeline.steps import Step
from hzmetrics.tools.rules import TOPLISTS

month_argument = click.argument("month", type=Text("YYYY-MM", Month.parse_start), required=False)


def _run(app: App, name: str, month: Month | None, dry_run: bool) -> None:
    """Run a step that writes to the hub's tables only, and keeps no snapshot: it needs no run lock (spec 60 §9)."""
    Step(name, (month or app.clock.month,)).run(app.store, app.settings, dry_run)


@click.command()
@month_argument
@dry_run_option
@pass_app
def gen_tool_stats(app: App, month: Month | None, dry_run: bool) -> None:
    """Count the users, sessions, jobs and times of each tool.

    Without a MONTH, the statistics of this month are written.
    """
    _run(app, "gen-tool-stats", month, dry_run)


@click.command()
@month_argument
@dry_run_option
@pass_app
def gen_tool_tops(app: App, month: Month | None, dry_run: bool) -> None:
    """List the countries, domains and employers of tool users.

    The lists are written for each tool. They need the rows of gen-tool-stats for the same month. Without a MONTH, the
    lists of this month are written.
    """
    _run(app, "gen-tool-tops", month, dry_run)


@click.command()
@month_argument
@dry_run_option
@pass_app
def gen_tool_toplists(app: App, month: Month | None, dry_run: bool) -> None:
    """Rank the tools of the hub by users, jobs and times.

    The ranking needs the rows of gen-tool-stats for the same month. Without a MONTH, that of this month is written.
    """
    _run(app, "gen-tool-toplists", month, dry_run)


@click.command()
@month_argument
@dry_run_option
@pass_app
def andmore_usage(app: App, month: Month | None, dry_run: bool) -> None:
    """Count the users of each resource that is not a tool.

    Without a MONTH, the users of this month are counted.
    """
    _run(app, "andmore-usage", month, dry_run)


period_option = click.option(
    "--period",
    type=click.Choice(PERIODS),
    default=12,
    show_default=True,
    help="Show this period: " + ", ".join(f"{code} {name}" for code, name in PERIOD_NAMES.items()) + ".",
)
month_option = click.option(
    "--month", type=MONTH, help="Show the period that ends with this month.  [default: the newest]"
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


HOURS = ("wall", "cpu", "view", "wait")
"""The figures that are times; they are printed in hours."""


@click.group()
def tools() -> None:
    """Show the statistics that the gen-tool commands wrote."""


@tools.command()
@period_option
@click.option(
    "--by", type=click.Choice(list(TOPLISTS)), default="users", show_default=True, help="Rank by this figure."
)
@month_option
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="List this number of tools.")
@json_option
@pass_app
def top(app: App, period: int, by: str, month: Month | None, limit: int, as_json: bool) -> None:
    """List the tools that are used most."""
    from hzmetrics.tools import reading

    report = reading.top(app.store, month or reading.newest_month(app.store), period, by)
    report["tools"] = report["tools"][:limit]
    if as_json:
        print_document(report, indent=2)
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
@click.argument("tool", shell_complete=completion.tools)
@period_option
@month_option
@json_option
@pass_app
def show(app: App, tool: str, period: int, month: Month | None, as_json: bool) -> None:
    """Show the statistics of one tool.

    TOOL is the alias of the tool or its resource id. The period applies to the lists of its users.
    """
    from hzmetrics.tools import reading

    report = reading.show(app.store, tool, month or reading.newest_month(app.store), period)
    if as_json:
        print_document(report, indent=2)
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
    """Print a table as wide as the terminal, at least 80 columns; long cells of the column `names` are cut."""
    from hzmetrics.output.terminal import Line, Ruled, Screen

    table = Ruled(show_footer=footer is not None)
    for column, total in zip(columns, footer or [""] * len(columns), strict=True):
        is_figure = column != names
        table.add_column(column, total, justify="right" if is_figure else "left", no_wrap=is_figure, vertical="bottom")
    for row in rows:
        table.add_row(*(Line(cell, no_wrap=True, overflow="ellipsis") for cell in row))
    screen = Screen()
    screen.width = max(screen.width, 80)
    screen.show(title, style="bold")
    screen.show(table, "")
