"""Months, windows and the six periods: all date arithmetic is here.

Wall-clock times are text (`YYYY-MM-DD HH:MM:SS`); they compare as text, so zero dates and day-zero months have their
place in the order too.
"""

from __future__ import annotations

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import total_ordering

from hzmetrics.errors import UsageError

PERIODS = (0, 1, 3, 12, 13, 14)
"""Period codes: calendar year to date, month, quarter to date, rolling 12 months, fiscal year to date, all time."""

PERIOD_NAMES = {
    0: "calendar year to date",
    1: "month",
    3: "quarter to date",
    12: "rolling 12 months",
    13: "fiscal year to date",
    14: "all time",
}

_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_NUMBERS = re.compile(r"(\d+)-(\d+)", re.ASCII)
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_COMPACT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)


def day(text: str) -> dt.date:
    """Read `YYYY-MM-DD`. Raises UsageError."""
    return _read_day(_DAY, text, "YYYY-MM-DD")


def compact_day(text: str) -> dt.date:
    """Read `YYYYMMDD`. Raises UsageError."""
    return _read_day(_COMPACT_DAY, text, "YYYYMMDD")


def either_day(text: str) -> dt.date:
    """Read `YYYY-MM-DD` or `YYYYMMDD`. Raises UsageError."""
    return compact_day(text) if text.isdigit() else day(text)


def _read_day(form: re.Pattern[str], text: str, name: str) -> dt.date:
    if match := form.fullmatch(text):
        with suppress(ValueError):
            return dt.date(int(match[1]), int(match[2]), int(match[3]))
    raise UsageError(f"{text!r} is not a day of the form {name}")


def midnight(day: dt.date) -> str:
    """The first instant of a day, as the databases hold it."""
    return f"{day:%Y-%m-%d} 00:00:00" if day.year >= 1000 else f"{day.year:04d}-{day:%m-%d} 00:00:00"


@dataclass(frozen=True)
class Window:
    """A stretch of wall-clock time; whether `start` itself is inside is the reader's rule. None: no limit."""

    start: str | None
    stop: str | None


def complement(windows: Sequence[Window]) -> list[Window]:
    """The stretches of time outside of some windows, which are in order and do not overlap."""
    edges = [None, *(edge for window in windows for edge in (window.start, window.stop)), None]
    between = [Window(*edges[place : place + 2]) for place in range(0, len(edges), 2)]
    return [window for window in between if not windows or window.start != window.stop]


@total_ordering
@dataclass(frozen=True)
class Month:
    """A calendar month, 0001-01 to 9999-12. Written `YYYY-MM`, and compares in time."""

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (1 <= self.year <= 9999 and 1 <= self.number <= 12):
            raise ValueError(f"{self.year:04d}-{self.number:02d} is not a month")

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read `YYYY-MM`, exactly. Raises UsageError."""
        return cls._read(_MONTH, text)

    @classmethod
    def parse_numbers(cls, text: str) -> Month:
        """Read `YYYY-MM`, also without leading zeros: `2025-7` (spec 30 §1). Raises UsageError."""
        return cls._read(_NUMBERS, text)

    @classmethod
    def parse_start(cls, text: str) -> Month:
        """Read `YYYY-MM` or `YYYY-MM-DD`, of which the first seven characters count (spec 40 §1). Raises UsageError."""
        return cls.parse(text[:7] if _DAY.fullmatch(text) else text)

    @classmethod
    def _read(cls, form: re.Pattern[str], text: str) -> Month:
        if match := form.fullmatch(text):
            with suppress(ValueError):
                return cls(int(match[1]), int(match[2]))
        raise UsageError(f"{text!r} is not a month of the form YYYY-MM")

    @classmethod
    def of(cls, day: dt.date) -> Month:
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    def __lt__(self, other: Month) -> bool:
        return (self.year, self.number) < (other.year, other.number)

    def plus(self, months: int) -> Month:
        """The month `months` months later (earlier, if negative). Raises UsageError outside years 1 to 9999."""
        year, index = divmod(self.year * 12 + self.number - 1 + months, 12)
        try:
            return Month(year, index + 1)
        except ValueError:
            raise UsageError(f"{months:+d} months from {self}: the calendar ends before") from None

    def back(self, months: int) -> Month:
        """The month `months` months earlier, but not before the first."""
        return self.plus(-min(months, self.year * 12 + self.number - 13))

    def through(self, last: Month) -> Iterator[Month]:
        """This month up to and including `last`, ascending."""
        months = (last.year - self.year) * 12 + last.number - self.number
        return (self.plus(distance) for distance in range(months + 1))

    @property
    def first_day(self) -> dt.date:
        return dt.date(self.year, self.number, 1)

    @property
    def last_day(self) -> dt.date:
        return dt.date(self.year, self.number, monthrange(self.year, self.number)[1])

    @property
    def start(self) -> str:
        return f"{self}-01 00:00:00"

    @property
    def stop(self) -> str:
        """The first instant after the month."""
        return self.plus(1).start if (self.year, self.number) != (9999, 12) else "9999-12-31 23:59:59.999999"

    @property
    def window(self) -> Window:
        """The month, start included, stop excluded."""
        return Window(self.start, self.stop)

    @property
    def key(self) -> str:
        """The day-zero date under which the grids keep this month (spec 50 §2)."""
        return f"{self}-00 00:00:00"

    def period(self, code: int) -> Window:
        """The window of a period that ends with this month (spec 50 §2). Raises ValueError for an unknown code."""
        match code:
            case 0:
                first = Month(self.year, 1)
            case 1:
                first = self
            case 3:
                first = Month(self.year, (self.number - 1) // 3 * 3 + 1)
            case 12:
                first = self.back(11)
            case 13:
                first = self.back((self.number + 2) % 12)
            case 14:
                first = Month(1995, 1)
            case _:
                raise ValueError(f"{code} is no period code")
        return Window(first.start, self.stop)


@dataclass(frozen=True)
class Year:
    """A calendar year. Written `YYYY`."""

    number: int

    def __str__(self) -> str:
        return f"{self.number:04d}"

    @property
    def months(self) -> Iterator[Month]:
        return (Month(self.number, number) for number in range(1, 13))

    @property
    def window(self) -> Window:
        """The year, start included, stop excluded."""
        return Window(Month(self.number, 1).start, Month(self.number, 12).stop)


@dataclass(frozen=True)
class Months:
    """The months from `first` through `last`."""

    first: Month = Month(1, 1)
    last: Month = Month(9999, 12)

    @classmethod
    def parse(cls, text: str) -> Months:
        """Read `YYYY-MM`, `A..B`, `A..` or `..B`. Raises UsageError."""
        before, dots, after = text.partition("..")
        first = Month.parse(before) if before or not dots else cls.first
        last = first if not dots else Month.parse(after) if after else cls.last
        if last < first:
            raise UsageError(f"{text!r} ends before it starts")
        return cls(first, last)

    def __contains__(self, month: Month) -> bool:
        return self.first <= month <= self.last


ALL_MONTHS = Months()


def some(things: Iterable[object], most: int = 12) -> str:
    """A list in words that does not grow beyond `most` things."""
    names = list(map(str, things))
    more = [f"and {len(names) - most:,} more"] if len(names) > most else []
    return ", ".join([*names[:most], *more])


def month_of(time: str) -> Month | None:
    """The month of a stored time; None if it is not one of the calendar, as in zero dates."""
    with suppress(UsageError):
        return Month.parse(time[:7])
    return None


def day_of(time: str) -> dt.date | None:
    """The day of a stored time; None if it is not one of the calendar, as in zero dates."""
    with suppress(UsageError):
        return day(time[:10])
    return None


def moment(time: str) -> dt.datetime:
    """A stored time as Python's own type. Raises UsageError."""
    try:
        return dt.datetime.fromisoformat(time)
    except ValueError:
        raise UsageError(f"{time!r} is not a time of the form YYYY-MM-DD HH:MM:SS") from None


@dataclass(frozen=True)
class DateSpan:
    """A date argument (spec 20 §1.3): half-open, either side may be open."""

    start: dt.date | None
    stop: dt.date | None

    @classmethod
    def parse(cls, text: str) -> DateSpan:
        """Read `YYYY`, `YYYY-MM`, `YYYY-MM-DD`, `A..B`, `A..`, `..B` or `..`. Raises UsageError."""
        before, dots, after = text.partition("..")
        if not dots:
            return cls(*_bounds(text))
        start = _bounds(before)[0] if before.strip() else None
        if start is None:
            stop = _bounds(after)[0] if after.strip() else None
        else:
            stop = _bounds(after)[1] if after.strip() else None
        if start is not None and stop is not None and stop <= start:
            raise UsageError(f"{text!r} ends before it starts")
        return cls(start, stop)

    @classmethod
    def of(cls, month: Month) -> DateSpan:
        return cls(month.first_day, month.plus(1).first_day if month < ALL_MONTHS.last else None)

    def __str__(self) -> str:
        """The span as `parse` reads it, in its shortest form."""
        if self.start is None or self.stop is None:
            return f"{self.start or ''}..{self.stop or ''}"
        last = self.stop - dt.timedelta(days=1)
        if self.start == last:
            return str(last)
        if (self.start.day, self.stop.day) == (1, 1) and Month.of(self.start) == Month.of(last):
            return str(Month.of(last))
        return f"{self.start}..{last}"

    @property
    def is_open(self) -> bool:
        return self.start is None or self.stop is None

    @property
    def window(self) -> Window:
        return Window(
            midnight(self.start) if self.start else None,
            midnight(self.stop) if self.stop else None,
        )


def _bounds(text: str) -> tuple[dt.date, dt.date]:
    parts = text.strip().split("-")
    try:
        numbers = [int(part) for part in parts]
        match numbers:
            case [year]:
                return dt.date(year, 1, 1), dt.date(year + 1, 1, 1)
            case [year, month]:
                return Month(year, month).first_day, Month(year, month).plus(1).first_day
            case [year, month, day]:
                first = dt.date(year, month, day)
                return first, first + dt.timedelta(days=1)
    except (ValueError, OverflowError):
        pass
    raise UsageError(f"{text!r} is not a date: expected YYYY, YYYY-MM, YYYY-MM-DD or A..B")


@dataclass(frozen=True)
class Clock:
    """The time of this invocation, read once. `now` carries an offset; `today` and `month` are local."""

    now: dt.datetime = field(default_factory=lambda: dt.datetime.now().astimezone())
    fixed: bool = False
    """Set from outside (`HZMETRICS_NOW`): it then stands for the database server's clock too."""

    @classmethod
    def parse(cls, text: str) -> Clock:
        """Read `HZMETRICS_NOW`: a date or a time; local without an offset, else that instant. Raises UsageError."""
        try:
            moment = dt.datetime.fromisoformat(text)
            if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:?\d{2})?)?", text, re.ASCII):
                raise ValueError
            return cls(moment.astimezone(), fixed=True)
        except (ValueError, OverflowError):
            raise UsageError(f"HZMETRICS_NOW: {text!r} is not YYYY-MM-DD or YYYY-MM-DDTHH:MM[:SS]") from None

    @property
    def today(self) -> dt.date:
        return self.now.date()

    @property
    def month(self) -> Month:
        return Month.of(self.today)

    @property
    def local(self) -> str:
        """Local wall-clock time, as the databases hold it."""
        return f"{self.now:%Y-%m-%d %H:%M:%S}"

    @property
    def utc_time(self) -> dt.datetime:
        """The instant in UTC, whole seconds, without an offset."""
        return self.now.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)

    @property
    def utc(self) -> str:
        """The instant in UTC, whole seconds, as the live side writes it (spec 80 §1)."""
        return f"{self.utc_time:%Y-%m-%dT%H:%M:%S}Z"


def utc(time: int) -> str:
    """An instant in seconds of the epoch as the store holds it: UTC, whole seconds, with `Z`."""
    return f"{dt.datetime.fromtimestamp(time, dt.UTC).isoformat()[:19]}Z"


def epoch(text: str) -> int:
    """The seconds of the epoch of an instant in ISO 8601; without an offset it is in UTC. Raises UsageError."""
    try:
        instant = dt.datetime.fromisoformat(text)
        return int((instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC)).timestamp())
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is not a time of the form YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ") from None
