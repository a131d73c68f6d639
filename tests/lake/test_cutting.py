"""Sessions that are made in pieces are those of a walk over all requests, wherever the requests are divided."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hzmetrics import config
from hzmetrics.calendar import Clock, Month, Months
from hzmetrics.collation import fold
from hzmetrics.engine import runner
from hzmetrics.lake import sessions
from hzmetrics.lake.ingest import ingest
from hzmetrics.lake.ledger import IngestedLog, Ledger
from hzmetrics.lake.place import Place
from hzmetrics.lake.sessions import make_sessions
from hzmetrics.logs.reader import Identity
from hzmetrics.sessions.build import build_sessions, session_windows
from hzmetrics.store.tables.metrics import toolstart, web
from tests.conftest import TestHub
from tests.legacy.case import Case, all_cases
from tests.legacy.test_cases import load
from tests.sessions.test_build import MONTH, months, with_t, written
from tests.sessions.walked import sessions_of

R = TypeVar("R")
Row = dict[str, Any]
CASES = [
    case
    for case in all_cases()
    if case.folder.name.removeprefix("sessions-") in ("gap", "keys", "weeks", "jobs", "random", "random-plain")
]
CORRECTIONS = ("all-days", "session-order", "last-session")
NUMBERS = {"id", "t", "dnload"}
REQUESTS = ("id", "datetime", "t", "address", "ip", "host", "domain", "ipcountry", "dnload")
STARTS = ("id", "datetime", "t", "ip", "host")


def write(path: Path, rows: list[Row], columns: tuple[str, ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {
        name: pa.array([row[name] for row in rows], pa.int64() if name in NUMBERS else pa.string()) for name in columns
    }
    pq.write_table(pa.table(arrays), path)


def fill(place: Place, requests: list[Row], starts: list[Row], month: Month = MONTH) -> None:
    """Put requests, as if of two logs, and tool starts into a lake."""
    chosen = [
        {**row, "address": fold(row["ip"]), "ipcountry": None, "dnload": row["id"] % 2}
        for row in with_t(requests)
        if row["datetime"].startswith(str(month))
    ]
    for number in range(2):
        write(place.requests(month, number), chosen[number::2], REQUESTS)
    write(place.dimension("tool_starts"), [row for row in with_t(starts) if row["success"] == 1], STARTS)
    logs = (IngestedLog(str(number), "access", Identity(str(number), 1), 1, 1, (month,)) for number in range(2))
    Ledger(tuple(logs)).write(place.private)


def rows(root: Path, table: str) -> list[Row]:
    return [row for path in root.glob(f"{table}/*/*") for row in pq.ParquetFile(path).read().to_pylist()]


def request(number: int, ip: str, host: str | None) -> Row:
    moment = f"2025-06-02 10:00:{number:02d}"
    return {"id": number, "datetime": moment, "ip": ip, "host": host, "sessionid": None, "domain": None}


class Counting(runner.Here):
    """Counts the tasks that it does, by their kind."""

    def __init__(self) -> None:
        self.tasks = Counter[str]()

    def map(self, tasks: Sequence[Callable[[], R]]) -> list[R]:
        self.tasks.update(type(task).__name__ for task in tasks)
        return super().map(tasks)


RUNS_ON = [request(1, "", "a.example"), request(2, "192.0.2.1", "a.example"), request(3, "192.0.2.2", None)]
"""The first session goes from a request without an address into the first address."""


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@example((RUNS_ON, []), set(), 3)
@given(months(), st.sets(st.sampled_from(CORRECTIONS)), st.sampled_from((1, 2, 3, 7)))
def test_pieces_give_the_sessions_of_the_walk(
    tmp_path_factory: pytest.TempPathFactory, drawn: tuple[list[Row], list[Row]], corrections: set[str], buckets: int
) -> None:
    requests = [row for row in drawn[0] if not row["sessionid"]]
    source = config.Source(sections={"metrics": {"corrections": ", ".join(corrections)}}, environment={})
    configured = config.build(source, Clock(dt.datetime(2025, 8, 1, tzinfo=dt.UTC)))
    root = tmp_path_factory.mktemp("lake")
    ingest(configured, root, [], runner.Here(), buckets, plain=True)
    fill(Place(root), requests, drawn[1])
    make_sessions(configured, root, Months(), runner.Here())

    windows = session_windows(MONTH, configured)
    expected = sessions_of(with_t(requests), windows, "session-order" in corrections, "last-session" in corrections)
    jobs = [sum(session.claims(start) for start in with_t(drawn[1])) for session in expected]
    names = ("datetime", "ip", "host", "domain", "duration", "jobs")
    found = sorted(rows(root, "websessions"), key=lambda row: int(row["id"]))
    assert [tuple(row[name] for name in ("id", *names)) for row in found] == [
        (number, *session.values, count) for number, (session, count) in enumerate(zip(expected, jobs, strict=True), 1)
    ]
    assert sorted((row["sessionid"], row["datetime"]) for row in rows(root, "download_requests")) == sorted(
        (number, row["datetime"])
        for number, (session, count) in enumerate(zip(expected, jobs, strict=True), 1)
        if not count and session.values[-1] >= 0
        for row in session.rows
        if row["id"] % 2
    )


@pytest.mark.parametrize(("least", "pieces"), [(1, 3), (2, 2), (4, 1)])
def test_small_pieces_are_no_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, least: int, pieces: int) -> None:
    configured = config.build(config.Source(environment={}), Clock(dt.datetime(2025, 8, 1, tzinfo=dt.UTC)))
    place = Place(tmp_path / "lake")
    ingest(configured, place.root, [], runner.Here(), 7, plain=True)
    fill(place, [request(number, f"192.0.2.{number}", None) for number in range(3)], [])
    monkeypatch.setattr(sessions, "LEAST", least)
    chosen = Counting()
    make_sessions(configured, place.root, Months(), chosen)
    assert chosen.tasks["CutSessions"] == pieces


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder.name)
def test_pieces_give_the_sessions_of_the_recorded_cases(case: Case, make_hub: Callable[[str], TestHub]) -> None:
    hub = make_hub("sqlite")
    load(hub, case)
    (month,) = {Month.parse(step[-1]) for step in case.steps}
    metrics, root = hub.store.metrics, hub.root / "lake"
    columns = (web.c.id, web.c.datetime, sa.func.coalesce(web.c.ip, "").label("ip"), web.c.host, web.c.domain)
    requests = metrics.read(sa.select(*columns).where(sa.func.coalesce(web.c.sessionid, 0) == 0)).to_pylist()
    start = toolstart.c
    starts = metrics.read(sa.select(start.id, start.datetime, start.ip, start.host, start.success)).to_pylist()
    before = len(written(hub))
    build_sessions(hub.store, hub.settings, month)

    ingest(hub.settings, root, [], runner.Here(), 3, plain=True)
    fill(Place(root), requests, starts, month)
    make_sessions(hub.settings, root, Months(month, month), runner.Here())
    names = ("datetime", "ip", "host", "domain", "duration", "jobs")
    found = sorted(rows(root, "websessions"), key=lambda row: int(row["id"]))
    assert [tuple(row[name] for name in names) for row in found] == [row[1:] for row in written(hub)[before:]]
    assert found
