"""The grids, read whole: every figure over all months, and how it compares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hzmetrics.calendar import Month, month_of
from hzmetrics.grids.state import incomplete_months
from hzmetrics.publish.figures.definitions import (
    ALL_TIME,
    FIGURES,
    GROUPS,
    HEADLINES,
    ORGANIZATION,
    PERIODS,
    RESIDENCE,
    SIMULATION,
    TRAFFIC,
    VISITOR_HEADLINES,
    VISITS,
    Figure,
    Group,
    Period,
)
from hzmetrics.publish.figures.running import Running
from hzmetrics.publish.figures.values import Number, number
from hzmetrics.store import state
from hzmetrics.store.tables.metrics import summary_misc_vals, summary_simusage_vals, summary_user_vals

if TYPE_CHECKING:
    import pyarrow as pa

    from hzmetrics.store import Store

GRIDS = {"user": summary_user_vals, "simusage": summary_simusage_vals, "misc": summary_misc_vals}
PACKAGE = "hzmetrics.publish"


@dataclass(frozen=True)
class Compared:
    """A figure of a month and period beside those before."""

    figure: Figure
    value: Number
    before: Number
    """Of the period before that of the same kind; None: there is none, or it cannot be compared."""
    year_ago: Number
    """Likewise."""


@dataclass(frozen=True)
class Overview:
    """All figures of all months."""

    months: Sequence[Month]
    """Ascending, without gaps. Not empty, but for a site without a summary."""
    series: Mapping[tuple[str, int], Sequence[Number]]
    """By key of the figure and period: the values, one for each month."""
    incomplete: frozenset[Month] = frozenset()
    """Months that will be counted again, or lack periods."""
    running: Mapping[str, Number] = field(default_factory=dict)
    """The figures of the month that is not over, by key; empty where there are none."""
    running_month: Month | None = None
    running_until: str = ""
    """Time of the last request of that month."""

    def before(self, month: Month) -> Overview:
        """The same without the months from one on: summaries of months that are not over are of no whole month.

        If there are no earlier months, nothing is left out, and they are incomplete.
        """
        whole = [one for one in self.months if one < month]
        if not whole:
            return replace(self, incomplete=frozenset(self.months))
        if len(whole) == len(self.months):
            return self
        series = {key: values[: len(whole)] for key, values in self.series.items()}
        return replace(self, months=whole, series=series, incomplete=self.incomplete.intersection(whole))

    @cached_property
    def first(self) -> Month | None:
        """The first month with data; None: it is not known, because they begin before the first summary."""
        ever = [values for (_, period), values in self.series.items() if period == ALL_TIME]
        place = next((place for place in range(len(self.months)) if any(values[place] for values in ever)), None)
        if place is None:
            return None
        month = self.months[place]
        begins_before = place == 0 and self.value(VISITS.key, month, ALL_TIME) != self.value(VISITS.key, month, 1)
        return None if begins_before else month

    def covers(self, month: Month, period: Period) -> bool:
        """Whether data begin before a period that ends with a month does; of all time, there are all that exist."""
        begin = month.period(period.code).start if period.step else month.start
        return self.first is None or begin is None or self.first.start <= begin

    def is_comparable(self, figure: Figure, month: Month, step: int, period: Period) -> bool:
        """Whether a figure can be compared with that of the period which ended some months before."""
        return self.covers(month.back(step), period)

    def value(self, key: str, month: Month, period: int) -> Number:
        """One value; None where there is none."""
        values = self.series.get((key, period))
        if not values:
            return None
        place = (month.year - self.months[0].year) * 12 + month.number - self.months[0].number
        return values[place] if 0 <= place < len(values) else None

    def compared(self, figure: Figure, month: Month, period: Period) -> Compared:
        """A figure beside those of the period before and a year ago, where it can be compared with them."""

        def earlier(step: int) -> Number:
            is_comparable = step > 0 and self.is_comparable(figure, month, step, period)
            return self.value(figure.key, month.back(step), period.code) if is_comparable else None

        return Compared(figure, self.value(figure.key, month, period.code), earlier(period.step), earlier(12))

    def whole_from(self, period: Period) -> Month | None:
        """The first month with which a period ends that does not begin before the data; None: there is none."""
        return next((month for month in self.months if self.covers(month, period)), None)

    def has(self, figure: Figure) -> bool:
        """Whether a figure was ever anything but nothing: a site without tools has no simulations."""
        return any(value not in (None, 0, "", "0") for value in self.series.get((figure.key, ALL_TIME), ()))

    def mark(self, month: Month) -> str:
        """What is to be said beside the numbers of a month."""
        return "incomplete" if month in self.incomplete else ""

    def remarks(self, period: Period) -> dict[str, Any]:
        """What else the page of a period is to be told."""
        return {}

    @property
    def has_accounts(self) -> bool:
        """Whether anybody ever logged in."""
        return self.has(GROUPS[1].figure(1))

    @property
    def headlines(self) -> list[Figure]:
        figures = HEADLINES if self.has_accounts else VISITOR_HEADLINES
        return [figure for figure in figures if self.has(figure)] or list(figures[:1])

    @property
    def groups(self) -> list[Group]:
        return [group for group in GROUPS if self.has(group.figure(1))] or list(GROUPS[:1])

    @property
    def simulation(self) -> list[Figure]:
        return [figure for figure in SIMULATION if self.has(figure)]

    @property
    def traffic(self) -> list[Figure]:
        return [figure for figure in TRAFFIC if self.has(figure)]

    def has_parts(self, columns: Sequence[int]) -> bool:
        """Whether residence or organization is known of anybody."""
        return any(self.has(group.figure(column)) for group in self.groups for column in columns)

    def shown(self) -> Iterator[Figure]:
        """Every figure that pages show."""
        for group in self.groups:
            for column in (1, 2, *RESIDENCE, 7, *ORGANIZATION):
                yield group.figure(column)
        yield from self.simulation
        yield from self.traffic


def with_running_month(overview: Overview, running: Running | None) -> Overview:
    """The same with the month that is not over, if it has requests."""
    if running is None:
        return overview
    return replace(
        overview, running=running.values, running_month=Month.parse(running.month), running_until=running.until
    )


def read(store: Store) -> Overview:
    """All figures of the months that are over. Raises StoreError."""
    import pyarrow as pa

    overview = of_cells(pa.concat_tables(_cells(store, grid) for grid in GRIDS))
    remembered = state.read(store)
    marked = remembered.dirty_months | remembered.unfinished.keys()
    lacking = incomplete_months(store, overview.months[-1].plus(1)) if overview.months else []
    return replace(overview, incomplete=frozenset(marked | set(lacking)))


def of_cells(cells: pa.Table) -> Overview:
    """All figures of cells, given as the models read them: grid, rowid, colid, period, month, value."""
    import pyarrow as pa

    from hzmetrics.engine import Engine

    found = sorted(filter(None, map(month_of, cells["month"].unique().to_pylist())))
    months = list(found[0].through(found[-1])) if found else []
    with Engine(PACKAGE) as engine:
        engine.register("cells", cells)
        engine.register("months", pa.table({"month": pa.array(list(map(str, months)), pa.string())}))
        rows = engine.table("series").to_pylist()
    series: dict[tuple[str, int], Sequence[Number]] = {}
    for row in rows:
        key = f"{row['grid']}.{row['rowid']}.{row['colid']}"
        if key in FIGURES:
            series[key, row["period"]] = [number(FIGURES[key], value) for value in row["vals"]]
    _without_leftovers(series, len(months))
    return Overview(months, series)


def _without_leftovers(series: dict[tuple[str, int], Sequence[Number]], months: int) -> None:
    """Where nobody simulated, the other rows of the simulation grid may be of an earlier summary (spec 50 §4)."""
    for period in PERIODS:
        users = series.get(("simusage.1.1", period.code), [None] * months)
        for figure in SIMULATION[1:]:
            values = series.get((figure.key, period.code))
            if values:
                kept = [value if user else None for value, user in zip(values, users, strict=True)]
                series[figure.key, period.code] = kept


def _cells(store: Store, name: str) -> pa.Table:
    """A grid as the models read it."""
    import pyarrow as pa

    grid = GRIDS[name]
    rows = store.metrics.read(
        sa.select(
            grid.c.rowid, grid.c.colid, grid.c.period, sa.func.substr(grid.c.datetime, 1, 7).label("month"),
            sa.cast(grid.c.value, sa.String(200)).label("value"),
        ).where(sa.func.substr(grid.c.datetime, 9, 2) == "00", grid.c.datetime >= "1")
    )  # fmt: skip
    types = {"rowid": pa.int64(), "colid": pa.int64(), "period": pa.int64(), "month": pa.string(), "value": pa.string()}
    columns = {column: rows[column].cast(kind) for column, kind in types.items()}
    return pa.table({"grid": pa.repeat(pa.scalar(name), rows.num_rows), **columns})
