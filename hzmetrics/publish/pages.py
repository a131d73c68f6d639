"""HTML of figures: the templates, and how numbers are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from hzmetrics.calendar import Month
from hzmetrics.publish.figures.definitions import Figure

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
NOTHING = "–"
"""Where there is no number."""
HOUR, DAY = 3600, 86_400


def render(template: str, values: Mapping[str, Any]) -> bytes:
    """A page as UTF-8. A character that cannot be written, half of a pair, becomes `?`."""
    return _environment().get_template(template).render(values).encode("utf-8", "replace")


@cache
def release() -> str:
    """A digest of templates and assets: what was made by other ones is made anew."""
    digest = sha256()
    for _, content in sorted([*_contents("templates"), *_contents("static")]):
        digest.update(content)
    return digest.hexdigest()


def assets() -> list[tuple[str, bytes]]:
    """The style sheet, scripts and libraries, by their path in the site's `assets`."""
    return sorted(_contents("static"))


def _contents(directory: str) -> list[tuple[str, bytes]]:
    def walk(place: Traversable, prefix: str) -> list[tuple[str, bytes]]:
        found: list[tuple[str, bytes]] = []
        for entry in place.iterdir():
            name = f"{prefix}{entry.name}"
            found += walk(entry, f"{name}/") if entry.is_dir() else [(name, entry.read_bytes())]
        return found

    return walk(files("hzmetrics.publish").joinpath(directory), "")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("hzmetrics.publish"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        auto_reload=False,
    )  # fmt: skip
    environment.filters |= {"shown": shown, "change": change, "share": share, "month": month_name, "cell": cell}
    environment.globals |= {"body": body, "term": term, "figure_row": figure_row}
    return environment


def shown(value: float | str | None, unit: str) -> str:
    """A value as pages write it."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return value
    return duration(value) if unit == "seconds" else _rounded(value)


def _rounded(value: float, digits: int = 0) -> str:
    """A number with separators; halves are rounded away from zero, as the scripts do."""
    if isinstance(value, int) and not digits:
        return f"{value:,}"
    return f"{Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):,f}"


Values = Sequence[float | str | None]


def body(labels: Sequence[str], columns: Sequence[Values], unit: str, marks: Mapping[int, str] | None = None) -> Markup:
    """The rows of a table whose values are columns; `marks`: what is to be said of some rows, by place.

    Pages have millions of cells in such tables: they are made a column at a time, and not by the template.
    """
    heads = list(map(_head, labels))
    opened = ["<tr>"] * len(heads)
    for place, mark in (marks or {}).items():
        opened[place] = f'<tr class="{escape(mark)}">'
        heads[place] = heads[place].replace("</th>", f" <small>({escape(mark)})</small></th>")
    cells = [[cell(value, unit) for value in column] for column in columns]
    return Markup("\n".join(map("".join, zip(opened, heads, *cells, strict=True))))


@lru_cache(10_000)
def term(figure: Figure, at: str) -> Markup:
    """A figure's title with its definition; `at` tells it from others of the page."""
    macros: Any = _environment().get_template("parts.html").module
    return Markup(macros.term(figure, at))


def figure_row(figure: Figure, at: str, is_part: bool, values: Values) -> Markup:
    """The row of a figure in a table; `is_part`: it is a part of a row above."""
    return Markup("".join([_row_head(figure, at, is_part), *(cell(value, figure.unit) for value in values), "</tr>"]))


@lru_cache(10_000)
def _row_head(figure: Figure, at: str, is_part: bool) -> str:
    kind = ' class="part"' if is_part else ""
    return (
        f'<tr data-key="{escape(figure.key)}" data-unit="{escape(figure.unit)}"{kind}>'
        f'<th scope="row">{term(figure, at)}</th>'
    )


@lru_cache(10_000)
def _head(label: str) -> str:
    return f'<th scope="row">{escape(label)}</th>'


@lru_cache(100_000)
def cell(value: float | str | None, unit: str) -> Markup:
    """A cell of a table. `data-v` is the number, where the text is not that number itself."""
    text = escape(shown(value, unit))
    bare = value is None or (unit == "count" and value == text)
    return Markup(f"<td>{text}</td>" if bare else f'<td data-v="{escape(value)}">{text}</td>')


def duration(seconds: float) -> str:
    """A time in a fitting unit."""
    size = abs(seconds)
    if size < 60:
        return f"{_rounded(seconds)} s"
    if size < HOUR:
        return f"{_rounded(seconds / 60)} min"
    return f"{_rounded(seconds / HOUR, 1)} h" if size < 4 * DAY else f"{_rounded(seconds / DAY, 1)} days"


def change(value: float | str | None, before: float | str | None) -> str:
    """The change from one number to another in percent."""
    if isinstance(value, str) or isinstance(before, str) or value is None or not before:
        return NOTHING
    percent = 100 * (value - before) / before
    size = _rounded(abs(percent))
    sign = "" if size == "0" else "−" if percent < 0 else "+"
    return f"{sign}{size} %"


def share(value: float | None, whole: float | None) -> str:
    """A part of a whole in percent."""
    return f"{_rounded(100 * value / whole)} %" if value is not None and whole else NOTHING


@lru_cache(10_000)
def month_name(month: Month | str) -> str:
    """A month in words."""
    year, number = str(month).split("-")
    return f"{MONTHS[int(number) - 1]} {year}"
