"""Who is online, as the map's public document says it (spec 35 §6)."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hzmetrics import files
from hzmetrics.errors import ConfigurationError
from hzmetrics.online.files import map_directory
from hzmetrics.publish.figures.anonymity import UNKNOWN, label

if TYPE_CHECKING:
    from hzmetrics.config import Settings

NUMBERS = ("users", "guests", "bots")


@dataclass(frozen=True)
class Place:
    """A place with its visitors."""

    name: str
    latitude: float
    longitude: float
    numbers: Mapping[str, int]

    @property
    def people(self) -> int:
        """Visitors who are no robots."""
        return self.numbers["users"] + self.numbers["guests"]


@dataclass(frozen=True)
class Online:
    """Who was online at a moment."""

    generated: str
    """When, in words."""
    places: Sequence[Place]
    """Those with the most visitors first."""
    elsewhere: Mapping[str, int]
    """Visitors without a place, and those of places that are not told apart."""
    at_least: int
    """The people of a place that is told apart."""
    address: str
    """Where the pages find newer numbers, relative to theirs; empty if they cannot."""


def read(settings: Settings, names: Mapping[str, str], directory: Path, at_least: int) -> Online | None:
    """What the document says; None without a map. `names` are those of countries; `directory` is that of the pages.

    Places with fewer than `at_least` people are not told apart.
    """
    try:
        document = map_directory(settings) / "whoisonline.json"
        found = json.loads(files.read(document))
        read_places = [_place(place, names) for place in found["places"]]
        places, elsewhere = _together(read_places, _numbers(found["elsewhere"]), at_least)
        return Online(
            str(found["generated"])[:25].replace("T", " ").replace("+00:00", " UTC"),
            sorted(places, key=lambda place: (-sum(place.numbers.values()), place.name)),
            elsewhere,
            at_least,
            _address(settings, document, directory),
        )
    except (ConfigurationError, OSError, ValueError, KeyError, TypeError):
        return None  # no map yet, or none that can be read: `status` tells


def _place(place: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, Place]:
    """The name of the country, and the place."""
    code = str(place["country"] or "")
    country = label(names.get(code, code))
    parts = (*(label(str(place[name] or "")) for name in ("city", "region")), country)
    name = ", ".join(part for part in parts if part != UNKNOWN)
    latitude, longitude = float(place["latitude"]), float(place["longitude"])
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        raise ValueError
    return country, Place(name or UNKNOWN, latitude, longitude, _numbers(place))


def _together(
    found: Sequence[tuple[str, Place]], elsewhere: dict[str, int], at_least: int
) -> tuple[list[Place], dict[str, int]]:
    """Places with few people are one with the others of their country, and if that has few people too, elsewhere."""
    shown, small = list[Place](), dict[str, list[Place]]()
    for country, place in found:
        if place.people >= at_least:
            shown.append(place)
        else:
            small.setdefault(country, []).append(place)
    for country, places in small.items():
        numbers = {name: sum(place.numbers[name] for place in places) for name in NUMBERS}
        latitude = sum(place.latitude for place in places) / len(places)
        longitude = sum(place.longitude for place in places) / len(places)
        one = Place(country, latitude, longitude, numbers)
        if country != UNKNOWN and one.people >= at_least:
            shown.append(one)
        else:
            elsewhere = {name: elsewhere[name] + numbers[name] for name in NUMBERS}
    return shown, elsewhere


def _numbers(found: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(found[name]) for name in NUMBERS}


def _address(settings: Settings, document: Path, directory: Path) -> str:
    """The document as the pages find it on the web server, if both are below its root."""
    root = settings.hub.hub_dir
    if root is None or not (directory.is_relative_to(root.absolute()) and document.is_relative_to(root)):
        return ""
    return os.path.relpath(document.absolute(), directory)
