"""Snapshots of requests change no number of users (spec 40 §7, spec 50 §16)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from hzmetrics.calendar import Month, Window
from hzmetrics.engine import Engine
from hzmetrics.errors import StoreUnavailable
from hzmetrics.health.audit import audit
from hzmetrics.pipeline.run import keeping
from hzmetrics.snapshots import directory
from hzmetrics.store import state
from hzmetrics.store.tables.metrics import session_revisions, web
from hzmetrics.tools.comparison import differences
from hzmetrics.tools.resources import andmore_usage
from tests.conftest import TestHub
from tests.tools.hubs import Row, fill, stored

LAST = Month(2025, 5)
MONTHS = ("2023-02", "2025-04", "2025-05")
ALL = Window("2020-01-01 00:00:00", "2025-06-01 00:00:00")
RESOURCE = {"id": 1, "path": "a/b", "type": 39, "published": 1, "standalone": 1}


def request(month: str, visitor: int, host: str | None = "?", url: str = "/site/resources/a/b") -> Row:
    return {"datetime": f"{month}-10 10:00:00", "ip": f"192.0.2.{visitor}", "host": host, "content": url}


@pytest.fixture
def counted(hub: TestHub) -> TestHub:
    """A hub with three months of requests, the last one counted."""
    requests = [request(month, visitor) for month in MONTHS for visitor in (1, 2)]
    fill(hub, {"resources": [RESOURCE], "web": [*requests, request(MONTHS[0], 3), request(MONTHS[1], 4)]})
    assert users(hub) == [2, 3, 4]
    return hub


def users(hub: TestHub) -> list[int]:
    """The users of the resource in each period, as a run counts them."""
    with keeping():
        andmore_usage(hub.store, hub.settings, LAST)
    found = [row for row in stored(hub, "resource_stats") if row["datetime"] == LAST.start]
    return [row["users"] for row in sorted(found, key=lambda row: row["period"])]


def kept(hub: TestHub) -> dict[str, Path]:
    """The snapshots by their months."""
    found = directory(hub.settings).glob("*-requests.*")
    return {path.name.partition("-requests")[0]: path for path in sorted(found)}


def users_without(hub: TestHub) -> list[int]:
    """The users, counted without snapshots."""
    for path in kept(hub).values():
        path.unlink()
    return users(hub)


def months_read(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many months of requests are read of the database for the users."""
    read: list[str] = []
    load = Engine.load
    with monkeypatch.context() as watched:
        watched.setattr(Engine, "load", lambda self, name, rows: (read.append(name), load(self, name, rows))[1])
        users(hub)
    return read.count("requests")


def append(hub: TestHub, *rows: Row) -> None:
    with hub.store.metrics.begin() as connection:
        hub.store.metrics.append(connection, web, pa.Table.from_pylist(list(rows)))


def delete(hub: TestHub) -> None:
    with hub.store.metrics.begin() as connection:
        hub.store.metrics.delete(connection, web, pa.table({"datetime": ["2025-04-10 10:00:00"], "ip": ["192.0.2.4"]}))


def insert_by_hand(hub: TestHub) -> None:
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.insert(web).values(request("2025-04", 8)))


def delete_by_hand(hub: TestHub) -> None:
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.delete(web).where(web.c.datetime < "2024-01-01 00:00:00"))


def edit_by_hand(hub: TestHub) -> None:
    with hub.store.metrics.begin() as connection:
        ids = sa.select(sa.func.min(web.c.id)).where(web.c.datetime > "2025-04-01 00:00:00").scalar_subquery()
        number = connection.execute(sa.select(ids)).scalar()
        connection.execute(sa.update(web).where(web.c.id == number).values(ip="192.0.2.9"))


def test_months_that_are_over_are_read_once(counted: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept(counted)
    assert sorted(before) == list(MONTHS)
    assert {path.stat().st_mode & 0o777 for path in before.values()} == {0o600}
    assert months_read(counted, monkeypatch) == 0
    assert kept(counted) == before
    assert users(counted) == users_without(counted) == [2, 3, 4]


def test_resources_that_come_are_counted_from_snapshots(counted: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    with counted.store.hub.begin() as connection:
        connection.execute(sa.update(counted.store.hub_tables.resources).values(path="a"))
    append(counted, request("2025-05", 7, url="/site/resources/a"))
    assert months_read(counted, monkeypatch) == 1
    assert users(counted) == users_without(counted) == [1, 1, 1]


def test_the_running_month_has_none(counted: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in kept(counted).values():
        path.unlink()
    monkeypatch.setenv("HZMETRICS_NOW", "2025-05-20T10:00:00")
    assert counted.run("summarize", "--month", "2025-05", "--force") == 0
    assert sorted(kept(counted)) == list(MONTHS[:-1])


@pytest.mark.parametrize("words", [("andmore-usage", "2025-05"), ("andmore-usage", "2025-05", "--dry-run")])
def test_without_the_run_lock_none_is_kept(counted: TestHub, words: Sequence[str]) -> None:
    """`anonymise` removes snapshots, and nobody may keep one meanwhile."""
    for path in kept(counted).values():
        path.unlink()
    assert counted.run(*words) == 0
    assert not kept(counted)
    with keeping():
        andmore_usage(counted.store, counted.settings, LAST, dry_run=True)
    assert not kept(counted)
    assert counted.run("summarize", "--month", "2025-05") == 0
    assert sorted(kept(counted)) == list(MONTHS)


@pytest.mark.parametrize("error", [StoreUnavailable("gone"), KeyboardInterrupt()])
def test_what_breaks_the_reading_is_what_is_told(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    fill(hub, {"resources": [RESOURCE], "web": [request("2025-04", 1)]})
    load = Engine.load

    def broken(self: Engine, name: str, rows: pa.Table) -> None:
        if name == "requests":
            raise error
        load(self, name, rows)

    monkeypatch.setattr(Engine, "load", broken)
    with pytest.raises(type(error)):
        users(hub)


def test_requests_without_a_month_are_those_of_a_december_that_has_requests(hub: TestHub) -> None:
    fill(hub, {"resources": [RESOURCE], "web": [request("2024-12", 1)]})
    append(hub, request("2025-00", 2))
    with keeping():
        andmore_usage(hub.store, hub.settings, LAST)
        with hub.store.metrics.begin() as connection:
            hub.store.metrics.delete(connection, web, pa.table({"datetime": ["2025-00-10 10:00:00"]}))
        found = users(hub)
    assert found == users_without(hub) == [0, 1, 1]


@pytest.mark.parametrize("host", [None, "", " "])
def test_a_month_whose_requests_are_not_looked_up_yet_has_none(hub: TestHub, host: str | None) -> None:
    fill(hub, {"resources": [RESOURCE], "web": [request("2025-04", 1, host), request("2025-05", 2)]})
    assert users(hub) == [1, 1 + (host is not None), 1 + (host is not None)]
    assert sorted(kept(hub)) == ["2025-05"]
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.update(web).values(host="?"))
    assert users(hub) == [1, 2, 2]
    assert sorted(kept(hub)) == ["2025-04", "2025-05"]


def test_requests_without_a_month_are_read_with_those_of_january(hub: TestHub) -> None:
    fill(hub, {"resources": [RESOURCE], "web": [request("2025-01", 1)]})
    assert users(hub) == [0, 1, 1]
    append(hub, request("2025-00", 2))
    assert users(hub) == users_without(hub) == [0, 2, 2]
    assert not kept(hub)


@pytest.mark.parametrize(
    "change",
    [
        lambda hub: append(hub, request("2025-04", 8)),
        lambda hub: append(hub, request("2023-02", 8), request("2025-05", 9)),
        delete,
        insert_by_hand,
        delete_by_hand,
    ],
    ids=["append", "append to two", "delete", "insert by hand", "delete by hand"],
)
def test_a_month_that_changes_is_read_again(counted: TestHub, change: Callable[[TestHub], None]) -> None:
    before = users(counted)
    change(counted)
    found = users(counted)
    assert found == users_without(counted) != before


def test_values_edited_by_hand_are_found_and_declared(counted: TestHub) -> None:
    edit_by_hand(counted)
    assert users(counted) == [2, 3, 4]
    assert list(differences(counted.store, counted.settings, ALL)) == [("web", Month(2025, 4), 2)]
    findings = [one for one in audit(counted.store, counted.settings, None, 0).findings if "snapshot" in one.text]
    assert [(one.subject, one.key, one.command) for one in findings] == [("web", "2025-04", "mark-dirty 2025-04")]
    with counted.store.metrics.begin() as connection:
        state.add_dirty_months(connection, [Month(2025, 4)])
    found = users(counted)
    assert found == users_without(counted) == [2, 4, 5]
    assert list(differences(counted.store, counted.settings, ALL)) == []


@pytest.mark.parametrize("content", [b"", b"PAR1", None])
def test_a_damaged_file_is_made_anew(counted: TestHub, content: bytes | None, caplog: pytest.LogCaptureFixture) -> None:
    path = kept(counted)["2025-04"]
    whole = path.read_bytes()
    path.write_bytes(bytes([whole[0], whole[1] ^ 1]) + whole[2:] if content is None else content)
    with caplog.at_level(logging.WARNING):
        assert users(counted) == [2, 3, 4]
    assert "is damaged" in caplog.text
    assert kept(counted)["2025-04"].read_bytes() == whole


def test_where_none_can_be_written_it_goes_on(counted: TestHub, caplog: pytest.LogCaptureFixture) -> None:
    for path in directory(counted.settings).iterdir():
        path.unlink()
    directory(counted.settings).rmdir()
    directory(counted.settings).write_text("no directory")
    with caplog.at_level(logging.WARNING):
        assert users(counted) == [2, 3, 4]
    assert caplog.text.count("snapshots cannot be kept") == 1


def test_without_revisions_requests_are_read(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    with hub.store.metrics.begin() as connection:
        session_revisions.drop(connection)
    fill(hub, {"resources": [RESOURCE], "web": [request(month, 1) for month in MONTHS]})
    for _ in range(2):
        assert months_read(hub, monkeypatch) == len(MONTHS)
    assert users(hub) == [1, 1, 1]
