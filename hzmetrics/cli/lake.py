"""Beyond one machine.

The rows that the grids count as open files, and the grids computed from such files.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from hzmetrics.calendar import Months, some
from hzmetrics.cli.app import App, Text, pass_app
from hzmetrics.config.schema import Engine
from hzmetrics.errors import HzmetricsError, UsageError
from hzmetrics.output.document import document
from hzmetrics.output.text import say

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.engine.runner import Runner
    from hzmetrics.lake.storage import Location

MONTHS = Text("A..B", Months.parse)


def months_option(function: Callable[..., Any]) -> Callable[..., Any]:
    option = click.option("--months", type=MONTHS, help="Take these months, YYYY-MM or A..B.  [default: all]")
    return option(function)


class LakeType(click.ParamType[Any]):
    """A directory, or the URL of a prefix in an object store."""

    name = "DIRECTORY|URL"

    def __init__(self, exists: bool = False) -> None:
        self.directory = click.Path(exists=exists, path_type=Path, file_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Location:
        if not isinstance(value, str) or "://" not in value:
            found: Path = self.directory.convert(value, param, ctx)
            return found
        from hzmetrics.lake import objects

        try:
            return objects.parse(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return self.directory.shell_complete(ctx, param, incomplete)


path_type = LakeType()
lake_argument = click.argument("directory", metavar="DIRECTORY|URL", type=LakeType(exists=True))


@click.group()
def lake() -> None:
    """Export rows as Parquet files, and compute the grids from them.

    The files are in a directory, or in an object store at a URL such as s3://BUCKET/PREFIX (docs/lake.md).
    """


buckets_option = click.option(
    "--buckets",
    type=click.IntRange(1, 4096),
    metavar="N",
    help="Divide the visitors of a new data set into so many parts.  [default: 8]",
)
plain_option = click.option("--plain", is_flag=True, help="Keep names of users, addresses and names of hosts.")


def runner_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Where the work is done."""
    for option in (
        click.option("--scheduler", metavar="ADDRESS", help="Use the workers of this Dask scheduler, tcp://HOST:PORT."),
        click.option(
            "--workers", type=click.IntRange(1, 1024), metavar="N", help="Use so many processes.  [default: one a core]"
        ),
    ):
        function = option(function)
    return function


def _runner(app: App, workers: int | None, scheduler: str | None) -> AbstractContextManager[Runner]:
    return runner_of(app.settings, workers, scheduler)  # with the settings come the memory to use, and the log


def runner_of(settings: Settings, workers: int | None, scheduler: str | None) -> AbstractContextManager[Runner]:
    """Where the work is done, as the options and the settings say."""
    from hzmetrics.engine import runner

    if workers and scheduler:
        raise click.UsageError("--workers are of this machine: not together with --scheduler")
    configured = "" if workers else settings.section(Engine).scheduler
    return runner.opened(workers, scheduler or configured)


@lake.command()
@click.argument("directory", metavar="DIRECTORY|URL", type=path_type)
@months_option
@buckets_option
@plain_option
@click.option("--private", is_flag=True, help="Also write what `lake ingest --dimensions` takes, for nobody else.")
@pass_app
def export(
    app: App, directory: Location, months: Months | None, buckets: int | None, plain: bool, private: bool
) -> None:
    """Export what the grids count to Parquet files.

    Names and addresses become pseudonyms. Months that are not over are left out. Months that were exported before are
    replaced. docs/lake.md describes the files.
    """
    from hzmetrics.lake import storage
    from hzmetrics.lake.export import export

    with app.run_lock(), storage.held(directory, app.settings):
        found = export(app.store, app.settings, directory, months or Months(), buckets, plain, private)
    say(f"{directory}: {len(found.months):,} months with sessions, names and addresses: {found.names}")


@lake.command()
@click.argument("logs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--to", "directory", required=True, type=path_type, help="Add to what is there.")
@click.option("--dimensions", type=path_type, help="Take names, countries and the hub's tables from this export.")
@buckets_option
@plain_option
@runner_options
@pass_app
def ingest(
    app: App,
    logs: tuple[Path, ...],
    directory: Location,
    dimensions: Location | None,
    buckets: int | None,
    plain: bool,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Take requests and logins from logs, without a database.

    LOGS are access logs of the configured format and auth logs (cmsauth*), plain or compressed, in the order of their
    times. What they hold is kept in a directory that nobody else may enter, and `lake sessions` goes on from there. A
    log whose text is there already is left out, and one that cannot be read does not stop the others.
    """
    from hzmetrics.lake import storage
    from hzmetrics.lake.ingest import ingest

    if dimensions:
        storage.require_reachable(dimensions)
    with storage.held(directory, app.settings), _runner(app, workers, scheduler) as chosen:
        found = ingest(app.settings, directory, logs, chosen, buckets, plain, dimensions)
    say(f"{directory}: {found.requests:,} requests of {found.logs:,} logs, {len(found.known):,} were there already")
    if found.failed:
        raise HzmetricsError(f"{len(found.failed):,} of {len(logs):,} logs could not be read")


@lake.command()
@lake_argument
@click.option("--months", type=MONTHS, help="Take these months, YYYY-MM or A..B.")
@runner_options
@pass_app
def sessions(app: App, directory: Location, months: Months | None, workers: int | None, scheduler: str | None) -> None:
    """Make the sessions of ingested requests.

    The directory is then as if it had been exported, and `lake summarize` goes on from there. Months that are not over
    are left out. Without --months, the sessions of months that have none, or have got requests since, are made.
    """
    from hzmetrics.lake import storage
    from hzmetrics.lake.sessions import make_sessions

    with storage.held(directory, app.settings), _runner(app, workers, scheduler) as chosen:
        numbers = make_sessions(app.settings, directory, months, chosen)
    say(f"{directory}: {sum(numbers.values()):,} sessions of {len(numbers):,} months")


@lake.command()
@lake_argument
@months_option
@runner_options
@pass_app
def summarize(app: App, directory: Location, months: Months | None, workers: int | None, scheduler: str | None) -> None:
    """Compute the cells of all grids and periods from the files.

    No database is needed. The cells are files of the directory too. Periods some of whose months were not exported are
    left out.
    """
    from hzmetrics.lake import storage
    from hzmetrics.lake.summarize import summarize

    with storage.held(directory, app.settings), _runner(app, workers, scheduler) as chosen:
        cells = summarize(directory, months or Months(), chosen)
    say(f"{directory}: {sum(cells.values()):,} cells of {len(cells):,} months")


@lake.command()
@lake_argument
@months_option
@pass_app
def load(app: App, directory: Location, months: Months | None) -> None:
    """Write the computed cells to the grids of the metrics database.

    Each month is one transaction. A month that was never summarized here stays in the backlog.
    """
    from hzmetrics.lake import storage
    from hzmetrics.lake.load import load

    storage.require_reachable(directory)
    with app.run_lock():
        cells = load(app.store, app.settings, directory, months or Months())
    say(f"{sum(cells.values()):,} cells of {len(cells):,} months are written")


@lake.command()
@lake_argument
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def status(directory: Location, as_json: bool) -> None:
    """Tell what a lake holds, and which command is to be run next."""
    from hzmetrics.lake import storage
    from hzmetrics.lake.status import status

    storage.require_reachable(directory)
    found = status(directory)
    lake = found.manifest
    if as_json:
        say(
            document({
                "source": lake.source,
                "hub": lake.hub,
                "time_zone": lake.time_zone,
                "has_hub": lake.has_hub,
                "corrections": lake.corrections,
                "names": lake.names,
                "buckets": lake.buckets,
                "through": str(lake.through),
                "logs": found.logs,
                "requests": found.requests,
                "months": list(map(str, lake.months)),
                "missing": list(map(str, lake.missing)),
                "computed": list(map(str, found.computed)),
                "next": found.next,
            })
        )  # fmt: skip
        return
    users = "" if lake.has_hub else "; without users and tools"
    say(f"hub: {lake.hub or '-'}, time zone {lake.time_zone or 'of the machine'}, from its {lake.source}{users}")
    say(f"corrections: {', '.join(lake.corrections) or 'none'}")
    say(f"names and addresses: {lake.names}, in {lake.buckets:,} buckets")
    if lake.source == "logs":
        say(f"logs: {found.logs:,}, requests: {found.requests:,}")
    for name, months in (("sessions", lake.months), ("cells", found.computed)):
        span = f", {months[0]} to {months[-1]}" if months else ""
        say(f"months with {name}: {len(months):,}{span}")
    if lake.missing:
        say(f"months without sessions here: {some(list(map(str, lake.missing)))}")
    say(f"next: hzmetrics lake {found.next}" if found.next else "nothing is left to do")
