"""The templates, and what they are made with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from hzmetrics.publish.figures.definitions import Figure
from hzmetrics.publish.numbers import change, month_name, share, shown
from hzmetrics.publish.tables import Values, cell, cells


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
    environment.globals |= {"term": term, "figure_row": figure_row}
    return environment


@lru_cache(10_000)
def term(figure: Figure, at: str, title: str = "") -> Markup:
    """A figure's title, or another one, with its definition; `at` tells it from others of the page."""
    macros: Any = _environment().get_template("parts.html").module
    return Markup(macros.term(figure, at, title))


def figure_row(figure: Figure, at: str, is_part: bool, values: Values) -> Markup:
    """The row of a figure in a table; `is_part`: it is a part of a row above."""
    return Markup(f"{_row_head(figure, at, is_part)}{cells(values, figure.column_unit)}</tr>")


@lru_cache(10_000)
def _row_head(figure: Figure, at: str, is_part: bool) -> str:
    kind = ' class="part"' if is_part else ""
    return (
        f'<tr data-key="{escape(figure.key)}" data-unit="{escape(figure.column_unit)}"{kind}>'
        f'<th scope="row">{term(figure, at, figure.column_title)}</th>'
    )
