"""What is kept, what is replaced, and what a reader or a killed command leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.config import Settings
from hzmetrics.store import Store
from hzmetrics.tools.resources import andmore_usage
from hzmetrics.tools.stats import gen_tool_stats
from hzmetrics.tools.toplists import gen_tool_toplists
from hzmetrics.tools.tops import gen_tool_tops
from tests.conftest import TestHub
from tests.tools.hubs import Row, fill, stored

MONTH = Month(2026, 5)
KEY = "2026-05-00 00:00:00"
TOOL = {"id": 1, "title": "Spring Viewer", "type": 7, "alias": "spring", "published": 1, "standalone": 1}
SESSION = {"username": "ada", "start": "2026-05-02 10:00:00", "appname": "spring", "walltime": 100.5, "viewtime": 1.0}


def small_hub(**more: list[Row]) -> dict[str, list[Row]]:
    seen = {"user": "ada", "start": "2026-05-02 10:00:00", "appname": "spring", "domain": "mit.edu"}
    return {
        "resources": [TOOL],
        "sessionlog": [{"sessnum": 1, **SESSION}],
        "joblog": [{"sessnum": 1, "job": 1, "event": "simulation", "cputime": 2.0, "walltime": 1.0, "ncpus": 1}],
        "sessionlog_metrics": [{"id": 1, "sessnum": 1, **seen}],
        **more,
    }


def test_an_existing_row_keeps_its_id_and_the_lowest_of_several_is_the_one(hub: TestHub) -> None:
    row = {"resid": 1, "restype": 7, "datetime": KEY, "period": 14, "users": 99}
    others = [
        {**row, "id": 7, "restype": 8},
        {**row, "id": 8, "period": 5},
        {**row, "id": 9, "datetime": "2026-04-00 00:00:00"},
    ]
    fill(hub, small_hub(resource_stats_tools=[{**row, "id": 20}, {**row, "id": 30}, *others]))
    gen_tool_stats(hub.store, hub.settings, MONTH)
    users = {row["id"]: row["users"] for row in stored(hub, "resource_stats_tools")}
    assert {number: users[number] for number in (7, 8, 9, 20, 30)} == {7: 99, 8: 99, 9: 99, 20: 1, 30: 99}
    assert len(users) == 5 + 5
    assert [(r["restype"], r["users"]) for r in stored(hub, "resource_stats") if r["period"] == 14] == [(7, 1)]


def test_a_second_run_changes_nothing(hub: TestHub) -> None:
    page = {"id": 2, "title": "Page", "type": 39, "path": "/resources/2", "published": 1, "standalone": 1}
    visit = {"datetime": "2026-05-05 00:00:00", "ip": "192.0.2.1", "host": "h", "content": "/resources/2"}
    fill(hub, small_hub(resources=[TOOL, page], web=[visit]))
    names = ("resource_stats_tools", "resource_stats", "resource_stats_tools_topvals", "stats_topvals")
    seen = []
    for _ in range(2):
        for command in (gen_tool_stats, gen_tool_tops, gen_tool_toplists, andmore_usage):
            assert command(hub.store, hub.settings, MONTH) > 0
        rows = [stored(hub, name) for name in names]
        seen.append([[{k: v for k, v in r.items() if (name, k) != ("stats_topvals", "id")} for r in found]
                     for name, found in zip(names, rows, strict=True)])  # fmt: skip
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("command", "name"), [(gen_tool_stats, "resource_stats_tools"), (andmore_usage, "resource_stats")]
)
def test_only_rows_whose_values_differ_are_written(
    hub: TestHub, command: Callable[[Store, Settings, Month], int], name: str
) -> None:
    pages = [
        {"id": number, "title": "Page", "type": 39, "path": f"/resources/{number}", "published": 1, "standalone": 1}
        for number in (2, 3)
    ]
    fill(hub, small_hub(resources=[TOOL, *pages]))
    command(hub.store, hub.settings, MONTH)
    before = stored(hub, name)
    table = hub.store.hub_tables.metadata.tables[f"jos_{name}"]
    wrong = [(before[0]["id"], 99), (before[-1]["id"], None)]
    with hub.store.hub.begin() as connection:
        for number, users in wrong:
            connection.execute(sa.update(table).where(table.c.id == number).values(users=users))
        others = f"OLD.id NOT IN ({wrong[0][0]}, {wrong[1][0]})"
        refuse = (
            f"FOR EACH ROW BEGIN IF {others} THEN SIGNAL SQLSTATE '45000'; END IF; END"
            if hub.store.hub.is_mariadb
            else f"WHEN {others} BEGIN SELECT RAISE(ABORT, 'written'); END"
        )
        connection.exec_driver_sql(f"CREATE TRIGGER same BEFORE UPDATE ON {table.name} {refuse}")
    command(hub.store, hub.settings, MONTH)
    assert stored(hub, name) == before


def test_an_existing_resource_row_gets_its_users_only(hub: TestHub) -> None:
    page = {"id": 2, "title": "Page", "type": 39, "path": "/resources/2", "published": 1, "standalone": 1}
    row = {"resid": 2, "datetime": "2026-05-01 00:00:00", "period": 1, "users": 5, "jobs": 6, "tot_cpu": 7,
           "processed_on": "2020-01-01 00:00:00"}  # fmt: skip
    fill(
        hub,
        {"resources": [page], "resource_stats": [{**row, "id": 3, "restype": 39}, {**row, "id": 4, "restype": None}]},
    )
    andmore_usage(hub.store, hub.settings, MONTH)
    rows = stored(hub, "resource_stats")
    assert rows[0] == {**rows[0], **row, "users": 0}
    assert rows[1] == {**rows[1], **row}
    assert [(r["period"], r["users"], r["jobs"], r["processed_on"]) for r in rows[2:]] == [
        (12, 0, None, "0000-00-00 00:00:00"),
        (14, 0, None, "0000-00-00 00:00:00"),
    ]


def test_an_unknown_period_is_skipped_and_no_users_are_none(hub: TestHub, caplog: pytest.LogCaptureFixture) -> None:
    row = {"resid": 1, "restype": 7, "datetime": KEY}
    kept = {"id": 50, "top": 1, "rank": 0, "name": "Total Users", "value": 4}
    stats = [{**row, "id": 50, "period": 2}, {**row, "id": 51, "period": 14, "users": None}]
    values = [kept, {**kept, "id": 51}, {**kept, "id": 51, "top": 9}]
    fill(hub, small_hub(resource_stats_tools=stats, resource_stats_tools_topvals=values))
    assert hub.run("gen-tool-tops", "2026-05") == 0
    rows = stored(hub, "resource_stats_tools_topvals")
    assert kept in rows
    assert {**kept, "id": 51, "top": 9} in rows
    assert [r["value"] for r in rows if r["id"] == 51 and r["rank"] == 0 and r["top"] != 9] == [0, 0, 0]
    assert "unknown period 2" in (hub.root / "log.txt").read_text(encoding="utf-8")


def test_ranks_stop_at_the_largest_the_column_holds(hub: TestHub) -> None:
    people = [f"user{number:03}" for number in range(150)]
    seen = {"start": "2026-05-02 10:00:00", "appname": "spring"}
    fill(hub, small_hub(
        resource_stats_tools=[{"id": 1, "resid": 1, "restype": 7, "datetime": KEY, "period": 1, "users": 150}],
        sessionlog_metrics=[{"id": i, "sessnum": i, "user": name, **seen} for i, name in enumerate(people, 1)],
        profiles=[{"uidNumber": i, "username": name, "orgtype": f"type{i:03}"} for i, name in enumerate(people, 1)],
    ))  # fmt: skip
    gen_tool_tops(hub.store, hub.settings, MONTH)
    ranks = [row["rank"] for row in stored(hub, "resource_stats_tools_topvals") if row["top"] == 3]
    assert sorted(ranks) == [*range(127), *[127] * 24]


def test_a_dry_run_writes_nothing(hub: TestHub) -> None:
    fill(hub, small_hub())
    for command in ("gen-tool-stats", "gen-tool-tops", "gen-tool-toplists", "andmore-usage"):
        assert hub.run(command, "2026-05", "--dry-run") == 0
    assert not any(stored(hub, name) for name in ("resource_stats", "resource_stats_tools", "stats_topvals"))


KILLED_AT_THE_INSERT = """
import os, signal, sys
from hzmetrics.store import bulk
bulk.append = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
from hzmetrics.cli import main
sys.exit(main(["gen-tool-toplists", "2026-05"]))
"""


def test_killed_between_delete_and_insert_the_old_list_stays_and_a_second_run_ends_well(hub: TestHub) -> None:
    old = {"id": 1, "top": 6, "datetime": KEY, "period": 12, "rank": 0, "name": "old", "value": 1}
    fill(hub, small_hub(stats_topvals=[old]))
    hub.store.close()
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AT_THE_INSERT], env={**os.environ, **hub.environment}, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert stored(hub, "stats_topvals") == [old]
    assert hub.run("gen-tool-toplists", "2026-05") == 0
    rows = stored(hub, "stats_topvals")
    assert len(rows) == 5 * 6
    assert not any(row["name"] == "old" for row in rows)


@pytest.mark.mariadb
@pytest.mark.parametrize("engine", ["MyISAM", "InnoDB"])
def test_a_reader_never_sees_half_a_list(hub: TestHub, engine: str) -> None:
    if hub.kind != "mariadb":
        pytest.skip("SQLite readers see transactions only")
    fill(hub, small_hub(resources=[{**TOOL, "id": number} for number in range(1, 41)]))
    with hub.store.hub.connect() as connection:
        connection.exec_driver_sql(f"ALTER TABLE jos_stats_topvals ENGINE={engine}")
    gen_tool_stats(hub.store, hub.settings, MONTH)
    whole = gen_tool_toplists(hub.store, hub.settings, MONTH)
    done, seen = threading.Event(), set()

    def read() -> None:
        with hub.store.hub.connect() as connection:
            while not done.is_set():
                seen.add(connection.exec_driver_sql("SELECT COUNT(*) FROM jos_stats_topvals").scalar())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(4):
            gen_tool_toplists(hub.store, hub.settings, MONTH)
    finally:
        done.set()
        reader.join()
    assert seen == {whole}


@pytest.mark.parametrize("command", ["gen-tool-stats", "gen-tool-tops", "gen-tool-toplists", "andmore-usage"])
@pytest.mark.parametrize(
    "month", ["2026-13", "2026-00", "garbage", "2026/05", "2026-5", "2026-05-1", "", "2026-05-01 x", "٢٠٢٦-٠٥"]
)
def test_a_malformed_month_is_refused_before_anything(
    command: str, month: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hzmetrics.cli import main

    monkeypatch.setenv("HZMETRICS_CONFIG", "/nowhere")
    assert main([command, month]) == 2
