"""A page a month, with all periods as tables, and the list of months: the overview for those without JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hzmetrics.calendar import Month
from hzmetrics.output.document import document
from hzmetrics.publish.figures.definitions import ORGANIZATION, PERIODS, RESIDENCE, Figure, Group
from hzmetrics.publish.figures.overview import Overview
from hzmetrics.publish.figures.values import Number
from hzmetrics.publish.writer import Writer

PART = "months/"


class Row(NamedTuple):
    """A row of a table: a figure in each period."""

    figure: Figure
    is_part: bool
    """Whether it is a part of a row above."""
    values: Sequence[Number]


class Table(NamedTuple):
    """A table of a month."""

    id: str
    title: str
    rows: Sequence[Row]


def write(writer: Writer, overview: Overview) -> None:
    """Put in the list of months, and each month with its data. Raises OSError."""
    series = sorted([key, period, values] for (key, period), values in overview.series.items())
    if writer.keep(PART, [list(map(str, overview.months)), list(map(overview.mark, overview.months)), series]):
        return
    rows = [
        (month, overview.mark(month), [overview.value(figure.key, month, 1) for figure in overview.headlines])
        for month in reversed(overview.months)
    ]
    made_of = [[str(month), *others] for month, *others in rows]
    values = {"figures": overview.headlines, "rows": rows}
    writer.page(f"{PART}index.html", "months.html", made_of, lambda: values)
    around = [None, *overview.months, None]
    for earlier, month, later in zip(around, overview.months, around[2:], strict=False):
        _write_month(writer, overview, month, earlier, later)


def _write_month(writer: Writer, overview: Overview, month: Month, earlier: Month | None, later: Month | None) -> None:
    found = [table for table in tables(overview, month) if table.rows]
    begin = None if all(overview.covers(month, period) for period in PERIODS) else overview.first
    made_of = [str(earlier), str(later), overview.mark(month), str(begin)]
    values: dict[str, Any] = {"month": month, "earlier": earlier, "later": later, "tables": found, "begin": begin}
    values |= {"is_incomplete": month in overview.incomplete, "mark": overview.mark(month)}
    keys = [[table.id, [[row.figure.key, row.values] for row in table.rows]] for table in found]
    until = writer.until(month)
    writer.page(f"{PART}{month}.html", "month.html", [*made_of, keys], lambda: values, until)
    cells = [
        {
            "table": table.title,
            "figure": row.figure.title,
            "cell": row.figure.key,
            **{f"period_{period.code}": value for period, value in zip(PERIODS, row.values, strict=True)},
        }
        for table in found
        for row in table.rows
    ]
    columns = ("table", "figure", "cell", *(f"period_{period.code}" for period in PERIODS))
    value = {"month": str(month), "cells": cells}
    writer.data(f"{PART}{month}", document(value), columns, lambda: (cell.values() for cell in cells))


def tables(overview: Overview, month: Month) -> list[Table]:
    """All figures of a month."""

    def row(figure: Figure, is_part: bool = False) -> Row:
        return Row(figure, is_part, [overview.value(figure.key, month, period.code) for period in PERIODS])

    def parts(group: Group) -> list[Row]:
        found: list[Row] = []
        for known, columns in ((2, RESIDENCE), (7, ORGANIZATION)):
            if overview.has(group.figure(known)):
                found += [row(group.figure(known)), *(row(group.figure(column), True) for column in columns)]
        return found

    return [
        Table("users", "Users", [row(group.figure(1)) for group in overview.groups]),
        *(
            Table(f"group-{group.row}", f"{group.title}: residence and organization", parts(group))
            for group in overview.groups
        ),
        Table("simulation", "Simulation", list(map(row, overview.simulation))),
        Table("traffic", "Visits", list(map(row, overview.traffic))),
    ]
