"""What other commands ask about the grids (spec 50 §12)."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.calendar import PERIODS, Month, month_of
from hzmetrics.store import Store
from hzmetrics.store.tables.metrics import summary_misc_vals, summary_simusage_vals, summary_user_vals

GRIDS = (summary_user_vals, summary_simusage_vals, summary_misc_vals)


def summarized_months(store: Store) -> frozenset[Month]:
    """The months that have any summary: a row of period 1 in the user grid."""
    grid = summary_user_vals.c
    query = sa.select(grid.datetime).where(grid.period == 1).group_by(grid.datetime)  # leaps through the index
    months = (month_of(row.datetime) for row in store.metrics.rows(query) if row.datetime[8:10] == "00")
    return frozenset(month for month in months if month is not None)


def is_fully_summarized(store: Store, month: Month) -> bool:
    """Whether each of the three grids has a row of each of the six periods for the month."""
    return all(
        store.metrics.scalar(
            sa.select(sa.func.count(grid.c.period.distinct())).where(
                grid.c.datetime == month.key, grid.c.period.in_(PERIODS)
            )
        )
        == len(PERIODS)
        for grid in GRIDS
    )


def incomplete_months(store: Store, before: Month) -> list[Month]:
    """The months before `before`, ascending, of which some grid has rows, but of fewer than six periods."""
    found: set[Month] = set()
    for grid in GRIDS:
        periods: dict[Month, set[int]] = {}
        query = sa.select(grid.c.datetime, grid.c.period).group_by(grid.c.datetime, grid.c.period)
        for row in store.metrics.rows(query):
            month = month_of(row.datetime)
            if month is not None and month < before:
                periods.setdefault(month, set()).add(row.period)
        found.update(month for month, codes in periods.items() if len(codes) < len(PERIODS))
    return sorted(found)
