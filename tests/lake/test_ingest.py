"""What `lake ingest` keeps, leaves out and refuses, and what others may see of it."""

from __future__ import annotations

import gzip
import stat
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hzmetrics import files
from hzmetrics.errors import HzmetricsError
from hzmetrics.lake import ingest as ingesting
from hzmetrics.lake import ledger, manifest, tables
from hzmetrics.lake.place import Place
from tests.conftest import TestHub
from tests.ingest.test_imports import access_line


@pytest.fixture
def hub(make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch) -> TestHub:
    monkeypatch.setenv("HZMETRICS_NOW", "2025-09-10")
    return make_hub("sqlite")


@pytest.fixture
def root(hub: TestHub) -> Path:
    return hub.root / "lake"


def a_log(hub: TestHub, name: str, content: str | bytes) -> str:
    path = hub.root / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def run(hub: TestHub, command: str, *arguments: str) -> int:
    return hub.run("lake", command, *arguments, "--workers", "1")


def test_logs_that_cannot_be_read_do_not_stop_the_others(
    hub: TestHub, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "".join(access_line(number, url=f"/{number}") for number in range(4))
    good, other = a_log(hub, "good.log", text), a_log(hub, "other.log", text.replace("-07-01", "-07-02"))
    damaged, misnamed = a_log(hub, "cut.log", gzip.compress(text.encode())[:-9]), a_log(hub, "plain.log.gz", text)
    unread = a_log(hub, "unread.log", "nothing\n" * 2000)
    missing = str(hub.root / "missing.log")
    assert run(hub, "ingest", damaged, good, missing, misnamed, unread, other, "--to", str(root)) == 1
    said = capsys.readouterr()
    assert "8 requests of 2 logs, 0 were there already" in said.out
    assert "4 of 6 logs could not be read" in said.err
    for path in (damaged, missing, misnamed, unread):
        assert f"{path}: " in said.err
    found = ledger.read(root / "private")
    assert [(log.name, log.first, log.requests) for log in found.logs] == [(good, 1, 4), (other, 5, 4)]
    assert len(list(root.glob("private/requests/*/*"))) == 2
    assert not (root / "private/work").exists()


def test_a_text_is_ingested_once_whatever_its_name(
    hub: TestHub, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = access_line(1) + access_line(2)
    first, same = a_log(hub, "first.log", text), a_log(hub, "same.gz", gzip.compress(text.encode()))
    assert run(hub, "ingest", first, same, "--to", str(root)) == 0
    assert "2 requests of 1 logs, 1 were there already" in capsys.readouterr().out
    assert run(hub, "ingest", same, "--to", str(root)) == 0
    assert len(ledger.read(root / "private").logs) == 1


def test_what_was_logged_is_for_its_owner(hub: TestHub, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = a_log(hub, "one.log", "".join(access_line(number) for number in range(3)))
    assert run(hub, "ingest", log, "--to", str(root)) == 0
    assert stat.S_IMODE((root / "private").stat().st_mode) == files.SECRET_DIRECTORY
    private = [path for path in (root / "private").rglob("*") if path.is_file()]
    assert len(private) == 2 and {stat.S_IMODE(path.stat().st_mode) for path in private} == {files.SECRET}
    assert run(hub, "sessions", str(root)) == 0
    texts = [str(pq.ParquetFile(path).read().to_pylist()) for path in root.rglob("*.parquet") if path not in private]
    assert not any("198.51.100.7" in text for text in texts)
    (root / "private").chmod(0o755)
    assert run(hub, "ingest", log, "--to", str(root)) == 1
    assert f"other users of this machine can enter {root}/private; run: chmod 700" in capsys.readouterr().err


def test_requests_without_sessions_are_said_to_be(hub: TestHub, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs = [a_log(hub, f"{day}.log", access_line(1, day=day) + access_line(2, day=day + 2)) for day in (1, 4)]
    for log in logs:
        assert run(hub, "ingest", log, "--to", str(root)) == 0
        assert run(hub, "summarize", str(root)) == 1
        assert f"requests without sessions: run `hzmetrics lake sessions {root}`" in capsys.readouterr().err
        assert run(hub, "sessions", str(root)) == 0
        assert run(hub, "summarize", str(root)) == 0
        assert "cells of users and tools are left out" in capsys.readouterr().err
    assert run(hub, "sessions", str(root), "--months", "2025-08") == 1
    assert "has no requests of these months" in capsys.readouterr().err
    assert not manifest.read(root).has_hub


def test_months_that_are_not_over_have_no_sessions_yet(
    hub: TestHub, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [access_line(1, day=day).replace("-07-", f"-{month}-") for month in ("08", "09") for day in (1, 3)]
    assert run(hub, "ingest", a_log(hub, "one.log", "".join(lines)), "--to", str(root)) == 0
    assert run(hub, "sessions", str(root)) == 0
    assert [str(month) for month in manifest.read(root).months] == ["2025-08"]
    monkeypatch.setenv("HZMETRICS_NOW", "2025-10-01")
    assert run(hub, "sessions", str(root), "--months", "2025-09") == 0
    assert [str(month) for month in manifest.read(root).months] == ["2025-08", "2025-09"]


def test_only_months_that_got_requests_are_made_anew(hub: TestHub, root: Path) -> None:
    lines = [access_line(number, day=day) for number, day in ((1, 1), (2, 3), (3, 5))]
    july, august = ("".join(lines).replace("-07-", f"-{month}-") for month in ("07", "08"))
    first, second = a_log(hub, "first.log", july + august), a_log(hub, "second.log", july.replace("-03 ", "-04 "))
    assert run(hub, "ingest", first, "--to", str(root)) == 0
    assert run(hub, "sessions", str(root)) == 0
    assert run(hub, "ingest", first, "--to", str(root)) == 0
    assert manifest.read(root).is_complete
    assert run(hub, "ingest", second, "--to", str(root)) == 0
    assert run(hub, "sessions", str(root), "--months", "2025-08") == 0
    assert [str(month) for month in manifest.read(root).missing] == ["2025-07"]
    before = {path: path.stat().st_mtime_ns for path in root.glob("websessions/month=2025-08/*")}
    assert run(hub, "sessions", str(root)) == 0
    assert [str(month) for month in manifest.read(root).months] == ["2025-07", "2025-08"]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert sum(pq.ParquetFile(path).metadata.num_rows for path in root.glob("websessions/month=2025-07/*")) == 3


@pytest.mark.parametrize(
    ("options", "what"),
    [(["--buckets", "3"], "the number of buckets changed"), (["--plain"], "the kind of names, the key")],
)
def test_lakes_of_another_kind_are_refused(
    hub: TestHub, root: Path, capsys: pytest.CaptureFixture[str], options: list[str], what: str
) -> None:
    log = a_log(hub, "one.log", access_line())
    assert run(hub, "ingest", log, "--to", str(root)) == 0
    assert run(hub, "ingest", log, "--to", str(root), *options) == 1
    assert what in capsys.readouterr().err
    assert hub.run("lake", "export", str(root)) == 1
    assert "what it is made from" in capsys.readouterr().err
    assert hub.run("lake", "export", str(hub.root / "exported")) == 0
    assert run(hub, "sessions", str(hub.root / "exported")) == 1
    assert "has no requests; `hzmetrics lake ingest`" in capsys.readouterr().err
    assert run(hub, "ingest", log, "--to", str(hub.root / "new"), "--dimensions", str(hub.root / "exported")) == 1
    assert "`hzmetrics lake export --private` writes them" in capsys.readouterr().err


def test_sessions_keep_the_key_and_the_clock_of_their_lake(
    hub: TestHub, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(hub, "ingest", a_log(hub, "one.log", access_line()), "--to", str(root)) == 0
    (hub.settings.paths.state / tables.KEY).unlink()  # the next one differs
    hub.configuration.write_text(hub.configuration.read_text().replace("[hub]\n", "[hub]\ntimezone = Asia/Tokyo\n", 1))
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert run(hub, "sessions", str(root)) == 1
    assert "made otherwise: the time zone, the key of the pseudonyms changed" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_a_killed_ingestion_is_completed_by_the_next(hub: TestHub, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = [a_log(hub, f"{day}.log", access_line(day, day=day)) for day in (1, 2, 3)]
    monkeypatch.setattr(ingesting, "BATCH", 1)
    write = ledger.Ledger.write

    def die(self: ledger.Ledger, directory: Path) -> None:
        if len(self.logs) == 2:
            raise HzmetricsError("killed")
        write(self, directory)

    with monkeypatch.context() as patch:
        patch.setattr(ledger.Ledger, "write", die)
        assert run(hub, "ingest", *logs, "--to", str(root)) == 1
    assert len(ledger.read(root / "private").logs) == 1
    assert run(hub, "ingest", *logs, "--to", str(root)) == 0
    found = ledger.read(root / "private")
    assert [(log.name, log.first) for log in found.logs] == list(zip(logs, (1, 2, 3), strict=True))
    month = found.months[0]
    assert [
        row["id"]
        for number in found.logs_of(month)
        for row in pq.ParquetFile(Place(root).requests(month, number)).read().to_pylist()
    ] == [1, 2, 3]
