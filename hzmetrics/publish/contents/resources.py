"""The list of resources that are no tools, a page a resource, and their data, those of a hundred in one file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, reduce
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup

from hzmetrics.calendar import Month
from hzmetrics.output.document import document
from hzmetrics.publish import documents, tables
from hzmetrics.publish.figures import resources
from hzmetrics.publish.figures.definitions import Figure
from hzmetrics.publish.figures.resources import USERS, USERS_IN, Resource
from hzmetrics.publish.figures.tools import SPAN_TITLES, SPANS
from hzmetrics.publish.numbers import month_name
from hzmetrics.publish.writer import Writer

if TYPE_CHECKING:
    from hzmetrics.store import Store

PART = "resources/"
NAMES = ("month", "users_month", "users_12_months", "users_all_time")
"""What the months, and their users in the three spans, are called in data."""
COLUMNS = [SPAN_TITLES[span] for span in SPANS]
TOGETHER = 100
"""The data of this many ids are one file."""


def write(writer: Writer, store: Store) -> None:
    """Put in the list of resources, and each resource with its data. Raises OSError, StoreError."""
    if writer.keep(PART, resources.fingerprint(store)):
        return
    series = resources.series(store)
    if not series.num_rows:
        return
    published = {one.id: one for one in resources.published(store)}
    newest: dict[Resource, list[int | None]] = {}
    begin = 0
    for count in pc.divide(series["resid"], TOGETHER).value_counts().field("counts").to_pylist():
        group = _Group(published, series.slice(begin, count))
        newest |= group.newest
        _write_group(writer, group)
        begin += count
    _write_list(writer, newest, Month.parse(series["month"][-1].as_py()))


class _Group:
    """The resources whose data are one file."""

    def __init__(self, published: Mapping[int, Resource], rows: pa.Table) -> None:
        """`rows`: those of `resources.series`."""
        runs = rows["resid"].value_counts()
        self.members = [published[one] for one in runs.field("values").to_pylist()]
        self.begins = pa.array(accumulate(runs.field("counts").to_pylist(), initial=0), pa.int32())
        self.data = f"data/{self.members[0].id // TOGETHER}"
        self.months = rows["month"].combine_chunks()
        self.users = [rows[name].combine_chunks() for name in USERS_IN.values()]
        self._ids = rows["resid"]

    @property
    def newest(self) -> dict[Resource, list[int | None]]:
        """The users of the newest month, in each of the spans."""
        last = pc.subtract(self.begins[1:], 1)
        columns = [column.take(last).to_pylist() for column in self.users]
        return {one: list(users) for one, *users in zip(self.members, *columns, strict=True)}

    @property
    def pieces(self) -> list[str]:
        """The data of each resource as JSON."""
        columns = [
            documents.arrays(pa.ListArray.from_arrays(self.begins, column)) for column in (self.months, *self.users)
        ]
        return [
            documents.members({"resource": str(one.id), "title": document(one.title), **dict(zip(NAMES, lists, strict=True))})
            for one, *lists in zip(self.members, *columns, strict=True)
        ]

    @cached_property
    def bodies(self) -> list[Markup]:
        """The rows of the table of each resource."""
        return tables.bodies(self.months, self.users, "count", self.begins)

    @property
    def long(self) -> pa.Table:
        """The figures, one row a resource and month."""
        table = pa.table([self._ids, self.months, *self.users], ["resource", *NAMES])
        return table.filter(reduce(pc.or_, map(pc.is_valid, self.users)))


def _write_list(writer: Writer, newest: Mapping[Resource, list[int | None]], month: Month) -> None:
    columns = [Figure(f"users-{span}", f"Users, {SPAN_TITLES[span].lower()}", USERS.definition) for span in SPANS]
    ranked = sorted(newest.items(), key=lambda item: (-(item[1][2] or 0), item[0].title.casefold(), item[0].id))
    rows = [(f"{one.id}.html", one.title, "", numbers) for one, numbers in ranked]
    values = {
        "title": "Resources",
        "kind": "Resource",
        "introduction": f"All {len(ranked):,} resources that were used and are not tools. The periods end with "
        f"{month_name(month)}.",
        "tables": [("all", "", columns, rows)],
        "data": "resources",
    }
    writer.page(f"{PART}index.html", "list.html", [rows, str(month)], lambda: values, writer.until(month))
    names = ("resource", "title", "month", *NAMES[1:])
    listed = [(one.id, one.title, str(month), *numbers) for one, numbers in ranked]
    writer.data(
        f"{PART}resources",
        document(listed),
        lambda: [dict(zip(names, row, strict=True)) for row in listed],
        names,
        lambda: listed,
    )


def _write_group(writer: Writer, group: _Group) -> None:
    """Put in the pages of some resources, and their data as one file."""
    pieces = group.pieces
    for place, (one, piece) in enumerate(zip(group.members, pieces, strict=True)):
        _write_resource(writer, group, one, place, piece)
    name = f"{PART}{group.data}"
    text = "[" + ",\n".join(pieces) + "]"
    writer.generation.put(f"{name}.json", text, lambda: f"{text}\n".encode("ascii"))
    writer.generation.put(f"{name}.js", text, lambda: documents.as_script_of(name, text))
    writer.generation.put(f"{name}.csv", text, lambda: documents.columns_as_csv(group.long))


def _write_resource(writer: Writer, group: _Group, one: Resource, place: int, piece: str) -> None:
    def values() -> dict[str, Any]:
        chart = {"id": f"users-{one.id}", "unit": "count", "column_unit": "count", "columns": COLUMNS, "body": group.bodies[place]}
        return {"resource": one, "figure": USERS, "chart": chart, "data": group.data, "embed": f"{PART}{group.data}"}

    writer.page(f"{PART}{one.id}.html", "resource.html", piece, values, writer.until(group.months[-1].as_py()))
