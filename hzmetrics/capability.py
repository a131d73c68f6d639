"""What a capability of the live side is: the shape that activity, active users, events and courses have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from hzmetrics.calendar import Clock
from hzmetrics.follow.follower import Consumer, Reading


class Family(NamedTuple):
    """A gauge of the text for Prometheus (spec 82 §6)."""

    name: str
    """Without the prefix `hzmetrics_`."""
    meaning: str
    values: Mapping[str, int]
    """By the value of the label; a family without a label has one value, under the empty text."""
    label: str = ""
    unit: str = ""


class LogConsumer(Consumer, Protocol):
    """What a capability makes of the new lines of followed logs."""

    def finish(self, reading: Reading) -> None:
        """Do what has to follow the transaction, such as messages and alerts."""


@dataclass(frozen=True)
class Capability:
    """A part of the live side that is configured and runs independently of the others."""

    name: str
    enabled: bool
    """By its configuration: yes, or `auto` and its source was found."""
    consumers: Callable[[Clock], Sequence[LogConsumer]] = lambda clock: ()
    """What reads the new lines of followed logs; created for each reading."""
    tick: Callable[[], object] | None = None
    """What it does in each tick after the logs were read."""
    families: Callable[[], Sequence[Family]] = tuple
    """Its part of the text for Prometheus."""
