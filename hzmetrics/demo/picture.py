"""The picture of the usage of a hub, from the grids: its months, and where its users live and work (spec 50 §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.output.terminal import Bar, Line, Plain, Renderable, group
from hzmetrics.store import Store
from hzmetrics.store.tables.metrics import summary_misc_vals, summary_simusage_vals, summary_user_vals

MONTHS_SHOWN = 24

RESIDENCE = {3: "United States", 4: "Asia", 5: "Europe", 6: "elsewhere"}
ORGANIZATION = {8: "education", 9: "industry", 10: "government", 11: "other"}
"""The meanings of columns of the user grid."""

COLUMNS = (
    ("Users", "user", 1),
    ("registered", "user", 6),
    ("Visitors", "misc", 4),
    ("Visits", "misc", 5),
    ("Sessions", "misc", 2),
    ("Simulation\nruns", "sim", 2),
    ("Page views", "misc", 8),
)
"""The columns of the table of months: title, grid and row."""

BAR = 40
"""Width of the longest bar."""

MONTH, YEAR = 1, 12
"""Periods: a month, and the twelve months that end with it."""


@dataclass(frozen=True)
class Grids:
    """The cells of some months: (grid, period, rowid, colid) to value."""

    cells: Mapping[tuple[str, int, int, int, str], int]

    @classmethod
    def read(cls, store: Store, months: Sequence[Month]) -> Grids:
        cells = {}
        for name, table in (("user", summary_user_vals), ("sim", summary_simusage_vals), ("misc", summary_misc_vals)):
            query = sa.select(table).where(
                table.c.datetime.in_([month.key for month in months]), table.c.period.in_((MONTH, YEAR))
            )
            for row in store.metrics.read(query).to_pylist():
                value = str(row["value"] or 0)
                if value.isdecimal():
                    cells[name, row["period"], row["rowid"], row["colid"], row["datetime"]] = int(value)
        return cls(cells)

    def of(self, grid: str, month: Month, row: int, column: int = 1, period: int = MONTH) -> int:
        return self.cells.get((grid, period, row, column, month.key), 0)


def screen(
    store: Store,
    title: str,
    months: Sequence[Month],
    directory: Path,
    files: Mapping[str, str],
    commands: Sequence[str],
    parts: Sequence[Renderable] = (),
) -> Renderable:
    """The whole picture: the usage of `months`, further `parts`, the files in the directory, and commands to try."""
    return group(
        "",
        Line(title, "bold"),
        "",
        usage(store, months),
        *parts,
        "",
        Line.of(("Files", "bold"), f" in {directory}"),
        *(Line.of(f"  {name:<21} ", (meaning, "dim")) for name, meaning in files.items()),
        "",
        Line("Try next", "bold"),
        *(Line(f"  {command}", no_wrap=True, overflow="ignore") for command in commands),
    )


def usage(store: Store, months: Sequence[Month]) -> Renderable:
    """The months as a table, then the residences and organizations of the users of the last twelve."""
    shown = list(months)[-MONTHS_SHOWN:]
    grids = Grids.read(store, shown)
    last = shown[-1]
    return group(
        _months(grids, shown),
        "",
        _breakdown(grids, last, "Where the users live", 2, RESIDENCE),
        "",
        _breakdown(grids, last, "Where they work", 7, ORGANIZATION),
    )


def _months(grids: Grids, months: Sequence[Month]) -> Plain:
    """A line for each month; columns without any number are left out."""
    table = Plain(header_style="bold")
    table.add_column("Month", vertical="bottom")
    values = {title: [grids.of(grid, month, row) for month in months] for title, grid, row in COLUMNS}
    shown = {title: column for title, column in values.items() if title == "Users" or any(column)}
    for title in shown:
        table.add_column(title, justify="right", vertical="bottom")
    for month, *numbers in zip(months, *shown.values(), strict=True):
        table.add_row(str(month), *(f"{number:,}" for number in numbers))
    return table


def _breakdown(grids: Grids, month: Month, title: str, known: int, names: Mapping[int, str]) -> Renderable:
    """A bar for each column: its share of the known users."""
    everybody, of_known = (grids.of("user", month, 1, column, YEAR) for column in (1, known))
    users = [grids.of("user", month, 1, column, YEAR) for column in names]
    heading = Line.of((title, "bold"), f"  known for {of_known:,} of {everybody:,}, 12 months to {month}")
    table = Plain(show_header=False)
    table.add_column(min_width=13)
    table.add_column(justify="right", min_width=6)
    table.add_column(justify="right", min_width=4)
    table.add_column(width=BAR)
    for name, number in zip(names.values(), users, strict=True):
        share = number / max(1, sum(users))
        table.add_row(name, f"{number:,}", f"{share:.0%}", Bar(share))
    return group(heading, table) if of_known else heading
