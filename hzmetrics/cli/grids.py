"""Summary grids."""

from __future__ import annotations

from typing import Any

import click

from hzmetrics.calendar import PERIODS, Month
from hzmetrics.cli.app import MONTH, App, dry_run_option, pass_app
from hzmetrics.grids import SECTIONS
from hzmetrics.log import stage


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
@click.option("--only", "sections", type=SECTION_LIST, default=SECTIONS, help=f"Sections, of {', '.join(SECTIONS)}.")
@click.option("--periods", type=PERIOD_LIST, default=PERIODS, help=f"Periods, of {', '.join(map(str, PERIODS))}.")
@dry_run_option
@pass_app
def summarize_month(
    app: App, month: Month | None, sections: tuple[str, ...], periods: tuple[int, ...], dry_run: bool
) -> None:
    """Write a month's cells in the three grids (default: last month)."""
    from hzmetrics.grids import summarize

    month = month or app.clock.month.plus(-1)
    with app.run_lock(dry_run), stage("summarize-month") as running:
        running.rows = summarize.summarize_month(app.store, app.settings, month, periods, sections, dry_run)
