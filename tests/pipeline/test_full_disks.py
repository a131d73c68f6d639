"""A full disk costs nothing but time: a message says which one, and with room again nothing is missing.

See spec 60 §10.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hzmetrics.store.tables import metrics
from tests.conftest import TestHub
from tests.enrich.dns_server import DnsServer, serve
from tests.mariadb_server import SOCKET
from tests.pipeline.conftest import MakeDisk
from tests.pipeline.scenario import state
from tests.pipeline.test_failures import feed, prepare, rows

LOG = "httpd/daily/parity-access.log-20260510"


@pytest.fixture(params=["sqlite"])
def pipeline(
    request: pytest.FixtureRequest, make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestHub]:
    with serve(DnsServer()) as names:
        yield prepare(make_hub(request.param), names, monkeypatch)


def told(capsys: pytest.CaptureFixture[str]) -> str:
    """Standard error, without a traceback."""
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def test_of_the_log(pipeline: TestHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`/dev/full` takes no byte."""
    feed(pipeline, LOG, "2026-05-10")
    monkeypatch.setenv("HZMETRICS_LOG", "/dev/full")
    assert pipeline.run("run") == 0
    assert told(capsys).count("cannot write the log file /dev/full: No space left on device") == 1
    assert rows(pipeline, metrics.web) == 1


def test_of_the_output(pipeline: TestHub) -> None:
    command = [sys.executable, "-m", "hzmetrics", "status"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, env={**os.environ, **pipeline.environment}, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert b"No space left on device" in done.stderr and b"Traceback" not in done.stderr


def test_of_the_log_for_a_while(
    pipeline: TestHub, make_disk: MakeDisk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = make_disk(pipeline.root / "small")
    log = disk.place / "manage.log"
    monkeypatch.setenv("HZMETRICS_LOG", str(log))
    disk.fill()
    assert pipeline.run("run") == 0
    assert told(capsys).count(f"cannot write the log file {log}") == 1
    disk.free()
    assert pipeline.run("run") == 0
    assert "daily work: done" in log.read_text()


def test_of_the_state_directory(pipeline: TestHub, make_disk: MakeDisk, capsys: pytest.CaptureFixture[str]) -> None:
    disk = make_disk(pipeline.root / "home/state")
    feed(pipeline, LOG, "2026-05-10")
    disk.fill()
    assert pipeline.run("run") == 0
    assert f"cannot write to {disk.place}: No space left on device" in told(capsys)
    assert [path.name for path in disk.place.iterdir()] == ["ballast"]
    disk.free()
    assert pipeline.run("run") == 0
    assert pipeline.run("status") == 0
    assert rows(pipeline, metrics.web) == 1


def test_of_the_imported_logs(pipeline: TestHub, make_disk: MakeDisk, capsys: pytest.CaptureFixture[str]) -> None:
    disk = make_disk(pipeline.root / "logs/httpd/imported")
    path = feed(pipeline, LOG, *["2026-05-10"] * 50)
    disk.fill()
    assert pipeline.run("run") == 1
    assert f"imported, but cannot be moved: {path}: No space left on device" in told(capsys)
    assert [left.name for left in disk.place.iterdir()] == ["ballast"]
    assert pipeline.run("status", "--json") == 1
    assert f"{path} is imported, and stays where it is until it can be moved" in capsys.readouterr().out
    disk.free()
    os.utime(path)
    assert pipeline.run("import", "--day", "2026-05-10") == 0
    assert (disk.place / path.name).stat().st_size > 0 and not path.exists()
    assert rows(pipeline, metrics.web) == 50


@pytest.mark.mariadb
@pytest.mark.skipif(SOCKET not in os.environ, reason=f"no MariaDB server: {SOCKET} is not set")
@pytest.mark.parametrize("pipeline", ["mariadb"], indirect=True)
def test_of_temporary_files(
    pipeline: TestHub, make_disk: MakeDisk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No fault of the log that was read: it is not put on the list of bad files."""
    disk = make_disk(pipeline.root / "tmp")
    path = feed(pipeline, LOG, *["2026-05-10"] * 50)
    monkeypatch.setattr("tempfile.tempdir", str(disk.place))
    disk.fill()
    assert pipeline.run("run") == 1
    assert f"cannot write rows to the temporary directory {disk.place}" in told(capsys)
    assert [left.name for left in disk.place.iterdir()] == ["ballast"]
    assert path.exists() and "bad_files" not in state(pipeline)
    disk.free()
    assert pipeline.run("run") == 0
    assert rows(pipeline, metrics.web) == 50


def test_of_the_databases(pipeline: TestHub, make_disk: MakeDisk, capsys: pytest.CaptureFixture[str]) -> None:
    disk = make_disk(pipeline.root / "db", 2048)
    assert pipeline.run("run") == 0
    path = feed(pipeline, LOG, *["2026-05-10"] * 50)
    disk.fill()
    assert pipeline.run("run") == 1
    assert "the disk is full" in told(capsys)
    assert path.exists()
    disk.free()
    assert "bad_files" not in state(pipeline)
    assert pipeline.run("run") == 0
    assert rows(pipeline, metrics.web) == 50
