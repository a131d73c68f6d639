"""Numbers, times and months in words."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from math import floor

from hzmetrics.calendar import Month

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
NOTHING = "–"
"""Where there is no number."""
MINUTE, HOUR, DAY = 60, 3600, 86_400
LENGTHS = {"minutes": MINUTE, "hours": HOUR}
"""The units of the times in a column, in seconds."""


def shown(value: float | str | None, unit: str) -> str:
    """A value as pages write it. A time in seconds gets a unit that fits it; where the column names one, it is bare.

    The last word of a text, which is a day, may stand on a line of its own.
    """
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return "\n".join(value.rsplit(" ", 1))
    if unit == "seconds":
        return duration(value)
    if unit in LENGTHS:
        tenths = floor(abs(value) / (LENGTHS[unit] / 10) + 0.5)
        return f"{'-' if value < 0 else ''}{tenths / 10:,.1f}"
    return _rounded(value)


def _rounded(value: float, digits: int = 0) -> str:
    """A number with separators; halves are rounded away from zero, as the scripts do."""
    if isinstance(value, int) and not digits:
        return f"{value:,}"
    if value * 10**digits % 1 != 0.5:
        return f"{value:,.{digits}f}"
    return f"{Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):,f}"


def duration(seconds: float) -> str:
    """A time in a fitting unit."""
    size = abs(seconds)
    if size < MINUTE:
        return f"{_rounded(seconds)} s"
    if size < HOUR:
        return f"{_rounded(seconds / MINUTE)} min"
    return f"{_rounded(seconds / HOUR, 1)} h" if size < 4 * DAY else f"{_rounded(seconds / DAY, 1)} days"


def change(value: float | str | None, before: float | str | None) -> str:
    """The change from one number to another in percent."""
    if isinstance(value, str) or isinstance(before, str) or value is None or not before:
        return NOTHING
    percent = 100 * (value - before) / before
    size = _rounded(abs(percent))
    sign = "" if size == "0" else "−" if percent < 0 else "+"
    return f"{sign}{size} %"


def share(value: float | None, whole: float | None) -> str:
    """A part of a whole in percent."""
    return f"{_rounded(100 * value / whole)} %" if value is not None and whole else NOTHING


@lru_cache(10_000)
def month_name(month: Month | str) -> str:
    """A month in words."""
    year, number = str(month).split("-")
    return f"{MONTHS[int(number) - 1]} {year}"
