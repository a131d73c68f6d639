"""Times in logs, across the nights when clocks change (spec 84 §3)."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from hzmetrics.logs.clock import LogClock
from tests.follow.test_lines import read

pytestmark = pytest.mark.slow

NEW_YORK = ZoneInfo("America/New_York")


def utc(clock: LogClock, source: str, *lines: str) -> list[str]:
    return [
        f"{dt.datetime.fromtimestamp(int(str(row[0])), dt.UTC):%Y-%m-%d %H:%M:%S}"
        for row in read(source, [*lines], clock)
    ]


def logins(clock: LogClock, *times: str) -> list[str]:
    """The instants of lines without a zone."""
    return utc(clock, "auth", *(f"{time} ann 198.51.100.7 login" for time in times))


@pytest.mark.parametrize(
    ("local", "zone", "expected"),
    [
        ("2026-07-01 12:00:00", "-0500", "2026-07-01 17:00:00"),
        ("2026-07-01 12:00:00", "+05:30", "2026-07-01 06:30:00"),
        ("2026-07-01 12:00:00", "-03", "2026-07-01 15:00:00"),
        ("2026-07-01 12:00:00", "UTC", "2026-07-01 12:00:00"),
        ("2026-07-01 12:00:00", "EDT", "2026-07-01 16:00:00"),
        ("2026-11-01 01:30:00", "EDT", "2026-11-01 05:30:00"),
        ("2026-11-01 01:30:00", "EST", "2026-11-01 06:30:00"),
        ("2026-11-01 01:30:00", "XXX", "2026-11-01 05:30:00"),
        ("2026-03-08 02:30:00", "EDT", "2026-03-08 07:30:00"),
        ("2026-02-28 24:30:00", "UTC", None),
    ],
)
def test_zones(local: str, zone: str, expected: str | None) -> None:
    line = f'{local} {zone} - "GET / HTTP/1.1" 200 5 203.0.113.9 "-" "x" TLS 0 5 -'
    assert utc(LogClock(NEW_YORK), "access", line) == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("local", "expected"), [("2026-03-08 02:30:00", ["2026-03-08 07:30:00"]), ("2026-02-30 02:30:00", [])]
)
def test_without_a_zone(local: str, expected: list[str]) -> None:
    assert logins(LogClock(NEW_YORK), local) == expected


TIMES = ["00:59:00", "01:10:00", "01:05:00", "01:59:00", "01:02:00", "01:59:30", "02:00:00", "01:59:59", "01:10:00"]
READ = ["04:59", "05:10", "05:05", "05:59", "06:02", "06:59", "07:00", "06:59", "06:10"]


@pytest.mark.parametrize("cut", range(len(TIMES)))
def test_without_a_zone_the_second_reading_begins_when_times_step_back(cut: int) -> None:
    clock = LogClock(NEW_YORK)
    times = [f"2026-11-01 {time}" for time in TIMES]
    read_in_pieces = logins(clock, *times[:cut]) + logins(clock, *times[cut:])
    assert [time[11:16] for time in read_in_pieces] == READ


def test_the_second_reading_is_forgotten_before_the_next_autumn() -> None:
    times = ["2026-11-01 01:59:00", "2026-11-01 01:02:00", "2026-11-01 03:00:00", "2027-11-07 01:30:00"]
    assert logins(LogClock(NEW_YORK), *times)[-1] == "2027-11-07 05:30:00"
