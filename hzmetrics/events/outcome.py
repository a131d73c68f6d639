"""The results of one update of the events."""

from __future__ import annotations

from dataclasses import dataclass, field

from hzmetrics.follow.follower import Reading


@dataclass(frozen=True)
class NewEvent:
    """An event read in this update. The address is never stored."""

    time: int
    name: str
    source: str
    duration: float
    address: str


@dataclass
class Outcome:
    """Counts and levels of an update."""

    reading: Reading = field(default_factory=Reading)
    events: int = 0
    dropped: int = 0
    """Events before the first hour."""
    anomalies: int = 0
    hours: int = 0
    activity_level: int = 0
    """The level of the last evaluation, whose window had these `counts`."""
    counts: dict[str, int] = field(default_factory=dict)
    disk_level: int | None = None
    free_disk_space: int = -1
