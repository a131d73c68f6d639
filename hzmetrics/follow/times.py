"""From the times in logs to UTC (84 §3)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

STEP_BACK = dt.timedelta(minutes=30)
"""Local times that step back by more than this have entered the second of a repeated hour."""
MOST_REMEMBERED = 100_000

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
        """UTC seconds of `YYYY-MM-DD HH:MM:SS` with an offset, a zone name, or nothing; None for none from 1970 on."""
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
            east = dt.timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
            return _seconds(naive.replace(tzinfo=dt.UTC), east if offset[1] == "+" else -east)
        if zone in ("UTC", "GMT"):
            return _seconds(naive.replace(tzinfo=dt.UTC))
        first, second = self._readings(naive)
        named = self._is_repeated(naive) and second.tzname() == zone != first.tzname()
        return _seconds(second if named else first)

    def _without_zone(self, local: str) -> int | None:
        naive = _parse(local)
        if naive is None:
            return None
        if self._is_repeated(naive):
            self.second = self.second or (self.last is not None and self.last - naive > STEP_BACK)
        elif self.second:  # a line that comes a little late may still lead back into the hour
            self.second = any(self._is_repeated(naive + step) for step in (-STEP_BACK, STEP_BACK))
        self.last = naive
        return _seconds(self._readings(naive)[self.second])

    def _readings(self, naive: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
        """A local time before and after a change of the clocks."""
        return naive.replace(tzinfo=self.zone), naive.replace(tzinfo=self.zone, fold=1)

    def _is_repeated(self, naive: dt.datetime) -> bool:
        before, after = (reading.utcoffset() for reading in self._readings(naive))
        return before is not None and after is not None and before > after


def _parse(local: str) -> dt.datetime | None:
    date, _, time = local.partition(" ")
    hours, minutes, seconds = time.split(":")
    try:
        return dt.datetime.combine(dt.date.fromisoformat(date), dt.time(int(hours), int(minutes), int(seconds)))
    except (ValueError, OverflowError):
        return None


def _seconds(moment: dt.datetime, east: dt.timedelta = dt.timedelta(0)) -> int | None:
    try:
        seconds = int((moment.astimezone(dt.UTC) - east).timestamp())
    except OverflowError:
        return None
    return seconds if seconds >= 0 else None
