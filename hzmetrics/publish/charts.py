"""Charts as values: what a page draws and has as a table, and what the small page draws that others frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup

from hzmetrics.output.document import document
from hzmetrics.publish import documents, tables
from hzmetrics.publish.numbers import month_name
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
        return tables.body(names, self.values, self.unit, self.marks)

    def framed(self, address: str, subject: str) -> str:
        """What the page that may be framed is told, as JSON; `address` and `subject` are those of the page."""
        texts = (document(self.names), document(self.values), document(self.marks))
        return _framed(self, address, subject, *texts)


@dataclass(frozen=True)
class Curve:
    """A chart of months of which there are so many that they are made together, in columns."""

    id: str
    title: str
    unit: str
    columns: Sequence[str]
    names: str
    """As those of a chart, in JSON."""
    values: str
    """Likewise."""
    rows: Callable[[], Markup]
    """Makes the rows as a page has them."""
    kind = "curve"

    @property
    def body(self) -> Markup:
        return self.rows()

    def framed(self, address: str, subject: str) -> str:
        """As of a chart."""
        return _framed(self, address, subject, self.names, self.values, "{}")


def _framed(chart: Chart | Curve, address: str, subject: str, names: str, values: str, marks: str) -> str:
    title = f"{subject}: {chart.title}"
    told = {"page": f"{address}#{chart.id}", "kind": chart.kind, "title": title, "unit": chart.unit}
    texts = {name: document(value) for name, value in {**told, "columns": chart.columns}.items()}
    return documents.members({**texts, "names": names, "values": values, "marks": marks})
