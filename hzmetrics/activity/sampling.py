"""When to sample, and who is active (spec 80 §5). Pure; times are UTC seconds of the epoch."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from hzmetrics.activity.settings import Scoring

JITTER = 30
"""Seconds that a run may be early, because cron is."""


def is_due(now: int, last_run: int | None, scoring: Scoring) -> bool:
    """Whether a run is due; never while the clock is before the last run."""
    return last_run is None or now - last_run >= scoring.sample_interval - JITTER


def was_active(last_activity: int | None, at: int, scoring: Scoring) -> bool:
    """Whether a user with this last activity is active: the limit itself counts, and so does the future."""
    return last_activity is not None and at - last_activity <= scoring.inactive_after * 60


def missed_times(last_run: int | None, now: int, scoring: Scoring) -> list[int]:
    """The times since the last run when samples should have been taken."""
    if last_run is None:
        return []
    interval, since = scoring.sample_interval, now - scoring.retention_days * 86_400
    first = 1 if last_run + interval >= since else -(-(since - last_run) // interval)
    end = now - interval / 2
    times = []
    time = last_run + first * interval
    while time < end:
        times.append(time)
        time += interval
    return times


def gaps(sampled: Sequence[int], begin: int, now: int, interval: int) -> list[int]:
    """The multiples of the interval, from `begin` to half an interval before now, when no sample was taken."""
    times = range(-(-begin // interval) * interval, now - interval // 2, interval)
    return [time for time in times if is_gap(time, sampled, interval)]


def is_gap(time: int, sampled: Sequence[int], interval: int) -> bool:
    """Whether a time is more than half an interval away from all times of samples (ascending)."""
    position = bisect_left(sampled, time)
    return all(abs(one - time) > interval / 2 for one in sampled[max(0, position - 1) : position + 1])
