"""The list of tools, and a page a tool with its data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.calendar import Month
from hzmetrics.config import Settings
from hzmetrics.output.document import document
from hzmetrics.publish import documents
from hzmetrics.publish.charts import Chart, Curve
from hzmetrics.publish.figures import tools
from hzmetrics.publish.figures.anonymity import OTHER, UNKNOWN, Share
from hzmetrics.publish.figures.definitions import PERIODS
from hzmetrics.publish.figures.tools import FIGURES, KEYS, SPAN_TITLES, SPANS, TITLES, Figures, Tool
from hzmetrics.publish.numbers import month_name
from hzmetrics.publish.stacks import stacks
from hzmetrics.publish.writer import Writer
from hzmetrics.store import Store

PART = "tools/"
RANKED = ("users", "simulations", "tot_wall", "tot_cpu")
"""The figures in the list."""
DRAWN = (*RANKED, "avg_wall", "avg_cpu")
"""Those of a tool that have a curve."""
UNITS = {figure.key: figure.column_unit for figure in FIGURES}
COLUMNS = [SPAN_TITLES[span] for span in SPANS]

Breakdowns = Mapping[tuple[int, str, int], Sequence[Share]]


@dataclass(frozen=True)
class Pages:
    """The list of tools, and each tool with its data."""

    writer: Writer
    settings: Settings
    month: Month
    """The last month that has figures."""
    tools: Sequence[Tool]
    breakdowns: Breakdowns

    def write(self) -> None:
        """Put them in. Raises OSError, StoreError."""
        with closing(Store(self.settings)) as store:
            _write(self.writer, store, self.month, self.tools, self.breakdowns)


def changed(writer: Writer, store: Store, settings: Settings, min_users: int) -> Pages | None:
    """The pages of tools; None if those of the old generation are kept. Raises StoreError."""
    month = tools.newest(store)
    if month is None:
        return None
    breakdowns = tools.breakdowns(store, month, min_users)
    parts = sorted((key, [(part.name, part.people) for part in found]) for key, found in breakdowns.items())
    published = tools.published(store)
    if writer.keep(PART, [tools.fingerprint(store, published), str(month), parts]):
        return None
    return Pages(writer, settings, month, published, breakdowns)


def _write(writer: Writer, store: Store, month: Month, published: Sequence[Tool], breakdowns: Breakdowns) -> None:
    rows = tools.series(store)
    figures = {tool.id: numbers for tool, numbers in tools.read(store, month)}
    has_rows = set(rows["resid"].unique().to_pylist())
    _write_list(writer, month, [(tool, figures.get(tool.id, {})) for tool in published if tool.id in has_rows])
    by_id = {tool.id: tool for tool in published}
    for drawn in _drawn(rows):
        newest = figures.get(drawn.id, {})
        _write_tool(writer, by_id[drawn.id], newest, month, drawn, breakdowns)


class Drawn(NamedTuple):
    """The figures of a tool over the months."""

    id: int
    months: str
    """In JSON."""
    figures: Mapping[int, Mapping[str, str]]
    """By period, as JSON arrays."""
    curves: Sequence[Curve]
    long: pa.Table
    """One row a month and period that has figures."""


def _drawn(rows: pa.Table) -> Iterator[Drawn]:
    """Each tool of `tools.series`."""
    of_period = [rows.filter(pc.equal(rows["period"], span)) for span in SPANS]  # all of the same months
    for spans in zip(*map(stacks, of_period), strict=True):
        first = spans[0]
        months = first.arrays("month")
        arrays = {span: {key: stack.arrays(key) for key in KEYS} for span, stack in zip(SPANS, spans, strict=True)}
        bodies = cache(lambda key, spans=spans: spans[0].bodies([stack.column(key) for stack in spans], UNITS[key]))
        for place, tool in enumerate(first.ids):
            figures = {span: {key: of_span[key][place] for key in KEYS} for span, of_span in arrays.items()}
            curves = [
                Curve(
                    figure.key, figure.title, figure.unit, COLUMNS, months[place],
                    f"[{', '.join(of_span[figure.key] for of_span in figures.values())}]",
                    lambda key=figure.key, place=place, bodies=bodies: bodies(key)[place],  # type: ignore[misc]
                )
                for figure in FIGURES
                if figure.key in DRAWN
            ]  # fmt: skip
            begin, end = first.begins[place].as_py(), first.begins[place + 1].as_py()
            long = pa.concat_tables(stack.rows.slice(begin, end - begin) for stack in spans)
            long = long.select(["month", "period", *KEYS]).filter(long["users"].is_valid())
            yield Drawn(tool, months[place], figures, curves, long)


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
    listed = [
        (tool.id, tool.alias, tool.title, span, str(month), *(of_tool[span][key] for key in KEYS))
        for tool, of_tool in found
        for span in SPANS
        if span in of_tool
    ]
    writer.records(f"{PART}tools", ("tool", "alias", "title", "period", "month", *KEYS), listed)


def _ranking(found: Sequence[tuple[Tool, Figures]], span: int) -> list[tuple[str, str, str, list[float | None]]]:
    """Address, title, alias and figures of each tool; those with the most users first."""
    numbers = [(tool, of_tool.get(span, {})) for tool, of_tool in found]
    ranked = sorted(numbers, key=lambda one: -one[1].get("users", 0))
    return [(f"{tool.id}.html", tool.title, tool.alias, [one.get(key) for key in RANKED]) for tool, one in ranked]


def _write_tool(
    writer: Writer, tool: Tool, newest: Figures, month: Month, drawn: Drawn, breakdowns: Breakdowns
) -> None:
    """Put in a tool; `newest`: its figures of `month`."""
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
    users = {
        chart.id: [{"name": name, "users": users} for name, users in zip(chart.names, chart.values[0], strict=True)]
        for chart in bars
    }
    told = {"tool": tool.id, "alias": tool.alias, "title": tool.title}
    periods = {str(span): documents.members(of_span) for span, of_span in drawn.figures.items()}
    text = documents.members(
        {
            **{name: document(value) for name, value in told.items()},
            "month": drawn.months,
            "periods": documents.members(periods),
            "users": document(users),
        }
    )
    name = f"{PART}{tool.id}"
    values = {
        "tool": tool, "month": month, "curves": drawn.curves, "bars": bars, "numbers": numbers,
        "figures": {figure.key: figure for figure in FIGURES}, "embed": name,
    }  # fmt: skip
    writer.page(f"{name}.html", "tool.html", f"{text}{document(numbers)}", lambda: values, writer.until(month))
    charts: list[Chart | Curve] = [*drawn.curves, *bars]
    writer.charts(name, f"{name}.html", [(chart, tool.title) for chart in charts])
    writer.generation.put(f"{name}.json", text, lambda: documents.as_json(text))
    writer.generation.put(f"{name}.csv", text, lambda: documents.columns_as_csv(drawn.long))
