"""The list of tools, and a page a tool."""

from __future__ import annotations

from typing import Any

from hzmetrics.calendar import Month
from hzmetrics.publish.figures.anonymity import OTHER, UNKNOWN
from hzmetrics.publish.figures.definitions import PERIODS
from hzmetrics.publish.figures.tools import FIGURES, SPAN_TITLES, SPANS, TITLES, Tool, Tools
from hzmetrics.publish.pages import month_name
from hzmetrics.publish.writer import Writer

RANKED = ("users", "simulations", "tot_wall", "tot_cpu")
"""The figures in the list, and those of a tool that have a curve."""
KEYS = tuple(figure.key for figure in FIGURES)


def write(writer: Writer, found: Tools) -> None:
    """Put in the list of tools, and each tool with its data. Raises OSError."""
    if found.newest is None:
        return
    newest, until = found.newest, f"the end of {month_name(found.newest)}"
    figures = [figure for figure in FIGURES if figure.key in RANKED]
    tables = [(f"period-{span}", SPAN_TITLES[span], figures, _ranking(found, newest, span)) for span in (12, 1, 14)]
    values = {
        "title": "Tools",
        "kind": "Tool",
        "introduction": f"All {len(found.tools):,} tools. The periods end with {month_name(newest)}.",
        "tables": tables,
        "data": "tools",
    }
    writer.page("tools/index.html", "list.html", [[name, rows] for name, _, _, rows in tables], values, until)
    listed = [
        {"tool": tool.id, "alias": tool.alias, "title": tool.title, "period": span, "month": str(newest), **numbers}
        for tool in found.tools
        for span in SPANS
        if (numbers := tool.of(span, newest))
    ]
    columns = ("tool", "alias", "title", "period", "month", *KEYS)
    writer.data("tools/tools", listed, columns, lambda: ([row[name] for name in columns] for row in listed))
    for tool in found.tools:
        _write_tool(writer, tool, newest, until)


def _ranking(found: Tools, newest: Month, span: int) -> list[tuple[str, str, str, list[float | None]]]:
    """Address, title, alias and figures of each tool; those with the most users first."""
    ranked = sorted(found.tools, key=lambda tool: -tool.of(span, newest).get("users", 0))
    return [
        (f"{tool.id}.html", tool.title, tool.alias, [tool.of(span, newest).get(key) for key in RANKED])
        for tool in ranked
    ]


def _write_tool(writer: Writer, tool: Tool, newest: Month, until: str) -> None:
    months = sorted({month for span in SPANS for month in tool.figures.get(span, ())})
    curves = [
        (
            figure,
            [(month_name(month), "", [tool.of(span, month).get(figure.key) for span in SPANS]) for month in months],
        )
        for figure in FIGURES
        if figure.key in RANKED
    ]
    breakdowns = [
        (f"{kind}-{span}", TITLES[kind], SPAN_TITLES[span], [(part.name, part.people) for part in parts[span]])
        for kind, parts in tool.breakdowns.items()
        for span in (12, 14)
        if any(part.name not in (OTHER, UNKNOWN) for part in parts[span])
    ]
    figures = [(figure, [tool.of(period.code, newest).get(figure.key) for period in PERIODS]) for figure in FIGURES]
    made_of: list[Any] = [tool.title, [rows for _, rows in curves], breakdowns, [numbers for _, numbers in figures]]
    values = {"tool": tool, "newest": newest, "curves": curves, "breakdowns": breakdowns, "figures": figures}
    writer.page(f"tools/{tool.id}.html", "tool.html", made_of, values, until)
    rows = [
        {"month": month, "period": period, **numbers}
        for period, of_months in sorted(tool.figures.items())
        for month, numbers in of_months.items()
    ]
    users = {name: [{"name": part, "users": people} for part, people in parts] for name, _, _, parts in breakdowns}
    value = {"tool": tool.id, "alias": tool.alias, "title": tool.title, "figures": rows, "users": users}
    columns = ("month", "period", *KEYS)
    writer.data(f"tools/{tool.id}", value, columns, lambda: ([row[name] for name in columns] for row in rows))
