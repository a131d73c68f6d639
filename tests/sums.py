"""Plain sums of floating-point numbers; from Python 3.12 on `sum` makes up for rounding errors, unlike the rules."""

from __future__ import annotations

from collections.abc import Iterable


def plain_sum(values: Iterable[float | None]) -> float:
    """The numbers added one by one from left to right; NULL counts as nothing."""
    total = 0.0
    for value in values:
        total += value or 0.0
    return total
