"""Many hubs.

The numbers of many hubs, counted the same way, and their sums.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hzmetrics import memory
from hzmetrics.calendar import Month, Months
from hzmetrics.cli.app import App, pass_app
from hzmetrics.cli.lake import months_option, runner_of, runner_options
from hzmetrics.cli.publish import period_options, replacing
from hzmetrics.output.document import print_document
from hzmetrics.output.sheet import standard_output
from hzmetrics.output.text import say

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.fleet.definition import Fleet

FORMATS = ("text", "csv", "json", "html", "xlsx")

file_argument = click.argument("file", type=click.Path(exists=True, path_type=Path, dir_okay=False))


@click.group()
def fleet() -> None:
    """Count many hubs the same way, and show them beside each other."""


@fleet.command()
@file_argument
@months_option
@runner_options
@pass_app
def run(app: App, file: Path, months: Months | None, workers: int | None, scheduler: str | None) -> int:
    """Bring the numbers and pages of all hubs up to date.

    FILE lists the hubs (docs/fleet.md). New logs are taken in, and what has changed since the last run is computed. A
    hub that fails does not stop the others: its numbers stay as they were, and the exit code is 1.
    """
    from hzmetrics import lock
    from hzmetrics.fleet.run import run

    found, settings = _opened(app, file)
    app.begin(settings)
    with lock.hold_lake(found.directory), runner_of(settings, workers, scheduler) as chosen:
        report = run(found, settings, months or found.months, chosen)
    say(report)
    return 1 if report.failed else 0


@fleet.command()
@file_argument
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@pass_app
def status(app: App, file: Path, as_json: bool) -> int:
    """Report the months of each hub, and what failed.

    The exit code is 1 if the last run did not succeed with every hub.
    """
    from hzmetrics.engine.runner import Here
    from hzmetrics.fleet import figures
    from hzmetrics.fleet import status as health

    found = figures.read(_opened(app, file)[0], Here())
    if as_json:
        print_document(health.document(found), indent=2)
    else:
        health.show(found)
    return 0 if health.is_healthy(found) else 1


@fleet.command()
@file_argument
@period_options
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Write this format.  [default: that of the name of the output, or else text]",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write this file.  [default: print]"
)
@pass_app
def report(app: App, file: Path, period: int, month: Month | None, form: str | None, output: Path | None) -> None:
    """Report one period of all hubs, and their sums.

    The sums stand beside those of the period before and of a year ago, and the hubs beside each other. People are
    counted at each hub: who comes to two hubs counts twice in a sum.
    """
    from hzmetrics.engine.runner import Here
    from hzmetrics.fleet import figures
    from hzmetrics.fleet import report as reports
    from hzmetrics.publish.report import write

    form = form or (output.suffix.lower().removeprefix(".") if output else "text")
    if form not in FORMATS or (output and form == "text"):
        raise click.UsageError(f"{output}: the name of a report ends in .{', .'.join(FORMATS[1:])}")
    if not output and form == "xlsx":
        raise click.UsageError("xlsx needs --output")
    found, settings = _opened(app, file)
    built = reports.build(found, figures.read(found, Here()), month, period, settings.clock)
    if output:
        with replacing(output) as opened:
            write(built, form, opened)
        say(f"{output} is written")
    elif form == "text":
        reports.show(built)
    else:
        write(built, form, standard_output())


def _opened(app: App, file: Path) -> tuple[Fleet, Settings]:
    """The fleet of a file, and the settings of this command."""
    from hzmetrics.fleet import definition
    from hzmetrics.fleet.settings import of_run

    if app.config_file:
        raise click.UsageError(f"-c is not possible here: {file} names the configuration, as `config`")
    found = definition.read(file)
    settings = of_run(found)
    memory.set_limit(settings.memory)
    return found, settings
