"""The list of tools, and a page a tool with its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.calendar import Month
from hzmetrics.output.document import document
from hzmetrics.publish import documents
from hzmetrics.publish.charts import Chart
from hzmetrics.publish.figures import tools
from hzmetrics.publish.figures.anonymity import OTHER, UNKNOWN, Share
from hzmetrics.publish.figures.definitions import PERIODS
from hzmetrics.publish.figures.tools import FIGURES, KEYS, SPAN_TITLES, SPANS, TITLES, Figures, Tool
from hzmetrics.publish.numbers import month_name
from hzmetrics.publish.writer import Writer

if TYPE_CHECKING:
    from hzmetrics.store import Store

PART = "tools/"
RANKED = ("users", "simulations", "tot_wall", "tot_cpu")
"""The figures in the list, and those of a tool that have a curve."""
COLUMNS = [SPAN_TITLES[span] for span in SPANS]

Breakdowns = Mapping[tuple[int, str, int], Sequence[Share]]


def write(writer: Writer, store: Store, min_users: int) -> None:
    """Put in the list of tools, and each tool with its data. Raises OSError, StoreError."""
    month = tools.newest(store)
    if month is None:
        return
    breakdowns = tools.breakdowns(store, month, min_users)
    parts = sorted((key, [(part.name, part.people) for part in found]) for key, found in breakdowns.items())
    if writer.keep(PART, [tools.fingerprint(store), str(month), parts]):
        return
    series = tools.series(store).combine_chunks()
    places = {tool: place for place, tool in enumerate(series["resid"].to_pylist()) if place % len(SPANS) == 0}
    figures = {tool.id: numbers for tool, numbers in tools.read(store, month)}
    found = [(tool, figures.get(tool.id, {})) for tool in tools.published(store) if tool.id in places]
    _write_list(writer, month, found)
    for tool, numbers in found:
        _write_tool(writer, tool, numbers, month, series.slice(places[tool.id], len(SPANS)), breakdowns)


def _write_list(writer: Writer, month: Month, found: Sequence[tuple[Tool, Figures]]) -> None:
    until = writer.until(month)
    figures = [figure for figure in FIGURES if figure.key in RANKED]
    tables = [(f"period-{span}", SPAN_TITLES[span], figures, _ranking(found, span)) for span in (12, 1, 14)]
    values = {
        "title": "Tools",
        "kind": "Tool",
        "introduction": f"All {len(found):,} tools. The periods end with {month_name(month)}.",
        "tables": tables,
        "data": "tools",
    }
    made_of = [[name, rows] for name, _, _, rows in tables]
    writer.page(f"{PART}index.html", "list.html", made_of, lambda: values, until)
    columns = ("tool", "alias", "title", "period", "month", *KEYS)
    listed = [
        (tool.id, tool.alias, tool.title, span, str(month), *(of_tool[span][key] for key in KEYS))
        for tool, of_tool in found
        for span in SPANS
        if span in of_tool
    ]
    writer.data(
        f"{PART}tools",
        document(listed),
        lambda: [dict(zip(columns, row, strict=True)) for row in listed],
        columns,
        lambda: listed,
    )


def _ranking(found: Sequence[tuple[Tool, Figures]], span: int) -> list[tuple[str, str, str, list[float | None]]]:
    """Address, title, alias and figures of each tool; those with the most users first."""
    numbers = [(tool, of_tool.get(span, {})) for tool, of_tool in found]
    ranked = sorted(numbers, key=lambda one: -one[1].get("users", 0))
    return [(f"{tool.id}.html", tool.title, tool.alias, [one.get(key) for key in RANKED]) for tool, one in ranked]


def _write_tool(
    writer: Writer, tool: Tool, newest: Figures, month: Month, rows: pa.Table, breakdowns: Breakdowns
) -> None:
    """Put in a tool; `newest`: its figures of `month`; `rows`: those over the months, one row a period."""
    of_period = {row.pop("period"): row for row in rows.drop_columns(["resid"]).to_pylist()}
    months = of_period[SPANS[0]]["months"]
    curves = [
        Chart(
            figure.key,
            "curve",
            figure.title,
            figure.unit,
            COLUMNS,
            months,
            [of_period[span][figure.key] for span in SPANS],
        )
        for figure in FIGURES
        if figure.key in RANKED
    ]
    parts = {
        (kind, span): breakdowns.get((tool.id, kind, span), ()) for kind in TITLES for span in SPANS if span != SPANS[0]
    }
    bars = [
        Chart(
            f"{kind}-{span}", "bars", f"{TITLES[kind]}, {SPAN_TITLES[span].lower()}", "count", ["Users"],
            [part.name for part in found], [[part.people for part in found]],
        )
        for (kind, span), found in parts.items()
        if any(part.name not in (OTHER, UNKNOWN) for part in found)
    ]  # fmt: skip
    numbers = {key: [newest.get(period.code, {}).get(key) for period in PERIODS] for key in KEYS}
    value = {
        "tool": tool.id,
        "alias": tool.alias,
        "title": tool.title,
        "month": months,
        "periods": {span: {key: of_period[span][key] for key in KEYS} for span in SPANS},
        "users": {
            chart.id: [{"name": name, "users": users} for name, users in zip(chart.names, chart.values[0], strict=True)]
            for chart in bars
        },
    }
    text = document(value)

    def values() -> dict[str, Any]:
        found: dict[str, Any] = {"tool": tool, "month": month, "curves": curves, "bars": bars, "numbers": numbers}
        return found | {"figures": {figure.key: figure for figure in FIGURES}, "embed": f"{PART}{tool.id}"}

    address = f"{PART}{tool.id}.html"
    made_of = f"{text}{document(numbers)}"
    writer.page(address, "tool.html", made_of, values, writer.until(month))
    writer.charts(f"{PART}{tool.id}", address, tool.title, [*curves, *bars])
    writer.generation.put(f"{PART}{tool.id}.json", text, lambda: f"{text}\n".encode("ascii"))
    writer.generation.put(f"{PART}{tool.id}.csv", text, lambda: documents.columns_as_csv(_long(rows)))


def _long(rows: pa.Table) -> pa.Table:
    """The figures of a tool, one row a month and period."""
    months = rows["months"].combine_chunks()
    periods = rows["period"].take(pc.list_parent_indices(months))
    columns = {key: rows[key].combine_chunks().flatten() for key in KEYS}
    table = pa.table({"month": months.flatten(), "period": periods, **columns})
    return table.filter(table["users"].is_valid())
