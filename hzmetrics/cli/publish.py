"""Pages and reports."""

from __future__ import annotations

from pathlib import Path

import click

from hzmetrics import lock
from hzmetrics.cli.app import App, pass_app
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
