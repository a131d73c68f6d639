"""When to sample, and who is active (spec 80 §5). Pure; times are UTC seconds of the epoch."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from hzmetrics.activity.settings import Scoring

JITTER = 30
"""Seconds that a run may come early, because cron does."""


def is_due(now: int, last_run: int | None, scoring: Scoring) -> bool:
    """Whether a run is due; never when the clock stands before the last one."""
    return last_run is None or now - last_run >= scoring.sample_interval - JITTER


def was_active(last_activity: int | None, at: int, scoring: Scoring) -> bool:
    """Whether somebody with this last activity is active: exactly so long ago still counts, and so does the future."""
    return last_activity is not None and at - last_activity <= scoring.inactive_after * 60


def missed_times(last_run: int | None, now: int, scoring: Scoring) -> list[int]:
    """When samples should have been taken since the last run."""
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
    """The multiples of the interval from `begin` to half an interval before now that are farther than half an interval
    from all times when samples were taken (ascending)."""
    found = []
    for time in range(-(-begin // interval) * interval, now - interval // 2, interval):
        position = bisect_left(sampled, time)
        near = sampled[max(0, position - 1) : position + 1]
        if all(abs(one - time) > interval / 2 for one in near):
            found.append(time)
    return found
