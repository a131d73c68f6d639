"""Sessions are those of a walk by the rules, on both stores, with and without the corrections."""

from __future__ import annotations

import dataclasses
import datetime as dt
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hzmetrics import config
from hzmetrics.calendar import Clock, Month
from hzmetrics.sessions.build import build_sessions, session_engine, session_windows
from hzmetrics.store.tables.metrics import toolstart, web, websessions
from tests.conftest import TestHub
from tests.sessions.walked import sessions_of

MONTH = Month(2025, 6)
STEPS = (0, 1, 60, 1799, 1800, 1801, 5000, 86000, 250_000)
ADDRESSES = ("192.0.2.9", "192.0.2.10", "FE80::1", "fe80::1", "")
HOSTS = (None, "", "?", "a.example", "A.example", "b.example", "é.example", "e.example ")
TABLES = (web, toolstart, websessions)

Row = dict[str, Any]


def at(seconds: int) -> str:
    return f"{dt.datetime(2025, 5, 31, 23) + dt.timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S}"


@st.composite
def months(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """Requests and tool starts from a few visitors, close enough to meet, in a month and at its edges."""
    moment = 0
    requests, starts = [], []
    for number in range(draw(st.integers(0, 40))):
        moment += draw(st.sampled_from(STEPS))
        row = {"datetime": at(moment), "ip": draw(st.sampled_from(ADDRESSES)), "host": draw(st.sampled_from(HOSTS))}
        if draw(st.integers(0, 3)) == 0:
            starts.append(
                {**row, "id": number + 1, "sessionid": None, "success": draw(st.sampled_from((1, 1, 1, 0, 2)))}
            )
        else:
            domain, stamp = (
                draw(st.sampled_from((None, "", "?", "example"))),
                draw(st.sampled_from((None, 0, None, 99))),
            )
            requests.append({**row, "id": number + 1, "sessionid": stamp, "domain": domain})
    return requests, starts


def fill(hub: TestHub, tables: dict[sa.Table, list[Row]]) -> None:
    with hub.store.metrics.begin() as connection:
        for table in TABLES:
            connection.execute(sa.delete(table))
        for table, rows in tables.items():
            if rows:
                kinds = {"id": pa.int64(), "sessionid": pa.int64(), "success": pa.int64()}
                columns = {
                    name: pa.array([row[name] for row in rows], kinds.get(name, pa.string())) for name in rows[0]
                }
                hub.store.metrics.append(connection, table, pa.table(columns))


def with_t(rows: list[Row]) -> list[Row]:
    return [{**row, "t": int(dt.datetime.fromisoformat(row["datetime"]).timestamp())} for row in rows]


def written(hub: TestHub) -> list[tuple[Any, ...]]:
    c = websessions.c
    query = sa.select(c.id, c.datetime, c.ip, c.host, c.domain, c.duration, c.jobs).order_by(c.id)
    return [tuple(row) for row in hub.store.metrics.rows(query)]


def stamps(hub: TestHub, table: sa.Table) -> dict[int, int | None]:
    return {row.id: row.sessionid for row in hub.store.metrics.rows(sa.select(table.c.id, table.c.sessionid))}


def hold_against_the_rules(hub: TestHub, requests: list[Row], starts: list[Row], corrections: frozenset[str]) -> None:
    later = Clock(dt.datetime(2025, 8, 1, tzinfo=dt.UTC))
    configured = dataclasses.replace(hub.settings, corrections=corrections, clock=later)
    fill(hub, {web: requests, toolstart: starts})
    build_sessions(hub.store, configured, MONTH)
    expected = sessions_of(
        with_t(requests),
        session_windows(MONTH, configured),
        "session-order" in corrections,
        "last-session" in corrections,
    )
    claimed = [[start["id"] for start in with_t(starts) if session.claims(start)] for session in expected]
    assert written(hub) == [
        (number, *session.values, min(len(claims), 127))
        for number, (session, claims) in enumerate(zip(expected, claimed, strict=True), 1)
    ]
    stamped = {row["id"]: row["sessionid"] for row in requests}
    stamped |= {row["id"]: number for number, session in enumerate(expected, 1) for row in session.rows}
    assert stamps(hub, web) == stamped
    linked: dict[int, int | None] = {row["id"]: None for row in starts}
    linked |= {start: number for number, claims in enumerate(claimed, 1) for start in claims}
    assert stamps(hub, toolstart) == linked


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(months(), st.sets(st.sampled_from(("all-days", "session-order", "last-session"))))
def test_sessions_are_those_of_the_walk(hub: TestHub, rows: tuple[list[Row], list[Row]], corrections: set[str]) -> None:
    hold_against_the_rules(hub, *rows, frozenset(corrections))


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(months(), st.sets(st.sampled_from(("all-days", "session-order", "last-session"))))
def test_models_give_the_sessions_of_the_walk(rows: tuple[list[Row], list[Row]], corrections: set[str]) -> None:
    sections = {"metrics": {"corrections": ", ".join(corrections)}}
    source = config.Source(sections=sections, environment={})
    configured = config.build(source, Clock(dt.datetime(2025, 8, 1, tzinfo=dt.UTC)))
    requests, starts = (with_t(side) for side in rows)
    requests = [row for row in requests if not row["sessionid"]]
    tools = [row for row in starts if row["success"] == 1]
    with session_engine(configured, MONTH, table(requests, "domain"), table(tools)) as engine:
        found = engine.table("sessions").sort_by("number")
        values = found.select(["datetime", "ip", "host", "domain", "duration"]).to_pylist()
        matches = engine.table("tool_start_matches").sort_by([("number", "ascending"), ("id", "ascending")]).to_pylist()
    expected = sessions_of(
        requests, session_windows(MONTH, configured), "session-order" in corrections, "last-session" in corrections
    )
    assert [tuple(row.values()) for row in values] == [session.values for session in expected]
    assert [tuple(row.values()) for row in matches] == sorted(
        (number, start["id"]) for number, session in enumerate(expected, 1) for start in starts if session.claims(start)
    )


def table(rows: list[Row], *more: str) -> pa.Table:
    kinds = {"id": pa.int64(), "t": pa.int64()}
    names = ("id", "datetime", "t", "ip", "host", *more)
    return pa.table({name: pa.array([row[name] for row in rows], kinds.get(name, pa.string())) for name in names})


def request(number: int, time: str, ip: str = "192.0.2.1", host: str | None = "h.example", **more: Any) -> Row:
    row = {"id": number, "datetime": f"2025-06-{time}", "ip": ip, "host": host, "sessionid": None, "domain": None}
    return {**row, **more}


def test_a_second_run_changes_nothing_and_new_rows_form_new_sessions(hub: TestHub) -> None:
    fill(hub, {web: [request(1, "02 10:00:00"), request(2, "03 10:00:00"), request(3, "04 10:00:00")]})
    assert build_sessions(hub.store, hub.settings, MONTH) == 2
    before = written(hub), stamps(hub, web)
    assert build_sessions(hub.store, hub.settings, MONTH) == 0
    assert (written(hub), stamps(hub, web)) == before
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.insert(web), [request(4, "02 10:10:00")])
    assert build_sessions(hub.store, hub.settings, MONTH) == 1
    assert stamps(hub, web) == {1: 1, 2: 2, 3: None, 4: 3}


def test_batches_give_what_one_transaction_gives(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [request(n, f"{2 + n % 5:02d} {n % 20:02d}:00:00", f"192.0.2.{n % 7}") for n in range(1, 60)]
    starts = [{"id": n, "datetime": f"2025-06-0{2 + n % 5} {n % 20:02d}:05:00", "ip": f"192.0.2.{n % 7}",
               "host": "h.example", "sessionid": None, "success": 1} for n in range(1, 30)]  # fmt: skip
    fill(hub, {web: rows, toolstart: starts})
    build_sessions(hub.store, hub.settings, MONTH)
    whole = written(hub), stamps(hub, web), stamps(hub, toolstart)
    fill(hub, {web: rows, toolstart: starts})
    monkeypatch.setattr("hzmetrics.sessions.build.BATCH", 4)
    build_sessions(hub.store, hub.settings, MONTH)
    assert (written(hub), stamps(hub, web), stamps(hub, toolstart)) == whole


def test_jobs_stop_at_what_a_signed_byte_holds(hub: TestHub) -> None:
    start = {"datetime": "2025-06-02 10:00:00", "ip": "192.0.2.1", "host": None, "sessionid": 5, "success": 1}
    fill(hub, {web: [request(1, "02 10:00:00"), request(2, "05 10:00:00")],
               toolstart: [{**start, "id": n} for n in range(1, 201)]})  # fmt: skip
    build_sessions(hub.store, hub.settings, MONTH)
    assert [row[-1] for row in written(hub)] == [127]
    assert set(stamps(hub, toolstart).values()) == {1}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("2025-7",), 0), (("2025",), 2), (("x",), 2), (("2025-07-01",), 2), (("2025-13",), 2), (("2025-0",), 2),
     (("0-1",), 2), (("2025-007",), 0), (("--dry-run",), 0), ((), 0), (("9999-12",), 0)],
)  # fmt: skip
def test_months_that_are_none_are_refused(hub: TestHub, arguments: tuple[str, ...], code: int) -> None:
    fill(hub, {web: [request(1, "02 10:00:00"), request(2, "05 10:00:00")]})
    assert hub.run("logfix-session", *arguments) == code
    assert written(hub) == []


def test_an_interrupted_run_has_failed(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    fill(hub, {web: [request(1, "02 10:00:00"), request(2, "05 10:00:00")]})
    monkeypatch.setattr("hzmetrics.sessions.build._write", interrupted)
    assert hub.run("logfix-session", "2025-06") == 1
    assert written(hub) == []


def test_a_dry_run_names_the_four_windows(hub: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert hub.run("logfix-session", "--dry-run", "2024-12") == 0
    said = capsys.readouterr()
    assert said.out == ""
    for window in (
        "2024-12-01 00:00:00 to 2024-12-08 00:00:00",
        "2024-12-09 00:00:00 to 2024-12-16 00:00:00",
        "2024-12-17 00:00:00 to 2024-12-24 00:00:00",
        "2024-12-25 00:00:00 to 2025-01-01 00:00:00",
    ):
        assert window in said.err


CORRECTED: dict[str, tuple[list[Row], list[int], list[int]]] = {
    "all-days": ([request(1, "08 10:00:00"), request(2, "09 10:00:00"), request(3, "10 10:00:00")], [0], [0, 0]),
    "last-session": ([request(1, "02 10:00:00"), request(2, "03 10:00:00")], [0], [0, 0]),
    "session-order": (
        [request(1, "02 10:00:00"), request(2, "02 10:10:00", host="i.example"),
         request(3, "02 09:50:00", host="j.example"), request(4, "05 10:00:00", "192.0.2.2")],
        [-600],
        [0, 0, 0],
    ),
}  # fmt: skip
"""Name: requests, the durations of the sessions that the reference writes, and of those the correction does."""


@pytest.mark.parametrize("name", CORRECTED)
def test_corrections_beside_the_reference(hub: TestHub, name: str) -> None:
    rows, reference, corrected = CORRECTED[name]
    for corrections, durations in ((frozenset(), reference), (frozenset((name,)), corrected)):
        fill(hub, {web: rows})
        build_sessions(hub.store, dataclasses.replace(hub.settings, corrections=corrections), MONTH)
        assert [row[5] for row in written(hub)] == durations, corrections


def test_the_running_month_keeps_its_last_session_open(hub: TestHub) -> None:
    fill(hub, {web: [request(1, "02 10:00:00"), request(2, "03 10:00:00")]})
    now = Clock(dt.datetime(2025, 6, 4, tzinfo=dt.UTC))
    running = dataclasses.replace(hub.settings, corrections=frozenset(("last-session",)), clock=now)
    assert build_sessions(hub.store, running, MONTH) == 1


def test_where_clocks_change_a_pause_is_as_long_as_it_was(
    make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From 1:50 to 3:10 it is 20 minutes in the night that has no 2:30, and 80 in others."""
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    try:
        hub = make_hub("sqlite")
        times = [f"2025-03-{day} {clock}" for day in (29, 30) for clock in ("01:50:00", "03:10:00")]
        rows = [{"id": number, "datetime": moment} for number, moment in enumerate([*times, "2025-03-31 10:00:00"], 1)]
        fill(hub, {web: [{**row, "ip": "192.0.2.1", "host": "?"} for row in rows]})
        build_sessions(hub.store, hub.settings, Month(2025, 3))
        assert [(row[1], row[5]) for row in written(hub)] == [(times[0], 0), (times[1], 0), (times[2], 1200)]
    finally:
        monkeypatch.undo()
        time.tzset()
