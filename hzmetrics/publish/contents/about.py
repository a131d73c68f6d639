"""About the numbers: what each counts, where it is stored, and which corrections are on."""

from __future__ import annotations

from collections.abc import Mapping, Set

from hzmetrics import __version__
from hzmetrics.publish.figures.definitions import CORRECTIONS, Figure
from hzmetrics.publish.figures.overview import Overview
from hzmetrics.publish.figures.resources import USERS
from hzmetrics.publish.figures.tools import FIGURES
from hzmetrics.publish.figures.traffic import EXPLAINED
from hzmetrics.publish.writer import Writer


def write(
    writer: Writer,
    overview: Overview,
    has_tools: bool,
    has_resources: bool,
    corrections: Set[str],
    since: Mapping[str, str],
    min_users: int,
    has_traffic: bool,
) -> None:
    """Put in the page; `since`: from when on corrections apply that act at import. Raises OSError."""
    on = [(name, meaning, since.get(name, "")) for name, meaning in CORRECTIONS.items() if name in corrections]
    parts = [figure for column in range(2, 12) if overview.has(figure := overview.groups[0].figure(column))]
    glossary = [
        ("Users", [(group.figure(1), f"user grid, row {group.row}") for group in overview.groups]),
        ("Parts of the users", [(figure, f"column {figure.key.split('.')[2]} of each row") for figure in parts]),
        ("Simulation", [(figure, _cell(figure)) for figure in overview.simulation]),
        ("Visits", [(figure, _cell(figure)) for figure in overview.traffic]),
        ("What visitors ask for", [(figure, "") for figure in EXPLAINED] if has_traffic else []),
        ("Figures of tools", [(figure, "") for figure in FIGURES] if has_tools else []),
        ("Figures of resources", [(USERS, "")] if has_resources else []),
    ]
    incomplete = [month for month in overview.months if month in overview.incomplete]
    shown = [[title, [figure.key for figure, _ in rows]] for title, rows in glossary]
    values = {
        "corrections": on,
        "min_users": min_users,
        "incomplete": incomplete,
        "glossary": glossary,
        "version": __version__,
    }
    made_of = [on, min_users, list(map(str, incomplete)), shown, __version__]
    writer.page("about.html", "about.html", made_of, lambda: values)


def _cell(figure: Figure) -> str:
    grid, row, _ = figure.key.split(".")
    return f"{grid} grid, row {row}"
