"""Jobs of the middleware come in once, and their CPU times with them (spec 20 §9 to §10)."""

from typing import Any

import pytest
import sqlalchemy as sa

from hzmetrics.store.tables.metrics import toolstart
from tests.conftest import TestHub
from tests.enrich.tables import every_row, put

START = "2025-03-01 10:00:00"


def session(number: int, user: str, ip: str = "192.0.2.1") -> dict[str, Any]:
    return {"sessnum": number, "username": user, "remoteip": ip, "appname": "tool", "exechost": "node"}


def job(number: int, which: int, walltime: float | None = 1, cputime: float | None = 1, **more: Any) -> dict[str, Any]:
    return {"sessnum": number, "job": which, "event": "x", "venue": "v", "start": START, "walltime": walltime,
            "cputime": cputime, **more}  # fmt: skip


def hub_rows(hub: TestHub, sessions: list[dict[str, Any]], jobs: list[dict[str, Any]]) -> None:
    put(hub.store.hub, hub.store.hub_tables.sessionlog, *sessions)
    put(hub.store.hub, hub.store.hub_tables.joblog, *jobs)


def starts(hub: TestHub) -> list[tuple[Any, ...]]:
    return every_row(hub.store.metrics, toolstart, ["user", "ip", "walltime", "cputime", "tool", "execunit", "success"])


def test_jobs_with_a_new_key_come_in_once(hub: TestHub) -> None:
    long = "2001:db8:1234:5678:9abc:def0:1234:5678"
    hub_rows(
        hub,
        [session(1, "ann"), session(2, "ann"), session(3, "GridStat"), session(4, "HCtest9"), session(5, "bob", long)],
        [
            job(1, 1, 12.5), job(2, 1, 12.499), job(1, 2, 7, event="[WAITING]"), job(3, 1), job(4, 1),
            job(5, 1, None, start="0000-00-00 00:00:00"), job(9, 1),
        ],
    )  # fmt: skip
    expected = [
        ("ann", "192.0.2.1", 12.0, 0.0, "tool", "node", 1),
        ("ann", "192.0.2.1", 13.0, 0.0, "tool", "node", 1),
        ("bob", long, None, 0.0, "tool", "node", 1),
    ]
    assert hub.run("middleware-wall", "--dry-run") == 0
    assert starts(hub) == []
    assert hub.run("middleware-wall") == 0
    assert starts(hub) == expected
    put(hub.store.hub, hub.store.hub_tables.joblog, job(1, 3, 99), job(2, 3, 98, start="2025-03-01 10:00:01"))
    assert hub.run("middleware-wall") == 0
    assert starts(hub) == [*expected[:2], ("ann", "192.0.2.1", 98.0, 0.0, "tool", "node", 1), expected[2]]


def test_the_first_job_that_used_cpu_counts(hub: TestHub) -> None:
    hub_rows(
        hub,
        [session(1, "ann"), session(2, "bob"), session(3, "gridstat")],
        [
            job(1, 2, cputime=2.5), job(1, 1, cputime=0), job(1, 3, cputime=9),
            job(2, 1, cputime=0.4), job(2, 2, cputime=8, event="[waiting]"), job(3, 1, cputime=5),
        ],
    )  # fmt: skip
    rows = [("ANN", 0), ("ann", 0), ("ann", 5), ("ann", None), ("bob", 0), ("gridstat", 0), (None, 0)]
    put(
        hub.store.metrics,
        toolstart,
        *({"datetime": START, "user": user, "ip": "192.0.2.1", "cputime": cpu} for user, cpu in rows),
    )
    for _ in range(2):
        assert hub.run("middleware-cpu") == 0
        times = [row[0] for row in hub.store.metrics.rows(sa.select(toolstart.c.cputime).order_by(toolstart.c.id))]
        assert times == [3, 3, 5, None, 0, 0, 0]


def test_a_time_beyond_the_column_is_clipped(hub: TestHub) -> None:
    hub_rows(hub, [session(1, "ann"), session(2, "bob")], [job(1, 1, 1e39, 1e39), job(2, 1)])
    assert hub.run("middleware-wall") == hub.run("middleware-cpu") == 0
    limit = pytest.approx(3.40282e38, rel=1e-5)
    assert [row[2:4] for row in starts(hub)] == [(limit, limit), (1, 1)]


def test_missing_tables(hub: TestHub) -> None:
    with hub.store.hub.begin() as connection:
        connection.execute(sa.text("DROP TABLE joblog"))
    assert hub.run("middleware-wall") == (
        1 if hub.kind == "mariadb" else 0
    )  # a SQLite hub's tables are made when missing
    assert hub.run("middleware-cpu") == (
        1 if hub.kind == "mariadb" else 0
    )  # a SQLite hub's tables are made when missing
