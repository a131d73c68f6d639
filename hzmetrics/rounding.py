"""Rounding as people expect it: halves away from zero."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

NEARLY = 1e-6
"""Farther from a half than this, binary and decimal rounding agree."""


def half_up(value: float, digits: int) -> float:
    """`value` rounded to `digits` decimals, halves away from zero, judged on its shortest decimal text."""
    scaled = value * 10**digits
    whole = math.floor(scaled)
    if abs(scaled - whole - 0.5) > NEARLY:  # not a half: both ways agree, and this one is fast
        return float(round(scaled) / 10**digits)
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
