"""Times in logs, across the nights when clocks change (spec 84 §3)."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from hzmetrics.follow.times import LogClock

NEW_YORK = ZoneInfo("America/New_York")


def utc(clock: LogClock, local: str, zone: str | None) -> str | None:
    epoch = clock.epoch(local, zone)
    return None if epoch is None else f"{dt.datetime.fromtimestamp(epoch, dt.UTC):%Y-%m-%d %H:%M:%S}"


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
        ("2026-03-08 02:30:00", None, "2026-03-08 07:30:00"),
        ("2026-03-08 02:30:00", "EDT", "2026-03-08 07:30:00"),
        ("2026-02-30 02:30:00", None, None),
        ("2026-02-28 24:30:00", "UTC", None),
    ],
)
def test_zones(local: str, zone: str | None, expected: str | None) -> None:
    assert utc(LogClock(NEW_YORK), local, zone) == expected


def test_without_a_zone_the_second_reading_begins_when_times_step_back() -> None:
    clock = LogClock(NEW_YORK)
    times = ["00:59:00", "01:10:00", "01:05:00", "01:59:00", "01:02:00", "01:59:30", "02:00:00", "01:59:59", "01:10:00"]
    read = [utc(clock, f"2026-11-01 {time}", None) for time in times]
    assert [time and time[11:16] for time in read] == [
        "04:59", "05:10", "05:05", "05:59", "06:02", "06:59", "07:00", "06:59", "06:10",
    ]  # fmt: skip


def test_the_second_reading_is_forgotten_before_the_next_autumn() -> None:
    clock = LogClock(NEW_YORK)
    times = ["2026-11-01 01:59:00", "2026-11-01 01:02:00", "2026-11-01 03:00:00", "2027-11-07 01:30:00"]
    assert [utc(clock, time, None) for time in times][-1] == "2027-11-07 05:30:00"
