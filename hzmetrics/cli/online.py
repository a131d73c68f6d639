"""Map of who is online."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from hzmetrics.cli.app import App, dry_run_option, pass_app
from hzmetrics.output.document import print_document

if TYPE_CHECKING:
    from hzmetrics.online.document import Spot


@click.command()
@click.option("--show", is_flag=True, help="Show who is online, and update nothing.")
@click.option("--names", is_flag=True, help="With --show: include the names of signed-in users.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
@dry_run_option
@pass_app
def whoisonline(app: App, show: bool, names: bool, as_json: bool, dry_run: bool) -> None:
    """Update the map of who is online, or show who is."""
    from hzmetrics.online.refresh import refresh_map

    if names and not show:
        raise click.UsageError("--names requires --show")
    if show and dry_run:
        raise click.UsageError("--show and --dry-run exclude each other: --show writes nothing")
    if show:
        _show(app, names, as_json)
        return
    report = refresh_map(app.store, app.settings, dry_run)
    if as_json:
        print_document({**dataclasses.asdict(report), "document": str(report.document), "dry_run": dry_run})


def _show(app: App, names: bool, as_json: bool) -> None:
    from hzmetrics.online.document import spots, summary
    from hzmetrics.online.refresh import map_age
    from hzmetrics.online.tables import read_visitors
    from hzmetrics.online.visitors import present

    clock = app.store.hub.clock(app.clock)
    places = spots(present(read_visitors(app.store), clock.now.timestamp()))
    age = map_age(app.settings)
    if as_json:
        seconds = None if age is None else round(age.total_seconds())
        print_document({**summary(places, clock, names), "map_age_seconds": seconds}, indent=1)
    else:
        _print(places, names, age)


def _print(places: Sequence[Spot], names: bool, age: dt.timedelta | None) -> None:
    from hzmetrics.output.terminal import Screen, Table

    written = "The map has not been written yet." if age is None else f"The map was written {_ago(age)} ago."
    table = Table(caption=written)
    table.add_column("Place", overflow="fold")
    for heading in ("Signed in", "Guests", "Robots"):
        table.add_column(heading, justify="right")
    if names:
        table.add_column("Names", overflow="fold")
    for spot in sorted(places, key=lambda spot: -sum(spot.everybody.numbers.values())):
        cells = [_place(spot), *map(str, spot.everybody.numbers.values())]
        if names:
            cells.append(", ".join(sorted(spot.everybody.users.values())))
        table.add_row(*cells)
    Screen().show(table)


def _place(spot: Spot) -> str:
    return ", ".join(part for part in (spot.city, spot.region, spot.country) if part not in ("", "-")) or "unknown"


def _ago(age: dt.timedelta) -> str:
    minutes = age // dt.timedelta(minutes=1)
    if minutes < 1:
        return f"{age.seconds} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
