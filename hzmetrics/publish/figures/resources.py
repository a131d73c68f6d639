"""Everything published that is not a tool, and how many people used it (spec 40 §7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.publish.figures.definitions import Figure
from hzmetrics.publish.figures.tools import SPANS, title
from hzmetrics.tools.rules import TOOL

if TYPE_CHECKING:
    from hzmetrics.store import Store

USERS = Figure(
    "users", "Users", "Distinct pairs of address and host name that requested a file of it or of anything below it.",
    "People behind one address are one; a person who moves is several.",
)  # fmt: skip


@dataclass(frozen=True)
class Resource:
    """A published resource with users."""

    id: int
    title: str
    months: Sequence[str]
    """The months (`YYYY-MM`) that have figures, ascending."""
    in_month: Sequence[int | None]
    """Users in each of them, likewise in twelve months, and until its end."""
    in_year: Sequence[int | None]
    in_all_time: Sequence[int | None]

    def at(self, month: Month | None) -> tuple[int | None, int | None, int | None]:
        """Users in a month, in the twelve months that end with it, and until its end."""
        if not self.months or self.months[-1] != str(month):
            return None, None, None
        return self.in_month[-1], self.in_year[-1], self.in_all_time[-1]


@dataclass(frozen=True)
class Resources:
    """All published resources with users."""

    newest: Month | None
    """The last month that has figures; None: there are none."""
    resources: Sequence[Resource]


def read(store: Store) -> Resources:
    """All published resources that are no tools and were ever used, by title. Raises StoreError."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from hzmetrics.engine import Engine

    stats, resources = store.hub_tables.resource_stats.c, store.hub_tables.resources.c
    published = store.hub.rows(
        sa.select(resources.id, resources.title).where(
            resources.published == 1, resources.standalone == 1, resources.type != TOOL
        )
    )
    if not published:
        return Resources(None, ())
    rows = store.hub.read(
        sa.select(stats.resid, stats.period, sa.func.substr(stats.datetime, 1, 7).label("month"), stats.users).where(
            stats.restype != TOOL, stats.period.in_(SPANS), stats.datetime >= "1"
        )
    )
    types = {"resid": pa.int64(), "period": pa.int64(), "month": pa.string(), "users": pa.int64()}
    stored = pa.table({column: rows[column].cast(kind) for column, kind in types.items()})
    if not stored.num_rows:
        return Resources(None, ())
    with Engine("hzmetrics.publish") as engine:
        engine.register("resource_stats", stored)
        found = {row.pop("resid"): row for row in engine.table("resource_months").to_pylist()}
    used = [
        Resource(one.id, title(one.title) or f"Resource {one.id}", **found[one.id])
        for one in published
        if one.id in found and any(found[one.id]["in_all_time"])
    ]
    newest = Month.parse(pc.max(stored["month"]).as_py())
    return Resources(newest, sorted(used, key=lambda one: (one.title.casefold(), one.id)))
