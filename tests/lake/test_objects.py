"""A lake in an object store is, byte for byte, that of a directory, whatever goes wrong in between."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa

from hzmetrics import files
from hzmetrics.calendar import Months
from hzmetrics.engine import Engine, runner
from hzmetrics.errors import StoreUnavailable
from hzmetrics.grids.summarize import GRIDS
from hzmetrics.lake import objects, ranges, rows, storage
from hzmetrics.lake.export import export
from hzmetrics.lake.ingest import ingest
from hzmetrics.lake.place import Place
from hzmetrics.lake.sessions import make_sessions
from hzmetrics.lake.summarize import summarize
from hzmetrics.lake.tasks import GroupSessions, Lake
from tests.conftest import TestHub
from tests.engine.test_cluster import Dask, dask  # noqa: F401  a fixture
from tests.lake.store import S3, SECRET, content, names
from tests.lake.test_lake import MONTH, grids
from tests.lake.test_logs import MONTHS, daily  # noqa: F401  a fixture

pytestmark = [pytest.mark.slow, pytest.mark.integration]

R = TypeVar("R")


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    found = S3.started()
    yield found
    found.stop()


@pytest.fixture
def s3(server: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return server


@pytest.fixture
def url(s3: S3) -> str:
    return f"s3://{s3.new_bucket()}/a lake"


def test_what_is_exported_and_computed_there(filled: TestHub, url: str) -> None:
    directory = filled.root / "lake"
    for root, workers in ((str(directory), "1"), (url, "2")):
        assert filled.run("lake", "export", root, "--buckets", "2", "--private") == 0
        assert filled.run("lake", "summarize", root, "--months", "2024-02", "--workers", workers) == 0
    assert without_time(content(url)) == without_time(content(directory))
    assert len(content(url)) > 20
    found = []
    for root in (str(directory), url):
        assert filled.run("lake", "load", root) == 0
        found.append(grids(filled))
        with filled.store.metrics.begin() as connection:
            for table in GRIDS.values():
                connection.execute(sa.delete(table))
    assert found[0] == found[1] and all(found[0])


def without_time(found: dict[str, bytes]) -> dict[str, bytes]:
    """The files of a lake without the line that says when it was exported."""
    lines = found["manifest.json"].splitlines()
    return found | {"manifest.json": b"\n".join(line for line in lines if b'"exported"' not in line)}


def test_what_logs_hold(
    make_hub: Callable[[str], TestHub],
    daily: list[Path],  # noqa: F811
    url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ranges, "SMALL", 4000)  # of larger files ranges are read
    settings, here = make_hub("sqlite").settings, runner.Here()
    directory = settings.paths.state.parent / "lake"
    for root in (directory, storage.location(url)):
        ingest(settings, root, daily[:2], here, 2, False)
        ingest(settings, root, daily[2:], here, None, False)
        make_sessions(settings, root, Months(), here)
        summarize(root, Months(*MONTHS), here)
    assert without_time(content(url)) == without_time(content(directory))
    assert any(name.startswith("private/requests/") for name in content(url))


def test_workers_of_a_cluster_have_their_own_credentials(filled: TestHub, url: str, dask: Dask) -> None:  # noqa: F811
    root, directory = storage.location(url), filled.root / "lake"
    for where in (root, directory):
        export(filled.store, filled.settings, where, Months(), 2, plain=False)
    task = pickle.dumps(GroupSessions(Lake(Place(root), Place(root), 2, frozenset()), MONTH, 0))
    assert b"bucket-" in task and SECRET.encode() not in task
    with runner.opened(scheduler=dask.address) as chosen:
        summarize(root, Months(MONTH, MONTH), chosen)
    summarize(directory, Months(MONTH, MONTH), runner.Here())
    assert without_time(content(url)) == without_time(content(directory))


class Stopping(runner.Here):
    """Does tasks until the server is gone."""

    def __init__(self, server: S3, tasks: int) -> None:
        self.server = server
        self.tasks = tasks

    def map(self, tasks: Sequence[Callable[[], R]]) -> list[R]:
        found = []
        for task in tasks:
            if self.tasks == 0:
                self.server.stop()
            self.tasks -= 1
            found.append(task())
        return found


def test_what_was_cut_short_is_repeated(filled: TestHub, s3: S3, url: str) -> None:
    root, month = storage.location(url), Months(MONTH, MONTH)
    export(filled.store, filled.settings, root, Months(), 1, plain=False)
    summarize(root, month, runner.Here())
    expected = content(url)
    storage.remove(root / "cells")

    try:
        with pytest.raises(StoreUnavailable, match=rf"^cannot read {url}/\S+: Could not connect to the endpoint URL"):
            summarize(root, month, Stopping(s3, 2))
    finally:
        s3.start_again()
    assert not Place(root).computed()

    command = [sys.executable, "-m", "hzmetrics", "-c", str(filled.configuration), "lake", "summarize", url]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen([*command, "--workers", "1"], env=environment, stderr=subprocess.DEVNULL)
    given_up = time.monotonic() + 60
    left = set(names(url))
    while not any("/counted_visitors/" in name for name in set(names(url)) - left):
        assert time.monotonic() < given_up and process.poll() is None
        time.sleep(0.05)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not Place(root).computed()

    summarize(root, month, runner.Here())
    assert content(url) == expected


def test_what_cannot_be_used_is_said_in_a_line(
    filled: TestHub, s3: S3, url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = [[name, url] for name in ("export", "sessions", "summarize", "load", "status")]
    commands.append(["ingest", "x", "--to", url])

    def fails(*commands: list[str]) -> str:
        """The one line that all of these commands say."""
        said = []
        for command in commands:
            assert filled.run("lake", *command) == 2, command
            (line,) = capsys.readouterr().err.splitlines()
            said.append(line.partition("cannot use ")[2])
        assert len(set(said)) == 1 and SECRET not in said[0]
        return said[0]

    assert fails(["load", "s3://no-such-bucket/a"]) == "s3://no-such-bucket/a: there is no such bucket"
    s3.require_credentials(True)
    assert fails(*commands) == f"{url}/manifest.json: The AWS Access Key Id you provided does not exist in our records."
    s3.require_credentials(False)
    with monkeypatch.context() as patch:
        patch.delenv("AWS_ACCESS_KEY_ID")
        patch.setenv("HOME", str(filled.root))
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        objects_are_asked_anew(patch)
        assert fails(commands[1]) == f"{url}/manifest.json: Unable to locate credentials"
    with monkeypatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        objects_are_asked_anew(patch)
        assert "Could not connect to the endpoint URL" in fails(commands[1])


def objects_are_asked_anew(patch: pytest.MonkeyPatch) -> None:
    """A process looks at its credentials once; let this one look again."""
    patch.setitem(objects.OPTIONS, "skip_instance_cache", True)


def test_one_command_at_a_time_writes_to_it(filled: TestHub, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with storage.held(storage.location(url), filled.settings):
        assert filled.run("lake", "export", f"{url}/") == 1
    assert "hzmetrics.lake-" in capsys.readouterr().err
    assert filled.run("lake", "export", f"{url}/") == 0
    assert filled.run("lake", "export", url.rpartition("/")[0]) == 1
    assert "is no lake, and not empty" in capsys.readouterr().err


def test_a_file_that_is_not_whole_is_not_put_there(url: str) -> None:
    path = storage.location(url) / "rows.parquet"
    with Engine() as engine:
        rows.write(engine, "SELECT 1 AS n", path)
    before = content(url)
    with pytest.raises(ValueError, match="half"), storage.replacing(path) as temporary:
        with files.writing(temporary) as file:
            file.write(b"half")
        raise ValueError("half")
    with pytest.raises(StoreUnavailable, match="cannot write"), storage.replacing(path):
        raise OSError(28, "No space left on device")
    assert content(url) == before


def test_a_missing_or_damaged_object_is_named(filled: TestHub, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert filled.run("lake", "export", url, "--buckets", "1") == 0
    path = storage.location(url) / "toolstart.parquet"
    objects.write(path, objects.read(path)[:-1])
    assert filled.run("lake", "summarize", url, "--months", "2024-02", "--workers", "1") == 1
    assert "toolstart.parquet" in capsys.readouterr().err.splitlines()[-1]
    storage.remove(path)
    assert filled.run("lake", "summarize", url, "--months", "2024-02", "--workers", "1") == 1
    assert f"{path} is missing\n" in capsys.readouterr().err
    assert not any(name.startswith(("work/", "cells/")) for name in content(url))
