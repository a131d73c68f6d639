"""Session ids that name no session, and the reset of a month."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from hzmetrics.calendar import DateSpan, Month
from hzmetrics.grids.summarize import summarize_month
from hzmetrics.pipeline.reset import reset_month
from hzmetrics.sessions.build import build_sessions
from hzmetrics.sessions.stamps import clear_orphans, has_orphans
from hzmetrics.store.tables import metrics
from tests.conftest import TestHub

MONTH = Month(2025, 6)


def put(hub: TestHub, table: sa.Table, stamps: dict[int, tuple[str, int | None]]) -> None:
    rows: list[dict[str, Any]] = [
        {"id": number, "datetime": time, "sessionid": session, "ip": f"192.0.2.{number % 9}"}
        for number, (time, session) in stamps.items()
    ]
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.insert(table), rows)


def stamps(hub: TestHub, table: sa.Table) -> list[int | None]:
    rows = hub.store.metrics.rows(sa.select(table.c.sessionid).order_by(table.c.id))
    return [row.sessionid for row in rows]


def test_only_ids_of_no_session_are_cleared_and_only_in_the_month(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.insert(metrics.websessions), [{"id": 5, "datetime": "2024-01-01 00:00:00"}])
    times = (
        "2025-06-01 00:00:00",
        "2025-06-30 23:59:59",
        "2025-05-31 23:59:59",
        "2025-07-01 00:00:00",
        "0000-00-00 00:00:00",
    )
    found = {number: (time, session) for number, (time, session) in enumerate(
        [(time, session) for time in times for session in (None, 0, 5, 6, 7)], 1)}  # fmt: skip
    put(hub, metrics.web, found)
    put(hub, metrics.toolstart, found)
    expected = [None, 0, 5, None, None] * 2 + [None, 0, 5, 6, 7] * 3
    assert has_orphans(hub.store, MONTH) and has_orphans(hub.store, MONTH.plus(1))
    monkeypatch.setattr("hzmetrics.sessions.stamps.BATCH", 3)
    assert clear_orphans(hub.store, hub.settings, DateSpan.of(MONTH), dry_run=True) == 0
    assert has_orphans(hub.store, MONTH)
    assert clear_orphans(hub.store, hub.settings, DateSpan.of(MONTH)) == 8
    assert stamps(hub, metrics.web) == stamps(hub, metrics.toolstart) == expected
    assert not has_orphans(hub.store, MONTH) and has_orphans(hub.store, MONTH.plus(1))


@pytest.mark.parametrize(
    ("sessions", "named", "left"),
    [
        ([5, 6, 7], [5, 7], [5, 7]),
        ([5, 6, 7], [5, 8], [5, None]),
        ([5, 6, 7], [4, 7], [None, 7]),
        ([5, 7], [5, 7], [5, 7]),
        ([5, 7], [5, 6], [5, None]),
        ([5, 7, 9, 10], [5, 8, 9], [5, None, 9]),
        ([], [5], [None]),
        ([5], [-5, 5], [None, 5]),
        ([5], [], []),
    ],
)
def test_sessions_with_and_without_gaps(
    hub: TestHub, sessions: list[int], named: list[int], left: list[int | None]
) -> None:
    with hub.store.metrics.begin() as connection:
        for number in sessions:
            connection.execute(sa.insert(metrics.websessions).values(id=number, datetime="2025-06-10 00:00:00"))
    if named:
        put(hub, metrics.web, {number: ("2025-06-10 00:00:00", one) for number, one in enumerate(named, 1)})
    assert has_orphans(hub.store, MONTH) == (None in left)
    assert clear_orphans(hub.store, hub.settings, DateSpan.of(MONTH)) == left.count(None)
    assert stamps(hub, metrics.web) == left


def test_a_reset_month_can_be_computed_anew(hub: TestHub) -> None:
    put(
        hub,
        metrics.web,
        {n: (f"2025-06-{n % 7 + 1:02d} {n % 24:02d}:00:00", 0 if n == 3 else None) for n in range(1, 50)},
    )
    put(hub, metrics.toolstart, {1: ("2025-06-03 10:00:00", 4)})

    def everything() -> list[list[dict[str, Any]]]:
        tables = (
            metrics.websessions,
            metrics.web,
            metrics.summary_user_vals,
            metrics.summary_misc_vals,
            metrics.webhits,
        )
        found = [hub.store.metrics.read(sa.select(table)).to_pylist() for table in tables]
        return [sorted(rows, key=lambda row: tuple(map(str, row.values()))) for rows in found]

    reset_month(hub.store, hub.settings, MONTH)
    written = build_sessions(hub.store, hub.settings, MONTH)
    for month in (MONTH, MONTH.plus(1)):
        summarize_month(hub.store, hub.settings, month)
    before = everything()
    assert reset_month(hub.store, hub.settings, MONTH, dry_run=True) == 0
    assert everything() == before
    assert reset_month(hub.store, hub.settings, MONTH) == written > 0
    assert stamps(hub, metrics.toolstart) == [None]
    assert not any(stamps(hub, metrics.web))
    kept = hub.store.metrics.read(sa.select(metrics.summary_user_vals))
    assert set(kept["datetime"].to_pylist()) == {MONTH.plus(1).key}
    build_sessions(hub.store, hub.settings, MONTH)
    summarize_month(hub.store, hub.settings, MONTH)
    assert everything() == before
