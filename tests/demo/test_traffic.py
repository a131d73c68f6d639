"""The invented traffic is the same for the same seed, and every line of it is one the hub could have written."""

from __future__ import annotations

import datetime as dt
import re

import pyarrow.compute as pc
import pytest

from hzmetrics.demo import logs, traffic, world

FIRST, LAST = dt.date(2026, 6, 1), dt.date(2026, 6, 30)

ACCESS_23 = re.compile(
    r"[\d-]{10} [\d:]{8} -0500 \d+ - "
    r'"(GET|POST|HEAD) \S+ HTTP/1\.1" \d{3} \d+ [\d.]+ "[^"]+" "[^"]+" TLSv1\.3 0 \d+ (-|\d+)( \S+){8}\n'
)
ACCESS_14 = re.compile(
    r"[\d-]{10} [\d:]{8} -0500 - "
    r'"(GET|POST|HEAD) \S+ HTTP/1\.1" \d{3} \d+ [\d.]+ "[^"]+" "[^"]+" TLSv1\.3 0 \d+ \S+\n'
)
AUTH = (
    re.compile(r"[\d-]{10} [\d:]{8} \d+ \[\w+\] [\d.]+ \w+\n"),
    re.compile(r"\[[\d-]{10} [\d:]{8}\] production\.INFO: \d+ \[\w+\] [\d.]+ \w+ \[\] \[\]\n"),
    re.compile(r"[\d-]{10} [\d:]{8} \w+ [\d.]+ \w+\n"),
)


def a_day(seed: int = 5, lines: int = 3_000, date: dt.date = LAST) -> traffic.Day:
    invented = world.invent(seed, FIRST, LAST, 60_000)
    return traffic.day(invented, traffic.known_pages(invented), date, lines)


def test_the_seed_decides_everything() -> None:
    one, again, other = a_day(), a_day(), a_day(seed=6)
    assert one == again
    assert one.requests != other.requests
    assert one.logins != other.logins


def test_about_as_many_lines_as_asked_for() -> None:
    for lines in (300, 3_000, 30_000):
        assert a_day(lines=lines).requests.num_rows == pytest.approx(lines, rel=0.3)


def test_lines_have_the_forms_of_the_hub() -> None:
    day = a_day()
    for form, pattern in ((23, ACCESS_23), (14, ACCESS_14)):
        lines = logs.access_lines(day, form).to_pylist()
        assert len(lines) == day.requests.num_rows
        assert [line for line in lines if not pattern.fullmatch(line)] == []
        assert lines == sorted(lines, key=lambda line: line[:19])
    auth = logs.auth_lines(day).to_pylist()
    assert [line for line in auth if not any(shape.fullmatch(line) for shape in AUTH)] == []
    assert all(any(shape.fullmatch(line) for line in auth) for shape in AUTH)


def test_nothing_belongs_to_anybody() -> None:
    day = a_day()
    for ip in pc.unique(day.requests["ip"]).to_pylist():
        assert re.match(r"198\.1[89]\.|100\.(6[4-9]|[789]\d|1[01]\d|12[0-7])\.|198\.51\.100\.", ip), ip
    assert all(ip.startswith("2001:db8:") for ip in day.tool_sessions["ip"].to_pylist() if ":" in ip)
    invented = world.invent(1, FIRST, LAST, 60_000)
    assert all(host == "?" or host.endswith(".example") for host in invented.addresses.host)


def test_members_run_tools_after_they_log_in() -> None:
    day = a_day()
    starts = dict(zip(day.tool_sessions["user"].to_pylist(), day.tool_sessions["start"].to_pylist(), strict=True))
    assert len(starts) > 10
    logins = {row["user"]: row["time"] for row in day.logins.to_pylist() if row["action"] == "login"}
    for user, start in starts.items():
        assert user in logins
        assert world.epoch(day.date) < start < world.epoch(day.date) + 86400


def test_a_day_without_visits_has_empty_logs() -> None:
    day = a_day(lines=0)
    assert day.requests.num_rows == day.tool_sessions.num_rows == 0
    assert len(logs.access_lines(day, 23)) == len(logs.access_lines(day, 14)) == 0
