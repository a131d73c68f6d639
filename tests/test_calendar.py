"""Months, windows and periods."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hzmetrics.calendar import ALL_MONTHS, PERIODS, Clock, DateSpan, Month, Months, Window, Year, midnight
from hzmetrics.errors import UsageError

MONTHS = st.builds(Month, st.integers(1990, 2200), st.integers(1, 12))
DAYS = st.dates(dt.date(1, 1, 1), dt.date(9998, 12, 31))


@given(MONTHS, st.integers(-500, 500))
def test_months_count(month: Month, distance: int) -> None:
    other = month.plus(distance)
    assert other.plus(-distance) == month
    assert (other > month) == (distance > 0)
    assert len(list(month.through(other))) == max(0, distance + 1)


def test_the_calendar_ends() -> None:
    last = Month(9999, 12)
    assert list(Month(9999, 11).through(last)) == [Month(9999, 11), last]
    assert last.start < "9999-12-31 23:59:59" < last.stop
    assert Month(26, 3).back(10_000) == Month(1, 1)
    with pytest.raises(UsageError, match="the calendar ends"):
        last.plus(1)


@given(DAYS)
def test_a_day_lies_in_its_month(day: dt.date) -> None:
    month = Month.of(day)
    assert Month.parse(str(month)) == month
    assert month.start <= midnight(day) < month.stop
    assert month.first_day <= day <= month.last_day
    assert month.key < month.start


@pytest.mark.parametrize("number", [1, 1995, 2024, 9999])
def test_a_year_is_its_months(number: int) -> None:
    windows = [month.window for month in Year(number).months]
    assert len(windows) == 12
    assert all(one.stop == other.start for one, other in pairwise(windows))
    assert Year(number).window == Window(windows[0].start, windows[-1].stop)
    assert str(Year(number)) == str(windows[0].start)[:4]


@given(MONTHS)
def test_periods_end_with_their_month(month: Month) -> None:
    windows = {code: month.period(code) for code in PERIODS}
    assert {window.stop for window in windows.values()} == {month.stop}
    starts = {code: str(window.start) for code, window in windows.items()}
    assert starts[1] == month.start
    assert starts[14] == "1995-01-01 00:00:00"
    assert starts[0][5:10] == "01-01" and starts[0][:4] == str(month)[:4]
    assert starts[3][5:7] in ("01", "04", "07", "10")
    assert starts[13][5:7] == "10" and starts[13] <= month.start
    assert starts[12] == month.plus(-11).start
    assert len(list(Month.parse(starts[13][:7]).through(month))) <= 12
    assert len(list(Month.parse(starts[3][:7]).through(month))) <= 3


@given(DAYS, DAYS)
def test_spans_join(first: dt.date, second: dt.date) -> None:
    if first > second:
        with pytest.raises(UsageError):
            DateSpan.parse(f"{first.isoformat()}..{second.isoformat()}")
        return
    span = DateSpan.parse(f"{first.isoformat()}..{second.isoformat()}")
    assert span == DateSpan(first, second + dt.timedelta(days=1))
    assert DateSpan.parse(str(span)) == span
    assert not span.is_open


@pytest.mark.parametrize(
    ("text", "start", "stop"),
    [
        ("2025", "2025-01-01", "2026-01-01"),
        ("2025-3", "2025-03-01", "2025-04-01"),
        ("2025-12", "2025-12-01", "2026-01-01"),
        ("2024-02-29", "2024-02-29", "2024-03-01"),
        (" 2025 .. 2025-03 ", "2025-01-01", "2025-04-01"),
        ("2023-12-31..2024-1", "2023-12-31", "2024-02-01"),
        ("2025..", "2025-01-01", None),
        ("..", None, None),
    ],
)
def test_date_arguments(text: str, start: str | None, stop: str | None) -> None:
    span = DateSpan.parse(text)
    assert DateSpan.parse(str(span)) == span
    assert (span.start and str(span.start), span.stop and str(span.stop)) == (start, stop)


@pytest.mark.parametrize("text", ["", "2025-13", "2025-02-30", "2025-1-1-1", "x", "2025..2024", "2024..2025..2026"])
def test_what_is_no_date_argument(text: str) -> None:
    with pytest.raises(UsageError):
        DateSpan.parse(text)


@pytest.mark.parametrize("text", ["2025-1", "2025-00", "2025-13", "0000-01", "25-01", "2025-01-01", "２０２５-01", ""])
def test_what_is_no_month(text: str) -> None:
    with pytest.raises(UsageError):
        Month.parse(text)


def test_the_clock() -> None:
    assert Clock.parse("2026-05-19T09:25").local == "2026-05-19 09:25:00"
    assert Clock.parse("2026-05-19").month == Month(2026, 5)
    instant = dt.datetime(2026, 5, 19, 9, 25, tzinfo=dt.UTC)
    assert Clock.parse("2026-05-19T09:25:00Z").now == instant == Clock.parse("2026-05-19T11:25+02:00").now
    for text in ("2026-5-19", "2026-05-19 09:25", "2026-05-19T24:61", "now", "2026-W01-1"):
        with pytest.raises(UsageError):
            Clock.parse(text)


def test_a_span_is_written_in_its_shortest_form() -> None:
    for text in (
        "2025-03",
        "2025-03-04",
        "2025-03-04..2025-03-05",
        "2025-02-01..2025-03-31",
        "2025-03-04..",
        "..2025-03-04",
    ):
        assert str(DateSpan.parse(text)) == text
    assert str(DateSpan.of(Month(2025, 12))) == "2025-12"


def test_months_have_open_ends() -> None:
    a, b = Month(2025, 3), Month(2026, 1)
    found = [Months.parse(text) for text in ("2025-03", "2025-03..2026-01", "2025-03..", "..2026-01", "..")]
    assert found == [Months(a, a), Months(a, b), Months(first=a), Months(last=b), ALL_MONTHS]


@pytest.mark.parametrize("text", ["", "2026-01..2025-12", "2025", "2025-03..2025-04..2025-05", "2025-03-01.."])
def test_other_texts_are_no_months(text: str) -> None:
    with pytest.raises(UsageError):
        Months.parse(text)
