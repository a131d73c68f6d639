"""The clock of a followed log: from local times to UTC, through the nights when clocks change (spec 84 §3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

STEP_BACK = dt.timedelta(minutes=30)
"""Local times that step back by more than this have entered the second of a repeated hour."""

EARLIEST, LATEST = "1969-12-31 00:00", "9999-12-30 23:59"
"""The minutes that have readings."""


@dataclass
class LogClock:
    """What is known of the local times of one log; carries over to the next tick."""

    zone: dt.tzinfo
    last: str = ""
    """The last local time that came without a zone, `YYYY-MM-DD HH:MM:SS`; empty: there was none."""
    is_second: bool = False
    """Whether that was in the second of a repeated hour."""


class Reading(NamedTuple):
    """What a local minute can mean: before and after a change of the clocks. Mostly both are the same instant."""

    minute: str
    """`YYYY-MM-DD HH:MM`."""
    first: int
    """UTC, seconds of the epoch."""
    second: int
    first_zone: str
    """What the zone calls itself then."""
    second_zone: str
    is_repeated: bool
    """Whether it comes twice, in the hour that is repeated in autumn."""
    is_near: bool
    """Whether it is within half an hour of one that comes twice."""


def readings(minutes: Iterable[str], zone: dt.tzinfo) -> Iterator[Reading]:
    """The readings of local minutes of a zone, from 1970 on; others have none."""
    for minute in minutes:
        if EARLIEST <= minute <= LATEST:
            naive = dt.datetime.fromisoformat(minute)
            first, second = _both(naive, zone)
            near = (naive - STEP_BACK, naive, naive + STEP_BACK)
            yield Reading(
                minute,
                int(first.timestamp()),
                int(second.timestamp()),
                first.tzname() or "",
                second.tzname() or "",
                _is_repeated(naive, zone),
                any(_is_repeated(time, zone) for time in near),
            )


def _both(naive: dt.datetime, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    return naive.replace(tzinfo=zone), naive.replace(tzinfo=zone, fold=1)


def _is_repeated(naive: dt.datetime, zone: dt.tzinfo) -> bool:
    before, after = (time.utcoffset() for time in _both(naive, zone))
    return before is not None and after is not None and before > after
