"""The list of resources that are no tools, a page a resource, and their data, those of a hundred in one file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.calendar import Month
from hzmetrics.output.document import document
from hzmetrics.publish import documents
from hzmetrics.publish.charts import Chart
from hzmetrics.publish.figures import resources
from hzmetrics.publish.figures.definitions import Figure
from hzmetrics.publish.figures.resources import USERS, Resource
from hzmetrics.publish.figures.tools import SPAN_TITLES, SPANS
from hzmetrics.publish.pages import month_name
from hzmetrics.publish.writer import Writer

if TYPE_CHECKING:
    from hzmetrics.store import Store

PART = "resources/"
NUMBERS = ("users_month", "users_12_months", "users_all_time")
"""What the users of the three spans are called in data."""
COLUMNS = [SPAN_TITLES[span] for span in SPANS]
TOGETHER = 100
"""The data of this many ids are one file."""


def write(writer: Writer, store: Store) -> None:
    """Put in the list of resources, and each resource with its data. Raises OSError, StoreError."""
    if writer.keep(PART, resources.fingerprint(store)):
        return
    published = {one.id: one for one in resources.published(store)}
    series = resources.series(store)
    months = series["months"][0].as_py() if series.num_rows else []
    newest: dict[Resource, list[int | None]] = {}
    for rows in _together(series):
        found = {published[row.pop("resid")]: row for row in rows.to_pylist()}
        used = {one: row for one, row in found.items() if any(row["in_all_time"])}
        newest |= {
            one: [column[-1] for column in (row["in_month"], row["in_year"], row["in_all_time"])]
            for one, row in used.items()
        }
        _write_group(writer, rows, used)
    if newest:
        _write_list(writer, newest, Month.parse(months[-1]))


def _together(series: pa.Table) -> list[pa.Table]:
    """The resources whose data are one file."""
    groups = pc.divide(series["resid"], TOGETHER)
    return [series.filter(pc.equal(groups, group)) for group in groups.unique()]


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
    names = ("resource", "title", "month", *NUMBERS)
    listed = [(one.id, one.title, str(month), *numbers) for one, numbers in ranked]
    writer.data(
        f"{PART}resources",
        document(listed),
        lambda: [dict(zip(names, row, strict=True)) for row in listed],
        names,
        lambda: listed,
    )


def _write_group(writer: Writer, rows: pa.Table, used: Mapping[Resource, Mapping[str, Any]]) -> None:
    """Put in the pages of some resources, and their data as one file."""
    pieces = []
    for one, row in used.items():
        columns = [row["in_month"], row["in_year"], row["in_all_time"]]
        first = next(place for place, numbers in enumerate(zip(*columns, strict=True)) if numbers != (None, None, None))
        chart = Chart(
            f"users-{one.id}",
            "curve",
            USERS.title,
            "count",
            COLUMNS,
            row["months"][first:],
            [column[first:] for column in columns],
        )
        value = {"resource": one.id, "title": one.title, "month": chart.names} | dict(
            zip(NUMBERS, chart.values, strict=True)
        )
        pieces.append(piece := document(value))
        _write_resource(writer, one, chart, piece)
    name = f"{PART}data/{next(iter(used)).id // TOGETHER}" if used else ""
    if not name:
        return
    text = "[" + ",\n".join(pieces) + "]"
    writer.generation.put(f"{name}.json", text, lambda: f"{text}\n".encode("ascii"))
    writer.generation.put(f"{name}.js", text, lambda: documents.as_script_of(name, text))
    writer.generation.put(f"{name}.csv", text, lambda: documents.columns_as_csv(_long(rows)))


def _write_resource(writer: Writer, one: Resource, chart: Chart, piece: str) -> None:
    data = f"data/{one.id // TOGETHER}"
    until = writer.until(chart.names[-1])

    def values() -> dict[str, Any]:
        return {"resource": one, "figure": USERS, "chart": chart, "data": data, "embed": f"{PART}{data}"}

    writer.page(f"{PART}{one.id}.html", "resource.html", piece, values, until)


def _long(rows: pa.Table) -> pa.Table:
    """The users of some resources, one row a resource and month."""
    rows = rows.combine_chunks()
    columns = [rows[name].chunk(0).flatten() for name in ("in_month", "in_year", "in_all_time")]
    ids = rows["resid"].take(pc.list_parent_indices(rows["months"]))
    table = pa.table([ids, rows["months"].chunk(0).flatten(), *columns], ["resource", "month", *NUMBERS])
    return table.filter(pc.invert(pc.and_(pc.and_(*map(pc.is_null, columns[:2])), pc.is_null(columns[2]))))
