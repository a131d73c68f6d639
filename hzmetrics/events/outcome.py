"""What one update of the events read and did."""

from __future__ import annotations

from dataclasses import dataclass, field

from hzmetrics.follow.follower import Reading


@dataclass(frozen=True)
class NewEvent:
    """An event that was just read. The address is never stored."""

    time: int
    name: str
    source: str
    duration: float
    address: str


@dataclass
class Outcome:
    """What an update did."""

    reading: Reading = field(default_factory=Reading)
    events: int = 0
    dropped: int = 0
    """Events of no hour there is: older than the first."""
    anomalies: int = 0
    hours: int = 0
    activity_level: int = 0
    """At the last evaluation, which had these `counts`."""
    counts: dict[str, int] = field(default_factory=dict)
    disk_level: int | None = None
    free_disk_space: int = -1
