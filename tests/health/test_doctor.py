"""`doctor` finds what is wrong, says what fixes it, and writes nothing unless asked (spec 65 §10)."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from hzmetrics import files
from hzmetrics.config import HOME
from hzmetrics.health import surroundings
from hzmetrics.health.surroundings import cron_line
from hzmetrics.installation import directories
from hzmetrics.store.tables import metrics
from tests.conftest import TestHub
from tests.mariadb_server import SOCKET


@pytest.fixture(autouse=True)
def no_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZMETRICS_DNS_NAMESERVER", "127.0.0.1:9")
    monkeypatch.setenv("HZMETRICS_DNS_TIMEOUT", "0.2")


def findings(hub: TestHub, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, list[tuple[str, str, str]]]:
    capsys.readouterr()
    code = hub.run("doctor", "--json", *options)
    checks = json.loads(capsys.readouterr().out)
    assert code == any(check["verdict"] == "FAIL" for check in checks)
    found: dict[str, list[tuple[str, str, str]]] = {}
    for check in checks:
        found.setdefault(check["name"], []).append((check["verdict"], check["detail"], check["fix"]))
    return found


def test_a_fresh_installation(hub: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    found = findings(hub, capsys)
    home = hub.settings.paths.home
    assert found[f"directory {home}"] == [("FAIL", "missing", "hzmetrics doctor --fix")]
    assert not home.exists()
    found = findings(hub, capsys, "--fix")
    assert {verdict for checks in found.values() for verdict, _, _ in checks} == {"OK", "WARN"}
    assert stat.S_IMODE(home.stat().st_mode) == files.DIRECTORY
    assert found["site"] == [("OK", "parity", "")]
    assert found["name server"][0][:2] == ("WARN", "127.0.0.1:9: no answer")
    assert found["last successful run"] == [("WARN", "never", "hzmetrics run")]
    [(verdict, detail, _)] = found["metrics database"]
    assert (verdict, detail.partition(" tables, ")[2]) == (
        "OK", "up to date; hzmetrics migrate --apply would add: a unique key on the cells",
    )  # fmt: skip
    assert hub.run("migrate", "--apply") == 0
    assert findings(hub, capsys)["metrics database"][0][1].endswith("up to date")


@pytest.mark.mariadb
def test_nothing_is_left_for_a_database_that_init_made(
    make_hub: Callable[[str], TestHub], database_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if SOCKET not in os.environ:
        pytest.skip("no MariaDB server")
    hub = make_hub("mariadb")
    with hub.store.metrics.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {database_name}_metrics")
    assert hub.run("init") == 0
    assert findings(hub, capsys)["metrics database"][0][1].endswith("up to date")


def test_it_writes_nothing(hub: TestHub) -> None:
    with hub.store.metrics.begin() as connection:
        metrics.dns_cache.drop(connection)
        connection.execute(sa.delete(metrics.countries))
    hub.store.close()
    if hub.kind == "mariadb":
        assert hub.run("doctor") == 1
        assert metrics.dns_cache.name not in hub.store.metrics.table_names
        assert hub.store.metrics.scalar(sa.select(sa.func.count()).select_from(metrics.countries)) == 0
    assert hub.run("doctor", "--fix") == 0
    assert hub.store.metrics.scalar(sa.select(sa.func.count()).select_from(metrics.countries)) == 250


def test_configuration(make_hub: Callable[[str], TestHub], capsys: pytest.CaptureFixture[str]) -> None:
    hub = make_hub("sqlite")
    hub.configuration.write_text("[hub]\nsit = x\n[db]\nhost = localhost\nuser = u\n")
    hub.configuration.chmod(0o660)
    found = findings(hub, capsys, "--fix")
    assert found["site"][0][0] == "FAIL" and "site = NAME" in found["site"][0][2]
    assert ("FAIL", "[db] metrics_db is empty", f"{hub.configuration}: under [db] set metrics_db") in (
        found["configuration"]
    )
    assert ("WARN", "the group of the file can write to it", f"chmod 600 {hub.configuration}") in found["configuration"]
    assert any("did you mean site?" in detail for _, detail, _ in found["configuration"])
    assert "metrics database" not in found


def test_mistakes_in_the_configuration(make_hub: Callable[[str], TestHub], capsys: pytest.CaptureFixture[str]) -> None:
    hub = make_hub("sqlite")
    text = hub.configuration.read_text(encoding="utf-8")
    assert hub.run("init") == 0
    lines = len(text.splitlines())
    hub.configuration.write_text(f"{text}[http]\n[activity]\nhalflife = 7\n", encoding="utf-8")
    place = f"{hub.configuration}:{lines + 3}"
    detail = f"{place}: [activity] halflife: unknown key, ignored; did you mean half_life?"
    assert ("FAIL", detail, f"correct {place}") in findings(hub, capsys)["configuration"]
    hub.configuration.write_text(f"{text}[pipeline]\nmonths_per_run = 0\n[events]\ntimezone = Mars\n", encoding="utf-8")
    assert hub.run("doctor", "--json") == 2
    checks = json.loads(capsys.readouterr().out)
    assert [check["detail"].split(": ")[1] for check in checks] == ["[pipeline] months_per_run", "[events] timezone"]


def test_corrections_are_a_choice(make_hub: Callable[[str], TestHub], capsys: pytest.CaptureFixture[str]) -> None:
    hub = make_hub("sqlite")
    [(verdict, detail, fix)] = findings(hub, capsys)["corrections"]
    assert (verdict, "10 % of visits" in detail, "docs/usage-tables.md" in fix) == ("WARN", True, True)
    with hub.configuration.open("a") as configuration:
        configuration.write("[metrics]\ncorrections = none\n")
    assert findings(hub, capsys)["corrections"] == [("OK", "none", "")]


def test_bad_files_and_runs(hub: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert hub.run("init") == 0
    bad = json.dumps([{"path": "/logs/a\x1b.gz", "size": 1, "modified": 2, "reason": "truncated"}])
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.insert(metrics.pipeline_state), {"k": "bad_files", "v": bad})
    assert hub.run("doctor") == 0
    assert "\x1b" not in capsys.readouterr().out
    assert findings(hub, capsys)["bad file"][0][1] == "a\x1b.gz: truncated"
    record = {"started": "2020-01-01 10:30:00", "what": "", "exit_code": 1, "error": "x", "succeeded": ""}
    (hub.settings.paths.state / "last-run.json").write_text(json.dumps(record))
    assert findings(hub, capsys)["last successful run"][0][1].endswith("failed: x")
    (hub.settings.paths.state / "last-run.json").write_text(json.dumps({**record, "succeeded": record["started"]}))
    assert findings(hub, capsys)["last successful run"][0][0] == "WARN"


def test_address_database(make_hub: Callable[[str], TestHub], capsys: pytest.CaptureFixture[str]) -> None:
    hub = make_hub("sqlite")
    file = hub.root / "places.mmdb"
    with hub.configuration.open("a") as configuration:
        configuration.write(f"[geoip]\ndatabase = {file}\n")
    assert findings(hub, capsys)["address database"][0][:2] == (
        "WARN",
        f"there is no address database {file}: countries stay unknown",
    )
    hub.run("status")
    assert f"there is no address database {file}: countries stay unknown" in capsys.readouterr().out
    file.write_bytes(b"x" * 5000)
    assert findings(hub, capsys)["address database"][0][0] == "FAIL"


def test_cron_lines(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "# */5 * * * * hzmetrics tick\n*/5 * * * * www-data hzmetrics -c /x tick\nhzmetrics run\n"
    assert surroundings._calls(lines) == ["*/5 * * * * www-data hzmetrics -c /x tick"]


def test_the_line_for_cron_names_another_home(make_hub: Callable[[str], TestHub]) -> None:
    settings = make_hub("sqlite").settings
    assert f" HZMETRICS_HOME={settings.paths.home} " in cron_line(settings)
    assert cron_line(settings).endswith(" tick >/dev/null 2>&1")  # cron mails nothing
    at_home = replace(settings, paths=replace(settings.paths, home=HOME))
    assert "HZMETRICS_HOME" not in cron_line(at_home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_makes_belongs_to_the_service_user(
    make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub("sqlite")
    monkeypatch.setattr(directories, "service_user", lambda: "nobody")
    monkeypatch.delenv("HZMETRICS_LOG")
    assert hub.run("init") == 0
    log = hub.root / "logs/hubzero/metrics/manage.log"
    owners = {path.stat().st_uid for path in (hub.settings.paths.home, log, log.parent)}
    shutil.rmtree(hub.root / "db")
    (hub.root / "db").mkdir()
    os.chown(hub.root / "db", 65534, 65534)
    hub.store.close()
    assert hub.run("init") == 0
    owners |= {path.stat().st_uid for path in (hub.root / "db").iterdir()}
    assert owners == {65534}


def test_what_has_stopped_coming(
    hub: TestHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:25:00")
    assert hub.run("init") == 0
    [(verdict, detail, fix)] = findings(hub, capsys)["newest tick"]
    assert verdict == "WARN" and detail.startswith("no tick yet")
    assert fix.endswith(f"then add: {cron_line(hub.settings)}")
    assert findings(hub, capsys)["newest request"] == [("OK", "nothing yet", "")]

    (hub.root / "hubroot/app/site/stats/maps").rmdir()
    (hub.root / "logs/httpd/daily/other-access.log-20260518").touch()
    assert hub.run("tick") == 0
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:45:00")
    found = findings(hub, capsys)
    [(verdict, detail, fix)] = found["step map"]
    assert (verdict, fix) == ("FAIL", "hzmetrics whoisonline")
    assert detail.startswith("has failed since 2026-05-19 09:25:00: no map directory")
    assert found["step follow"] == [("OK", "2026-05-19 09:25:00", "")]
    assert found["newest tick"][0][:2] == (
        "FAIL", "no tick since 2026-05-19 09:25:00; check that cron calls hzmetrics tick every five minutes",
    )  # fmt: skip
    [(verdict, detail, fix)] = found["names of logs"]
    assert verdict == "FAIL" and "no import takes other-access.log-20260518" in detail
    assert fix.startswith(f"{hub.configuration}: [hub] site, which is parity")


def test_new_logs_that_cannot_be_seen(hub: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    daily = hub.root / "logs/httpd/daily"
    daily.parent.mkdir(parents=True)
    daily.touch()
    [(verdict, detail, _)] = findings(hub, capsys)["logs to import"]
    assert (verdict, detail) == ("FAIL", f"cannot look into {daily}: Not a directory")


def test_pages_that_cannot_be_published_or_read(
    make_hub: Callable[[str], TestHub], capsys: pytest.CaptureFixture[str]
) -> None:
    hub = make_hub("sqlite")
    with tempfile.TemporaryDirectory() as open_to_all:
        above = Path(open_to_all)
        above.chmod(0o755)
        directory = above / "stats/usage"
        with hub.configuration.open("a", encoding="utf-8") as file:
            file.write(f"\n[publish]\ndir = {directory}\n")
        name = f"pages {directory}"
        assert findings(hub, capsys)[name] == [("OK", "nothing is published yet", "")]
        assert list(above.iterdir()) == []
        directory.mkdir(parents=True)
        (directory / "mine").touch()
        assert findings(hub, capsys)[name] == [
            (
                "FAIL",
                f"{directory} is not empty, and no site: name another directory",
                f"{hub.configuration}: [publish] dir",
            )
        ]
        (directory / "mine").unlink()
        assert hub.run("publish") == 0
        assert findings(hub, capsys)[name] == [("OK", "", "")]
        above.chmod(0o700)
        assert findings(hub, capsys)[name] == [
            ("WARN", f"other users, a web server among them, cannot enter {above}", f"chmod o+x {above}")
        ]
