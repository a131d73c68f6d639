"""Undoing and reconstructing imports, and what is derived from rows (spec 10 §11, §13, §14)."""

import gzip
import os

import pytest
import sqlalchemy as sa

from hzmetrics import lock
from hzmetrics.ingest import ledger as records
from hzmetrics.ingest.imports import import_access, import_auth
from hzmetrics.store.tables import metrics
from tests.conftest import TestHub
from tests.ingest.test_imports import access_line, count, ledger, write


def imported(hub: TestHub, day: int, lines: int) -> str:
    name = f"parity-access.log-2025070{day}"
    path = write(hub, name, "".join(access_line(n, day=day, url=f"/{day}/{n}") for n in range(lines)))
    import_access(hub.store, hub.settings, path)
    return name


def change(hub: TestHub, statement: sa.Executable) -> None:
    with hub.store.metrics.begin() as connection:
        connection.execute(statement)


def test_forgetting_deletes_just_the_file_s_rows(hub: TestHub) -> None:
    first, second = imported(hub, 1, 5), imported(hub, 2, 3)
    assert hub.run("forget-import", first, "--dry-run") == 0
    assert count(hub, metrics.web) == 8
    assert hub.run("forget-import", first) == 0
    assert count(hub, metrics.web) == 3
    assert [entry[0] for entry in ledger(hub)] == [second]


def test_an_overlap_is_refused_unless_forced(hub: TestHub) -> None:
    first, second = imported(hub, 1, 5), imported(hub, 2, 3)
    table = metrics.imported_sources
    change(hub, sa.update(table).where(table.c.filename == second).values(pk_start=5))
    assert hub.run("forget-import", first, "--dry-run") == 1
    assert hub.run("forget-import", first) == 1
    assert count(hub, metrics.web) == 8
    assert hub.run("forget-import", first, "--force") == 0
    assert count(hub, metrics.web) == 3


def test_rows_of_webhits_have_no_ids_to_overlap(hub: TestHub) -> None:
    file = imported(hub, 1, 5)
    old = {"target_table": "webhits", "pk_start": 1, "pk_end": 9, "row_count": 9, "imported_at": "2025-07-01 00:00:00"}
    change(hub, sa.insert(metrics.imported_sources).values([old | {"filename": name} for name in ("a", file)]))
    assert hub.run("forget-import", file) == 0
    assert (count(hub, metrics.web), count(hub, metrics.webhits)) == (0, 1)
    assert [entry[:2] for entry in ledger(hub)] == [("a", "webhits")]


@pytest.mark.parametrize(
    ("name", "again", "stored"),
    [
        ("parity-access.log-20250701.gz", "PARITY-access.log-20250701.GZ", "parity-access.log-20250701.gz"),
        ("parity-access.log-20250701", "parity-access.log-20250701 ", "parity-access.log-20250701"),
        ("\U0001f600-access.log-20250701", "\U0001f600-access.log-20250701.gz", "????-access.log-20250701"),
        (os.fsdecode(b"\xff-access.log-20250701"), "\\xff-access.log-20250701", "\\xff-access.log-20250701"),
    ],
)
def test_a_name_is_the_same_source_however_it_is_spelled(
    hub: TestHub, name: str, again: str, stored: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for spelling in (name, again):
        text = access_line().encode()
        path = write(hub, spelling, gzip.compress(text) if spelling.endswith(".gz") else text)
        assert hub.run("import-apache", str(path)) == 0
    assert ledger(hub) == [(stored, "web", 1, 1, 1)]
    assert hub.run("forget-import", name) == 0
    assert ledger(hub) == []
    said = capfd.readouterr().err + (hub.root / "log.txt").read_text(encoding="utf-8")
    assert "Traceback" not in said


def test_reconstruction_finds_what_was_imported(hub: TestHub) -> None:
    imported(hub, 1, 5)
    imported(hub, 2, 3)
    before = ledger(hub)
    change(hub, sa.delete(metrics.imported_sources))
    assert hub.run("reconstruct-imported-sources") == 0
    assert ledger(hub) == []
    assert hub.run("reconstruct-imported-sources", "--apply", "--since", "2025-08") == 0
    assert ledger(hub) == []
    assert hub.run("reconstruct-imported-sources", "--apply") == 0
    assert ledger(hub) == before
    assert hub.run("reconstruct-imported-sources", "--validate", "--apply") == 0
    change(hub, sa.update(metrics.imported_sources).values(pk_end=2))
    assert hub.run("reconstruct-imported-sources", "--validate") == 1


def test_reconstructed_records_of_logins_are_replaced_when_their_number_of_rows_differs(hub: TestHub) -> None:
    lines = "".join(f"2025-07-01 08:0{n}:00 EDT 100{n} [user{n}] 10.7.0.1 login\n" for n in range(3))
    import_auth(hub.store, hub.settings, write(hub, "cmsauth.log-20250701", lines, "hubzero/imported"))
    command = ("reconstruct-imported-sources", "--apply")
    assert hub.run(*command) == 0
    whole = ledger(hub)
    entry = metrics.imported_sources
    change(hub, sa.update(entry).values(pk_start=2, origin="importer"))
    assert hub.run(*command) == 0
    assert ledger(hub) != whole, "what the importer wrote stays"
    change(hub, sa.update(entry).values(origin="reconstruct"))
    assert hub.run(*command[:1]) == 0
    assert ledger(hub) != whole
    assert hub.run(*command) == 0
    assert ledger(hub) == whole


def test_of_names_that_the_ledger_cannot_tell_apart_the_first_is_recorded(hub: TestHub) -> None:
    for number, name in enumerate(("HUB-access.log-20250701", "hub-access.log-20250701", "hub-access.log-20250702")):
        write(hub, name, access_line(number), "httpd/imported")
    assert hub.run("reconstruct-imported-sources", "--apply") == 1
    assert [entry[0] for entry in ledger(hub)] == ["HUB-access.log-20250701", "hub-access.log-20250702"]


def test_files_that_only_gz_tells_apart_are_compared_with_their_own_records(hub: TestHub) -> None:
    for number, name in enumerate(("parity-access.log-20250701", "parity-access.log-20250701.gz")):
        write(hub, name, access_line(number), "httpd/imported")
    with hub.store.metrics.begin() as connection:
        rows = [{"datetime": f"2025-07-01 00:00:0{n}", "ip": "198.51.100.7", "content": "/x"} for n in range(2)]
        connection.execute(sa.insert(metrics.web), rows)
    assert hub.run("reconstruct-imported-sources", "--apply") == 0
    assert hub.run("reconstruct-imported-sources", "--validate") == 0
    change(hub, sa.delete(metrics.imported_sources).where(metrics.imported_sources.c.pk_start == 2))
    assert hub.run("reconstruct-imported-sources", "--validate") == 1


def test_hits_are_counted_from_rows_and_cells_follow(hub: TestHub) -> None:
    imported(hub, 1, 5)
    imported(hub, 2, 3)
    cells = metrics.summary_misc_vals
    old = [
        {"rowid": row, "colid": 1, "datetime": f"2025-{month}-00 00:00:00", "period": period, "value": "1", "valfmt": 1}
        for row, month, period in ((8, "07", 1), (8, "07", 1), (1, "08", 12), (1, "06", 1))
    ]
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.delete(metrics.webhits))
        connection.execute(sa.insert(cells), old)
    assert hub.run("rebuild-webhits", "--all", "--dry-run") == 0
    assert count(hub, metrics.webhits) == 0
    assert hub.run("rebuild-webhits", "--all") == 0
    days = hub.store.metrics.rows(sa.select(metrics.webhits.c.datetime, metrics.webhits.c.hits))
    assert sorted(map(tuple, days)) == [("2025-07-01 00:00:00", 5), ("2025-07-02 00:00:00", 3)]
    query = sa.select(cells.c.datetime, cells.c.period, cells.c.value).where(cells.c.rowid == 8)
    assert sorted(map(tuple, hub.store.metrics.rows(query))) == [
        ("2025-07-00 00:00:00", 1, "8"),
        ("2025-08-00 00:00:00", 12, "8"),
    ]


def test_missing_download_flags_are_set_by_the_rule_of_the_import(hub: TestHub) -> None:
    urls = ["/resources/1/download/x", "/résources/1/download/x", "/resources/1/a.pdf", "/x"]
    rows = [
        {"datetime": f"2025-0{month}-01 00:00:00", "content": url, "dnload": flag}
        for month, flag in ((6, None), (7, None), (8, 1))
        for url in urls
    ]
    with hub.store.metrics.begin() as connection:
        connection.execute(
            sa.insert(metrics.web), [*rows, {"datetime": "0000-00-00 00:00:00", "content": "/x", "dnload": None}]
        )
    assert hub.run("backfill-dnload", "--start", "2025-07") == 0
    table = metrics.web.c
    query = sa.select(sa.func.substr(table.datetime, 1, 7), table.dnload).order_by(table.id)
    flags = [tuple(row) for row in hub.store.metrics.rows(query)]
    assert flags[:4] == [("2025-06", None)] * 4
    assert [flag for _, flag in flags[4:]] == [1, 0, 1, 0, 1, 1, 1, 1, None]
    state = sa.select(metrics.pipeline_state.c.v).where(metrics.pipeline_state.c.k == "dirty_months")
    assert hub.store.metrics.scalar(state) == "2025-07"


def test_rows_without_a_date_belong_to_no_month(hub: TestHub) -> None:
    row = {"datetime": "2025-05-00 00:00:00", "content": "/x", "dnload": None}
    change(hub, sa.insert(metrics.web).values(row))
    change(hub, sa.insert(metrics.webhits).values(datetime="2025-05-10 00:00:00", hits=7))
    assert hub.run("rebuild-webhits", "--all") == 0
    assert hub.run("backfill-dnload") == 0
    assert hub.store.metrics.scalar(sa.select(metrics.web.c.dnload)) is None
    assert count(hub, metrics.webhits) == 1


@pytest.mark.parametrize("command", ["import-apache", "rebuild-webhits", "forget-import", "backfill-dnload"])
def test_writers_refuse_while_another_is_at_work(hub: TestHub, command: str, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = {"import-apache": ["x"], "rebuild-webhits": ["--all"], "forget-import": ["x"], "backfill-dnload": []}
    with lock.hold(hub.settings):
        assert hub.run(command, *arguments[command]) == 1
    assert "is held by" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("stored", "asked", "is_known"),
    [
        ("parity-access.log-20250701", "parity-access.log-20250701.gz", True),
        ("parity-access.log-20250701.GZ", "parity-access.log-20250701", True),
        ("Parity-ACCESS.log-20250701", "parity-access.log-20250701", True),
        ("p\u00e0rity-access.log-20250701", "parity-access.log-20250701", True),
        ("\u043f-access.log-20250701", "\u041f-access.log-20250701", True),
        ("parity-access.log-20250701-2", "parity-access.log-20250701", False),
        ("parityXaccess.log-20250701", "parity_access.log-20250701", False),
        ("parity%access.log-20250701", "parity%access.log-20250701", True),
    ],
)
def test_a_file_is_known_by_its_name_under_the_collation(hub: TestHub, stored: str, asked: str, is_known: bool) -> None:
    with hub.store.metrics.begin() as connection:
        records.record(hub.store.metrics, connection, stored, "web", None, 0, hub.settings.clock)
        assert records.knows(connection, asked, "web") is is_known
        assert not records.knows(connection, asked, "userlogin")
