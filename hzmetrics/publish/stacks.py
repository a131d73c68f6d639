"""Tables of months, one below the other in the same columns: what is made of them is made for many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup

from hzmetrics.publish import documents, tables

TOGETHER = 100
"""Tables of this many ids are one stack."""


@dataclass(frozen=True)
class Stack:
    """The tables of some tools or resources."""

    rows: pa.Table
    """By the columns resid and month."""

    @cached_property
    def ids(self) -> list[int]:
        """Whose tables they are."""
        ids: list[int] = self._runs.field("values").to_pylist()
        return ids

    @cached_property
    def begins(self) -> pa.Array:
        """Where each table begins, and where the last one ends."""
        return pa.array(accumulate(self._runs.field("counts").to_pylist(), initial=0), pa.int32())

    @cached_property
    def _runs(self) -> pa.StructArray:
        return self.rows["resid"].value_counts()

    def column(self, name: str) -> pa.Array:
        return self.rows[name].combine_chunks()

    def arrays(self, name: str) -> list[str]:
        """A column of each table, as a JSON array."""
        return documents.arrays(self.column(name), self.begins)

    def newest(self, names: Sequence[str]) -> Iterator[tuple[int | None, ...]]:
        """Some numbers of the last month of each table."""
        last = pc.subtract(self.begins[1:], 1)
        return zip(*(self.column(name).take(last).to_pylist() for name in names), strict=True)

    def bodies(self, columns: Sequence[pa.Array], unit: str) -> list[Markup]:
        """Each table as HTML, with columns as long as its own."""
        return tables.bodies(self.column("month"), columns, unit, self.begins)


def stacks(rows: pa.Table) -> Iterator[Stack]:
    """Rows that are sorted by the columns resid and month."""
    begin = 0
    for count in pc.divide(rows["resid"], TOGETHER).value_counts().field("counts").to_pylist():
        yield Stack(rows.slice(begin, count))
        begin += count
