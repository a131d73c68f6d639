"""What is published about the visitors: places with numbers, as the XML of the CMS's map and as JSON (spec 35 §6)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hzmetrics.calendar import Clock
from hzmetrics.online.visitors import Visitor, fold, folded
from hzmetrics.output.document import document

FORBIDDEN = (*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF)
"""Characters that no XML document may hold, escaped or not."""
_ESCAPES = dict.fromkeys(FORBIDDEN, "\ufffd") | str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


@dataclass
class Crowd:
    """The distinct visitors among some rows: users by name, guests and robots by address.

    By folded text, each has the first spelling.
    """

    users: dict[str, str] = field(default_factory=dict)
    guests: dict[str, str] = field(default_factory=dict)
    bots: dict[str, str] = field(default_factory=dict)

    def add(self, visitor: Visitor) -> None:
        match visitor.guest, visitor.bot:
            case 0, _:
                kind, who = self.users, visitor.username
            case 1, 0:
                kind, who = self.guests, visitor.ip
            case 1, 1:
                kind, who = self.bots, visitor.ip
            case _:
                return
        if who is not None:
            kind.setdefault(fold(who), who)

    @property
    def numbers(self) -> dict[str, int]:
        return {"users": len(self.users), "guests": len(self.guests), "bots": len(self.bots)}


@dataclass
class Spot:
    """A place with its visitors; named by its first row. Without coordinates: those whose place is unknown."""

    latitude: float | None
    longitude: float | None
    country: str
    region: str
    city: str
    bot: int = 0
    everybody: Crowd = field(default_factory=Crowd)
    domains: dict[str | None, tuple[str, Crowd]] = field(default_factory=dict)
    """By folded domain: its first spelling and its visitors, in order of first appearance."""

    @classmethod
    def of(cls, visitor: Visitor, coordinates: tuple[float, float] | None) -> Spot:
        if coordinates is None:
            return cls(None, None, "", "", "")
        place = visitor.place
        return cls(*coordinates, place.country or "", place.region or "", place.city or "")

    def add(self, visitor: Visitor) -> None:
        self.bot = max(self.bot, visitor.bot or 0)
        self.everybody.add(visitor)
        crowd = self.domains.setdefault(folded(visitor.domain), (visitor.domain or "", Crowd()))[1]
        if visitor.domain is not None:
            crowd.add(visitor)


def spots(visitors: Iterable[Visitor]) -> list[Spot]:
    """The places of `visitors`, by latitude, then longitude; those that are on no map last, as one."""
    found: dict[tuple[float, float] | None, Spot] = {}
    for visitor in visitors:
        where = _coordinates(visitor)
        if where not in found:
            found[where] = Spot.of(visitor, where)
        found[where].add(visitor)
    return [found[where] for where in sorted(found, key=lambda where: (where is None, where or ()))]


def _coordinates(visitor: Visitor) -> tuple[float, float] | None:
    """Where a row is on the map. Latitude 0 means that no place was found."""
    latitude, longitude = visitor.place.latitude, visitor.place.longitude
    if not latitude or longitude is None or not (math.isfinite(latitude) and math.isfinite(longitude)):
        return None
    return latitude, longitude


def as_xml(places: Iterable[Spot]) -> str:
    """The document of the CMS's map, to the byte as that wants it."""
    markers = [
        f'<marker lat="{spot.latitude!r}" lng="{spot.longitude!r}" '
        f'info = "_b_{_attribute(f"{spot.city}, {spot.region}, {spot.country}")}_bb__hr_{_attribute(_hosts(spot))}" '
        f'bot = "{spot.bot}"/>\n'
        for spot in places
        if spot.latitude is not None
    ]
    return f"<markers>\n{''.join(markers)}</markers>\n"


def _hosts(spot: Spot) -> str:
    """Each domain with its numbers. `_b_`, `_bb_`, `_br_` and `_hr_` are the map's words for bold, line and rule."""
    text = ""
    for domain, crowd in spot.domains.values():
        text += f"_b_{domain}_bb_"
        for label, number in zip(("Users", "Guests", "Bots"), crowd.numbers.values(), strict=True):
            if number:
                text += f"_br_ - {label}: {number}"
        text += "_br_"
    while text.endswith("_br_"):
        text = text.removesuffix("_br_")
    return text


def _attribute(text: str) -> str:
    return text.translate(_ESCAPES)


def summary(places: Iterable[Spot], clock: Clock, names: bool = False) -> dict[str, Any]:
    """Numbers of each place, and of the visitors without one; no domains or addresses, and names only if asked for."""
    located, elsewhere = [], _numbers(Crowd(), names)
    for spot in places:
        if spot.latitude is None:
            elsewhere = _numbers(spot.everybody, names)
        else:
            where = {name: getattr(spot, name) for name in ("latitude", "longitude", "city", "region", "country")}
            located.append({**where, **_numbers(spot.everybody, names)})
    return {"generated": clock.now.isoformat(timespec="seconds"), "places": located, "elsewhere": elsewhere}


def _numbers(crowd: Crowd, names: bool) -> dict[str, Any]:
    return {**crowd.numbers, "names": sorted(crowd.users.values())} if names else {**crowd.numbers}


def as_json(places: Iterable[Spot], clock: Clock) -> str:
    """The document for other maps, public like the first: a `summary` without names."""
    return document(summary(places, clock), indent=1) + "\n"
