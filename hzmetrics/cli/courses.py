"""Notebook courses.

Recording what students open, and the statistics made of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hzmetrics.cli.app import App, give_page, page_option, pass_app
from hzmetrics.courses import record
from hzmetrics.courses.settings import Courses
from hzmetrics.errors import Failures
from hzmetrics.output.document import print_document
from hzmetrics.output.sheet import Sheet, raw_option
from hzmetrics.output.text import say

if TYPE_CHECKING:
    from hzmetrics.engine import Engine
    from hzmetrics.live.runner import Live
    from hzmetrics.store import Store

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
anonymous_option = click.option("--anonymous", is_flag=True, help="Show pseudonyms instead of the names of students.")


@click.group()
def courses() -> None:
    """Record notebook courses and report on them."""


@courses.command("record-open")
@click.argument("course")
@click.argument("student")
@click.argument("notebook")
@click.argument("action")
@click.argument("port")
@pass_app
def record_open(app: App, course: str, student: str, notebook: str, action: str, port: str) -> None:
    """Record that a student opened a notebook. Another name of the command is record-event."""
    _append(app, course, "events", record.event_line(app.clock.utc_time, course, student, notebook, action, port))


courses.add_command(record_open, "record-event")


@courses.command("record-kill")
@click.argument("course")
@click.argument("student")
@pass_app
def record_kill(app: App, course: str, student: str) -> None:
    """Record that the container of a student was stopped."""
    _append(app, course, "events", record.event_line(app.clock.utc_time, course, student, "-", "killing", "-"))


@courses.command("record-header")
@click.argument("course")
@pass_app
def record_header(app: App, course: str) -> None:
    """Write a comment line that names the monitor counts."""
    _append(app, course, "counts", record.header_line())


@courses.command("record-counts", context_settings={"ignore_unknown_options": True})
@click.argument("course")
@click.argument("values", nargs=-1, type=click.UNPROCESSED)
@pass_app
def record_counts(app: App, course: str, values: tuple[str, ...]) -> None:
    """Record monitor counts.

    The counts are up to 18 integers, in the order that record-header writes.
    """
    _append(app, course, "counts", record.count_line(app.clock.utc_time, values))


@courses.command("list")
@json_option
@pass_app
def list_(app: App, as_json: bool) -> None:
    """List the courses."""
    names = Courses.of(app.settings).names()
    if as_json:
        print_document(names)
    else:
        say(*names or ["no courses yet"])


@courses.command()
@pass_app
def update(app: App) -> None:
    """Read what was appended to the raw files of all courses. Reports do this for their own course.

    A course with an error does not stop the others.
    """
    from hzmetrics.courses import outbox

    live = _live(app)
    if live.courses.finds_opens:
        _ = live.courses.url_pattern  # what is wrong with it is told even if there is nothing to read
        live.catch_up("courses")
    with live.hold("courses"):
        failures = Failures()
        with failures.collected():
            outbox.deliver(app.store, live.courses)
        for course in live.courses.names():
            with failures.collected():
                _copy(app.store, live.courses, course)
        failures.raise_all()


@courses.command()
@click.argument("course")
@json_option
@pass_app
def daily(app: App, course: str, as_json: bool) -> None:
    """Report students and notebooks by day.

    The report has running totals too.
    """
    from hzmetrics.courses import reports, terminal

    document = _report(app, course, reports.daily)
    _show(document, as_json, terminal.daily)


@courses.command()
@click.argument("course")
@json_option
@anonymous_option
@pass_app
def usage(app: App, course: str, as_json: bool, anonymous: bool) -> None:
    """Report who opened which notebook.

    The report has students by notebook, notebooks by student, and the map of both.
    """
    from hzmetrics.courses import reporting, terminal

    document = reporting.usage(app.store, Courses.of(app.settings), course, anonymous, _copy)
    _show(document, as_json, terminal.usage)


@courses.command()
@click.argument("course")
@json_option
@pass_app
def counts(app: App, course: str, as_json: bool) -> None:
    """Report the monitor counts.

    They are numbers of containers and kernels, loads, disk space and memory.
    """
    from hzmetrics.courses import reporting, terminal

    document = reporting.counts(app.store, Courses.of(app.settings), course, _copy)
    _show(document, as_json, terminal.counts)


@courses.command()
@click.argument("course")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values: the default, and the only format.")
@raw_option
@anonymous_option
@pass_app
def export(app: App, course: str, as_csv: bool, raw: bool, anonymous: bool) -> None:
    """Export the number of opens by day, student and notebook."""
    from hzmetrics.courses import reports

    name = _pseudonyms(app) if anonymous else str
    sheet = Sheet(reports.OPENS_COLUMNS, raw)

    def write(engine: Engine) -> None:
        for rows in reports.sorted_opens(engine, name):
            sheet.write(rows)

    _report(app, course, write)


@courses.command()
@click.argument("course")
@page_option
@pass_app
def page(app: App, course: str, output: Path | None) -> None:
    """Make a page of all plots of a course, in one file."""
    from hzmetrics.serve import copies

    give_page(copies.course(_live(app), course), output)


def _live(app: App) -> Live:
    from hzmetrics.live.runner import Live

    return Live(app.store, app.settings)


def _append(app: App, course: str, kind: str, line: str) -> None:
    record.append(Courses.of(app.settings).folder(course) / f"{kind}.raw", line)


def _report(app: App, course: str, report: Callable[[Engine], Any]) -> Any:
    from hzmetrics.courses import reporting

    return reporting.report(app.store, Courses.of(app.settings), course, report, _copy)


def _copy(store: Store, all_courses: Courses, course: str) -> None:
    """Bring the copy of a course up to date, with a bar for a long one."""
    from hzmetrics.courses import upkeep
    from hzmetrics.output.progress import bytes_bar

    size = sum(path.stat().st_size for path in all_courses.folder(course).glob("*.raw"))
    with bytes_bar(f"reading {course}", size) as advance:
        upkeep.copy(store, all_courses, course, advance)


def _pseudonyms(app: App) -> Callable[[str], str]:
    from hzmetrics.courses import reporting

    return reporting.pseudonyms(Courses.of(app.settings))


def _show(document: Any, as_json: bool, terminal: Callable[[Any], None]) -> None:
    if as_json:
        print_document(document)
    else:
        terminal(document)
