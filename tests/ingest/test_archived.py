"""Archived logs are imported again: what was put away unread, and months under new corrections (spec 10 §18)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hzmetrics.ingest import ledger as ledgers
from hzmetrics.store.tables import metrics
from tests.conftest import NOTHING_COMES, TestHub
from tests.ingest.test_imports import access_line, count, ledger, write
from tests.ingest.test_unread import COMBINED, configure
from tests.pipeline.scenario import state, summary

LOGIN = "2025-0{month}-01 10:00:00 1 [ann{n}] 198.51.100.7 login\n"


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2025-09-02T09:30:00")


def of(month: int, text: str) -> str:
    return text.replace("2025-07", f"2025-0{month}")


def old_import(hub: TestHub, name: str, text: str) -> Path:
    """A file as earlier versions put it away: in the ledger, without rows."""
    with hub.store.metrics.begin() as connection:
        ledgers.record(hub.store.metrics, connection, name, "web", None, 0, hub.settings.clock)
    return write(hub, name, text, "httpd/imported")


def rows(hub: TestHub, table: sa.Table = metrics.web) -> list[tuple[Any, ...]]:
    """The rows of a table without their ids."""
    columns = [column for column in table.c if column.name != "id"]
    return sorted((tuple(row) for row in hub.store.metrics.rows(sa.select(*columns))), key=repr)


def test_files_put_away_unread_are_imported_once(hub: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    unread = old_import(hub, "parity-access.log-20250701", COMBINED * 200)
    old_import(hub, "parity-access.log-20250702.gz", COMBINED * 3)
    old_import(hub, "parity-access.log-20250703", access_line(url="/style.css") * 200)
    old_import(hub, "parity-access.log-20250704", "nothing\n" * 200)
    old_import(hub, "parity-access.log-20250705", "nothing\n").unlink()
    assert hub.run("import", "--retry-unread") == 1
    said = capsys.readouterr().err
    assert "20250701: not imported: 200 of 200 lines" in said
    assert "20250702.gz: 3 of 3 lines could not be read" in said
    assert "20250703" not in said and "20250705" not in said
    assert "3 archived files still cannot be read" in said

    configure(hub, "[logs]\nformat = auto\n")
    before = ledger(hub)
    assert hub.run("import", "--retry-unread", "--dry-run") == 1
    said = capsys.readouterr().err
    assert f"{unread}: 200 rows would be imported" in said and "20250704" in said
    assert ledger(hub) == before

    for _ in range(2):
        assert hub.run("import", "--retry-unread") == 1  # one is still unread
        assert count(hub, metrics.web) == 203
        assert unread.exists()
        assert {row[0]: row[2:] for row in ledger(hub)} == {
            "parity-access.log-20250701": (1, 200, 200),
            "parity-access.log-20250702.gz": (201, 203, 3),
            "parity-access.log-20250703": (None, None, 0),
            "parity-access.log-20250704": (None, None, 0),
            "parity-access.log-20250705": (None, None, 0),
        }
    assert state(hub)["dirty_months"] == "2025-07"
    assert hub.run("run") == 0
    assert summary(hub)["2025-07"]["user"] == [1]


def test_a_file_that_was_compressed_in_the_archive_is_found(hub: TestHub) -> None:
    path = old_import(hub, "parity-access.log-20250701", access_line())
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    assert hub.run("import", "--retry-unread") == 0
    assert ledger(hub) == [(path.name, "web", 1, 1, 1)]


@pytest.fixture
def imported(hub: TestHub) -> TestHub:
    """A hub with June and July imported; a part of each log, of IPv6 clients, became no rows."""
    for month in (6, 7):
        for day in (1, 2):
            old, new = access_line(1, day=day), access_line(2, day=day).replace("198.51.100.7", "2001:db8::1")
            write(hub, f"parity-access.log-20250{month}0{day}", of(month, old * 3 + new * 2))
        write(hub, f"cmsauth.log-20250{month}01", "".join(LOGIN.format(month=month, n=n) for n in range(4)),
              "hubzero/daily")  # fmt: skip
    write(hub, "cmsauth.log-20250702", LOGIN.format(month=7, n=1), "hubzero/daily")  # the same login as the day before
    assert hub.run("import", "--month", "2025-06") == hub.run("import", "--month", "2025-07") == 0
    assert (count(hub, metrics.web), count(hub, metrics.userlogin)) == (12, 8)
    configure(hub, f"[metrics]\ncorrections = ipv6\n{NOTHING_COMES}")
    return hub


def since(hub: TestHub) -> dict[str, str]:
    found: dict[str, str] = json.loads(state(hub)["corrected_since"])
    return found


def test_a_correction_of_imports_is_dated_and_reimport_makes_months_anew(
    imported: TestHub, capsys: pytest.CaptureFixture[str]
) -> None:
    logins = rows(imported, metrics.userlogin)
    write(imported, "parity-access.log-20250801", of(8, access_line()))
    assert imported.run("import", "--next") == 0
    assert since(imported) == {"ipv6": "2025-09-02"}
    capsys.readouterr()
    for command in ("status", "config"):
        assert imported.run(command) == 0
        assert "lines imported from 2025-09-02 on: ipv6" in capsys.readouterr().out

    before = (ledger(imported), rows(imported))
    assert imported.run("reimport", "--since", "2025-07", "--dry-run") == 0
    assert "2025-07: 4 files, 10 rows would be replaced" in capsys.readouterr().err
    assert (ledger(imported), rows(imported)) == before

    assert imported.run("reimport", "--since", "2025-07", "--yes") == 0
    assert since(imported) == {"ipv6": "2025-07-01"}
    assert count(imported, metrics.web) == 17
    assert rows(imported, metrics.userlogin) == logins
    assert state(imported)["dirty_months"] == "2025-07,2025-08"
    hits = sa.select(metrics.webhits.c.hits).order_by(metrics.webhits.c.datetime)
    assert [row.hits for row in imported.store.metrics.rows(hits)] == [3, 3, 5, 5, 1]
    assert imported.run("reconstruct-imported-sources", "--validate", "--target", "web") == 0

    assert imported.run("reimport", "--since", "2025-01", "--yes") == 0
    assert since(imported) == {"ipv6": ""}
    assert count(imported, metrics.web) == 21


def test_a_month_whose_files_are_not_all_there_is_left_alone(
    imported: TestHub, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = imported.root / "logs/httpd/imported/parity-access.log-20250602"
    gone.unlink()
    before = rows(imported)
    assert imported.run("reimport", "--since", "2025-06", "--dry-run") == 0
    assert "2025-06 would be left alone: 1 of its 3 files are not in imported/: parity-access.log-20250602" in (
        capsys.readouterr().err
    )
    assert rows(imported) == before
    assert imported.run("reimport", "--since", "2025-06") == 1
    assert "1 months keep rows of before: 2025-06" in capsys.readouterr().err
    assert count(imported, metrics.web) == 16
    assert state(imported)["dirty_months"] == "2025-07"
    assert since(imported) == {"ipv6": "2025-07-01"}


@pytest.mark.parametrize("damage", ["empty", "unread", "row", "overlap"])
def test_nothing_is_lost_where_files_or_the_ledger_are_wrong(imported: TestHub, damage: str) -> None:
    path = imported.root / "logs/httpd/imported/parity-access.log-20250702"
    entry = metrics.imported_sources.c
    with imported.store.metrics.begin() as connection:
        match damage:
            case "empty":
                path.write_text("\n\n", encoding="utf-8")
            case "unread":
                path.write_text("nothing\n" * 500, encoding="utf-8")
            case "row":
                connection.execute(sa.insert(metrics.web).values(datetime="2025-07-05 10:00:00", ip="x", content="/"))
            case "overlap":
                last = sa.update(metrics.imported_sources).where(entry.filename == path.name)
                connection.execute(last.values(pk_start=entry.pk_start - 1))
    kept = [row for row in rows(imported) if str(row).find("2025-07-02") > 0]
    assert imported.run("reimport", "--since", "2025-07") == 1
    assert [row for row in rows(imported) if str(row).find("2025-07-02") > 0] == kept
    assert count(imported, metrics.web) == (14 if damage in ("empty", "unread") else 13 if damage == "row" else 12)


def test_an_interrupted_reimport_is_begun_again(imported: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    record = ledgers.record
    for survivors in range(6):
        left = [survivors]

        def die(*arguments: Any, left: list[int] = left, **names: Any) -> None:
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            record(*arguments, **names)

        monkeypatch.setattr(ledgers, "record", die)
        assert imported.run("reimport", "--since", "2025-06") == 1
        assert len(ledger(imported)) == 7
        assert count(imported, metrics.userlogin) == 8
        assert count(imported, metrics.web) >= 12
    monkeypatch.setattr(ledgers, "record", record)
    assert imported.run("reimport", "--since", "2025-06") == 0
    assert (count(imported, metrics.web), count(imported, metrics.userlogin)) == (20, 8)
    assert state(imported)["dirty_months"] == "2025-06,2025-07"


def test_reimport_asks_on_a_terminal_and_takes_the_run_lock(
    imported: TestHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from hzmetrics import lock

    before = ledger(imported)
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdin.isatty", lambda: True)
        assert imported.run("reimport", "--since", "2025-06") == 1
        assert "2 months, 2025-06 to 2025-07, are replaced; to agree, add --yes" in capsys.readouterr().err
    with lock.hold(imported.settings):
        assert imported.run("reimport", "--since", "2025-06", "--yes") == 1
    assert imported.run("reimport") == 2
    assert ledger(imported) == before


def test_the_first_import_of_a_hub_follows_its_corrections_from_the_start(hub: TestHub) -> None:
    configure(hub, "[metrics]\ncorrections = all\n")
    write(hub, "parity-access.log-20250701", access_line())
    assert hub.run("import", "--next") == 0
    assert set(since(hub).values()) == {""}
