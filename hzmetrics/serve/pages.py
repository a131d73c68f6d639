"""The pages: templates, which scripts fill with the documents, and what they load."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from mimetypes import guess_type
from typing import Any, NamedTuple

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

from hzmetrics import __version__
from hzmetrics.output.document import document
from hzmetrics.publish import pages as public
from hzmetrics.serve.content import Content, content

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
    given = {"base": base, "site": site, "here": here, "navigation": NAVIGATION, "documents": None, **values}
    return _rendered(template, given)


def copy(template: str, site: str, documents: Mapping[str, Any], **values: Any) -> bytes:
    """A page in one file, which shows `documents`, by their addresses, and can ask for no others."""
    text = document(documents).replace("<", "\\u003c")  # it ends no script
    given = {"base": "", "site": site, "here": "", "navigation": (), "documents": Markup(text), **values}
    return _rendered(template, given)


def _rendered(template: str, values: Mapping[str, Any]) -> bytes:
    text = _environment().get_template(template).render({"version": __version__, "asset": _asset, **values})
    return text.encode("utf-8", "replace")


def _asset(name: str) -> Markup:
    """The text of a style sheet or script, to be part of a page."""
    return Markup(assets()[name].body.decode("utf-8"))


@cache
def assets() -> Mapping[str, Content]:
    """The style sheets and scripts by name."""
    own = files("hzmetrics.serve").joinpath("static")
    found = {name: body for name, body in public.assets() if name in PUBLIC}
    found |= {entry.name: own.joinpath(entry.name).read_bytes() for entry in own.iterdir()}
    return {name: content(body, guess_type(name)[0] or "text/plain") for name, body in found.items()}


@cache
def _environment() -> Environment:
    shared = PrefixLoader({"public": PackageLoader("hzmetrics.publish")})
    loader = ChoiceLoader([PackageLoader("hzmetrics.serve"), shared])
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
