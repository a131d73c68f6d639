"""When to sample, and what a sample says (80 §5). Pure; times are UTC seconds of the epoch."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hzmetrics.activity.settings import Scoring
from hzmetrics.activity.users import User

JITTER = 30
"""Seconds that a run may come early, because cron does."""


class Sample(NamedTuple):
    """Whether a user was active at a time."""

    username: str
    timestamp: int
    is_active: bool
    last_activity: int | None = None


def is_due(now: int, last_run: int | None, scoring: Scoring) -> bool:
    """Whether a run is due; never when the clock stands before the last one."""
    return last_run is None or now - last_run >= scoring.sample_interval - JITTER


def was_active(last_activity: int | None, at: int, scoring: Scoring) -> bool:
    """Whether somebody with this last activity is active: exactly so long ago still counts, and so does the future."""
    return last_activity is not None and at - last_activity <= scoring.inactive_after * 60


def sample_all(users: Sequence[User], now: int, scoring: Scoring, recent_only: bool) -> list[Sample]:
    """One sample of each user; with `recent_only`, of those whose server runs or who were active in the window."""
    since = now - scoring.retention_days * 86_400
    return [
        Sample(user.username, now, was_active(user.last_activity, now, scoring), user.last_activity)
        for user in users
        if not recent_only or user.server_active or (user.last_activity or 0) >= since
    ]


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


def fill_in(instants: Mapping[str, Sequence[int]], times: Sequence[int], scoring: Scoring) -> list[Sample]:
    """Samples at missed times, from the activity instants (ascending) of each user; none before the first instant."""
    samples = []
    for username, known in instants.items():
        for time in times:
            position = bisect_right(known, time)
            if position:
                last = known[position - 1]
                samples.append(Sample(username, time, was_active(last, time, scoring), last))
    return samples


def counts(users: Sequence[User], now: int, scoring: Scoring) -> dict[str, int]:
    """Users in all, and of the running servers the active and the inactive ones, and those that do not run."""
    running = [user for user in users if user.server_active]
    active = sum(was_active(user.last_activity, now, scoring) for user in running)
    return {
        "total": len(users),
        "active": active,
        "inactive": len(running) - active,
        "offline": len(users) - len(running),
    }
