"""The report for funders of many hubs: their sums, and each hub beside the others."""

from __future__ import annotations

from dataclasses import replace

from hzmetrics.calendar import Clock, Month
from hzmetrics.errors import HzmetricsError
from hzmetrics.fleet.definition import Fleet
from hzmetrics.fleet.figures import ADDED, COLUMNS, NOTE, FleetFigures
from hzmetrics.output.terminal import Ruled, Screen
from hzmetrics.publish import report
from hzmetrics.publish.numbers import shown
from hzmetrics.publish.report import Part, Report


def build(fleet: Fleet, found: FleetFigures, month: Month | None, code: int, clock: Clock) -> Report:
    """The report of a period that ends with `month`, or else with the newest one. Raises HzmetricsError."""
    if not found.counted:
        raise HzmetricsError("no month of any hub has been counted: there is nothing to report")
    month = month or found.newest
    columns = [figure for figure in COLUMNS if found.sums.has(figure)]
    others = [figure for figure in ADDED.values() if figure not in columns and found.sums.has(figure)]
    corrections = found.usual.corrections
    sums = report.of_figures(fleet.title, found.sums, month, code, corrections, clock)
    parts = [
        Part(
            one.hub.title,
            one.first,
            one.last,
            [one.value(figure, month, code) for figure in (*columns, *others)],
            " ".join(found.remarks(one)),
        )
        for one in found.hubs
    ]
    number = sum(one.counts(month, code) for one in found.counted)
    note = f"{number:,} of {len(found.hubs):,} hubs have figures; a sum is over those that have the figure. {NOTE}"
    return replace(sums, note=note, parts=parts, part_figures=[*columns, *others], columns=len(columns))


def show(built: Report) -> None:
    """Print a report: the sums, and the hubs."""
    screen = Screen()
    screen.show(f"{built.title}: {built.period.title.lower()}, {built.covered}", built.note, "")
    sums = Ruled()
    sums.add_column("")
    ends = ("sum", "a year ago") if built.period.step in (0, 12) else ("sum", "period before", "a year ago")
    for heading in (*ends, "hubs"):
        sums.add_column(heading, justify="right")
    for section in built.sections:
        for one in (*([section.known] if section.known else []), *section.figures):
            numbers = (one.value, one.year_ago) if len(ends) == 2 else (one.value, one.before, one.year_ago)
            sums.add_row(
                one.figure.title,
                *(shown(value, one.figure.unit) for value in numbers),
                str(built.hubs_of(one.figure) or "-"),
            )
    screen.show(sums, "")
    hubs = Ruled()
    figures = built.part_figures[: built.columns]
    hubs.add_column("hub")
    hubs.add_column("months")
    for figure in figures:
        hubs.add_column(figure.title, justify="right")
    hubs.add_column("remarks")
    for part in built.parts:
        values = (shown(value, figure.unit) for value, figure in zip(part.values, figures, strict=False))
        hubs.add_row(part.title, f"{part.first}..{part.last}" if part.first else "none", *values, part.remarks)
    screen.show(hubs)
