"""Stress levels (spec 84 §6, §7). Pure: times are UTC seconds of the epoch."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

GREEN, YELLOW, RED = 0, 1, 2


@dataclass(frozen=True)
class Rules:
    """The rules by which a window is unusual."""

    thresholds: Mapping[str, float]
    """More events of a name than this in one window are unusual."""
    window: int = 30
    """Length in seconds of the window before an evaluation: start included, end not."""
    interval: int = 30
    """Seconds between evaluations; their times are multiples of it."""

    def level(self, counts: Mapping[str, int], previous: int) -> int:
        """The activity stress level after a window with these counts; it never falls from red to green directly."""
        exceeded = sum(counts.get(name, 0) > threshold for name, threshold in self.thresholds.items())
        level = min(exceeded, RED)
        return YELLOW if previous == RED and level == GREEN else level

    def floor(self, time: int) -> int:
        """The evaluation at or before `time`."""
        return time // self.interval * self.interval


@dataclass(frozen=True)
class Anomaly:
    """An evaluation with a level above green."""

    when: int
    level: int
    counts: Mapping[str, int]


def evaluate(events: Sequence[tuple[int, str]], after: int, until: int, previous: int, rules: Rules) -> list[Anomaly]:
    """The anomalies of all evaluations later than `after` up to `until`, ascending.

    `events`: pairs of time and name, by time; those of the window before the first evaluation included. `previous`: the
    level at `after`. Stretches without events and with level green are skipped.
    """
    times = [time for time, _ in events]
    found: list[Anomaly] = []
    when = rules.floor(after) + rules.interval
    while when <= until:
        low, high = bisect_left(times, when - rules.window), bisect_left(times, when)
        if low == high and previous == GREEN:
            if high == len(times):
                break
            when = max(when + rules.interval, rules.floor(times[high]) + rules.interval)
            continue
        counts = Counter(name for _, name in events[low:high])
        previous = rules.level(counts, previous)
        if previous:
            found.append(Anomaly(when, previous, dict(sorted(counts.items()))))
        when += rules.interval
    return found


def disk_level(free: int, upload: int, factors: tuple[int, int]) -> int:
    """The disk stress level: the number of uploads of `upload` MiB that fit in `free` MiB; 0 switches it off."""
    if not upload:
        return GREEN
    low, high = factors
    return RED if free < high * upload else YELLOW if free < low * upload else GREEN
