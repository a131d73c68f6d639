"""From the times in logs to UTC (spec 84 §3)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

STEP_BACK = dt.timedelta(minutes=30)
"""Local times that step back by more than this have entered the second of a repeated hour."""
MOST_REMEMBERED = 100_000
LATEST = 253_402_300_799
"""9999-12-31 23:59:59 UTC."""

_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})?", re.ASCII)


@dataclass
class LogClock:
    """Reads the times of one log, in file order. `last` and `second` carry over to the next tick."""

    zone: dt.tzinfo
    last: dt.datetime | None = None
    """The last local time read that came without a zone."""
    second: bool = False
    """Whether that was in the second of a repeated hour."""
    _known: dict[tuple[str, str], int | None] = field(default_factory=dict)

    def epoch(self, local: str, zone: str | None) -> int | None:
        """UTC seconds of `YYYY-MM-DD HH:MM:SS` with an offset, a zone name, or nothing; None for none since 1970."""
        if zone is None:
            return self._without_zone(local)
        key = (local, zone)
        if key not in self._known:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = self._with_zone(local, zone)
        return self._known[key]

    def _with_zone(self, local: str, zone: str) -> int | None:
        naive = _parse(local)
        if naive is None:
            return None
        offset = _OFFSET.fullmatch(zone)
        if offset:
            east = int(offset[2]) * 3600 + int(offset[3] or 0) * 60
            return _seconds(naive.replace(tzinfo=dt.UTC), east if offset[1] == "+" else -east)
        if zone in ("UTC", "GMT"):
            return _seconds(naive.replace(tzinfo=dt.UTC))
        first, second = self._readings(naive)
        named = first.tzname() != zone == second.tzname() and _are_two(first, second)
        return _seconds(second if named else first)

    def _without_zone(self, local: str) -> int | None:
        naive = _parse(local)
        if naive is None:
            return None
        readings = self._readings(naive)
        if _are_two(*readings):
            self.second = self.second or (self.last is not None and self.last - naive > STEP_BACK)
        elif self.second:  # a line that comes a little late may still lead back into the hour
            self.second = any(_are_two(*self._readings(naive + step)) for step in (-STEP_BACK, STEP_BACK))
        self.last = naive
        return _seconds(readings[self.second])

    def _readings(self, naive: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
        """A local time before and after a change of the clocks."""
        return naive.replace(tzinfo=self.zone), naive.replace(tzinfo=self.zone, fold=1)


def _parse(local: str) -> dt.datetime | None:
    date, _, time = local.partition(" ")
    hours, minutes, seconds = time.split(":")
    try:
        return dt.datetime.combine(dt.date.fromisoformat(date), dt.time(int(hours), int(minutes), int(seconds)))
    except (ValueError, OverflowError):
        return None


def _are_two(first: dt.datetime, second: dt.datetime) -> bool:
    """Whether the readings of a local time are two instants, in the hour that is repeated in autumn."""
    before, after = first.utcoffset(), second.utcoffset()
    return before is not None and after is not None and before > after


def _seconds(moment: dt.datetime, east: int = 0) -> int | None:
    seconds = int(moment.timestamp()) - east
    return seconds if 0 <= seconds <= LATEST else None
