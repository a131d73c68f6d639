"""Cells are those of the definitions, on both stores, with and without the corrections."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hzmetrics.calendar import PERIODS, Month
from hzmetrics.collation import fold
from hzmetrics.grids.applications import tool_directories
from hzmetrics.grids.counting import PART
from hzmetrics.grids.sources import FEWEST
from hzmetrics.grids.state import incomplete_months, is_fully_summarized, summarized_months
from hzmetrics.grids.summarize import GRIDS, summarize_month
from hzmetrics.snapshots import remove_all
from hzmetrics.store.database import Database
from hzmetrics.store.tables import metrics
from tests.conftest import TestHub
from tests.grids.naive import Cells, Naive, Row

MONTH = Month(2024, 2)
CORRECTIONS = ("window-start", "dated-logins", "distinct-total", "half-up", "countries")

EDGES = sorted({str(MONTH.period(code).start) for code in PERIODS} | {str(MONTH.stop)})
TIMES = st.sampled_from(
    [*EDGES, "2024-01-31 23:59:59", "2024-02-01 00:00:01", "2024-02-10 12:00:00", "2024-02-10 13:00:00",
     "2024-02-29 23:59:59", "2023-12-31 23:59:59", "2023-10-02 00:00:00", "2023-03-05 10:00:00", "2021-05-05 10:00:00",
     "1990-01-01 10:00:00", "2025-01-01 10:00:00", "0000-00-00 00:00:00"]
)  # fmt: skip
USERS = st.sampled_from(("ann", "Ann ", "bob", "Ándrás", "andras", "", "-", "gridstat", "HCtest1", " hctest"))
IPS = st.sampled_from(("192.0.2.1", "192.0.2.2", "192.0.2.3", "127.0.0.1", ""))
HOSTS = st.sampled_from((None, "", "?", "a.example", "A.example "))
COUNTRIES = st.sampled_from(("US", "us", "DE", "JP", "BR", "ZZ", "ap ", "XK", "-", ""))
ORGANISATIONS = st.sampled_from((None, "", "industry", "University", "government", "other"))
DOMAINS = st.sampled_from((None, "", "?", "edu.example", "EDU.example", "gov", "isp", "odd"))
STAMPS = st.sampled_from((None, 0, 1, 2, 3, 99))
SECONDS = st.sampled_from((None, 0.0, 0.5, 1.5, 300.0, 600.0, 288.4, 255.2, 208.5, 15.4, 0.1))


def rows(maximum: int, **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Row]]:
    return st.lists(st.fixed_dictionaries(columns), max_size=maximum)


def numbered(found: list[Row], key: str = "id") -> list[Row]:
    return [{key: number, **row} for number, row in enumerate(found, 1)]


@st.composite
def hubs(draw: st.DrawFn) -> dict[str, list[Row]]:
    """The tables of a small hub whose values meet at every edge that the definitions have."""
    sessions = numbered(draw(rows(
        12, datetime=TIMES, ip=IPS, host=HOSTS, domain=DOMAINS, ipcountry=COUNTRIES,
        duration=st.sampled_from((-5, 0, 5, 899, 900, 5000)), jobs=st.sampled_from((0, 0, 0, 1, -1)),
    )))  # fmt: skip
    sessionlog = numbered(draw(rows(
        8, username=USERS, start=TIMES, appname=st.sampled_from(("workspace", "WORKSPACE ", "ws_1", "other", "ws_dev")),
        walltime=SECONDS, viewtime=SECONDS, cputime=SECONDS,
    )), "sessnum")  # fmt: skip
    logins = draw(
        rows(12, datetime=TIMES, user=USERS, ip=IPS, action=st.sampled_from(("login", "Simulation", "logout")))
    )
    distinct = {(row["datetime"], fold(row["user"]), row["ip"], row["action"]): row for row in logins}
    return {
        "userlogin": numbered(list(distinct.values())),
        "profiles": numbered(draw(rows(
            6, username=USERS, registerDate=TIMES, orgtype=ORGANISATIONS.map(lambda o: o or ""),
            countryresident=COUNTRIES,
        )), "uidNumber"),
        "websessions": sessions,
        "web": numbered(draw(rows(
            8, sessionid=STAMPS, datetime=TIMES, dnload=st.sampled_from((None, 0, 1, 1, 2))
        ))),
        "toolstart": numbered(draw(rows(
            24, datetime=TIMES, user=st.none() | USERS, success=st.sampled_from((1, 1, 1, 0)),
            countryresident=st.none() | COUNTRIES, orgtype=ORGANISATIONS,
        ))),
        "domainclass": [{"domain": "edu.example", "class": 1}, {"domain": "gov", "class": 3},
                        {"domain": "isp", "class": 4}, {"domain": "odd", "class": 7}],
        "country_continent": [{"country": "US", "continent": "NA"}, {"country": "DE", "continent": "EU"},
                              {"country": "JP", "continent": "AS"}, {"country": "JP", "continent": "OC"},
                              {"country": "BR", "continent": "SA"}, {"country": "", "continent": "AS"},
                              {"country": "AP", "continent": "AS"}, {"country": "XK", "continent": "OC"}],
        "webhits": draw(rows(5, datetime=TIMES, hits=st.integers(0, 9))),
        "sessionlog": draw(st.permutations(sessionlog)),
        "joblog": [{"sessnum": n, "job": job, "event": event, "cputime": cpu} for n, job, event, cpu in draw(st.lists(
            st.tuples(st.integers(1, 8), st.integers(0, 2), st.sampled_from(("run", "[waiting]")), SECONDS),
            max_size=8, unique_by=lambda entry: entry[:3],
        ))],
        "tool_version": [{"toolname": "Workspace", "instance": "ws_1"}, {"toolname": "workspace", "instance": "ws_dev"},
                         {"toolname": "ws_1", "instance": "other"}],
    }  # fmt: skip


def fill(hub: TestHub, tables: dict[str, list[Row]]) -> None:
    remove_all(hub.settings)  # these rows are written as nothing else writes them

    def put(database: Database, found: dict[str, sa.Table]) -> None:
        with database.begin() as connection:
            for name, table in found.items():
                connection.execute(sa.delete(table))
                if tables.get(name):
                    connection.execute(sa.insert(table), tables[name])

    hub_tables = hub.store.hub_tables
    put(hub.store.hub, {name: getattr(hub_tables, name) for name in ("sessionlog", "joblog", "tool_version")})
    named = ("userlogin", "websessions", "web", "toolstart", "domainclass", "country_continent", "webhits")
    put(
        hub.store.metrics,
        {name: getattr(metrics, name) for name in named}
        | {"profiles": metrics.profiles_copy("jos_")}
        | {f"summary_{name}_vals": table for name, table in GRIDS.items()},
    )


def written(hub: TestHub, period: int) -> Cells:
    found: Cells = {}
    for grid, table in GRIDS.items():
        of_period = sa.select(table).where(table.c.period == period, table.c.datetime == MONTH.key)
        for row in hub.store.metrics.read(of_period).to_pylist():
            assert (grid, row["rowid"], row["colid"]) not in found
            found[grid, row["rowid"], row["colid"]] = str(row["value"])
    return found


def corrected(hub: TestHub, *names: str) -> Any:
    return dataclasses.replace(hub.settings, corrections=frozenset(names))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(hubs(), st.sets(st.sampled_from(CORRECTIONS)))
def test_cells_are_those_of_the_definitions(hub: TestHub, tables: dict[str, list[Row]], names: set[str]) -> None:
    fill(hub, tables)
    # the rows; snapshots, with the visitors in several parts; settled years by themselves; snapshots of these
    for part, fewest in ((PART, FEWEST), (3, FEWEST), (3, 0), (PART, 0)):
        with pytest.MonkeyPatch.context() as context:
            context.setattr("hzmetrics.grids.counting.PART", part)
            context.setattr("hzmetrics.grids.sources.FEWEST", fewest)
            summarize_month(hub.store, corrected(hub, *names), MONTH)
        hold_definitions(hub, tables, names)


def hold_definitions(hub: TestHub, tables: dict[str, list[Row]], names: set[str]) -> None:
    for period in PERIODS:
        found = written(hub, period)
        assert found == Naive(tables, MONTH.period(period), frozenset(names)).cells(), (period, names)
        if not names:
            hold_invariants({key: int(value) for key, value in found.items() if key[0] == "user"})


def hold_invariants(cell: dict[tuple[str, int, int], int]) -> None:
    """Invariants 1 to 4 of spec 50 §13."""
    for k in range(1, 12):
        assert cell["user", 1, k] == sum(cell["user", row, k] for row in (6, 7, 8))
        if k <= 6:
            assert cell["user", 3, k] >= cell["user", 7, k] and cell["user", 4, k] >= cell["user", 8, k]
    for row in (1, 2, 3, 4, 6, 7, 8):
        assert cell["user", row, 2] <= cell["user", row, 1]
    for row in (2, 6):
        assert cell["user", row, 7] <= min(cell["user", row, 1], sum(cell["user", row, k] for k in range(8, 12)))
    for row in (3, 4, 7, 8):
        assert cell["user", row, 7] >= sum(cell["user", row, k] for k in range(8, 12))


def login(number: int, time: str, user: str, action: str = "login") -> Row:
    return {"id": number, "datetime": time, "user": user, "uidNumber": 1, "ip": "192.0.2.1", "action": action}


def test_userlogin_lite_holds_logins_and_simulations_however_they_are_spelled(hub: TestHub) -> None:
    spellings = ("login", "LOGIN", "Simulation", "lögin ", "logout", "detect")
    fill(
        hub, {"userlogin": [login(n, f"2024-02-{n:02d} 10:00:00", "ann", name) for n, name in enumerate(spellings, 1)]}
    )
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.insert(metrics.userlogin_lite), [{"id": 77, "user": "old"}])
    summarize_month(hub.store, hub.settings, MONTH, (1,), ("reg",))
    assert sorted(hub.store.metrics.read(sa.select(metrics.userlogin_lite))["id"].to_pylist()) == [1, 2, 3, 4]
    with hub.store.metrics.connect() as connection:
        indexed = {tuple(i["column_names"]) for i in sa.inspect(connection).get_indexes("userlogin_lite")}
    assert indexed == {("uidNumber",), ("datetime", "user")}


def test_questions_about_the_grids(hub: TestHub) -> None:
    fill(hub, {})
    january = MONTH.plus(-1)
    summarize_month(hub.store, hub.settings, MONTH)
    summarize_month(hub.store, hub.settings, january, (1,))
    assert summarized_months(hub.store) == {january, MONTH}
    assert is_fully_summarized(hub.store, MONTH) and not is_fully_summarized(hub.store, january)
    assert not is_fully_summarized(hub.store, MONTH.plus(1))
    assert incomplete_months(hub.store, MONTH) == [january]
    assert incomplete_months(hub.store, january) == []


@pytest.mark.parametrize(
    ("arguments", "code", "periods", "rowids"),
    [
        (("--periods", " 14, 1,1", "--only", "total , reg"), 0, {1, 14}, {1, 6}),
        (("--periods", "", "--only", ""), 0, set(PERIODS), {1, 2, 3, 4, 6, 7, 8}),
        (("--periods", "7"), 2, set(), set()),
        (("--periods", "1,,14"), 2, set(), set()),
        (("--only", "reg,"), 2, set(), set()),
        (("--only", "registered"), 2, set(), set()),
        (("--dry-run",), 0, set(), set()),
    ],
)
def test_options_choose_periods_and_sections(
    hub: TestHub, arguments: tuple[str, ...], code: int, periods: set[int], rowids: set[int]
) -> None:
    fill(hub, {"userlogin": [login(1, "2024-02-03 10:00:00", "ann")]})
    assert hub.run("summarize-month", str(MONTH), *arguments) == code
    rows = hub.store.metrics.read(sa.select(metrics.summary_user_vals))
    assert set(rows["period"].to_pylist()) == periods and set(rows["rowid"].to_pylist()) == rowids
    assert (hub.store.metrics.read(sa.select(metrics.userlogin_lite)).num_rows == 1) == bool(periods)


def test_seconds_are_added_in_the_order_of_the_primary_keys(hub: TestHub) -> None:
    """288.4 + 255.2 + 208.5 + 15.4 is a little less than 767.5, from the other end it is 767.5."""
    time, tenths = "2024-02-03 10:00:00", [288.4, 255.2, 208.5, 15.4]
    session = {"username": "ann", "start": time, "appname": "other"}
    sessions = [
        {**session, "sessnum": n, "walltime": s, "viewtime": t, "cputime": s}
        for n, (s, t) in enumerate(zip(tenths, reversed(tenths), strict=True), 1)
    ]
    of_tools = {**session, "sessnum": 5, "appname": "workspace", "walltime": 0, "viewtime": 0, "cputime": 0}
    jobs = [
        {"sessnum": 5, "job": 1, "event": event, "venue": venue, "cputime": seconds}
        for (event, venue), seconds in zip(
            (("run", "a"), ("run", "B"), ("run", "c"), ("Sim", "a")), tenths, strict=True
        )
    ]
    started = [{"datetime": time, "user": "ann", "success": 1}]
    fill(hub, {"toolstart": started, "sessionlog": [*reversed(sessions)]})
    summarize_month(hub.store, hub.settings, MONTH, (1,), ("sim-usage",))
    assert [written(hub, 1)["simusage", row, 1] for row in (3, 4, 5)] == ["767", "767", "768"]
    fill(hub, {"toolstart": started, "sessionlog": [of_tools], "joblog": [*reversed(jobs)]})
    summarize_month(hub.store, hub.settings, MONTH, (1,), ("sim-usage",))
    assert written(hub, 1)["simusage", 3, 1] == "767"


def test_a_number_too_large_for_a_cell_is_the_largest(hub: TestHub) -> None:
    largest, time = 2**63 - 1, "2024-02-03 10:00:00"
    session = {"sessnum": 1, "username": "ann", "start": time, "walltime": 1e19, "viewtime": 9.3e18, "cputime": 1e300}
    fill(hub, {"toolstart": [{"datetime": time, "user": "ann", "success": 1}], "sessionlog": [session]})
    with hub.store.metrics.begin() as connection:
        cell = {"colid": 1, "datetime": MONTH.key, "period": 1, "valfmt": 1}
        old = [{**cell, "rowid": 6, "value": largest}, {**cell, "rowid": 7, "value": 1}]
        connection.execute(sa.insert(metrics.summary_user_vals), old)
    summarize_month(hub.store, hub.settings, MONTH, (1,), ("total", "sim-usage"))
    found = written(hub, 1)
    assert [found["simusage", row, 1] for row in (3, 4, 5)] == [str(largest)] * 3
    assert found["user", 1, 1] == str(largest)


@pytest.mark.mariadb
@pytest.mark.parametrize("missing", ["hub_db", "metrics_db"])
def test_a_missing_database_name_is_wrong_use(hub: TestHub, missing: str) -> None:
    if hub.kind != "mariadb":
        pytest.skip("SQLite files have no names to configure")
    lines = hub.configuration.read_text(encoding="utf-8").splitlines()
    hub.configuration.write_text("\n".join(line for line in lines if not line.startswith(missing)), encoding="utf-8")
    assert hub.run("summarize-month", str(MONTH)) == hub.run("summarize-month", str(MONTH), "--dry-run") == 2


def test_tools_are_found_four_levels_deep(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    for place in ("plain/tool.xml", "deep/r1/middleware/tool.xml", "deeper/a/b/c/tool.xml", "share/x/tool.xml",
                  "share64/tool.xml", "sharex/tool.xml", "upper/TOOL.XML"):  # fmt: skip
        (root / place).parent.mkdir(parents=True)
        (root / place).touch()
    (root / "a_directory" / "tool.xml").mkdir(parents=True)
    (root / "by_link").symlink_to(root / "plain")
    (root / "linked_file").mkdir()
    (root / "linked_file" / "tool.xml").symlink_to("nowhere")
    (Path(os.fsdecode(bytes(root) + b"/\xff"))).mkdir()
    (Path(os.fsdecode(bytes(root) + b"/\xff/tool.xml"))).touch()
    (tmp_path / "link").symlink_to(root)
    expected = ["a_directory", "deep", "linked_file", "plain", "sharex", "\ufffd"]
    assert tool_directories(root) == tool_directories(tmp_path / "link") == expected
    (root / "tool.xml").touch()
    assert "tool.xml" in tool_directories(root)


def test_a_root_that_cannot_be_read_in_time_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "apps" / "tool").mkdir(parents=True)
    assert tool_directories(tmp_path / "missing") == []
    assert tool_directories(tmp_path / "apps", time_limit=0) == []
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
