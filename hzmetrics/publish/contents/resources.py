"""The list of resources that are no tools, a page a resource, and their data, those of a hundred in one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, reduce
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from hzmetrics.calendar import Month
from hzmetrics.output.document import document
from hzmetrics.publish import documents
from hzmetrics.publish.charts import Curve
from hzmetrics.publish.figures import resources
from hzmetrics.publish.figures.definitions import Figure
from hzmetrics.publish.figures.resources import USERS, USERS_IN, Resource
from hzmetrics.publish.figures.tools import SPAN_TITLES, SPANS
from hzmetrics.publish.numbers import month_name
from hzmetrics.publish.stacks import TOGETHER, Stack, stacks
from hzmetrics.publish.writer import Writer

if TYPE_CHECKING:
    import pyarrow as pa

    from hzmetrics.store import Store

PART = "resources/"
NAMES = ("month", "users_month", "users_12_months", "users_all_time")
"""What the months, and their users in the three spans, are called in data."""
COLUMNS = [SPAN_TITLES[span] for span in SPANS]


def write(writer: Writer, store: Store) -> None:
    """Put in the list of resources, and each resource with its data. Raises OSError, StoreError."""
    if writer.keep(PART, resources.fingerprint(store)):
        return
    rows = resources.series(store)
    if not rows.num_rows:
        return
    published = {one.id: one for one in resources.published(store)}
    newest: dict[Resource, Sequence[int | None]] = {}
    for stack in stacks(rows):
        members = [published[one] for one in stack.ids]
        newest |= zip(members, stack.newest(list(USERS_IN.values())), strict=True)
        _write_stack(writer, stack, members)
    _write_list(writer, newest, Month.parse(rows["month"][-1].as_py()))


def _write_list(writer: Writer, newest: Mapping[Resource, Sequence[int | None]], month: Month) -> None:
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
    listed = [(one.id, one.title, str(month), *numbers) for one, numbers in ranked]
    writer.records(f"{PART}resources", ("resource", "title", *NAMES), listed)


def _write_stack(writer: Writer, stack: Stack, members: Sequence[Resource]) -> None:
    """Put in the pages of some resources, and their data as one file."""
    data = f"data/{members[0].id // TOGETHER}"
    last = stack.column("month")[-1].as_py()
    columns = [stack.column(name) for name in USERS_IN.values()]
    bodies = cache(lambda: stack.bodies(columns, USERS.column_unit))
    pieces = []
    for place, (one, *arrays) in enumerate(
        zip(members, *map(stack.arrays, ("month", *USERS_IN.values())), strict=True)
    ):
        told = {"resource": document(one.id), "title": document(one.title), **dict(zip(NAMES, arrays, strict=True))}
        pieces.append(piece := documents.members(told))
        chart = Curve(
            f"users-{one.id}", USERS.title, USERS.unit, COLUMNS, arrays[0], f"[{', '.join(arrays[1:])}]",
            lambda place=place: bodies()[place],  # type: ignore[misc]
        )  # fmt: skip
        values = {"resource": one, "figure": USERS, "chart": chart, "data": data, "embed": f"{PART}{data}"}
        writer.page(f"{PART}{one.id}.html", "resource.html", piece, lambda values=values: values, writer.until(last))  # type: ignore[misc]
    text = "[" + ",\n".join(pieces) + "]"
    writer.generation.put(f"{PART}{data}.json", text, lambda: documents.as_json(text))
    writer.generation.put(f"{PART}{data}.csv", text, lambda: documents.columns_as_csv(_long(stack.rows)))
    writer.script(f"{PART}{data}", text)


def _long(rows: pa.Table) -> pa.Table:
    """The users of some resources, one row a resource and month that has any."""
    has_any = reduce(pc.or_, (pc.is_valid(rows[name]) for name in USERS_IN.values()))
    return rows.rename_columns(["resource", *NAMES]).filter(has_any)
