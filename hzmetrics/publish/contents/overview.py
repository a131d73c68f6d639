"""The overview: a month and a period, chosen by the reader, and the curve of each figure over all months."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hzmetrics.calendar import Month
from hzmetrics.output.document import document
from hzmetrics.publish.charts import Chart
from hzmetrics.publish.figures.definitions import GROUPS, ORGANIZATION, PERIODS, RESIDENCE, Figure, Period
from hzmetrics.publish.figures.overview import Compared, Overview
from hzmetrics.publish.figures.values import Number
from hzmetrics.publish.writer import Writer

PARTS = {
    "residence": {"title": "Where they live", "of": 2, "columns": RESIDENCE},
    "organization": {"title": "Where they work", "of": 7, "columns": ORGANIZATION},
}
"""The breakdowns of each group of users: of how many it is known, and the columns of the parts."""
COLUMNS = ("month", "period", "group", "figure", "value", "grid", "rowid", "colid", "mark")


def write(writer: Writer, overview: Overview) -> None:
    """Put in the overview and its data. Raises OSError."""
    month = overview.months[-1] if overview.months else None
    for period in PERIODS if month else ():
        _write_period(writer, overview, period)
    made_of = {
        "months": list(map(str, overview.months)),
        "running": str(overview.running_month),
        "marks": list(map(overview.mark, overview.months)),
        "series": _series(overview, 1),
        "ever": [figure.key for figure in overview.shown()],
    }

    def values() -> dict[str, Any]:
        return {"overview": overview, "month": month, **(_view(overview, month) if month else {})}

    writer.page("index.html", "overview.html", made_of, values, overview.running_until)


def _view(overview: Overview, month: Month) -> dict[str, Any]:
    """What the overview shows before anything is chosen: a month."""
    period = PERIODS[0]

    def compared(figures: Sequence[Figure]) -> list[Compared]:
        return [overview.compared(figure, month, period) for figure in figures]

    group, headline = overview.groups[0], overview.headlines[0]
    residence = (2, *RESIDENCE) if overview.has_parts(RESIDENCE) else ()
    organization = (7, *ORGANIZATION) if overview.has_parts(ORGANIZATION) else ()
    return {
        "headlines": compared(overview.headlines),
        "curve": Chart(
            "curve",
            "curve",
            headline.title,
            headline.unit,
            [headline.title],
            list(map(str, overview.months)),
            [[overview.value(headline.key, one, period.code) for one in overview.months]],
            {place: mark for place, one in enumerate(overview.months) if (mark := overview.mark(one))},
        ),
        "everybody": overview.value(group.figure(1).key, month, period.code),
        "residence": compared([group.figure(column) for column in residence]),
        "organization": compared([group.figure(column) for column in organization]),
        "tables": [
            ("simulation", "Simulation", compared(overview.simulation)),
            ("traffic", "Visits", compared(overview.traffic)),
        ],
    }


def _series(overview: Overview, period: int) -> dict[str, Sequence[Number]]:
    """The figures of a period over all months, by key."""
    found = {figure.key: overview.series.get((figure.key, period)) for figure in overview.shown()}
    return {key: values for key, values in found.items() if values}


def _write_period(writer: Writer, overview: Overview, period: Period) -> None:
    """The data of a period: as a script for the page, and for other programs."""
    series, months = _series(overview, period.code), list(map(str, overview.months))
    name = f"data/overview-{period.code}"
    whole_from = overview.whole_from(period)
    value: dict[str, Any] = {
        "period": period.code,
        "months": months,
        "data_from": overview.first and str(overview.first),
        "whole_from": whole_from and str(whole_from),
        "incomplete": [str(month) for month in overview.months if month in overview.incomplete],
        "series": series,
    }
    if period.code == 1 and overview.running_month:
        value["running"] = {
            "month": str(overview.running_month),
            "values": {figure.key: overview.running.get(figure.key) for figure in overview.shown()},
        }
    groups = {str(group.row): group.title for group in GROUPS}
    titles = {figure.key: figure.title for figure in overview.shown()}
    units = {figure.key: figure.unit for figure in overview.shown() if figure.unit != "count"}

    def rows() -> Iterator[tuple[Any, ...]]:
        for key, values in series.items():
            grid, row, column = key.split(".")
            group = groups[row] if grid == "user" else ""
            title = "All" if group and column == "1" else titles[key]
            of_months = [
                (str(month), number, overview.mark(month))
                for month, number in zip(overview.months, values, strict=True)
            ]
            if "running" in value:
                of_months.append((str(overview.running_month), overview.running.get(key), "provisional"))
            for month, number, mark in of_months:
                yield month, period.code, group, title, number, grid, row, column, mark

    words = {"period_title": period.title, "titles": titles, "units": units, "parts": PARTS}
    writer.script(name, document(value | words | overview.remarks(period)))
    writer.data(name, document(value), COLUMNS, rows)
