"""Beyond one machine.

The rows that the grids count as open files, and the grids computed from such files.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from hzmetrics.calendar import Months
from hzmetrics.cli.app import App, Text, pass_app
from hzmetrics.config.schema import Engine
from hzmetrics.output.text import say

MONTHS = Text("A..B", Months.parse)


def months_option(function: Callable[..., Any]) -> Callable[..., Any]:
    option = click.option("--months", type=MONTHS, help="Take these months, YYYY-MM or A..B.  [default: all]")
    return option(function)


directory_argument = click.argument("directory", type=click.Path(path_type=Path, file_okay=False))


@click.group()
def lake() -> None:
    """Export rows as Parquet files, and compute the grids from them."""


@lake.command()
@directory_argument
@months_option
@click.option(
    "--buckets",
    type=click.IntRange(1, 4096),
    metavar="N",
    help="Divide the visitors of a new data set into so many parts.  [default: 8]",
)
@click.option("--plain", is_flag=True, help="Keep names of users, addresses and names of hosts.")
@pass_app
def export(app: App, directory: Path, months: Months | None, buckets: int | None, plain: bool) -> None:
    """Export what the grids count to a directory of Parquet files.

    Names and addresses become pseudonyms. Months that are not over are left out. Months that were exported before are
    replaced. docs/lake.md describes the files.
    """
    from hzmetrics.lake.export import export

    with app.run_lock():
        found = export(app.store, app.settings, directory, months or Months(), buckets, plain)
    say(f"{directory}: {len(found.months):,} months with sessions, names and addresses: {found.names}")


@lake.command()
@directory_argument
@months_option
@click.option(
    "--workers", type=click.IntRange(1, 1024), metavar="N", help="Use so many processes.  [default: one a core]"
)
@click.option("--scheduler", metavar="ADDRESS", help="Use the workers of this Dask scheduler, tcp://HOST:PORT.")
@pass_app
def summarize(app: App, directory: Path, months: Months | None, workers: int | None, scheduler: str | None) -> None:
    """Compute the cells of all grids and periods from the files.

    No database is needed. The cells are files of the directory too. Periods some of whose months were not exported are
    left out.
    """
    from hzmetrics.engine import runner
    from hzmetrics.lake.summarize import summarize

    if workers and scheduler:
        raise click.UsageError("--workers are of this machine: not together with --scheduler")
    configured = app.settings.section(Engine).scheduler
    with runner.opened(workers, scheduler or ("" if workers else configured)) as chosen:
        cells = summarize(directory, months or Months(), chosen)
    say(f"{directory}: {sum(cells.values()):,} cells of {len(cells):,} months")


@lake.command()
@directory_argument
@months_option
@pass_app
def load(app: App, directory: Path, months: Months | None) -> None:
    """Write the computed cells to the grids of the metrics database.

    Each month is one transaction. A month that was never summarized here stays in the backlog.
    """
    from hzmetrics.lake.load import load

    with app.run_lock():
        cells = load(app.store, app.settings, directory, months or Months())
    say(f"{sum(cells.values()):,} cells of {len(cells):,} months are written")
