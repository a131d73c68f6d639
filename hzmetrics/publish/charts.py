"""Charts as values: what a page draws and has as a table, and what the small page draws that others frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any, Literal

from markupsafe import Markup

from hzmetrics.publish import tables
from hzmetrics.publish.numbers import column_unit, month_name
from hzmetrics.publish.tables import Values


@dataclass(frozen=True)
class Chart:
    """A table that can be drawn: a curve over months, bars, or the hours of the week."""

    id: str
    """Where it is on its page."""
    kind: Literal["curve", "bars", "hours"]
    title: str
    unit: str
    columns: Sequence[str]
    """What the columns are called."""
    names: Sequence[str]
    """What the rows are called; those of a curve are months, `YYYY-MM`."""
    values: Sequence[Values]
    """The columns."""
    marks: Mapping[int, str] = field(default_factory=dict)
    """What is to be said of some rows, by place."""

    @property
    def body(self) -> Markup:
        """The rows as a page has them."""
        names = list(map(month_name, self.names)) if self.kind == "curve" else self.names
        return tables.body(names, self.values, self.column_unit, self.marks)

    @cached_property
    def column_unit(self) -> str:
        """The unit that the heads of the columns name."""
        return column_unit(self.unit, chain.from_iterable(self.values))

    def framed(self, address: str, subject: str) -> dict[str, Any]:
        """What the page that may be framed is told; `address` and `subject` are those of the page with the chart."""
        title = f"{subject}: {self.title}"
        told = {"page": f"{address}#{self.id}", "kind": self.kind, "title": title, "unit": self.unit}
        return told | {"columns": self.columns, "names": self.names, "values": self.values, "marks": self.marks}
