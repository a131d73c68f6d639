"""A run reads tool sessions and jobs once in some minutes, and its own tables until it writes them (spec 60 §8.6)."""

from __future__ import annotations

import tempfile
from typing import Any

import pytest
import sqlalchemy as sa

from hzmetrics.engine import Columns, Engine
from hzmetrics.errors import StoreError, StoreUnavailable
from hzmetrics.store import copies
from hzmetrics.store.tables.metrics import toolstart
from tests.conftest import TestHub


def users(hub: TestHub) -> list[dict[str, Any]]:
    return copies.stream(hub.store.hub, hub.store.hub_tables.sessionlog, "username", "sessnum").read_all().to_pylist()


def add(hub: TestHub, *names: str) -> None:
    with hub.store.hub.begin() as connection:
        connection.execute(sa.insert(hub.store.hub_tables.sessionlog), [{"username": name} for name in names])


def test_rows_stay_as_they_were_first_read(hub: TestHub) -> None:
    add(hub, "ann")
    ann, zoe = {"username": "ann", "sessnum": 1}, {"username": "Zoë", "sessnum": 2}
    with copies.kept():
        assert users(hub) == [ann]
        add(hub, "Zoë")
        assert users(hub) == [ann]
        job = copies.stream(hub.store.hub, hub.store.hub_tables.joblog, "walltime", "event")
        assert (job.schema.names, job.read_all().num_rows) == (["walltime", "event"], 0)
        copies.forget()
        assert users(hub) == [ann, zoe]
    assert users(hub) == [ann, zoe]
    with copies.kept():
        assert users(hub) == [ann, zoe]


def test_an_engine_reads_a_table_or_its_copy(hub: TestHub) -> None:
    table = hub.store.hub_tables.sessionlog

    def given() -> list[str]:
        with Engine("hzmetrics.tools") as engine:
            names = ("sessnum", "username", "start", "appname", "walltime", "viewtime")
            engine.load("sessionlog", copies.relation(hub.store.hub, table, *names, enough=table.c.sessnum < 3))
            return list(engine.query("SELECT username FROM sessionlog ORDER BY sessnum")["username"].to_pylist())

    add(hub, "bob", "Zoë", "ann")
    assert given() == ["bob", "Zoë"]
    with copies.kept():
        assert given() == ["bob", "Zoë", "ann"]
        add(hub, "eve")
        assert given() == ["bob", "Zoë", "ann"]
        copies.forget()
        assert given() == ["bob", "Zoë", "ann", "eve"]


def test_a_copy_that_was_tidied_away_is_made_again(hub: TestHub) -> None:
    add(hub, "ann")
    table = hub.store.hub_tables.sessionlog
    with copies.kept():
        copy = copies.relation(hub.store.hub, table, "username")
        assert isinstance(copy, Columns)
        copy.path.unlink()
        assert users(hub) == [{"username": "ann", "sessnum": 1}]


@pytest.mark.parametrize(
    ("name", "starts"),
    [
        ("toolstart", 1),
        ("toolstart.orgtype", 1),
        ("toolstart.removed", 1),
        ("toolstart.sessionid", 0),
        ("sessionlog_metrics", 0),
        ("web.orgtype", 0),
        ("sessionlog", 0),
    ],
)
def test_a_table_of_ours_is_read_again_when_what_is_kept_was_written(hub: TestHub, name: str, starts: int) -> None:
    def users() -> list[str]:
        return copies.stream(hub.store.metrics, toolstart, "user").read_all()["user"].to_pylist()

    with copies.kept():
        assert users() == []
        with hub.store.metrics.begin() as connection:
            start = {"datetime": "2026-03-10 12:00:00", "ip": "", "tool": ""}
            rows = [{**start, "user": user, "success": success} for user, success in (("ann", 1), ("bob", 0))]
            connection.execute(sa.insert(toolstart), rows)
        copies.written([name])
        assert users() == ["ann"][:starts]
    assert users() == ["ann"]


def test_other_tables_are_read_each_time(hub: TestHub) -> None:
    accounts = hub.store.hub_tables.users
    with copies.kept():
        assert copies.stream(hub.store.hub, accounts, "username").read_all().num_rows == 0
        with hub.store.hub.begin() as connection:
            connection.execute(sa.insert(accounts).values(username="ann"))
        assert copies.stream(hub.store.hub, accounts, "username").read_all().num_rows == 1


def test_a_table_that_cannot_be_read_is_tried_again(hub: TestHub) -> None:
    table = hub.store.hub_tables.sessionlog
    with copies.kept():
        with hub.store.hub.begin() as connection:
            connection.execute(sa.text("ALTER TABLE sessionlog RENAME TO away"))
        with pytest.raises(StoreError):
            copies.stream(hub.store.hub, table, "sessnum")
        with hub.store.hub.begin() as connection:
            connection.execute(sa.text("ALTER TABLE away RENAME TO sessionlog"))
        assert copies.stream(hub.store.hub, table, "sessnum").read_all().num_rows == 0


def test_a_copy_that_cannot_be_written_is_told(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(hub.root / "missing"))
    with copies.kept(), pytest.raises(StoreUnavailable, match="temporary directory"):
        users(hub)
