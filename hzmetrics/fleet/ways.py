"""By what rules hubs are counted, and how these differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hzmetrics.calendar import some
from hzmetrics.lake.manifest import Manifest

T = TypeVar("T")

MOST_NAMED = 4
"""Of a list of corrections."""
UNKNOWN_ZONE = "of its machine"


@dataclass(frozen=True)
class Way:
    """By what rules a hub is counted."""

    corrections: frozenset[str]
    time_zone: str

    @classmethod
    def of(cls, found: Manifest) -> Way:
        return cls(frozenset(found.corrections), found.time_zone or UNKNOWN_ZONE)

    def differences(self, usual: Way) -> list[str]:
        """In words, what differs from the usual way."""
        found = []
        if lacking := sorted(usual.corrections - self.corrections):
            found.append(f"without {some(lacking, MOST_NAMED)}")
        if more := sorted(self.corrections - usual.corrections):
            found.append(f"with {some(more, MOST_NAMED)}")
        if self.time_zone != usual.time_zone:
            found.append(f"in the time zone {self.time_zone}")
        return found

    @classmethod
    def usual(cls, ways: Sequence[Way]) -> Way:
        """What is most common among ways, in each respect."""
        if not ways:
            return cls(frozenset(), UNKNOWN_ZONE)
        return cls(_commonest(way.corrections for way in ways), _commonest(way.time_zone for way in ways))


def _commonest(values: Iterable[T]) -> T:
    return Counter(values).most_common(1)[0][0]
