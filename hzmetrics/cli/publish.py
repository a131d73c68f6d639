"""Pages and reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click

from hzmetrics import files, lock
from hzmetrics.calendar import PERIOD_NAMES, PERIODS, Month
from hzmetrics.cli.app import MONTH, App, pass_app
from hzmetrics.errors import HzmetricsError
from hzmetrics.output.sheet import standard_output
from hzmetrics.output.text import say


@click.command(short_help="Bring the public pages up to date.")
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path),
    help="Publish to this directory.  [default: [publish] dir]",
)
@pass_app
def publish(app: App, directory: Path | None) -> None:
    """Bring the public pages up to date.

    The pages show the stored numbers. Files that did not change stay, and readers find the old pages or the new ones.
    With `[publish] dir`, every run does this by itself.
    """
    from hzmetrics.publish.publishing import publish

    with lock.hold(app.settings, lock.PUBLISH):
        report = publish(app.store, app.settings, directory)
    if report.written:
        say(f"{report.directory}: {report.files:,} files, {report.written:,} of them new or changed")
    else:
        say(f"{report.directory} is up to date")


def period_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The period of a report."""
    for option in (
        click.option(
            "--month", type=MONTH, help="Report the period that ends with this month.  [default: the last whole one]"
        ),
        click.option(
            "--period",
            type=click.Choice(PERIODS),
            default=12,
            show_default=True,
            help="Report this period: " + ", ".join(f"{code} {name}" for code, name in PERIOD_NAMES.items()) + ".",
        ),
    ):
        function = option(function)
    return function


@click.command()
@period_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Write this file; its name ends in .html, .xlsx, .csv or .json.",
)
@pass_app
def report(app: App, period: int, month: Month | None, output: Path) -> None:
    """Write a report of one period: its numbers, what they count, charts.

    The numbers stand beside those of the period before and of a year ago, if there are data of these whole periods. The
    HTML document is one file, made for reading and printing.
    """
    from hzmetrics.publish import report as reports

    form = output.suffix.lower().removeprefix(".")
    if form not in reports.FORMATS:
        raise click.UsageError(f"{output}: the name of a report ends in .{', .'.join(reports.FORMATS)}")
    built = reports.build(app.store, app.settings, month, period)
    with replacing(output) as file:
        reports.write(built, form, file)
    say(f"{output} is written")


@click.command()
@click.argument("table", type=click.Choice(["grids", "tools", "resources", "sessions"]))
@click.option("--from", "first", type=MONTH, help="Export this month and later ones.")
@click.option("--to", "last", type=MONTH, help="Export this month and earlier ones.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json", "xlsx", "parquet"]),
    default="csv",
    show_default=True,
    help="Write this format.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write this file.  [default: print]"
)
@pass_app
def export(app: App, table: str, first: Month | None, last: Month | None, form: str, output: Path | None) -> None:
    """Export a table for other programs, one row per observation.

    docs/exports.md describes the tables. Without --output, the rows are printed; xlsx and parquet need a file.
    """
    from hzmetrics.publish import exports

    if first and last and last < first:
        raise click.UsageError("--to is before --from")
    chosen = exports.TABLES[table]
    months = exports.months_of(chosen, first, last, app.clock.month)
    if output is None:
        if form in ("xlsx", "parquet"):
            raise click.UsageError(f"{form} needs --output")
        rows = exports.export(app.store, chosen, months, form, standard_output())
    else:
        with replacing(output) as file:
            rows = exports.export(app.store, chosen, months, form, file)
        say(f"{output}: {rows:,} rows; corrections: {exports.corrections(app.store)}")
    if not rows:
        say(f"there are no {table} to export{' in these months' if first or last else ''}", to_stderr=True)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of another once it is whole. Raises HzmetricsError."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        with files.writing(temporary) as file:
            yield file
        temporary.replace(path)
    except OSError as error:
        raise HzmetricsError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)
