"""The newest of everything that should keep coming is judged by its age (spec 65 §7)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as strict_parser
from prometheus_client.parser import text_string_to_metric_families as loose_parser

from hzmetrics import config, journal
from hzmetrics.activity.monitor import LAST_RUN
from hzmetrics.live.freshness import Freshness
from hzmetrics.live.runner import Live
from hzmetrics.store.live_state import remember
from tests.conftest import TestHub
from tests.pipeline.scenario import insert

NOW = "2026-05-19T09:25:00"


@pytest.fixture
def old(make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch) -> TestHub:
    """A hub on 19 May 2026 whose tick and run of this morning ended well, as all have for a month."""
    hub = make_hub("sqlite")
    monkeypatch.setenv("HZMETRICS_NOW", NOW)
    record(hub, "tick", "2026-05-19 09:20:00")
    record(hub, "run", "2026-05-19 08:30:00")
    return hub


def record(hub: TestHub, kind: str, started: str, since: str = "2026-04-19 09:20:00", exit_code: int = 0) -> None:
    path = hub.settings.paths.state / f"last-{kind}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    succeeded = "" if exit_code else started
    entry = {"started": started, "exit_code": exit_code, "succeeded": succeeded, "since": since}
    path.write_text(json.dumps(entry), encoding="utf-8")


def store(hub: TestHub, table: str, **row: Any) -> None:
    with hub.store.metrics.begin() as connection:
        insert(connection, table, [row])


def request(hub: TestHub, time: str) -> None:
    store(hub, "web", datetime=time, ip="192.0.2.1", content="/")


def found(hub: TestHub) -> dict[str, Freshness]:
    return {one.name: one for one in Live(hub.store, config.load(hub.configuration)).freshness()}


def problems(hub: TestHub) -> dict[str, str]:
    return {name: one.problem for name, one in found(hub).items() if one.problem}


def test_a_new_installation_has_nothing_yet_but_cron_must_start(
    make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub("sqlite")
    assert {one.newest for one in found(hub).values()} == {""} and problems(hub) == {}
    hub.settings.paths.state.mkdir(parents=True)
    assert problems(hub).keys() == {"tick"}
    assert "no tick yet" in problems(hub)["tick"]


def test_cron_that_never_reaches_half_past_and_logs_that_never_come(old: TestHub) -> None:
    assert "no request yet, although runs succeed since 2026-04-19 09:20:00" in problems(old)["request"]
    (old.settings.paths.state / "last-run.json").unlink()
    assert problems(old).keys() == {"run"}
    assert "at minute 30" in problems(old)["run"]
    record(old, "tick", "2026-05-19 09:20:00", since="2026-05-19 09:00:00")
    assert problems(old) == {}


def test_logs_that_stop_arriving(old: TestHub) -> None:
    request(old, "2026-05-16 09:26:00")
    request(old, "2027-01-01 00:00:00")
    store(old, "userlogin", datetime="2026-05-12 09:26:00", user="ann", ip="192.0.2.1", action="login")
    assert problems(old) == {}
    assert (found(old)["request"].age_seconds, found(old)["request"].limit_seconds) == (259_140, 259_200)
    with old.store.metrics.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE web SET datetime = '2026-05-16 09:24:00' WHERE datetime < '2027-01-01 00:00:00'"
        )
        connection.exec_driver_sql("UPDATE userlogin SET datetime = '2026-05-12 09:24:00'")
    assert problems(old).keys() == {"request", "login"}
    daily = old.settings.paths.access_logs / "daily"
    assert (
        f"the newest request is of 2026-05-16 09:24:00; see whether logs still arrive in {daily}"
        in (problems(old)["request"])
    )
    daily.mkdir(parents=True)
    (daily / "parity-access.log-20260518").touch()
    assert problems(old).keys() == {"login"}
    with old.configuration.open("a") as file:
        file.write("[freshness]\nlogin_days = 0\n")
    assert problems(old) == {} and found(old)["login"].limit_seconds is None


def test_stored_times_are_those_of_the_hub(old: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:25:00Z")
    text = old.configuration.read_text()
    old.configuration.write_text(text.replace("[hub]\n", "[hub]\ntimezone = Pacific/Auckland\n"))
    request(old, "2026-05-16 21:24:00")
    assert problems(old).keys() == {"request"} and found(old)["request"].age_seconds == 259_260
    request(old, "2026-05-19 21:24:00")
    request(old, "2026-05-20 22:00:00")  # more than a day ahead there
    assert problems(old) == {} and found(old)["request"].age_seconds == 60


def test_in_a_backlog_old_months_come_first(old: TestHub) -> None:
    request(old, "2024-01-01 00:00:00")
    assert problems(old).keys() == {"request"}
    store(old, "pipeline_state", k="mode", v="catchup")
    assert problems(old) == {}


def test_a_summary_is_due_only_where_there_were_requests(old: TestHub) -> None:
    store(old, "summary_user_vals", datetime="2026-03-00 00:00:00", period=1, rowid=1, colid=1, value=1, valfmt=1)
    request(old, "2026-05-05 00:00:00")
    assert problems(old).keys() == {"request"}
    assert found(old)["grid"].newest == "2026-04-01 00:00:00"
    request(old, "2026-05-18 00:00:00")
    assert problems(old).keys() == {"grid"}
    assert "the newest summary is that of 2026-03" in problems(old)["grid"]


def test_what_ticks_refresh_is_judged_at_the_last_tick(old: TestHub) -> None:
    with old.configuration.open("a") as file:
        file.write("[activity]\nenabled = yes\n[freshness]\ntick_minutes = 600\nrequest_days = 0\n")
    with old.store.metrics.begin() as connection:
        remember(connection, LAST_RUN, "2026-05-19T08:49:00Z")
    page = old.root / "hubroot/app/site/stats/maps/whoisonline.xml"
    page.touch()
    assert problems(old).keys() == {"sample"}
    record(old, "tick", "2026-05-19 09:10:00")
    assert problems(old) == {}
    written = page.stat().st_mtime
    os.utime(page, (written - 1000, written - 1000))
    assert "did not refresh" in problems(old)["map"]


def test_ages_and_outcomes_for_prometheus(old: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    request(old, "2026-05-18 09:25:00")
    record(old, "live-map", "2026-05-19 09:20:00", exit_code=1)
    record(old, "live-follow", "2026-05-19 09:20:00")
    capsys.readouterr()
    assert old.run("openmetrics") == 0
    text = capsys.readouterr().out
    for parser in (strict_parser, loose_parser):
        values = {
            (
                sample.name.removeprefix("hzmetrics_"),
                sample.labels.get("kind") or sample.labels.get("step"),
            ): sample.value
            for family in parser(text)
            for sample in family.samples
        }
        assert values["newest_age_seconds", "request"] == 86_400
        assert values["newest_age_limit_seconds", "request"] == 3 * 86_400
        assert values["newest_age_seconds", "tick"] == 300
        assert values["newest_timestamp_seconds", "request"] == found(old)["request"].timestamp
        assert ("newest_age_seconds", "login") not in values
        assert (values["step_success", "map"], values["step_success", "follow"], values["step_success", "run"]) == (
            0,
            1,
            1,
        )
        assert values["step_success_timestamp_seconds", "follow"] == found(old)["tick"].timestamp
        assert ("step_success_timestamp_seconds", "map") not in values


def test_a_clock_that_was_ahead(old: TestHub) -> None:
    request(old, "2026-05-19 09:00:00")
    record(old, "tick", "2027-06-01 10:30:00")
    record(old, "run", "2027-06-01 10:30:00")
    assert problems(old).keys() == {"tick", "run"}
    assert "which is still to come" in problems(old)["tick"]
    with journal.record(old.settings, "run") as recording:
        recording.update(exit_code=1, error="broken")
    entry = journal.read(old.settings, "run")
    assert entry and (entry.succeeded, entry.since) == ("", entry.started)


def test_the_last_day_of_the_calendar(old: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    request(old, "2026-05-19 09:00:00")
    monkeypatch.setenv("HZMETRICS_NOW", "9999-12-31T23:59:59")
    assert "request" in problems(old)
