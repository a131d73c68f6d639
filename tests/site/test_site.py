"""A site without a hub: two lines of configuration, and what the command lines do with its logs."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import lzma
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.calendar import Month
from hzmetrics.cli import main
from hzmetrics.store import Store
from hzmetrics.store.tables.metrics import imported_sources, summary_misc_vals, web, webhits
from tests.conftest import NOTHING_COMES
from tests.enrich.dns_server import DnsServer, serve
from tests.mariadb_server import SOCKET

pytestmark = pytest.mark.integration

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"


def line(time: dt.datetime, client: int, page: str = "/") -> bytes:
    stamp = f"{time:%d/%b/%Y:%H:%M:%S} +0000"
    return f'198.51.100.{client} - - [{stamp}] "GET {page} HTTP/1.1" 200 512 "-" "{AGENT}"\n'.encode()


def lines(month: str, clients: range) -> bytes:
    """A line a client, a minute apart, on the fifth of a month."""
    start = dt.datetime.fromisoformat(f"{month}-05T10:00:00")
    return b"".join(line(start + dt.timedelta(minutes=number), number) for number in clients)


class Site:
    """An installation that reads logs where they are."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, more: str = "") -> None:
        self.root = root
        self.logs = root / "nginx"
        self.logs.mkdir()
        self.log = self.logs / "access.log"
        self.configuration = root / "site.conf"
        self.configuration.write_text(f"[logs]\nfiles = {self.log}*\n{more}{NOTHING_COMES}", encoding="utf-8")
        self.configuration.chmod(0o600)
        monkeypatch.setenv("HZMETRICS_CONFIG", str(self.configuration))
        self.monkeypatch = monkeypatch
        self.store = Store(config.load(self.configuration))

    def at(self, time: str) -> None:
        self.monkeypatch.setenv("HZMETRICS_NOW", time)

    def run(self, *words: str) -> int:
        return main(words)

    def rows(self) -> int:
        return int(self.store.metrics.scalar(sa.select(sa.func.count()).select_from(web)))

    def visitors(self, month: str, period: int) -> int | None:
        """The unique visitors of a period that ends with a month; None: it has not been summarized."""
        cell = summary_misc_vals.c
        month_key = Month.parse(month).key
        query = sa.select(cell.value).where(cell.datetime == month_key, cell.period == period, cell.rowid == 4)
        found = self.store.metrics.scalar(query)
        return None if found is None else int(found)


@pytest.fixture(scope="module")
def names() -> Iterator[DnsServer]:
    with serve(DnsServer()) as server:
        yield server


@pytest.fixture
def site(tmp_path: Path, names: DnsServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("HZMETRICS_DNS_NAMESERVER", names.address)
    made = Site(tmp_path, monkeypatch)
    yield made
    made.store.close()


def test_two_lines_of_configuration_give_yearly_visitors(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.log.with_suffix(".log.2.gz").write_bytes(gzip.compress(lines("2026-09", range(1, 11))))
    site.log.with_suffix(".log.1").write_bytes(lines("2026-10", range(6, 21)))
    site.log.write_bytes(lines("2026-11", range(20, 23)))
    before = sorted((path.name, path.read_bytes()) for path in site.logs.iterdir())
    site.at("2026-11-20T09:30:00")
    assert site.run("init") == 0
    assert site.run("run", "--all") == 0
    assert [site.visitors("2026-09", 1), site.visitors("2026-10", 1), site.visitors("2026-11", 1)] == [10, 15, None]
    assert site.visitors("2026-10", 12) == 20
    assert sorted((path.name, path.read_bytes()) for path in site.logs.iterdir()) == before
    assert not (site.root / "home/state/hub.db").exists()
    assert site.run("status") == 0
    shown = capsys.readouterr().out
    assert "files               3" in shown and "2026-11-05 10:22:00" in shown and "access logs" not in shown
    assert site.run("audit") == 0
    assert site.run("doctor") == 0
    checks = capsys.readouterr().out
    assert "without a hub" in checks and "3 files" in checks and "hub_d" not in checks


def test_a_run_publishes_what_visitors_ask_for(site: Site) -> None:
    pages = site.root / "pages"
    with site.configuration.open("a", encoding="utf-8") as file:
        file.write(f"[publish]\ndir = {pages}\n")
    site.log.write_bytes(lines("2026-10", range(1, 11)) + lines("2026-11", range(1, 7)))
    site.at("2026-11-20T09:30:00")
    assert site.run("run", "--all") == 0
    overview = (pages / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'<a href="([^"]+)"(?: aria-current="page")?>([^<]+)</a>\n', overview) == [
        ("index.html", "Overview"), ("months/index.html", "Months"), ("traffic/pages.html", "Pages"),
        ("traffic/referrers.html", "Referrers"), ("traffic/countries.html", "Countries"),
        ("traffic/browsers.html", "Browsers"), ("traffic/hours.html", "Hours"), ("about.html", "About"),
    ]  # fmt: skip
    assert re.findall(r'class="card" data-figure="([^"]+)"', overview)[:3] == ["misc.4.1", "misc.5.1", "misc.8.1"]
    for name, visitors in (("pages", 10), ("2026-11", 6)):
        rows = json.loads((pages / f"traffic/{name}.json").read_text(encoding="utf-8"))
        assert {(row["name"], row["visitors"]) for row in rows if row["list"] == "pages"} == {("/", visitors)}


def test_lines_are_read_once_when_the_log_grows_and_rotates(site: Site) -> None:
    site.at("2026-11-05T12:30:00")
    site.log.write_bytes(lines("2026-11", range(1, 6)) + b"198.51.100.6 - - [05/Nov")
    for _ in range(2):
        assert site.run("tick") == 0
        assert site.rows() == 5
    site.log.write_bytes(lines("2026-11", range(1, 9)))
    site.at("2026-11-05T13:30:00")
    assert site.run("tick") == 0
    site.log.rename(site.logs / "access.log.1")
    assert site.run("tick") == 0
    (site.logs / "access.log.1").unlink()
    (site.logs / "access.log.2.gz").write_bytes(gzip.compress(lines("2026-11", range(1, 9))))
    site.log.write_bytes(lines("2026-11", range(30, 32)))
    assert site.run("tick") == 0
    assert site.rows() == 10
    ledger = site.store.metrics.rows(sa.select(imported_sources).order_by(imported_sources.c.id))
    assert [(row.filename.partition(" of ")[0].partition(" bytes ")[0], row.row_count) for row in ledger] == [
        ("access.log", 5), ("access.log", 3), ("access.log.2.gz", 0), ("access.log", 2),
    ]  # fmt: skip
    assert site.store.metrics.scalar(sa.select(sa.func.sum(webhits.c.hits))) == 10


def test_a_line_in_parts_is_read_when_its_last_part_is_there(site: Site) -> None:
    site.at("2026-06-05T12:00:00")
    whole, begun = line(dt.datetime(2026, 6, 5, 10), 1), line(dt.datetime(2026, 6, 5, 11), 2)
    site.log.write_bytes(
        b"2026-06-05T10:00:00Z stdout F " + whole + b"2026-06-05T11:00:00Z stdout P " + begun[:50] + b"\n"
    )
    assert site.run("import", "--next") == 0
    assert site.rows() == 1
    with site.log.open("ab") as file:
        file.write(b"2026-06-05T11:00:00Z stdout F " + begun[50:])
    assert site.run("import", "--next") == 0
    assert site.rows() == 2


def test_a_forgotten_read_is_read_again(site: Site) -> None:
    site.at("2026-11-05T12:30:00")
    site.log.write_bytes(lines("2026-11", range(1, 6)))
    assert site.run("import", "--next") == 0
    site.log.unlink()
    (site.logs / "access.log.1.gz").write_bytes(gzip.compress(lines("2026-11", range(1, 9))))
    assert site.run("import", "--next") == 0
    first = site.store.metrics.scalar(sa.select(imported_sources.c.filename).where(imported_sources.c.id == 1))
    assert site.run("forget-import", first) == 0
    assert site.rows() == 3
    assert site.run("import", "--next") == 0
    assert site.rows() == 8


@pytest.mark.parametrize("words", [("reimport", "--since", "2026-06", "--yes"), ("import", "--retry-unread")])
def test_there_is_no_archive_to_import_again(
    site: Site, words: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    site.log.write_bytes(lines("2026-06", range(1, 6)))
    assert site.run("import", "--next") == 0
    assert site.run(*words) == 1
    assert "the logs of a site are not archived" in capsys.readouterr().err
    assert site.rows() == 5


def test_a_month_waits_for_a_later_line_or_three_days(site: Site) -> None:
    site.log.write_bytes(lines("2026-10", range(1, 6)))
    site.at("2026-11-02T09:30:00")
    site.run("run", "--all")
    assert site.visitors("2026-10", 1) is None
    site.at("2026-11-03T23:30:00")
    site.run("run", "--all")
    assert site.visitors("2026-10", 1) is None
    site.at("2026-11-04T00:30:00")
    site.run("run", "--all")
    assert (site.visitors("2026-10", 1), site.visitors("2026-10", 12)) == (5, 5)


def test_late_lines_redo_their_month_and_the_later_ones(site: Site) -> None:
    site.log.write_bytes(lines("2026-09", range(1, 4)) + lines("2026-10", range(1, 4)))
    site.at("2026-11-20T09:30:00")
    assert site.run("run", "--all") == 0
    assert site.visitors("2026-10", 12) == 3
    (site.logs / "access.log.9.xz").write_bytes(lzma.compress(lines("2026-08", range(9, 11))))
    assert site.run("run", "--all") == 0
    assert [site.visitors(month, 12) for month in ("2026-08", "2026-09", "2026-10")] == [2, 5, 5]


def test_months_can_be_worked_on_by_hand(site: Site) -> None:
    site.log.write_bytes(lines("2026-09", range(1, 4)) + lines("2026-10", range(1, 6)))
    site.at("2026-11-20T09:30:00")
    assert site.run("import", "--next", "--dry-run") == 0
    assert site.rows() == 0
    assert site.run("import", "--next") == 0
    assert site.rows() == 8
    assert site.run("import", "--month", "2026-09") == 2
    assert site.run("import-apache", str(site.log)) == 1
    assert site.run("process", "--next") == 0
    assert site.visitors("2026-09", 1) == 3
    assert site.run("analyze", "--month", "2026-10") == 0
    assert site.run("summarize", "--month", "2026-10") == 0
    assert site.visitors("2026-10", 12) == 5
    assert site.log.exists()


def test_rows_and_position_are_stored_together(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.log.write_bytes(lines("2026-10", range(1, 6)))
    site.at("2026-11-20T09:30:00")
    with monkeypatch.context() as crash:
        crash.setattr("hzmetrics.store.state.reopen", lambda connection, month: 1 / 0)
        assert site.run("import", "--next") == 1
    assert site.rows() == 0
    assert site.run("import", "--next") == 0
    assert site.rows() == 5


def test_a_damaged_file_is_named_and_does_not_stop_the_others(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.log.write_bytes(lines("2026-11", range(1, 6)))
    (site.logs / "access.log.1.gz").write_bytes(gzip.compress(lines("2026-10", range(1, 200)))[:300])
    site.at("2026-11-20T09:30:00")
    assert site.run("run", "--all") == 1
    assert site.rows() == 5
    assert site.run("status") == 1
    assert "access.log.1.gz" in capsys.readouterr().out
    (site.logs / "access.log.1.gz").write_bytes(gzip.compress(lines("2026-10", range(1, 200))))
    assert site.run("run", "--all") == 0
    assert site.rows() == 204


def test_a_copy_in_the_making_counts_no_line_twice(site: Site) -> None:
    """Of a log that logrotate copies, first a part is seen, of which an earlier read took only the start."""
    site.at("2026-11-05T12:30:00")
    whole = lines("2026-11", range(1, 9))
    site.log.write_bytes(lines("2026-11", range(1, 3)))
    assert site.run("import", "--next") == 0
    site.log.write_bytes(whole)
    assert site.run("import", "--next") == 0
    (site.logs / "access.log.1").write_bytes(lines("2026-11", range(1, 6)))
    assert site.run("import", "--next") == 0
    assert site.rows() == 8


def test_a_log_that_cannot_be_read_is_told_and_tried_again(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.at("2026-11-05T12:30:00")
    site.log.write_bytes(b"".join(b"%d the server did something\n" % number for number in range(200)))
    assert site.run("run") == 1
    assert site.run("status") == 1
    assert "access.log" in capsys.readouterr().out
    site.log.write_bytes(lines("2026-11", range(1, 9)))
    assert site.run("run") == 0
    assert site.rows() == 8


def test_the_logs_must_exist(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert site.run("init") == 0
    assert site.run("status") == 1
    assert site.run("doctor", "--json") == 1
    output = capsys.readouterr().out
    checks = json.loads(output[output.index("[\n") :])
    assert [check["name"] for check in checks if check["verdict"] == "FAIL"] == ["logs"]


def test_files_beside_a_hub_are_a_mistake(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    with site.configuration.open("a", encoding="utf-8") as file:
        file.write("[hub]\nsite = example\n")
    assert site.run("config", "check") == 2
    assert "files: is for a site without a hub" in capsys.readouterr().err


@pytest.mark.mariadb
@pytest.mark.skipif(SOCKET not in os.environ, reason="no MariaDB server")
def test_on_mariadb_there_is_no_hub_database(
    tmp_path: Path, names: DnsServer, database_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HZMETRICS_DNS_NAMESERVER", names.address)
    database = f"[db]\nsocket = {os.environ[SOCKET]}\nuser = root\nmetrics_db = {database_name}_site\n"
    site = Site(tmp_path, monkeypatch, database)
    try:
        site.log.write_bytes(lines("2026-09", range(1, 11)) + lines("2026-10", range(6, 21)))
        site.at("2026-11-20T09:30:00")
        assert site.run("init") == 0
        assert site.run("run", "--all") == 0
        assert (site.visitors("2026-10", 1), site.visitors("2026-10", 12)) == (15, 20)
        assert site.run("status") == 0
        assert site.run("audit") == 0
    finally:
        with site.store.metrics.begin() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {database_name}_site")
        site.store.close()
