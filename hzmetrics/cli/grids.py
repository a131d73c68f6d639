"""Summary grids."""

from __future__ import annotations

import click

from hzmetrics.calendar import PERIODS, Month
from hzmetrics.cli.app import MONTH, App, Items, dry_run_option, pass_app
from hzmetrics.grids import SECTIONS
from hzmetrics.pipeline.steps import Step


@click.command()
@click.argument("month", type=MONTH, required=False)
@click.option("--only", type=Items(SECTIONS), help=f"Write these sections, of {', '.join(SECTIONS)}.")
@click.option("--periods", type=Items(PERIODS), help=f"Write these periods, of {', '.join(map(str, PERIODS))}.")
@dry_run_option
@pass_app
def summarize_month(
    app: App, month: Month | None, only: tuple[str, ...] | None, periods: tuple[int, ...] | None, dry_run: bool
) -> None:
    """Write chosen sections and periods of one month's grids.

    Without a MONTH, the grids of the previous month are written. Unlike `summarize`, this command accepts the current
    month and does not complete anything else.
    """
    options = {name: items for name, items in (("periods", periods), ("only", only)) if items}
    app.run(Step("summarize-month", (month or app.clock.month.plus(-1),), options), dry_run)
