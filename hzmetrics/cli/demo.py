"""Demonstration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hzmetrics import log
from hzmetrics.cli.app import App, pass_app
from hzmetrics.errors import HzmetricsError
from hzmetrics.output.document import print_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hzmetrics.calendar import Month
    from hzmetrics.demo.directory import Directory
    from hzmetrics.demo.progress import Reporter
    from hzmetrics.output.terminal import Renderable

STANDARD_INPUT = Path("-")
LOG = click.Path(path_type=Path, allow_dash=True, readable=False)


@click.command(short_help="Show the results for an invented hub, or for your own logs.")
@click.option(
    "--months",
    type=click.IntRange(1, 120),
    metavar="N",
    help="Invent this number of months, up to the previous one.  [default: 4]",
)
@click.option(
    "--lines", type=click.IntRange(1_000), metavar="N", help="Invent about this number of log lines.  [default: 200000]"
)
@click.option("--seed", type=click.IntRange(0), metavar="N", help="Invent another hub for another seed.  [default: 1]")
@click.option(
    "--dir", "root", type=click.Path(path_type=Path), default="demo", show_default=True, help="Work in this directory."
)
@click.option(
    "--logs", type=LOG, multiple=True, metavar="FILE...", help="Read these access logs instead of inventing a hub."
)
@click.option(
    "--geoip",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --logs: take countries from this MaxMind file.",
)
@click.option("--resolve", is_flag=True, help="With --logs: look up the names of all visitors.")
@click.option("--open", "is_opened", is_flag=True, help="Open the pages in a browser.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.argument("more", type=LOG, nargs=-1, metavar="")
@pass_app
def demo(
    app: App,
    months: int | None,
    lines: int | None,
    seed: int | None,
    root: Path,
    logs: tuple[Path, ...],
    geoip: Path | None,
    resolve: bool,
    is_opened: bool,
    as_json: bool,
    more: tuple[Path, ...],
) -> None:
    """Show the results for an invented hub, or for your own logs.

    A hub with four months of logs, accounts and tools is invented, the whole pipeline processes them, and the results
    are shown, also as web pages. All files are in one directory, which the next demonstration replaces.

    With --logs, your own access logs are read instead: those of a hub, or of any web server (docs/log-formats.md),
    plain or packed (gzip, bzip2, xz, zstd, tar). With `-` as FILE, a log is read from standard input.
    """
    from hzmetrics.demo.directory import Directory

    directory = Directory(root.absolute())
    if not logs:
        if more or geoip or resolve:
            raise click.UsageError("files, --geoip and --resolve require --logs")
        _invented(app, directory, months or 4, lines or 200_000, 1 if seed is None else seed, as_json)
        _open(directory, is_opened)
        return
    if months or lines or seed is not None:
        raise click.UsageError("--logs and --months, --lines or --seed exclude each other")
    files = (*logs, *more)
    if files.count(STANDARD_INPUT) > 1:
        raise click.UsageError("standard input can be read only once")
    _own(app, directory, files, geoip, resolve, as_json)
    _open(directory, is_opened)


def _open(directory: Directory, is_wanted: bool) -> None:
    """Open the pages in a browser."""
    if is_wanted:
        click.launch((directory.pages / "index.html").as_uri())


def _invented(app: App, directory: Directory, months: int, lines: int, seed: int, as_json: bool) -> None:
    from hzmetrics.demo import invention, live, run

    last = app.clock.month.plus(-1)
    first = last.plus(1 - months)
    reporter = _begin(app, directory, invention.sections(directory))
    with app.run_lock(), log.quiet():
        run.settle_corrections(app.store, app.settings)
        written = invention.invent(directory, app.settings, app.store, first, last, lines, seed, reporter)
        run.import_pending(app.store, app.settings, reporter)
        run.analyze(app.store, app.settings, list(first.through(last)), reporter)
    with log.quiet():
        run.tick(app.store, app.settings, reporter)
        run.publish(app.store, app.settings, directory, reporter)
    files = {
        "site/index.html": "the pages, for a browser",
        "logs/httpd/imported": "access logs, moved here after the import",
        "databases/metrics.db": "page views, visits, jobs, and the grids",
        "databases/hub.db": "accounts, tool sessions, and the tools' statistics",
        "hzmetrics.log": "the log of this demonstration",
    }
    title = f"An invented hub, {_span(first, last)}: {written:,} log lines"
    if as_json:
        _print_document(app, title, list(first.through(last)), [])
        return
    commands = ("status", "tools top", "whoisonline --show", "activity", "stats", "courses usage python3", "--help")
    _show(app, directory, title, list(first.through(last)), files, commands, ["", live.lines(app.store, app.settings)])


def _own(
    app: App, directory: Directory, logs: tuple[Path, ...], geoip: Path | None, resolve: bool, as_json: bool
) -> None:
    from hzmetrics.calendar import some
    from hzmetrics.demo import document, own, run
    from hzmetrics.enrich.places import Places
    from hzmetrics.logs.reader import open_log

    for path in logs:
        with open_log(path):
            pass  # a file that cannot be read is reported before anything is created
    sections = {
        "hub": {"site": "hub"},
        "db": {"sqlite": str(directory.databases)},
        "logs": {"format": "auto"},
        "metrics": {"corrections": "all"},
        "publish": {"dir": str(directory.pages), "title": "Your logs", "traffic": "yes"},
    }
    skip = {
        "fill-ipcountry": "For countries, name a GeoLite2 file with --geoip.",
        "resolve-dns": "For organizations, use --resolve: it looks up the names of the visitors.",
    }
    if geoip:
        Places(geoip).close()
        sections["geoip"] = {"database": str(geoip.absolute())}
        del skip["fill-ipcountry"]
    if resolve:
        del skip["resolve-dns"]
    reporter = _begin(app, directory, sections)
    with app.run_lock(), log.quiet():
        run.settle_corrections(app.store, app.settings)
        given = own.import_files(app.store, app.settings, logs, reporter)
        asked = own.months_of(app.store)
        if not asked:
            raise HzmetricsError(
                f"the logs contain no page views, so there is nothing to show. {' '.join(given.notes)}"
            )
        months = own.without_edges(app.store, own.of_the_bulk(asked, app.clock.month))
        missing = run.analyze(app.store, app.settings, months, reporter, skip)
        run.publish(app.store, app.settings, directory, reporter)
    files = {
        "site/index.html": "the pages, for a browser",
        "databases/metrics.db": "page views, visits, and the grids",
        "hzmetrics.log": "which lines were read, and which were left out",
    }
    title = f"Your logs, {_span(months[0], months[-1])}"
    hints = [*skip.values(), *([missing] if missing else [])]
    left_out = [f"{month} (page views: {asked[month]:,})" for month in asked if month not in months]
    notes = [f"Not shown, far from the other months or with a few hours only: {some(left_out)}."] if left_out else []
    notes += given.notes
    if as_json:
        _print_document(app, title, months, [*hints, *notes], document.logs(given))
    else:
        _show(app, directory, title, months, files, ("status", "--help"), ["", *hints, *notes])


def _print_document(
    app: App, title: str, months: list[Month], notes: list[str], logs: dict[str, Any] | None = None
) -> None:
    from hzmetrics.demo import document

    found = document.usage(app.store, title, months, notes)
    print_document({**found, "logs": logs} if logs else found, indent=2)


def _begin(app: App, directory: Directory, sections: dict[str, dict[str, str]]) -> Reporter:
    """Create the directory, and work in it from now on."""
    from hzmetrics.demo.progress import Reporter

    app.settings = directory.make(sections, app.clock)
    log.start(app.settings.paths.log_file, app.verbose, app.log_format)
    return Reporter()


def _show(
    app: App,
    directory: Directory,
    title: str,
    months: list[Month],
    files: dict[str, str],
    commands: tuple[str, ...],
    parts: Sequence[Renderable] = (),
) -> None:
    from hzmetrics.demo import picture
    from hzmetrics.output.terminal import Screen

    following = [f". {_near(directory.environment_file)}", *(f"hzmetrics {command}" for command in commands)]
    Screen().show(picture.screen(app.store, title, months, _near(directory.root), files, following, parts))


def _span(first: Month, last: Month) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _near(path: Path) -> Path:
    """The path relative to the current directory, if it is below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
