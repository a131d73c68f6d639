"""Summary grids."""

from __future__ import annotations

import click

from hzmetrics.calendar import PERIODS, Month
from hzmetrics.cli.app import MONTH, App, Items, dry_run_option, pass_app
from hzmetrics.grids import SECTIONS
from hzmetrics.pipeline.steps import Step


@click.command()
@click.argument("month", type=MONTH, required=False)
@click.option("--only", type=Items(SECTIONS), help=f"Sections, of {', '.join(SECTIONS)}.")
@click.option("--periods", type=Items(PERIODS), help=f"Periods, of {', '.join(map(str, PERIODS))}.")
@dry_run_option
@pass_app
def summarize_month(
    app: App, month: Month | None, only: tuple[str, ...] | None, periods: tuple[int, ...] | None, dry_run: bool
) -> None:
    """Compute the cells of one month in the three grids.

    Without MONTH, of last month. `summarize` also copies hub data first, and writes the reports on resources.
    """
    options = {name: items for name, items in (("periods", periods), ("only", only)) if items}
    app.run(Step("summarize-month", (month or app.clock.month.plus(-1),), options), dry_run)
