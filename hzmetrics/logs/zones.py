"""Names of time zones in logs, as `date +%Z` writes them."""

from __future__ import annotations

import datetime as dt
from functools import cache
from zoneinfo import ZoneInfo

NAMES = {
    "UTC": 0, "GMT": 0, "Z": 0, "z": 0,
    "EST": -300, "EDT": -240, "PST": -480, "PDT": -420, "MDT": -360, "AKST": -540, "AKDT": -480, "HST": -600,
    "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180, "MSK": 180, "JST": 540, "HKT": 480,
    "AEST": 600, "AEDT": 660, "AWST": 480, "NZST": 720, "NZDT": 780, "SAST": 120, "CAT": 120, "EAT": 180, "WAT": 60,
}  # fmt: skip
"""Minutes east of Greenwich of the names that mean one zone everywhere. Names that several zones use, as IST and CST,
are left out: they mean the hub's zone."""


def offset(zones: str) -> str:
    """Minutes east of Greenwich, as text. `zones`: the zone of a hub, a blank, and how a log of it names a zone.

    Empty for the hub's own zone: that of no zone, and of a name that several zones use.
    """
    hub, _, named = zones.partition(" ")
    found = _names(hub).get(named, _minutes(named))
    return "" if found is None else str(found)


def _minutes(zone: str) -> int | None:
    """The minutes of an offset: `+01`, `+0545`, `-05:00`, `UTC+03:30`."""
    offset = zone[3:] if zone.startswith(("UTC", "GMT")) else zone
    sign, hours, minutes = offset[:1], offset[1:3], offset[3:].removeprefix(":")
    is_short = len(offset) == 3
    digits = hours if is_short else hours + minutes
    if sign not in ("+", "-") or len(digits) != (2 if is_short else 4) or not (digits.isascii() and digits.isdigit()):
        return None
    found = int(hours) * 60 + int(minutes or 0)
    return None if int(hours) > 23 or int(minutes or 0) > 59 else found if sign == "+" else -found


@cache
def _names(zone: str) -> dict[str, int]:
    """Minutes east of Greenwich by name, for a hub in `zone`: what the hub's zone calls itself means that zone."""
    own: dict[str, int] = {}
    hub = ZoneInfo(zone)
    year = dt.datetime.now(dt.UTC).year
    for month in (1, 7):
        moment = dt.datetime(year, month, 1, tzinfo=hub)
        name, offset = moment.tzname(), moment.utcoffset()
        if name and offset is not None:
            own[name] = int(offset.total_seconds()) // 60
    return NAMES | own


def of_machine() -> str:
    """The name of the machine's zone."""
    from tzlocal import get_localzone_name

    return get_localzone_name() or "UTC"
