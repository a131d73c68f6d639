"""Names of time zones in logs, as `date +%Z` writes them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

NAMES = {
    "EST": -300, "EDT": -240, "PST": -480, "PDT": -420, "MDT": -360, "AKST": -540, "AKDT": -480, "HST": -600,
    "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180, "MSK": 180, "JST": 540, "HKT": 480,
    "AEST": 600, "AEDT": 660, "AWST": 480, "NZST": 720, "NZDT": 780, "SAST": 120, "CAT": 120, "EAT": 180, "WAT": 60,
}  # fmt: skip
"""Minutes east of Greenwich of the names that mean one zone everywhere. Names that several zones use, as IST and CST,
are left out: they mean the hub's zone."""


def minutes(zone: str) -> dict[str, int]:
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
