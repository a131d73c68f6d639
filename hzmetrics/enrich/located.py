"""The months whose rows all have their country. A run looks for rows that lack it in the others only.

It holds the run lock: nobody else adds rows to these months meanwhile, or takes their countries away.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from hzmetrics.calendar import DateSpan, Window, complement
from hzmetrics.store.tables.metrics import web, websessions


class Located:
    """The months that were found so, of the tables for which it is told what rows come."""

    def __init__(self) -> None:
        self._months: dict[str, set[DateSpan]] = {table.name: set() for table in (web, websessions)}

    def note(self, table: sa.Table, month: DateSpan) -> None:
        """All rows of a month have their country."""
        if table.name in self._months:
            self._months[table.name].add(month)

    def forget(self, table: sa.Table, months: Iterable[str]) -> None:
        """Rows without a country may come to some months (YYYY-MM). Those of `YYYY-00` are in the month before."""
        for text in months:
            found = self._months[table.name]
            found -= {month for month in found if str(month.start)[:7] <= text < str(month.stop)[:7]}

    def elsewhere(self, table: sa.Table, month: DateSpan) -> list[Window]:
        """The stretches of time outside of a month that may have rows without country."""
        spans = {month, *self._months.get(table.name, ())}
        return complement(sorted((span.window for span in spans), key=lambda window: str(window.start)))
