"""The list of resources that are no tools, and a page a resource."""

from __future__ import annotations

from hzmetrics.publish.figures.definitions import Figure
from hzmetrics.publish.figures.resources import USERS, Resource, Resources
from hzmetrics.publish.figures.tools import SPAN_TITLES, SPANS
from hzmetrics.publish.pages import month_name
from hzmetrics.publish.writer import Writer

NUMBERS = ("users_month", "users_12_months", "users_all_time")


def write(writer: Writer, found: Resources) -> None:
    """Put in the list of resources, and each resource with its data. Raises OSError."""
    if found.newest is None:
        return
    newest, until = found.newest, f"the end of {month_name(found.newest)}"
    columns = [Figure(f"users-{span}", f"Users, {SPAN_TITLES[span].lower()}", USERS.definition) for span in SPANS]
    ranked = sorted(found.resources, key=lambda one: -(one.at(newest)[2] or 0))
    rows = [(f"{one.id}.html", one.title, "", list(one.at(newest))) for one in ranked]
    introduction = f"All {len(ranked):,} resources that were used and are no tools."
    values = {
        "title": "Resources",
        "kind": "Resource",
        "introduction": f"{introduction} The periods end with {month_name(newest)}.",
        "tables": [("all", "", columns, rows)],
        "data": "resources",
    }
    writer.page("resources/index.html", "list.html", rows, values, until)
    listed = [
        {
            "resource": one.id,
            "title": one.title,
            "month": str(newest),
            **dict(zip(NUMBERS, one.at(newest), strict=True)),
        }
        for one in ranked
    ]
    names = ("resource", "title", "month", *NUMBERS)
    writer.data("resources/resources", listed, names, lambda: (row.values() for row in listed))
    for one in found.resources:
        _write_resource(writer, one)


def _write_resource(writer: Writer, one: Resource) -> None:
    rows = list(zip(one.months, one.in_month, one.in_year, one.in_all_time, strict=True))
    values = {
        "resource": one,
        "figure": USERS,
        "rows": [(month_name(month), "", numbers) for month, *numbers in rows],
    }
    until = f"the end of {month_name(one.months[-1])}"
    writer.page(f"resources/{one.id}.html", "resource.html", [one.title, rows], values, until)
    value = {
        "resource": one.id,
        "title": one.title,
        "users": [dict(zip(("month", *NUMBERS), row, strict=True)) for row in rows],
    }
    writer.data(f"resources/{one.id}", value, ("month", *NUMBERS), lambda: rows)
