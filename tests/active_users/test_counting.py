"""Active users: hourly counts, history, and the text for Prometheus, read by two independent parsers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_prometheus

from hzmetrics.active_users.capability import families
from hzmetrics.active_users.counting import Known, known
from hzmetrics.errors import HzmetricsError
from hzmetrics.live import openmetrics, steps
from hzmetrics.store.tables import metrics as tables
from hzmetrics.store.tables.live import active_users, user_last_event
from hzmetrics.users.user import Presence
from tests.conftest import TestHub

MISSING = '{"active_users_1d": null, "active_users_7d": null, "active_users_30d": null, "updated": null}\n'


@pytest.fixture
def followed(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The auth log that the hub follows."""
    log = hub.root / "cmsauth.log"
    monkeypatch.setenv("HZMETRICS_FOLLOW_AUTH_LOGS", str(log))
    monkeypatch.setenv("HZMETRICS_FOLLOW_TIMEZONE", "UTC")
    monkeypatch.setenv("HZMETRICS_ACTIVE_USERS_OUTPUT", str(hub.root / "hzmetrics.prom"))
    return log


def at(monkeypatch: pytest.MonkeyPatch, time: str) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", time)


def write(log: Path, *lines: str) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def gauges(hub: TestHub) -> list[tuple[str, int, int, int]]:
    return [tuple(row) for row in hub.store.metrics.rows(sa.select(active_users).order_by(active_users.c.time))]


def test_counts_once_an_hour(
    hub: TestHub, followed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hub.run("active-users", "show", "--json") == 0
    assert capsys.readouterr().out == MISSING
    write(
        followed,
        "2026-03-09 12:00:01 1001 [ann] 192.0.2.1 login",
        "2026-03-09 12:00:00 1002 [bob] 192.0.2.1 login",
        "2026-02-08 12:00:00 1003 [cyd] 192.0.2.1 login",
        "2026-03-10 11:00:00 1004 [ Dee] 192.0.2.1 logout",
        "2026-03-10 11:00:00 1005 [eve] 192.0.2.1 invalid",
        "2026-03-10 11:00:00 1006 [fay] 192.0.2.1 simulation",
        "2026-03-10 11:00:00 1007 [hubadmin] 192.0.2.1 login",
    )
    at(monkeypatch, "2026-03-10T12:00:00Z")
    assert hub.run("tick") == 0
    assert gauges(hub) == [("2026-03-10T12:00:00Z", 2, 3, 3)]
    write(followed, "2026-03-10 12:30:00 1008 [gil] 192.0.2.1 login")
    at(monkeypatch, "2026-03-10T12:55:00Z")
    assert hub.run("tick") == 0
    assert len(gauges(hub)) == 1
    assert hub.run("active-users", "update", "--force") == 0
    assert gauges(hub)[1:] == [("2026-03-10T12:55:00Z", 2, 4, 4)]  # ann was active 24 hours and 55 minutes ago
    at(monkeypatch, "2026-03-10T11:05:00Z")  # the clock was set back
    assert hub.run("tick") == 0
    assert len(gauges(hub)) == 2
    at(monkeypatch, "2026-03-10T13:00:00Z")
    assert hub.run("tick") == 0
    assert gauges(hub)[2:] == [("2026-03-10T13:00:00Z", 2, 4, 4)]
    capsys.readouterr()
    assert hub.run("active-users", "history", "--since", "2026-03-10", "--csv") == 0
    assert capsys.readouterr().out.splitlines() == [
        "time,active_users_1d,active_users_7d,active_users_30d", "2026-03-10T12:00:00Z,2,3,3",
        "2026-03-10T12:55:00Z,2,4,4", "2026-03-10T13:00:00Z,2,4,4",
    ]  # fmt: skip
    assert hub.run("active-users", "--history", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) == 3
    assert hub.run("active-users", "history", "--since", "2026-03-11", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert hub.run("active-users", "history", "--since", "yesterday") == 2


def test_nobody_is_counted_while_a_log_cannot_be_read(
    hub: TestHub, followed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed.symlink_to("/proc/self/mem")
    at(monkeypatch, "2026-03-10T12:00:00Z")
    assert hub.run("tick") == 0
    assert hub.run("events", "watch", "--updates", "1") == 0
    assert hub.run("active-users", "update") == 1
    assert gauges(hub) == []
    failed = {step: entry.error for step, entry in steps.outcomes(hub.settings).items() if entry.has_failed}
    assert failed.keys() >= {"follow", "active_users"}  # and samples, if users are known from logs alone
    assert str(followed) in failed["follow"]
    followed.unlink()
    write(followed, "2026-03-10 11:00:01 1001 [ann] 192.0.2.1 login")
    at(monkeypatch, "2026-03-10T12:05:00Z")
    assert hub.run("tick") == 0
    assert gauges(hub) == [("2026-03-10T12:05:00Z", 1, 1, 1)]


def test_logs_of_a_jupyterhub_tell_who_logs_in_and_out(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    log = hub.root / "jupyterhub.log"
    monkeypatch.setenv("HZMETRICS_FOLLOW_JUPYTERHUB_LOGS", str(log))
    monkeypatch.setenv("HZMETRICS_FOLLOW_TIMEZONE", "UTC")
    monkeypatch.setenv("HZMETRICS_ACTIVE_USERS_ENABLED", "yes")
    write(log, *(
        f"[I 2026-03-10 11:00:00.123 JupyterHub log:192] {request} ({user}@192.0.2.1) 25.35ms"
        for user, request in (
            ("Ann", "302 POST /hub/login?next=%2Fhub%2F -> /hub/"), ("bob", "302 GET /hub/logout -> /hub/login"),
            ("", "302 POST /hub/login -> /hub/"), ("cyd", "403 POST /hub/login"),
            ("dee", "302 GET /hub/login -> /hub/"), ("eve", "302 POST /hub/login-help -> /"),
        )
    ))  # fmt: skip
    at(monkeypatch, "2026-03-10T12:00:00Z")
    assert hub.run("active-users", "update") == 0
    found = hub.store.metrics.rows(sa.select(user_last_event.c.username, user_last_event.c.event))
    assert sorted(map(tuple, found)) == [("ann", "login"), ("bob", "logout")]
    assert gauges(hub)[0][1:] == (2, 2, 2)


def test_history_and_old_events_are_dropped(hub: TestHub, followed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZMETRICS_ACTIVE_USERS_HISTORY_DAYS", "1")
    write(followed, "2026-03-10 11:00:00 1001 [ann] 192.0.2.1 login")
    for day in ("2026-03-10", "2026-03-11", "2026-03-12"):
        at(monkeypatch, f"{day}T12:00:00Z")
        assert hub.run("tick") == 0
    assert [row[0] for row in gauges(hub)] == ["2026-03-11T12:00:00Z", "2026-03-12T12:00:00Z"]
    at(monkeypatch, "2027-04-20T12:00:00Z")
    assert hub.run("tick") == 0
    assert hub.store.metrics.rows(sa.select(user_last_event)) == []


def test_first_count_knows_the_imported_logins(hub: TestHub, followed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        ("ann", "login", "2026-03-01 12:00:00"), ("Ann", "login", "2026-02-01 12:00:00"),
        ("bob", "invalid", "2026-03-09 12:00:00"), ("cyd", "simulation", "2026-03-09 12:00:00"),
        ("old", "login", "2024-01-01 12:00:00"), ("-", "login", "2026-03-09 12:00:00"),
    ]  # fmt: skip
    with hub.store.metrics.begin() as connection:
        connection.execute(
            sa.insert(tables.userlogin),
            [{"user": user, "action": action, "datetime": time, "ip": "192.0.2.1"} for user, action, time in rows],
        )
    write(followed, "2026-03-10 11:00:00 1001 [dee] 192.0.2.1 login")
    at(monkeypatch, "2026-03-10T12:00:00Z")
    assert hub.run("tick") == 0
    assert gauges(hub) == [("2026-03-10T12:00:00Z", 1, 1, 2)]
    found = hub.store.metrics.rows(sa.select(user_last_event.c.username, user_last_event.c.event))
    assert sorted(map(tuple, found)) == [("ann", "login"), ("cyd", "simulation"), ("dee", "login")]


def test_logins_that_are_imported_later_are_counted_at_once(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def add(*users: str) -> None:
        rows = [{"user": user, "action": "login", "datetime": "2026-03-09 22:00:00"} for user in users]
        with hub.store.metrics.begin() as connection:
            connection.execute(sa.insert(tables.userlogin), rows)

    def tick(time: str) -> None:
        at(monkeypatch, time)
        assert hub.run("tick") == 0

    monkeypatch.setenv("HZMETRICS_ACTIVE_USERS_ENABLED", "yes")
    tick("2026-03-10T12:00:00Z")
    add("ann", "bob")  # the backlog of a new installation
    tick("2026-03-10T12:05:00Z")
    tick("2026-03-10T12:10:00Z")
    add("cyd")
    tick("2026-03-10T12:15:00Z")
    assert gauges(hub) == [
        ("2026-03-10T12:00:00Z", 0, 0, 0), ("2026-03-10T12:05:00Z", 2, 2, 2), ("2026-03-10T12:15:00Z", 3, 3, 3),
    ]  # fmt: skip
    with hub.store.metrics.begin() as connection:  # a rebuild numbers the rows anew
        connection.execute(sa.delete(tables.userlogin))
        connection.execute(
            sa.insert(tables.userlogin).values(id=1, user="dee", action="login", datetime="2026-03-09 22:00:00")
        )
    tick("2026-03-10T12:20:00Z")
    assert gauges(hub)[-1] == ("2026-03-10T12:20:00Z", 4, 4, 4)


def test_a_count_while_the_clock_was_ahead_blocks_nothing(
    hub: TestHub, followed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(followed, "2026-03-10 11:00:00 1001 [ann] 192.0.2.1 login")
    for time in ("2026-03-10T12:00:00Z", "2026-05-01T00:00:00Z", "2026-03-10T12:10:00Z", "2026-03-10T12:15:00Z"):
        at(monkeypatch, time)
        assert hub.run("active-users", "update") == 0
    assert capsys.readouterr().err.count("is ahead of the clock") == 2  # of active users, and of events
    assert len(gauges(hub)) == 2
    assert hub.run("active-users", "show", "--json") == 0
    assert json.loads(capsys.readouterr().out)["updated"] == "2026-03-10T12:00:00Z"
    at(monkeypatch, "2026-03-10T13:00:00Z")
    assert hub.run("active-users", "update") == 0
    assert [row[0] for row in gauges(hub)] == ["2026-03-10T12:00:00Z", "2026-03-10T13:00:00Z", "2026-05-01T00:00:00Z"]
    assert hub.run("active-users", "show", "--json") == 0
    assert json.loads(capsys.readouterr().out)["active_users_1d"] == 1


def test_hub_knows_the_connected_and_the_disabled(
    hub: TestHub, followed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1773144000
    accounts, sessions = hub.store.hub_tables.users, hub.store.hub_tables.session
    with hub.store.hub.begin() as connection:
        for number, (name, block) in enumerate((("ann", 0), ("bob", 1), ("cyd", 1), ("dee", 0)), 1):
            connection.execute(sa.insert(accounts).values(id=number, username=name, block=block, approved=1))
        for name, guest, time in (("cyd", 0, now - 3600), ("dee", 0, now - 3601), ("eve", 1, now)):
            connection.execute(sa.insert(sessions).values(session_id=name, username=name, guest=guest, time=str(time)))
    write(followed, *(f"2026-03-10 11:00:00 1 [{name}] 192.0.2.1 login" for name in ("ann", "bob", "unknown")))
    at(monkeypatch, "2026-03-10T12:00:00Z")
    assert hub.run("tick") == 0
    assert gauges(hub)[0][1:] == (3, 3, 3)  # ann, the unknown one, and cyd, who is connected although disabled
    monkeypatch.setenv("HZMETRICS_ACTIVE_USERS_COUNT_DISABLED", "yes")
    assert hub.run("active-users", "update", "--force") == 0
    assert gauges(hub)[0][1:] == (4, 4, 4)


def test_each_user_is_known_once_and_nobody_never() -> None:
    last = {"ann": 5, "bob": 6, "hubadmin": 7, "-": 8}
    presence = Presence(connected={"ann", "", "cyd", "hubstatus"}, disabled={"bob", "cyd", "dee"})
    found = known(last, presence, frozenset({"hubadmin", "hubstatus"}))
    assert sorted(found, key=lambda one: one.last or 0) == [
        Known(None, connected=True, enabled=False), Known(5, connected=True), Known(6, enabled=False),
    ]  # fmt: skip


def test_exposition_is_valid_for_both_parsers(
    hub: TestHub, followed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(followed, "2026-03-10 11:00:00 1001 [ann] 192.0.2.1 login")
    at(monkeypatch, "2026-03-10T12:05:00Z")
    monkeypatch.setenv("HZMETRICS_ACTIVITY_ENABLED", "yes")
    monkeypatch.setenv("HZMETRICS_EVENTS_ENABLED", "yes")
    assert hub.run("tick") == 0
    text = (hub.root / "hzmetrics.prom").read_text()
    capsys.readouterr()
    assert hub.run("openmetrics", "--output", str(hub.root / "mine")) == 0
    assert (hub.root / "mine").stat().st_mode & 0o777 == 0o640
    assert (hub.root / "hzmetrics.prom").stat().st_mode & 0o777 == 0o644
    strict = {sample.name + str(sample.labels.get("status", sample.labels.get("kind", ""))): sample.value
              for family in read_openmetrics(text) for sample in family.samples}  # fmt: skip
    loose = {sample.name + str(sample.labels.get("status", sample.labels.get("kind", ""))): sample.value
             for family in read_prometheus(text) for sample in family.samples}  # fmt: skip
    assert strict == loose
    assert strict["hzmetrics_active_users_1d"] == 1
    assert strict["hzmetrics_active_users_updated_timestamp_seconds"] == 1773144300
    # ann's session goes on; on MariaDB users are those of the hub, and there are none
    assert strict["hzmetrics_activity_usersinactive"] == (1 if hub.kind == "sqlite" else 0)
    assert strict["hzmetrics_stress_levelactivity"] == 0
    assert "ann" not in text and text.endswith("# EOF\n")


def test_host_is_escaped() -> None:
    counts = {"active_users_1d": 1, "active_users_7d": 2, "active_users_30d": 3, "updated": "2026-03-10T12:05:00Z"}
    text = openmetrics.exposition('a\\b"c\nd', families(counts))
    for read in (read_openmetrics, read_prometheus):
        assert {sample.labels["host"] for family in read(text) for sample in family.samples} == {'a\\b"c\nd'}


def test_output_is_replaced_at_once_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "out.prom"
    openmetrics.write(file, "one\n")
    before = file.stat().st_ino
    openmetrics.write(file, "two\n")
    assert file.read_text() == "two\n" and file.stat().st_ino != before
    assert list(tmp_path.iterdir()) == [file]
    with pytest.raises(HzmetricsError, match="cannot write"):
        openmetrics.write(tmp_path / "missing" / "out.prom", "three\n")
    (tmp_path / "directory").mkdir()
    with pytest.raises(HzmetricsError, match="cannot write"):
        openmetrics.write(tmp_path / "directory", "three\n")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["directory", "out.prom"]
