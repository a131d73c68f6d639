"""From the times in logs to UTC (84 §3)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

STEP_BACK = dt.timedelta(minutes=30)
"""Local times that step back by more than this have entered the second of a repeated hour."""
MOST_REMEMBERED = 100_000

_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})", re.ASCII)


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
        """UTC seconds of `YYYY-MM-DD HH:MM:SS` with an offset, a zone name, or nothing; None if no such time exists."""
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
            shift = dt.timedelta(hours=int(offset[2]), minutes=int(offset[3]))
            return _seconds((naive - shift if offset[1] == "+" else naive + shift).replace(tzinfo=dt.UTC))
        if zone in ("UTC", "GMT"):
            return _seconds(naive.replace(tzinfo=dt.UTC))
        readings = [naive.replace(tzinfo=self.zone, fold=fold) for fold in (0, 1)]
        return _seconds(next((reading for reading in readings if reading.tzname() == zone), readings[0]))

    def _without_zone(self, local: str) -> int | None:
        naive = _parse(local)
        if naive is None:
            return None
        first, second = (naive.replace(tzinfo=self.zone, fold=fold) for fold in (0, 1))
        before, after = first.utcoffset(), second.utcoffset()
        repeated = before is not None and after is not None and before > after
        stepped_back = self.last is not None and self.last - naive > STEP_BACK
        self.second = repeated and (self.second or stepped_back)
        self.last = naive
        return _seconds(second if self.second else first)


def _parse(local: str) -> dt.datetime | None:
    date, _, time = local.partition(" ")
    hours, minutes, seconds = time.split(":")
    try:
        return dt.datetime.combine(dt.date.fromisoformat(date), dt.time(int(hours), int(minutes), int(seconds)))
    except (ValueError, OverflowError):
        return None


def _seconds(moment: dt.datetime) -> int:
    return int(moment.timestamp())
