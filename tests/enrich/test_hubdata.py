"""Tool sessions are copied once; the copy of the profiles is made anew, or stays (spec 20 §7)."""

import pytest
import sqlalchemy as sa

from hzmetrics.store.tables.metrics import sessionlog_metrics
from tests.conftest import TestHub
from tests.enrich.tables import every_row, put


def profiles(hub: TestHub) -> list[dict[str, object]]:
    with hub.store.metrics.connect() as connection:
        found = connection.execute(sa.text("SELECT * FROM jos_xprofiles_metrics ORDER BY uidNumber"))
        return [dict(row) for row in found.mappings()]


def test_sessions(hub: TestHub) -> None:
    log = hub.store.hub_tables.sessionlog
    put(
        hub.store.hub,
        log,
        {"sessnum": 1, "username": "ann", "remoteip": "2001:db8:1234:5678:9abc:def0:1234:5678", "appname": "t"},
        {"sessnum": 2, "username": "x", "start": "2025-03-01 10:00:00"},
    )
    put(hub.store.metrics, sessionlog_metrics, {"id": 1, "sessnum": 2, "user": "kept", "start": "2020-01-01 00:00:00"})
    columns = ["id", "sessnum", "user", "ip", "start", "appname", "host"]
    expected = [
        (1, 2, "kept", "", "2020-01-01 00:00:00", "", None),
        (2, 1, "ann", "2001:db8:1234:5678:9abc:def0:1234:5678", "0000-00-00 00:00:00", "t", None),
    ]
    assert hub.run("import-hub-data", "--dry-run") == 0
    assert every_row(hub.store.metrics, sessionlog_metrics, columns) == expected[:1]
    for _ in range(2):
        assert hub.run("import-hub-data") == 0
        assert every_row(hub.store.metrics, sessionlog_metrics, columns) == expected


def test_profiles(hub: TestHub) -> None:
    source = hub.store.hub_tables.xprofiles
    with hub.store.hub.begin() as connection:
        for column in (
            "`passwordHint` VARCHAR(20) NULL",
            "`new` INT NOT NULL DEFAULT 5",
            "`passwordAge` INT NOT NULL DEFAULT 3",
        ):
            connection.execute(sa.text(f"ALTER TABLE jos_xprofiles ADD COLUMN {column}"))
        connection.execute(sa.text("UPDATE jos_xprofiles SET new = 6"))
    put(
        hub.store.hub,
        source,
        {"uidNumber": 1, "username": "ann", "userPassword": "secret", "emailConfirmed": 2, "note": "née\nx"},
        {"uidNumber": 2, "username": "bob", "emailConfirmed": 0},
        {"uidNumber": 3, "username": "cyd", "emailConfirmed": -5},
    )
    with hub.store.hub.begin() as connection:
        connection.execute(sa.text("UPDATE jos_xprofiles SET passwordHint = 'dog'"))
    for _ in range(2):
        assert hub.run("import-hub-data") == 0
        (ann,) = profiles(hub)
        assert ann["username"] == "ann"
        assert ann["note"] == "née\nx"
        assert ann["new"] == 5
        assert (ann["userPassword"], ann["passwordHint"], ann["passwordAge"]) == ("", None, 0)
    with hub.store.hub.begin() as connection:
        connection.execute(sa.text("UPDATE jos_xprofiles SET emailConfirmed = 1 - uidNumber"))
    assert hub.run("import-hub-data") == 0
    assert profiles(hub) == []


def test_the_old_copy_stays_when_copying_fails(hub: TestHub, capfd: pytest.CaptureFixture[str]) -> None:
    put(hub.store.hub, hub.store.hub_tables.xprofiles, {"uidNumber": 1, "username": "ann", "emailConfirmed": 1})
    assert hub.run("import-hub-data") == 0
    with hub.store.hub.begin() as connection:
        connection.execute(sa.text("DROP TABLE jos_xprofiles"))
    if hub.kind == "mariadb":  # a SQLite hub's tables are made when missing
        assert hub.run("import-hub-data") == 1
        assert "jos_xprofiles" in capfd.readouterr().err
    with hub.store.hub.begin() as connection:
        connection.execute(sa.text("CREATE TABLE jos_xprofiles (uidNumber INT, username VARCHAR(9))"))
    assert hub.run("import-hub-data") == 1
    assert hub.run("import-hub-data") == 1
    assert [row["username"] for row in profiles(hub)] == ["ann"]


def test_a_copy_that_is_not_there_yet(hub: TestHub) -> None:
    put(hub.store.hub, hub.store.hub_tables.xprofiles, {"uidNumber": 1, "username": "ann", "emailConfirmed": 1})
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.text("DROP TABLE jos_xprofiles_metrics"))
    assert hub.run("import-hub-data") == 0
    assert [row["username"] for row in profiles(hub)] == ["ann"]
