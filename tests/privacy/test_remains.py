"""What holds full addresses once months are anonymised: the logs, and nothing else of an installation (spec 67)."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from hzmetrics.errors import StoreError
from hzmetrics.privacy import anonymise as anonymising
from hzmetrics.store.tables.metrics import web
from tests.conftest import TestHub
from tests.ingest.test_imports import access_line, write

ADDRESSES = ("198.51.100.77", "2001:db8:1:2::77")


def test_only_logs_hold_full_addresses(
    make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lines that are not read are shown in messages, and messages are kept: the log file, the state, the journal."""
    hub = make_hub("sqlite")
    monkeypatch.setattr(anonymising, "_refuse_unfinished", lambda *arguments: None)
    damaged = [f'{address} {address} "GET /x" 200\n' for address in ADDRESSES]
    write(hub, "parity-access.log-20250701", access_line() + "".join(damaged * 2))
    write(hub, "parity-access.log-20250702", "".join(damaged * 100))
    assert hub.run("run") == 1
    assert hub.run("anonymise", "--before", "2025-08", "--yes") == 0
    told = capsys.readouterr().err
    for shown in ("198.51.100.0", "2001:db8:1::"):
        assert shown in told and shown in (hub.root / "log.txt").read_text()
    assert "docs/privacy.md" in told.splitlines()[-1]

    for database in (hub.store.metrics, hub.store.hub):
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM")
    hub.store.close()
    files = [path for path in hub.root.rglob("*") if path.is_file() and hub.root / "logs" not in path.parents]
    assert hub.root / "log.txt" in files and any(path.suffix == ".db" for path in files)
    assert [path for path in files for address in ADDRESSES if address.encode() in path.read_bytes()] == []


def test_an_error_of_the_database_shows_no_rows(hub: TestHub) -> None:
    with hub.store.metrics.begin() as connection:
        connection.exec_driver_sql("DROP TABLE web")
    with pytest.raises(StoreError) as caught, hub.store.metrics.begin() as connection:
        connection.execute(sa.insert(web), [{"datetime": "2026-01-01 10:00:00", "ip": ADDRESSES[0]}])
    trace = "".join(traceback.format_exception(caught.value))
    assert "INSERT INTO web" in trace and ADDRESSES[0] not in trace
