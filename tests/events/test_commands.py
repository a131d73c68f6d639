"""Alerts, rescans, exports and what people see (spec 84 §9)."""

from __future__ import annotations

import datetime as dt
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.calendar import Clock
from hzmetrics.events.settings import EventSettings
from hzmetrics.events.update import update
from hzmetrics.follow.settings import Following
from hzmetrics.store.tables.live import events, log_files, user_events
from tests.conftest import TestHub

BURST = "".join(f"2026-02-03 10:00:{second:02d} 7 [ann] 198.51.100.{second % 3} invalid\n" for second in range(9))


def follow(hub: TestHub, more: str = "") -> None:
    text = hub.configuration.read_text().partition("[follow]")[0]
    follows = f"[follow]\nauth_logs = {hub.root}/cmsauth.log\ntimezone = UTC\n"
    follows += f"[events]\ndisk_path = {hub.root}/nowhere\n{more}"
    hub.configuration.write_text(text + follows)
    (hub.root / "cmsauth.log").write_text(BURST)


def tick(hub: TestHub, now: str) -> None:
    settings = config.load(hub.configuration, time=Clock.parse(now))
    following = Following.of(settings)
    update(hub.store, following, EventSettings.of(settings, following), settings.clock)


def test_an_alert_is_given_once_an_interval(hub: TestHub) -> None:
    command = hub.root / "alert"
    command.write_text(f"#!/bin/sh\ncat >> {hub.root}/alerts\necho >> {hub.root}/alerts\n")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    follow(hub, f"alert_command = {command}\nmax_upload_mb = 0\nalert_interval_minutes = 60\n")
    tick(hub, "2026-02-03T10:01:30Z")
    with (hub.root / "cmsauth.log").open("a") as log:
        log.write(BURST.replace(" 10:00:", " 10:30:"))
    tick(hub, "2026-02-03T10:31:30Z")
    (alert,) = [json.loads(line) for line in (hub.root / "alerts").read_text().splitlines() if line]
    assert alert["activity_level"] == 1
    assert alert["exceeded"] == {"failed_logins": {"count": 9, "threshold": 5}}
    assert alert["addresses"] == {"198.51.100.0": 3, "198.51.100.1": 3, "198.51.100.2": 3}
    with (hub.root / "cmsauth.log").open("a") as log:
        log.write(BURST.replace(" 10:00:", " 11:30:"))
    tick(hub, "2026-02-03T11:31:30Z")
    assert len((hub.root / "alerts").read_text().split()) > len(json.dumps(alert).split())


def test_a_failed_alert_is_given_later(hub: TestHub) -> None:
    command = hub.root / "alert"
    command.write_text(f"#!/bin/sh\necho >> {hub.root}/attempts\ntest -e {hub.root}/mended\n")
    follow(hub, f"alert_command = {command}\nmax_upload_mb = 0\n")

    def attempts() -> int:
        file = hub.root / "attempts"
        return len(file.read_text()) if file.exists() else 0

    def alert(now: str) -> int:
        with (hub.root / "cmsauth.log").open("a") as log:
            log.write(BURST.replace(" 10:00:", now[10:17].replace("T", " ")))
        at = dt.datetime.fromisoformat(now) + dt.timedelta(minutes=1, seconds=30)
        tick(hub, f"{at:%Y-%m-%dT%H:%M:%S}Z")
        return attempts()

    assert alert("2026-02-03T10:00:00Z") == 0, "it cannot be run"
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    tick(hub, "2026-02-03T10:01:40Z")
    assert attempts() == 0, "a minute has not passed"
    assert alert("2026-02-03T10:05:00Z") == 1
    (hub.root / "mended").touch()
    assert alert("2026-02-03T10:10:00Z") == 2
    assert alert("2026-02-03T10:15:00Z") == 2


def test_a_rescan_ends_in_the_same_history(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    follow(hub)
    monkeypatch.setenv("HZMETRICS_NOW", "2026-02-03T12:10:00Z")

    def answers() -> list[object]:
        capsys.readouterr()
        for command in (
            ["anomalies", "--json"],
            ["stats", "--json"],
            ["events", "export", "--from", "2026-02-03", "--to", "2026-02-04"],
        ):
            assert hub.run(*command) == 0
        return capsys.readouterr().out.splitlines()

    assert hub.run("events", "update") == 0
    before = answers()
    assert "failed_logins" in str(before[0])
    monkeypatch.setenv("HZMETRICS_FOLLOW_MAX_BYTES", "200")
    assert hub.run("events", "rescan", "--from-start") == 0
    assert answers() == before


@pytest.mark.parametrize(
    "command",
    [
        ["stats"],
        ["stats", "--recent", "3"],
        ["stats", "--recent"],
        ["anomalies"],
        ["activities"],
        ["events", "activities", "--summary"],
        ["events", "disk"],
        ["events", "signatures"],
    ],
)
def test_what_people_see(
    hub: TestHub, command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    follow(hub)
    monkeypatch.setenv("HZMETRICS_NOW", "2026-02-03T11:10:00Z")
    assert hub.run("events", "update") == 0
    capsys.readouterr()
    assert hub.run(*command) == 0
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("disk_levels = 5, 15\n", "[events] disk_levels"),
        ("timezone = Mars/Olympus\n", "[events] timezone"),
        ("signatures = /nowhere.tsv\n", "[events] signatures: cannot read /nowhere.tsv"),
        ("[events:thresholds]\nfiles = many\n", "[events:thresholds] files"),
    ],
)
def test_bad_settings_are_named(hub: TestHub, more: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    follow(hub, more)
    assert hub.run("stats") == 2
    assert message in capsys.readouterr().err


def test_a_bad_number_costs_a_warning(hub: TestHub) -> None:
    follow(hub, "window_seconds = soon\n")
    assert hub.run("stats") == 0
    assert "[events] window_seconds: 'soon'" in Path(hub.root / "log.txt").read_text()


OPENS = r"""
[courses]
url_pattern = /(?P<student>[^/]+)/(?P<course>[^/]+)/(?P<notebook>[^?]+\.ipynb)
"""


@pytest.mark.parametrize("command", [["watch", "--updates", "1"], ["rescan", "--from-start"]])
def test_who_else_follows_the_logs_misses_nothing(
    make_hub: Callable[[str], TestHub], command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub("sqlite")
    follow(hub, OPENS)
    text = hub.configuration.read_text().replace("auth_logs", f"access_logs = {hub.root}/access.log\nauth_logs")
    hub.configuration.write_text(text)
    (hub.root / "cmsauth.log").write_text("2026-02-03 10:00:00 7 [ann] 198.51.100.7 login\n")
    opened = '2026-02-03 10:00:00 UTC - "GET /ann/py/w1.ipynb HTTP/1.1" 200 5 203.0.113.9 "-" "x" TLS 0 5 -\n'
    (hub.root / "access.log").write_text(opened)
    monkeypatch.setenv("HZMETRICS_NOW", "2026-02-03T11:10:00Z")
    for _ in range(2):
        assert hub.run("events", *command) == 0
    with hub.store.metrics.connect() as connection:
        assert [row.username for row in connection.execute(sa.select(user_events))] == ["ann"]
    assert len((hub.root / "home/raw/py/events.raw").read_text().splitlines()) == 1


def test_events_switched_off_are_not_accounted_for(
    make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub("sqlite")
    follow(hub, "enabled = no\n")
    monkeypatch.setenv("HZMETRICS_NOW", "2026-02-03T11:10:00Z")
    assert hub.run("active-users", "update") == 0
    with hub.store.metrics.connect() as connection:
        assert connection.execute(sa.select(log_files)).all()
        assert not connection.execute(sa.select(events)).all()


def test_paths_are_separated_by_commas_and_line_ends(make_hub: Callable[[str], TestHub]) -> None:
    hub = make_hub("sqlite")
    with hub.configuration.open("a") as file:
        file.write("[follow]\nauth_logs = /var/log/my hub/auth.log, /b.log\n  /c.log\n")
    following = Following.of(config.load(hub.configuration))
    assert [str(path) for _, path in following.logs] == ["/var/log/my hub/auth.log", "/b.log", "/c.log"]
