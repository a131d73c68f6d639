"""What the hub's tables and followed logs say of users."""

from __future__ import annotations

import datetime as dt
import os
import time

import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.activity.settings import ActivitySettings
from hzmetrics.calendar import utc
from hzmetrics.errors import ConfigurationError, HzmetricsError
from hzmetrics.store.tables.live import user_events
from hzmetrics.users.hub import HubSource
from hzmetrics.users.jupyterhub import users_of
from hzmetrics.users.logs import LogSource
from hzmetrics.users.settings import jupyterhub
from hzmetrics.users.user import fitted
from tests.conftest import TestHub
from tests.users.invented import DAY, NOW, listed

NOBODY: frozenset[str] = frozenset()


def local(moment: int) -> str:
    """A time as the hub's tables hold it: local."""
    return f"{dt.datetime.fromtimestamp(moment):%Y-%m-%d %H:%M:%S}"


def accounts(hub: TestHub, *names: str, block: int = 0, approved: int = 1) -> None:
    table = hub.store.hub_tables.users
    with hub.store.hub.begin() as connection:
        first = hub.store.hub.next_id(connection, table)
        rows = [
            {"id": first + n, "username": name, "block": block, "approved": approved} for n, name in enumerate(names)
        ]
        connection.execute(sa.insert(table), rows)


def tool_session(hub: TestHub, name: str, start: int, walltime: float = 0) -> None:
    with hub.store.hub.begin() as connection:
        connection.execute(
            sa.insert(hub.store.hub_tables.sessionlog).values(username=name, start=local(start), walltime=walltime)
        )


def web_session(hub: TestHub, name: str, moment: int, guest: int = 0) -> None:
    table = hub.store.hub_tables.session
    with hub.store.hub.begin() as connection:
        values = {"session_id": f"{name}{moment}", "username": name, "time": str(moment), "guest": guest}
        connection.execute(sa.insert(table).values(values))


def logged(hub: TestHub, name: str, moment: int, event: str = "login") -> None:
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.insert(user_events).values(username=name, time=utc(moment), event=event))


def middleware(hub: TestHub, *rows: tuple[str, int, int]) -> None:
    """The middleware's own table of running tool sessions: user, last access, time-out."""
    table = sa.Table(
        "session", sa.MetaData(), sa.Column("sessnum", sa.Integer, primary_key=True),
        sa.Column("username", sa.String(32)), sa.Column("accesstime", sa.DateTime), sa.Column("timeout", sa.Integer),
    )  # fmt: skip
    with hub.store.hub.begin() as connection:
        table.create(connection)
        for name, access, timeout in rows:
            moment = dt.datetime.fromtimestamp(access)
            connection.execute(sa.insert(table).values(username=name, accesstime=moment, timeout=timeout))


def test_last_activity_is_the_latest_of_all(hub: TestHub) -> None:
    accounts(hub, "Ann", "bob", "cyd", "dee", "eve", "hubadmin")
    web_session(hub, "ann", NOW - 50)
    web_session(hub, "ann", NOW - 90)
    web_session(hub, "eve", NOW, guest=1)
    logged(hub, "ann", NOW - 60, "logout")
    logged(hub, "bob", NOW - 500)
    tool_session(hub, "ANN", NOW - 9000, 100)
    tool_session(hub, "bob", NOW - 800, 700)
    tool_session(hub, "cyd", NOW - 20 * DAY)
    source = HubSource(hub.store, NOW, frozenset({"HubAdmin"}))
    users = listed(source.users())
    assert {name: user.last_activity for name, user in users.items()} == {
        "Ann": NOW - 50, "bob": NOW - 100, "cyd": NOW - 20 * DAY, "dee": None, "eve": None,
    }  # fmt: skip
    assert not any(user.server_active for user in users.values())
    assert source.presence().connected == {"ann"}


def test_a_zero_date_is_no_activity(hub: TestHub) -> None:
    accounts(hub, "ann")
    with hub.store.hub.begin() as connection:
        connection.execute(sa.insert(hub.store.hub_tables.sessionlog).values(username="ann", walltime=50))
    source = HubSource(hub.store, NOW, NOBODY)
    assert listed(source.users())["ann"].last_activity is None
    assert source.instants(NOW - DAY) == {}


def test_authorised_and_enabled(hub: TestHub) -> None:
    accounts(hub, "plain")
    accounts(hub, "blocked", block=1)
    accounts(hub, "waiting", approved=0)
    accounts(hub, "approved2", approved=2)
    users = listed(HubSource(hub.store, NOW, NOBODY).users())
    assert {name: user.is_authorized for name, user in users.items()} == {
        "plain": True, "blocked": False, "waiting": False, "approved2": True,
    }  # fmt: skip
    assert HubSource(hub.store, NOW, NOBODY).presence().disabled == {"blocked"}


def test_open_tool_sessions_of_a_week_are_running_servers(hub: TestHub) -> None:
    accounts(hub, "ann", "bob", "cyd")
    tool_session(hub, "ann", NOW - 7 * DAY)
    tool_session(hub, "bob", NOW - 7 * DAY - 1)
    tool_session(hub, "cyd", NOW - 60, 30)
    source = HubSource(hub.store, NOW, NOBODY)
    assert [name for name, user in listed(source.users()).items() if user.server_active] == ["ann"]
    assert [(user.username, user.time_remaining_seconds) for user in source.running()] == [("ann", None)]


def test_the_middleware_knows_running_sessions_and_their_time(hub: TestHub) -> None:
    accounts(hub, "Ann", "bob", "cyd")
    tool_session(hub, "cyd", NOW - 60)
    middleware(hub, ("ann", NOW - 100, 3600), ("ann", NOW - 10, 60), ("bob", NOW - 90, 60), ("gone", NOW, 60))
    users = listed(HubSource(hub.store, NOW, NOBODY).users())
    running = {name: user.time_remaining_seconds for name, user in users.items() if user.server_active}
    assert running == {"Ann": 3500, "bob": -30}
    assert (users["Ann"].last_activity, users["bob"].last_activity) == (NOW - 10, NOW - 90)
    assert {user.username: user.last_activity for user in HubSource(hub.store, NOW, NOBODY).running()} == {
        "Ann": NOW - 10, "bob": NOW - 90,
    }  # fmt: skip


def test_rows_of_nobody_stop_nothing(hub: TestHub) -> None:
    accounts(hub, "ann")
    middleware(hub, ("ann", NOW - 100, 3600))
    with hub.store.hub.begin() as connection:
        connection.execute(sa.text("INSERT INTO session (sessnum, username) VALUES (99, NULL), (98, '')"))
    web_session(hub, "", NOW)
    tool_session(hub, "", NOW - 60)
    source = HubSource(hub.store, NOW, NOBODY)
    assert list(listed(source.users())) == [user.username for user in source.running()] == ["ann"]
    assert source.instants(NOW - DAY) == {"ann": [NOW - 100]}
    assert source.presence().connected == set()


def test_instants_from_a_time_on_and_the_latest_before(hub: TestHub) -> None:
    accounts(hub, "Ann", "bob")
    since = NOW - 1000
    for moment in (since - 300, since - 200, since, since + 10):
        logged(hub, "ann", moment)
    tool_session(hub, "bob", since - 500, 100)
    tool_session(hub, "bob", since - 50, 100)
    tool_session(hub, "bob", since + 20, 30)
    assert HubSource(hub.store, NOW, NOBODY).instants(since) == {
        "Ann": [since - 200, since, since + 10],
        "bob": [since - 400, since - 50, since + 20, since + 50],
    }
    assert LogSource(hub.store, NOW, NOBODY).instants(since) == {"ann": [since - 200, since, since + 10]}


def test_logs_hold_a_login_for_a_session_until_logout(hub: TestHub) -> None:
    logged(hub, "ann", NOW - DAY)
    logged(hub, "bob", NOW - DAY - 1)
    logged(hub, "cyd", NOW - 50)
    logged(hub, "cyd", NOW - 50, "logout")
    logged(hub, "dee", NOW - 50, "logout")
    logged(hub, "dee", NOW - 40, "simulation")
    logged(hub, "hubadmin", NOW)
    source = LogSource(hub.store, NOW, frozenset({"hubadmin"}))
    expected = {"ann": True, "bob": False, "cyd": False, "dee": True}
    assert {name: user.server_active for name, user in listed(source.users()).items()} == expected
    assert [user.username for user in source.running()] == ["ann", "dee"]


def test_local_times_of_the_hub_become_instants(make_hub, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        hub = make_hub("sqlite")
        accounts(hub, "ann")
        tool_session(hub, "ann", NOW - 500, 100)
        assert listed(HubSource(hub.store, NOW, NOBODY).users())["ann"].last_activity == NOW - 400
    finally:
        monkeypatch.delenv("TZ")
        os.environ.pop("TZ", None)
        time.tzset()


def test_names_are_made_to_fit() -> None:
    assert fitted("zoë") == "zoë"
    assert fitted("a\U0001f600b") == "a????b"
    assert len(fitted("x" * 300)) == 255


@pytest.mark.parametrize(
    "item", [{}, {"name": 5}, {"name": "ann", "servers": []}, {"name": "ann", "last_activity": "x"}]
)
def test_answers_of_another_shape_are_told(item: dict[str, object]) -> None:
    if item == {"name": "ann", "servers": []}:
        assert users_of([item], None, NOW)[0].server_active is False
        return
    with pytest.raises(HzmetricsError, match="another shape"):
        users_of([item], None, NOW)


def test_enabled_and_source_follow_what_is_configured(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def of(hub_has_users: bool = False, follows_logs: bool = False) -> ActivitySettings:
        return ActivitySettings.of(hub.settings, hub_has_users, follows_logs)

    assert (of().enabled, of().users.source) == (False, "logs")
    assert (of(follows_logs=True).enabled, of(follows_logs=True).users.source) == (True, "logs")
    found = of(hub_has_users=True)
    assert (found.enabled, found.users.source, found.sample_users, found.scoring.score_base) == (
        True,
        "hub",
        "recent",
        "window",
    )
    monkeypatch.setenv("JUPYTERHUB_API_URL", "http://127.0.0.1:1/hub/api/")
    found = of(hub_has_users=True)
    assert (found.users.source, found.sample_users, found.scoring.score_base) == ("jupyterhub", "all", "samples")
    assert (
        found.users.jupyterhub.api_url == "http://127.0.0.1:1/hub/api" and found.users.jupyterhub.cull_timeout is None
    )
    monkeypatch.setenv("JUPYTERHUB_IDLE_CULLER_ENABLED", "1")
    assert of().users.jupyterhub.cull_timeout == 86_400
    monkeypatch.setenv("JUPYTERHUB_IDLE_CULLER_TIMEOUT", "600")
    assert of().users.jupyterhub.cull_timeout == 600
    monkeypatch.setenv("HZMETRICS_ACTIVITY_ENABLED", "no")
    assert not of().enabled
    monkeypatch.setenv("HZMETRICS_ACTIVITY_SOURCE", "moon")
    with pytest.raises(ConfigurationError, match=r"\[activity\] source"):
        of()
    monkeypatch.setenv("HZMETRICS_ACTIVITY_SOURCE", "hub")
    monkeypatch.setenv("HZMETRICS_JUPYTERHUB_API_TOKEN_FILE", str(hub.root / "missing"))
    with pytest.raises(ConfigurationError, match=r"\[jupyterhub\] api_token_file"):
        of()


def test_the_idle_culler_of_the_environment_wins(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def timeout() -> int | None:
        return jupyterhub(config.load()).cull_timeout

    with hub.configuration.open("a") as file:
        file.write("[jupyterhub]\ncull_timeout = 300\n")
    monkeypatch.setenv("JUPYTERHUB_IDLE_CULLER_TIMEOUT", "600")
    assert timeout() == 300, "the environment speaks of a culler that is not enabled"
    monkeypatch.setenv("JUPYTERHUB_IDLE_CULLER_ENABLED", "1")
    assert timeout() == 600
    monkeypatch.delenv("JUPYTERHUB_IDLE_CULLER_TIMEOUT")
    assert timeout() == 300


def test_a_silent_jupyterhub_skips_the_run(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_URL", "http://127.0.0.1:1/hub/api")
    assert hub.run("activity", "sample") == 1
    assert "JupyterHub at http://127.0.0.1:1/hub/api does not answer" in (hub.root / "log.txt").read_text()
    assert hub.run("tick") == 0
