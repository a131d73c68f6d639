"""The visitors of this moment: the rows of the hub's `session_geo` and what a refresh makes of them (spec 35 §3).

Every step is a function from rows to rows. Rows stand in ascending order of `session_id`; "first" and "last" mean that.
Texts are equal when they fold alike; NULL and empty differ.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from hzmetrics import collation

LIFETIME = 3600
"""Seconds after its time at which a visitor is no longer online."""

UNKNOWN = "(unknown)"
"""The domain of an address without a name."""


class Location(NamedTuple):
    """The place columns of a row, in the table's order. None is NULL."""

    country: str | None = None
    country_name: str | None = None
    region: str | None = None
    city: str | None = None
    latitude: float | None = None
    longitude: float | None = None


NOT_ASKED = Location()
NOWHERE = Location("-", "-", "-", "-", 0.0, 0.0)
"""The place of an address that no source knows: on no map, and not asked for again."""


class Visitor(NamedTuple):
    """One row. A session of the CMS is a visitor without name and place."""

    session_id: str
    username: str | None
    time: str | None
    """As stored: text that begins with Unix seconds, or does not."""
    seconds: float | None
    """The number in `time`; 0 without one, None for NULL."""
    guest: int | None
    userid: int | None
    ip: str | None
    host: str | None = None
    domain: str | None = None
    place: Location = NOT_ASKED
    bot: int | None = 0


fold = lru_cache(1 << 16)(collation.fold)
"""Few texts, and each compared in every step."""


def folded(text: str | None) -> str | None:
    return None if text is None else fold(text)


def ordered(visitors: Iterable[Visitor]) -> list[Visitor]:
    return sorted(visitors, key=lambda visitor: fold(visitor.session_id))


def present(visitors: Iterable[Visitor], now: float) -> list[Visitor]:
    """Those not stale at the Unix second `now`. A NULL time never is."""
    return [visitor for visitor in visitors if visitor.seconds is None or now - visitor.seconds <= LIFETIME]


def arrivals(sessions: Iterable[Visitor], known: Iterable[Visitor]) -> list[Visitor]:
    """The first of the fresh `sessions` of each address and user, unless its row is there already."""
    first: dict[tuple[str | None, str | None], Visitor] = {}
    for session in ordered(sessions):
        first.setdefault((folded(session.ip), folded(session.username)), session)
    there = {fold(visitor.session_id) for visitor in known}
    return [session for session in first.values() if fold(session.session_id) not in there]


def with_known_names(visitors: Sequence[Visitor]) -> list[Visitor]:
    """A host that one row of an address has, all rows of it get. Of several, the last to appear first wins."""
    names: dict[str, dict[tuple[str | None, str | None], tuple[str | None, str | None]]] = {}
    for visitor in visitors:
        if visitor.ip is not None and folded(visitor.host) not in (None, "", fold(UNKNOWN)):
            name = (folded(visitor.host), folded(visitor.domain))
            names.setdefault(fold(visitor.ip), {}).setdefault(name, (visitor.host, visitor.domain))
    last = {ip: list(found.values())[-1] for ip, found in names.items()}
    return _with_hosts(visitors, last)


def nameless(visitors: Iterable[Visitor]) -> list[str]:
    """The distinct addresses to ask a name for."""
    return list({fold(v.ip): v.ip for v in visitors if v.ip and fold(v.ip) and not folded(v.host)}.values())


def with_names(visitors: Sequence[Visitor], names: Mapping[str, tuple[str, str]]) -> list[Visitor]:
    """Host and domain, by address, given to all rows of the address."""
    return _with_hosts(visitors, {fold(ip): name for ip, name in names.items()})


def placeless(visitors: Iterable[Visitor]) -> list[str]:
    """The distinct addresses to ask a place for."""
    return list({fold(v.ip): v.ip for v in visitors if v.ip is not None and v.place.latitude is None}.values())


def with_places(
    visitors: Sequence[Visitor], places: Mapping[str, Location], bot_domains: Collection[str]
) -> list[Visitor]:
    """Location and bot flag given to all rows of the addresses in `places`.

    The flag of an address comes from the last to appear of its distinct (domain, flag) without a place; a domain in
    `bot_domains` (folded) sets it.
    """
    marks: dict[str, dict[tuple[str | None, int | None], int]] = {}
    for visitor in visitors:
        if visitor.ip is not None and visitor.place.latitude is None:
            domain = folded(visitor.domain)
            flag = visitor.bot or int(bool(domain) and domain in bot_domains)
            marks.setdefault(fold(visitor.ip), {}).setdefault((domain, visitor.bot), flag)
    found = {fold(ip): place for ip, place in places.items()}
    return [
        visitor._replace(place=found[key], bot=list(marks[key].values())[-1])
        if visitor.ip is not None and (key := fold(visitor.ip)) in found
        else visitor
        for visitor in visitors
    ]


def _with_hosts(visitors: Sequence[Visitor], names: Mapping[str, tuple[str | None, str | None]]) -> list[Visitor]:
    return [
        visitor._replace(host=names[key][0], domain=names[key][1])
        if visitor.ip is not None and (key := fold(visitor.ip)) in names
        else visitor
        for visitor in visitors
    ]
