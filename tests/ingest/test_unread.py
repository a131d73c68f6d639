"""Files whose lines could not be read are told, and long ones are not imported (spec 10 §10.4, spec 60 §10.1)."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
import sqlalchemy as sa

from hzmetrics.logs.formats import FORMATS
from hzmetrics.store.tables import metrics
from tests.conftest import NOTHING_COMES, TestHub
from tests.ingest.test_imports import access_line, count, ledger, write

NAME = "parity-access.log-20250701"
COMBINED = FORMATS["combined"].example.replace("03/Mar/2025", "01/Jul/2025") + "\n"


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2025-07-02T09:30:00")


def configure(hub: TestHub, text: str) -> None:
    with hub.configuration.open("a", encoding="utf-8") as file:
        file.write(text)


def status(hub: TestHub, capsys: pytest.CaptureFixture[str], code: int) -> dict[str, Any]:
    capsys.readouterr()
    assert hub.run("status", "--json") == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def bad_files(hub: TestHub) -> list[dict[str, Any]]:
    state = metrics.pipeline_state.c
    text = hub.store.metrics.scalar(sa.select(state.v).where(state.k == "bad_files"))
    found: list[dict[str, Any]] = json.loads(text or "[]")
    return found


def test_a_long_file_in_another_format_waits_for_the_setting(hub: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    configure(hub, NOTHING_COMES)
    path = write(hub, NAME, COMBINED * 99 + access_line())
    assert hub.run("run") == 1
    assert path.exists()
    assert (ledger(hub), count(hub, metrics.web)) == ([], 0)
    (bad,) = bad_files(hub)
    assert bad["reason"].startswith("not imported: 99 of 100 lines could not be read; first: 192.0.2.0 - - [")
    assert bad["reason"].endswith("set [logs] format = auto")

    assert any("set [logs] format = auto" in problem for problem in status(hub, capsys, 1)["problems"])
    hub.run("doctor")
    assert f"{NAME}: not imported: 99 of 100 lines" in capsys.readouterr().out
    assert hub.run("run") == 0  # it is left out, and no backlog
    assert status(hub, capsys, 1)["mode"] == "normal"

    configure(hub, "[logs]\nformat = auto\n")
    assert hub.run("run") == 0
    assert [(name, rows) for name, *_, rows in ledger(hub)] == [(NAME, 100)]
    assert not path.exists()
    assert status(hub, capsys, 0)["problems"] == []


def test_a_month_that_is_over_is_no_backlog_meanwhile(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2025-09-02T09:30:00")
    write(hub, NAME, COMBINED * 100)
    assert hub.run("run", "--all") == 1
    assert hub.run("run", "--all") == 0
    state = metrics.pipeline_state.c
    assert hub.store.metrics.scalar(sa.select(state.v).where(state.k == "mode")) == "normal"


@pytest.mark.parametrize("section", ["[metrics]\ncorrections = zones\n", "[logs]\nunread_percent = 100\n"])
def test_zones_of_a_hub_are_read_with_a_correction(hub: TestHub, section: str) -> None:
    write(hub, NAME, access_line().replace("-0500", "+0100") * 100)
    assert hub.run("run") == 1
    assert "the correction zones reads their time zones" in bad_files(hub)[0]["reason"]
    configure(hub, section)
    assert hub.run("run") == 0
    assert count(hub, metrics.web) == (100 if "zones" in section else 0)
    assert [row[0] for row in ledger(hub)] == [NAME]


def test_commands_by_hand_remember_the_file_and_try_it_again(hub: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(hub, NAME, COMBINED * 100)
    for command in (["import", "--next"], ["process", "--next"], ["import-apache", str(path)]):
        assert hub.run(*command) == 1
        assert "100 of 100 lines could not be read" in capsys.readouterr().err
    assert [bad["path"] for bad in bad_files(hub)] == [str(path)]
    path.write_text(access_line() * 100, encoding="utf-8")
    assert hub.run("import", "--next") == 0
    assert count(hub, metrics.web) == 100


def test_a_short_or_empty_file_is_imported_with_a_warning(
    hub: TestHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(hub, NOTHING_COMES)
    write(hub, NAME, COMBINED * 60 + access_line() * 39)
    write(hub, "parity-access.log-20250702", "")
    write(hub, "parity-access-good.log-20250702", access_line(day=2))
    assert hub.run("import", "--next") == 0
    assert [row[0] for row in ledger(hub)] == [NAME, "parity-access-good.log-20250702", "parity-access.log-20250702"]
    found = status(hub, capsys, 0)["warnings"]
    assert [warning.split(" was imported on 2025-07-02, but ")[0] for warning in found] == [
        NAME,
        "parity-access.log-20250702",
    ]
    assert "60 of 99 lines could not be read; first: 192.0.2.0" in found[0]
    assert "there are no lines" in found[1]
    assert hub.run("forget-import", NAME) == 0
    assert len(status(hub, capsys, 0)["warnings"]) == 1
    monkeypatch.setenv("HZMETRICS_NOW", "2025-08-15T09:30:00")
    assert status(hub, capsys, 0)["warnings"] == []


def test_an_auth_log_is_judged_alike(hub: TestHub) -> None:
    path = write(hub, "cmsauth.log-20250701", COMBINED * 100, "hubzero/daily")
    assert hub.run("import", "--next") == 1
    assert "is it an access log under the name of an auth log?" in bad_files(hub)[0]["reason"]
    assert hub.run("import-auth", str(path)) == 1
    path.write_text("2025-07-01 10:00:00 1 [ann] 198.51.100.7 login\n" * 100, encoding="utf-8")
    assert hub.run("import", "--next") == 0


def test_clients_with_ipv6_addresses_make_no_file_unread(hub: TestHub) -> None:
    write(hub, NAME, access_line().replace("198.51.100.7", "2001:db8::1") * 100)
    assert hub.run("import", "--next") == 0


def test_files_that_no_import_takes_are_named(hub: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.log", "b.log", "c.log", "d.log", "new-parity-access.log-20250701", ".hidden", NAME):
        write(hub, name, access_line())
    undated = write(hub, "parity-access.log", access_line(), "httpd/daily/2025")
    os.utime(undated, (0, 0))
    daily = hub.root / "logs/httpd/daily"
    found = status(hub, capsys, 0)["warnings"]
    assert found[:2] == [
        f"{daily}/2025: no import takes parity-access.log",
        f"{daily}: no import takes a.log, b.log, c.log and 1 more",
    ]
    assert "parity-access*log*" in found[2]
    hub.run("doctor")
    said = capsys.readouterr().out
    assert f"{daily}: no import takes a.log" in said
    assert NAME not in said


def test_the_log_shows_examples_and_the_nearest_format(hub: TestHub) -> None:
    write(hub, NAME, access_line() * 200 + COMBINED + "\x1b[31mred\n" * 4)
    assert hub.run("import", "--next") == 0
    said = (hub.root / "log.txt").read_text(encoding="utf-8")
    assert said.count("unrecognized, for example: ") == 3
    assert r"unrecognized, for example: \x1b[31mred" in said
