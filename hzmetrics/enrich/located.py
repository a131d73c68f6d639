"""The months whose rows all have their country. A run looks for rows that lack it in the others only.

A month stays such a month while it keeps its revision: rows that come give it a new one, and nothing in a run takes
its country from a row.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from hzmetrics.calendar import DateSpan, Window, complement
from hzmetrics.store.database import Database
from hzmetrics.store.revisions import revisions
from hzmetrics.store.tables.metrics import web, websessions

FOLLOWED = (web, websessions)
"""The tables whose months have revisions."""


class Located:
    """The months that were found so, by table."""

    def __init__(self) -> None:
        self._found: dict[str, dict[DateSpan, Mapping[str, str]]] = {table.name: {} for table in FOLLOWED}
        """With the revisions that they had."""
        self._revisions: Mapping[str, str] | None = None

    def begin(self, metrics: Database) -> None:
        """Rows are looked at from now on. Raises StoreError."""
        with metrics.connect() as connection:
            self._revisions = revisions(connection)

    def note(self, table: sa.Table, month: DateSpan) -> None:
        """All rows of a month that were there at the beginning have their country now."""
        if table in FOLLOWED:
            self._found[table.name][month] = self._of(month)

    def elsewhere(self, table: sa.Table, month: DateSpan) -> list[Window]:
        """The stretches of time outside of a month that may have rows without country."""
        found = self._found[table.name] if table in FOLLOWED and self._revisions is not None else {}
        spans = {month, *(span for span, then in found.items() if then == self._of(span))}
        return complement(sorted((span.window for span in spans), key=lambda window: str(window.start)))

    def _of(self, month: DateSpan) -> Mapping[str, str]:
        """The revisions of a month, and of `YYYY-00`, whose rows are in the month before here."""
        start, stop = str(month.start)[:7], str(month.stop)[:7]
        return {text: revision for text, revision in (self._revisions or {}).items() if start <= text < stop}
