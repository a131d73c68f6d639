from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from hzmetrics.health.status import MonthStatus, calendar, symbol
from hzmetrics.live.steps import STEPS
from tests.conftest import TestHub
from tests.mariadb_server import SOCKET
from tests.pipeline.scenario import insert, log_text


def month(text: str, **facts: Any) -> MonthStatus:
    nothing: dict[str, Any] = {
        "has_rows": False, "has_sessions": False, "summary": "none", "is_marked": False, "is_pending": False,
        "missing_days": 0,
    }  # fmt: skip
    return MonthStatus(month=text, **(nothing | facts))


def test_a_month_in_few_characters() -> None:
    assert symbol(month("2026-01")) == "."
    assert symbol(month("2026-01", has_rows=True)) == "r"
    assert symbol(month("2026-01", has_rows=True, has_sessions=True)) == "s"
    assert symbol(month("2026-01", summary="some periods", has_rows=True, is_pending=True)) == "+<"
    assert symbol(month("2026-01", summary="all periods", is_marked=True, missing_days=31)) == "#!31"


def test_the_calendar_has_a_line_a_year() -> None:
    lines = calendar([month("2025-12", summary="all periods"), month("2026-01"), month("2026-02", has_rows=True)])
    assert lines[1] == "2025  " + " " * 66 + "#"
    assert lines[2] == "2026  .     r"


def seen(hub: TestHub, capsys: pytest.CaptureFixture[str], code: int) -> dict[str, Any]:
    capsys.readouterr()
    assert hub.run("status", "--json") == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_status_of_a_hub_that_works(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:25:00")
    daily = hub.root / "logs/httpd/daily"
    daily.mkdir(parents=True)
    (daily / "parity-access.log-20260310").write_bytes(log_text("httpd/", ["2026-03-10"]))
    with hub.store.metrics.begin() as connection:
        insert(connection, "pipeline_state", [{"k": "dirty_months", "v": "2026-01"}, {"k": "mode", "v": "catchup"}])
        insert(connection, "webhits", [{"datetime": f"2026-02-{day:02d}", "hits": 1} for day in (1, 2, 28)])
        insert(connection, "web", [{"datetime": "2026-02-01 10:00:00", "ip": "192.0.2.1", "content": "/"}])
    assert hub.run("tick") == 0
    found = seen(hub, capsys, 0)
    assert (found["healthy"], found["mode"], found["problems"]) == (True, "catchup", [])
    assert found["backlog"] == ["2026-01", "2026-02", "2026-03"]
    assert found["pending"]["access"] == {"files": 1, "first": "2026-03-10", "last": "2026-03-10"}
    assert found["last_tick"]["exit_code"] == 0
    newest = {one["name"]: one for one in found["freshness"]}
    sampled = [] if hub.kind == "sqlite" else ["sample"]  # there, a hub without users counts as not configured
    assert list(newest) == ["tick", "run", "map", *sampled, "request", "login", "grid"]
    assert newest["request"]["newest"] == "2026-02-01 10:00:00" and newest["request"]["limit_seconds"] is None
    assert newest["map"]["newest"] and newest["tick"]["age_seconds"] == 0 and newest["login"]["age_seconds"] is None
    assert {step: entry["exit_code"] for step, entry in found["steps"].items()} == dict.fromkeys(STEPS, 0)
    months = {entry["month"]: entry for entry in found["months"]}
    assert list(months) == [f"2026-{number:02d}" for number in range(1, 6)]
    assert months["2026-01"]["is_marked"]
    assert (months["2026-02"]["has_rows"], months["2026-02"]["missing_days"]) == (True, 25)
    assert months["2026-03"]["is_pending"]
    assert months["2026-05"]["missing_days"] == 18


def test_cron_that_stopped_calling_is_a_problem(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:25:00")
    assert hub.run("tick") == 0
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:41:00")
    assert seen(hub, capsys, 0)["problems"] == []
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:42:00")
    assert "no tick since 2026-05-19 09:25:00" in seen(hub, capsys, 1)["problems"][0]


def test_a_failed_run_is_shown_with_where_to_look(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:25:00")
    daily = hub.root / "logs/httpd/daily"
    daily.mkdir(parents=True)
    (daily / "parity-access.log-20260518.gz").write_bytes(b"broken")
    assert hub.run("run") == 1
    found = seen(hub, capsys, 1)
    assert sum("20260518.gz" in problem for problem in found["problems"]) == 1
    (run,) = (problem for problem in found["problems"] if str(hub.root / "log.txt") in problem)
    assert "log files that could not be imported or put away: 1" in run
    assert hub.run("mark-dirty", "2026-07") == 0
    assert seen(hub, capsys, 1)["dirty_months"] == ["2026-07"]


@pytest.mark.parametrize(("state", "said"), [
    ({"mode": "rebuild", "rebuild_cursor": "2026-03"}, "walk at 2026-03, 2 months left through 2026-04"),
    ({"mode": "rebuild", "rebuild_cursor": "2026-05"}, "sweep, 0 incomplete months: the next run returns to normal"),
])  # fmt: skip
def test_rebuild_says_how_much_is_left(
    hub: TestHub,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    state: dict[str, str],
    said: str,
) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:25:00")
    with hub.store.metrics.begin() as connection:
        insert(connection, "pipeline_state", [{"k": key, "v": value} for key, value in state.items()])
    assert hub.run("status") == 0
    assert said in capsys.readouterr().out


def test_an_unreachable_database_is_a_problem_and_the_rest_is_shown(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:25:00")
    text = hub.configuration.read_text(encoding="utf-8")
    text = text.split("[db]")[0] + "[db]\nhost = 127.0.0.9\nport = 9\nuser = x\npassword = secret\nmetrics_db = none\n"
    hub.configuration.write_text(text, encoding="utf-8")
    assert hub.run("status") == 1
    output = capsys.readouterr()
    assert "the server cannot be reached" in output.out
    assert "Pending" in output.out
    assert "secret" not in output.out + output.err + (hub.root / "log.txt").read_text()


def append(hub: TestHub, text: str) -> None:
    with hub.configuration.open("a", encoding="utf-8") as file:
        file.write(text)


def test_cron_that_never_started_is_a_problem(hub: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert hub.run("init") == 0
    (problem,) = seen(hub, capsys, 1)["problems"]
    assert problem == "no tick yet: cron does not call hzmetrics tick; hzmetrics doctor shows the line for cron"
    assert hub.run("tick") == 0
    assert seen(hub, capsys, 0)["problems"] == []


def test_a_failing_step_shows_within_one_tick_and_until_it_works(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:25:00")
    (hub.root / "cmsauth.log").write_text("")
    append(hub, f"[follow]\nauth_logs = {hub.root}/cmsauth.log\n[activity]\nsource = logs\n")
    (hub.root / "hubroot/app/site/stats/maps").rmdir()
    monkeypatch.setenv("HZMETRICS_EVENTS_SIGNATURES", "/nowhere")
    assert hub.run("tick") == 0
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:35:00")
    assert hub.run("tick") == 0
    found = seen(hub, capsys, 1)
    of_map, of_events = found["problems"]
    assert of_map.startswith("the step map has failed since 2026-05-19 09:25:00: no map directory: looked for ")
    assert of_events.startswith("the steps follow, events have failed since 2026-05-19 09:25:00: ")
    assert "[events] signatures: cannot read /nowhere" in of_events and of_events.endswith(f"see {hub.root}/log.txt")
    assert (found["steps"]["events"]["exit_code"], found["steps"]["courses"]["exit_code"]) == (2, 0)
    assert hub.run("status") == 1
    assert "  events              failed since 2026-05-19 09:25:00: " in capsys.readouterr().out
    monkeypatch.delenv("HZMETRICS_EVENTS_SIGNATURES")
    (hub.root / "hubroot/app/site/stats/maps").mkdir()
    assert hub.run("tick") == 0
    assert seen(hub, capsys, 0)["problems"] == []


def test_new_logs_that_cannot_be_seen_are_a_problem_at_once_and_of_the_tick(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file in the place of the directory: no right makes it readable, not even root's."""
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:25:00")
    assert hub.run("tick") == 0
    daily = hub.root / "logs/httpd/daily"
    daily.parent.mkdir(parents=True)
    daily.touch()
    assert seen(hub, capsys, 1)["problems"] == [f"cannot look into {daily}: Not a directory"]
    assert hub.run("tick") == 0
    (problem,) = seen(hub, capsys, 1)["problems"]
    assert f"the step logs has failed since 2026-05-19 09:25:00: cannot look into {daily}: Not a directory" in problem
    daily.unlink()
    assert "the step logs" in seen(hub, capsys, 1)["problems"][0]  # the next tick looks with its own eyes
    assert hub.run("tick") == 0
    assert seen(hub, capsys, 0)["problems"] == []


@pytest.mark.parametrize("command", [("run",), ("run", "--all")])
def test_a_run_fails_when_it_cannot_see_new_logs(
    hub: TestHub, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:25:00")
    daily = hub.root / "logs/httpd/daily"
    daily.parent.mkdir(parents=True)
    daily.touch()
    assert hub.run(*command) == 1
    assert f"cannot look into {daily}: Not a directory" in capsys.readouterr().err
    assert sum(str(daily) in problem for problem in seen(hub, capsys, 1)["problems"]) == 1
    daily.unlink()
    assert hub.run(*command) == 0


def test_new_logs_without_the_right_to_see_them(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:25:00")
    daily = hub.root / "logs/httpd/daily"
    daily.mkdir(parents=True)
    daily.chmod(0)
    if os.access(daily, os.R_OK):
        pytest.skip("this user may read every directory")
    assert hub.run("tick") == 0
    (problem,) = seen(hub, capsys, 1)["problems"]
    assert f"cannot look into {daily}: Permission denied" in problem


def test_logs_of_another_name_are_a_problem_while_none_of_ours_is_as_new(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:25:00")
    assert hub.run("tick") == 0
    daily = hub.root / "logs/httpd/daily"
    daily.mkdir(parents=True)
    for day in (16, 17, 18):
        (daily / f"other-access.log-202605{day}").touch()
    (daily / "error.log-20260518").touch()
    found = seen(hub, capsys, 1)
    (problem,) = found["problems"]
    assert problem.startswith(
        f"{daily}: no import takes other-access.log-20260516, other-access.log-20260517, other-access.log-20260518;"
        " access logs are named parity-access*log*"
    )
    assert found["warnings"][0] == f"{daily}: no import takes error.log-20260518"
    with hub.store.metrics.begin() as connection:
        insert(connection, "imported_sources", [
            {"filename": "parity-access.log-20260517", "target_table": "web", "imported_at": "2026-05-18 00:30:00"}
        ])  # fmt: skip
    found = seen(hub, capsys, 0)
    assert "other-access.log-20260516" in found["warnings"][0]
    (daily / "other-access.log-20260519").touch()
    (problem,) = seen(hub, capsys, 1)["problems"]
    assert problem.startswith(f"{daily}: no import takes other-access.log-20260519;")


@pytest.mark.mariadb
def test_a_hub_database_that_is_wrong_is_a_problem_of_the_next_tick(
    make_hub: Callable[[str], TestHub],
    database_name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if SOCKET not in os.environ:
        pytest.skip("no MariaDB server")
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:25:00")
    hub = make_hub("mariadb")
    assert hub.run("tick") == 0
    right = f"hub_db = {database_name}_hub"
    text = hub.configuration.read_text(encoding="utf-8")
    hub.configuration.write_text(text.replace(right, f"hub_db = {database_name}_nohub"), encoding="utf-8")
    (problem,) = seen(hub, capsys, 1)["problems"]
    assert f"{database_name}_nohub" in problem
    assert hub.run("tick") == 0
    (problem,) = seen(hub, capsys, 1)["problems"]
    assert problem.startswith("the steps map, activity have failed since 2026-05-19 09:25:00: ")
    assert f"{database_name}_nohub" in problem
    hub.configuration.write_text(text.replace(right, f"hub_db = {database_name}_metrics"), encoding="utf-8")
    assert any("has none of the hub's tables, whose names begin with jos_" in told
               for told in seen(hub, capsys, 1)["problems"])  # fmt: skip
    assert hub.run("doctor") == 1
    assert "FAIL  hub database" in capsys.readouterr().out


def test_no_reason_is_empty(hub: TestHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def bad(*arguments: object, **options: object) -> None:
        raise AssertionError

    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:30:00")
    monkeypatch.setattr("hzmetrics.pipeline.run.require_transactional", bad)
    assert hub.run("tick") == 1
    problems = seen(hub, capsys, 1)["problems"]
    where = f"see {hub.root}/log.txt"
    assert f"the run of 2026-05-19 09:30:00 failed: AssertionError; {where}" in problems
    assert f"the tick of 2026-05-19 09:30:00 failed: AssertionError; {where}" in problems


def test_files_of_the_last_year_of_the_calendar(
    make_hub: Callable[[str], TestHub], capsys: pytest.CaptureFixture[str]
) -> None:
    hub = make_hub("sqlite")
    daily = hub.root / "logs/httpd/daily"
    daily.mkdir(parents=True)
    (daily / "parity-access.log-99991231").touch()
    (daily / "other-access.log-20260310").touch()
    found = seen(hub, capsys, 0)
    assert [told for told in found["warnings"] if "other-access.log-20260310" in told]
