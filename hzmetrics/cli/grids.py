"""Summary grids."""

from __future__ import annotations

from typing import Any

import click

from hzmetrics.calendar import PERIODS, Month
from hzmetrics.cli.app import MONTH, App, dry_run_option, pass_app
from hzmetrics.grids import SECTIONS
from hzmetrics.pipeline.steps import Step


class ItemsType(click.ParamType[tuple[Any, ...]]):
    """A comma-separated list of known items, in the order of all of them; an empty list means all (spec 50 §1)."""

    name = "LIST"

    def __init__(self, items: tuple[Any, ...]) -> None:
        self.items = items

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Any, ...]:
        if isinstance(value, tuple):
            return value
        known = {str(item): item for item in self.items}
        names = [name.strip() for name in value.split(",") if name.strip()]
        for name in names:
            if name not in known:
                self.fail(f"{name!r} is none of {', '.join(known)}", param, ctx)
        return tuple(item for name, item in known.items() if name in names) or self.items


PERIOD_LIST = ItemsType(PERIODS)
SECTION_LIST = ItemsType(SECTIONS)


@click.command()
@click.argument("month", type=MONTH, required=False)
@click.option("--only", type=SECTION_LIST, help=f"Sections, of {', '.join(SECTIONS)}.")
@click.option("--periods", type=PERIOD_LIST, help=f"Periods, of {', '.join(map(str, PERIODS))}.")
@dry_run_option
@pass_app
def summarize_month(
    app: App, month: Month | None, only: tuple[str, ...] | None, periods: tuple[int, ...] | None, dry_run: bool
) -> None:
    """Write a month's cells in the three grids (default: last month)."""
    options = {name: items for name, items in (("periods", periods), ("only", only)) if items}
    app.run(Step("summarize-month", (month or app.clock.month.plus(-1),), options), dry_run)
