"""The pages: templates, which scripts fill with the documents, and what they load."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from mimetypes import guess_type
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from hzmetrics import __version__
from hzmetrics.publish import pages as public
from hzmetrics.serve.answers import Content, content

PUBLIC = ("style.css", "icon.svg", "vendor/d3.min.js", "vendor/plot.umd.min.js")
"""What the public pages have, too."""


class Place(NamedTuple):
    """A page of the first level."""

    name: str
    path: str


NAVIGATION = (
    Place("Activity", "/activity"),
    Place("Active users", "/active-users"),
    Place("Events", "/stats"),
    Place("Courses", "/courses"),
    Place("Operations", "/operations"),
)


def render(template: str, base: str, site: str, here: str, **values: Any) -> bytes:
    """A page below the path `base`; `here`: the path of its place in the navigation."""
    given = {"base": base, "site": site, "here": here, "navigation": NAVIGATION, "version": __version__, **values}
    return _environment().get_template(template).render(given).encode("utf-8", "replace")


@cache
def assets() -> Mapping[str, Content]:
    """The style sheets and scripts by name."""
    own = files("hzmetrics.serve").joinpath("static")
    found = {name: body for name, body in public.assets() if name in PUBLIC}
    found |= {entry.name: own.joinpath(entry.name).read_bytes() for entry in own.iterdir()}
    return {name: content(body, guess_type(name)[0] or "text/plain") for name, body in found.items()}


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("hzmetrics.serve"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
