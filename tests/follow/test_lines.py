"""The shapes of followed lines (spec 84 §3)."""

from __future__ import annotations

import datetime as dt
import time
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from hzmetrics.follow.settings import SOURCES
from hzmetrics.logs.clock import LogClock
from hzmetrics.logs.entries import Entries
from hzmetrics.logs.settings import LogSettings

pytestmark = pytest.mark.slow

NOON = 1770120000  # 2026-02-03 12:00:00 UTC


def read(
    source: str, lines: list[str], clock: LogClock | None = None, settings: LogSettings | None = None
) -> list[tuple[object, ...]]:
    """Entries as rows: time, method, target, status, user, address, duration."""
    table = pa.table({"number": pa.array(range(len(lines)), pa.int64()), "line": pa.array(lines, pa.string())})
    with Entries(source, settings or LogSettings(), clock or LogClock(dt.UTC)) as entries:
        return [tuple(row.values()) for row in entries.read(table).to_pylist()]


@pytest.mark.parametrize(
    ("source", "line", "expected"),
    [
        (
            "access",
            '2026-02-03 12:00:00 UTC 300 - "POST /a?b=c HTTP/1.1" 302 50 203.0.113.9 "-" "x" TLS 0 5 - - - - - - - - -',
            ("POST", "/a?b=c", 302, "", "203.0.113.9"),
        ),
        (
            "access",
            '2026-02-03 12:00:00 UTC - "GET /q"x" HTTP/1.1" 200 50 2001:db8::1 "-" "x" TLSv1.3 0 5 -',
            ("GET", '/q"x"', 200, "", "2001:db8::1"),
        ),
        (
            "access",
            '203.0.113.9 - ann [03/Feb/2026:07:00:00 -0500] "GET / HTTP/1.0" 404 - "-" "curl"',
            ("GET", "/", 404, "ann", "203.0.113.9"),
        ),
        ("auth", "2026-02-03 12:00:00 7 [ann] 198.51.100.7 invalid", ("", "invalid", 0, "ann", "198.51.100.7")),
        ("auth", "2026-02-03 12:00:00 7 [ann] 2001:db8::7 invalid", ("", "invalid", 0, "ann", "2001:db8::7")),
        ("auth", "2026-02-03 12:00:00 ann 198.51.100.7 login", ("", "login", 0, "ann", "198.51.100.7")),
        (
            "auth",
            "[2026-02-03 12:00:00] production.INFO: - [] 198.51.100.7 logout [] []",
            ("", "logout", 0, "", "198.51.100.7"),
        ),
        (
            "jupyterhub",
            "[W 2026-02-03 12:00:00.123 JupyterHub log:191] 403 POST /hub/login?next= (@203.0.113.9) 12.50ms",
            ("POST", "/hub/login?next=", 403, "", "203.0.113.9"),
        ),
        (
            "jupyterhub",
            "[I 2026-02-03 12:00:00.123 JupyterHub log:191] 302 POST /hub/login -> /hub/x (ann@203.0.113.9) 12.50ms",
            ("POST", "/hub/login", 302, "ann", "203.0.113.9"),
        ),
        (
            "jupyterhub",
            "[I 2026-02-03 12:00:00.123 JupyterHub log:191] 302 POST /hub/login (ann@example.org@::1) 12.50ms",
            ("POST", "/hub/login", 302, "ann@example.org", "::1"),
        ),
    ],
)
def test_shapes(source: str, line: str, expected: tuple[str, str, int, str, str]) -> None:
    duration = 0.0125 if source == "jupyterhub" else 0.0
    assert read(source, [line]) == [(NOON, *expected, duration)]


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("line", ["", "garbage", '"' * 60_000, "2026-02-03 12:00:00 " + "x " * 30_000, "[" * 60_000])
def test_garbage_is_no_entry_and_costs_little(source: str, line: str) -> None:
    begun = time.process_time()
    assert read(source, [line] * 100) == []
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("access", '203.0.113.9 - - [01/Jan/0001:00:00:00 +0100] "GET / HTTP/1.0" 200 -'),
        ("access", '203.0.113.9 - - [31/Dec/9999:23:59:59 -0100] "GET / HTTP/1.0" 200 -'),
        ("access", '203.0.113.9 - - [31/Dec/9999:23:59:59] "GET / HTTP/1.0" 200 -'),
        ("jupyterhub", "[I 2026-02-03 12:00:00.1 JupyterHub log:1] 200 GET / (@::1) 1.2.3ms"),
        ("jupyterhub", f"[I 2026-02-03 12:00:00.1 JupyterHub log:1] 200 GET / (@::1) {'9' * 400}ms"),
    ],
)
def test_times_and_numbers_that_no_calendar_or_column_holds_are_no_entries(source: str, line: str) -> None:
    assert read(source, [line], LogClock(ZoneInfo("America/New_York"))) == []


def test_a_status_that_is_no_code_is_none() -> None:
    line = f'2026-02-03 12:00:00 UTC - "GET / HTTP/1.1" {"9" * 5000} 50 203.0.113.9 "-" "x" TLS 0 5 -'
    ((_, _, _, status, *_),) = read("access", [line])
    assert status == 0


def test_a_line_of_blanks_that_held_up_every_tick_costs_nothing() -> None:
    begun = time.process_time()
    assert read("auth", [f"2026-04-09 10:00:02{' ' * 3000}x"] * 100) == []
    assert time.process_time() - begun < 2


def test_times_that_cannot_be_say_nothing() -> None:
    lines = [f"{time} 7 [ann] 198.51.100.7 login" for time in ("1994-12-31 00:00:00", "2026-02-03 12:00:00")]
    lines += ["9999-12-30 23:59:59 7 [ann] 198.51.100.7 login", "0001-01-01 00:00:00 7 [ann] 198.51.100.7 login"]
    assert len(read("auth", lines)) == 3
    plausible = LogSettings(times=(NOON - 86_400, NOON + 86_400))
    assert [row[0] for row in read("auth", lines, settings=plausible)] == [NOON]
