"""What an export holds and hides, what it refuses, and how the cells get into the database."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import resource
import stat
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from hzmetrics import files, lock
from hzmetrics.calendar import Month
from hzmetrics.engine import Engine
from hzmetrics.errors import HzmetricsError, StoreUnavailable
from hzmetrics.grids.state import is_fully_summarized
from hzmetrics.grids.summarize import GRIDS, summarize_month
from hzmetrics.lake import export as exporting
from hzmetrics.lake import manifest, tables
from hzmetrics.lake.rows import write
from hzmetrics.store import state
from tests.conftest import TestHub

MONTH = Month(2024, 2)
NAMES = ("alice", "Bob", "192.0.2.1", "host.example.org")


@pytest.fixture
def root(filled: TestHub) -> Path:
    return filled.root / "lake"


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a file, or of the files below a directory."""
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    found: list[dict[str, Any]] = pa.concat_tables([pq.ParquetFile(file).read() for file in files]).to_pylist()
    return found


def test_names_and_addresses_are_pseudonyms(filled: TestHub, root: Path) -> None:
    assert filled.run("lake", "export", str(root), "--buckets", "2") == 0
    content = {path: path.read_bytes() for path in root.rglob("*.parquet")}
    texts = str([rows(path) for path in content])
    assert not [name for name in (*NAMES, "4711", "4712") if name.casefold() in texts.casefold()]
    key_file = filled.settings.paths.state / tables.KEY
    assert stat.S_IMODE(key_file.stat().st_mode) == files.SECRET
    assert {stat.S_IMODE(path.stat().st_mode) for path in (*content, root / manifest.NAME)} == {files.INTERNAL}

    secret = files.read_secret(key_file)
    alice = hmac.new(secret, b"user\x1fALICE", hashlib.sha256).hexdigest()[:32]
    assert {row["username"] for row in rows(root / "xprofiles.parquet")} > {alice}
    assert {row["user"] for row in rows(root / "userlogin_lite")} > {alice}
    (gridstat, test) = [row["username"] for row in rows(root / "sessionlog.parquet")[1:]]
    assert gridstat == "GridStat" and test.startswith("hctest") and len(test) == len("hctest") + 32

    sessions = rows(root / "websessions")
    assert {row["ip"] for row in sessions if row["ip"] == "127.0.0.1"}
    assert {row["ip"] for row in rows(root / "userlogin_lite")} > {""}
    of_month = [row for row in sessions if row["datetime"] < "2023-12"]
    assert len({row["ip"] for row in of_month}) == len({row["host"] for row in of_month} - {None}) == 2
    assert secret.hex() not in str(content) and secret.hex() not in (root / manifest.NAME).read_text()


def test_plain_names_stay(filled: TestHub, root: Path) -> None:
    assert filled.run("lake", "export", str(root), "--plain") == 0
    texts = str([rows(path) for path in root.rglob("*.parquet")])
    assert all(name in texts for name in NAMES)
    assert not (filled.settings.paths.state / tables.KEY).exists()


def test_plain_names_are_refused_where_addresses_were_taken_away(
    filled: TestHub, root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hzmetrics.store.pseudonyms.key", lambda store, settings: "a key")
    assert filled.run("lake", "export", str(root), "--plain") == 1
    assert "--plain is not possible" in capsys.readouterr().err
    assert not root.exists()


def test_cells_reach_the_database(filled: TestHub, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summarize_month(filled.store, filled.settings, MONTH)
    expected = grids(filled)
    with filled.store.metrics.begin() as connection:
        for table in GRIDS.values():
            connection.execute(sa.delete(table))
    assert filled.run("lake", "export", str(root)) == 0
    assert filled.run("lake", "load", str(root)) == 1
    assert "has no cells of these months" in capsys.readouterr().err
    assert filled.run("lake", "summarize", str(root), "--months", "2024-02", "--workers", "1") == 0
    assert filled.run("lake", "load", str(root)) == 0
    assert grids(filled) == expected
    assert is_fully_summarized(filled.store, MONTH)
    assert state.read(filled.store).unfinished[MONTH]  # nobody has analyzed it
    assert not (root / "work").exists()


def grids(hub: TestHub) -> list[set[tuple[Any, ...]]]:
    return [
        {tuple(row) for row in hub.store.metrics.rows(sa.select(table).where(table.c.datetime == MONTH.key))}
        for table in GRIDS.values()
    ]


def test_cells_of_others_are_not_loaded(filled: TestHub, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert filled.run("lake", "export", str(root)) == 0
    assert filled.run("lake", "summarize", str(root), "--months", "2024-02", "--workers", "1") == 0
    found = manifest.read(root)
    for changed, reason in (
        (dataclasses.replace(found, hub="other"), "is a lake of other, not of parity"),
        (dataclasses.replace(found, corrections=("half-up",)), "follow other corrections"),
    ):
        changed.write(root)
        assert filled.run("lake", "load", str(root)) == 1
        assert reason in capsys.readouterr().err
    assert grids(filled) == [set(), set(), set()]


def test_periods_without_all_their_months_are_left_out(
    filled: TestHub, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert filled.run("lake", "export", str(root), "--months", "2024-01..") == 0
    assert filled.run("lake", "summarize", str(root), "--months", "2024-02", "--workers", "1") == 0
    assert "2024-02: some months of periods 12, 13, 14 were not exported" in capsys.readouterr().err
    path = root / "cells/month=2024-02/cells.parquet"
    assert {row["period"] for row in rows(path)} == {0, 1, 3}
    assert filled.run("lake", "export", str(root), "--months", "2023-11") == 0
    assert not path.exists()  # it may not be what these files say
    assert filled.run("lake", "summarize", str(root), "--months", "2024-02", "--workers", "1") == 0
    assert len({row["period"] for row in rows(path)}) == 6


def test_months_that_are_not_over_are_left_out(filled: TestHub, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2024-02-20")
    assert filled.run("lake", "export", str(root)) == 0
    assert manifest.read(root).months == (Month(2023, 11), Month(2024, 1))


def test_an_export_that_was_cut_short_is_not_used(
    filled: TestHub, root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert filled.run("lake", "export", str(root)) == 0
    with monkeypatch.context() as patch:
        patch.setattr(exporting._Export, "_others", lambda *arguments: 1 / 0)
        assert filled.run("lake", "export", str(root), "--months", "2024-02") == 1
    assert manifest.find(root).months == (Month(2023, 11), Month(2024, 1))  # type: ignore[union-attr]
    assert filled.run("lake", "summarize", str(root)) == 1
    assert "the last export was cut short; run it again" in capsys.readouterr().err
    assert filled.run("lake", "export", str(root), "--months", "2024-02") == 0
    assert len(manifest.read(root).months) == 3
    before = {path: path.read_bytes() for path in root.rglob("*.parquet")}
    assert filled.run("lake", "export", str(root)) == 0
    assert {path: path.read_bytes() for path in root.rglob("*.parquet")} == before


@pytest.mark.parametrize(
    ("options", "what"), [(["--buckets", "3"], "the number of buckets"), (["--plain"], "the kind of names")]
)
def test_months_exported_otherwise_are_not_mixed(
    filled: TestHub, root: Path, capsys: pytest.CaptureFixture[str], options: list[str], what: str
) -> None:
    assert filled.run("lake", "export", str(root), "--months", "2024-01") == 0
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert filled.run("lake", "export", str(root), *options) == 1
    assert what in capsys.readouterr().err
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 1}', "\x00", '{"format": 1, "months": ["x"]}'])
def test_what_is_no_lake_is_said_to_be_none(
    filled: TestHub, root: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root.mkdir()
    assert filled.run("lake", "summarize", str(root)) == 1
    assert "there is no manifest.json" in capsys.readouterr().err
    (root / manifest.NAME).write_text(content)
    assert filled.run("lake", "load", str(root)) == 1
    assert f"{root}/manifest.json is not the manifest of a lake" in capsys.readouterr().err
    (root / manifest.NAME).write_text(json.dumps({"format": 2}))
    assert filled.run("lake", "summarize", str(root)) == 1
    assert "a format that this version does not know" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["toolstart.parquet", "websessions/month=2024-01/bucket-0000.parquet"])
def test_a_file_that_is_lost_or_damaged_is_named(
    filled: TestHub, root: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert filled.run("lake", "export", str(root), "--buckets", "1") == 0
    (root / name).write_bytes((root / name).read_bytes()[:-1])
    assert filled.run("lake", "summarize", str(root), "--months", "2024-02", "--workers", "1") == 1
    assert name in capsys.readouterr().err.splitlines()[-1]
    (root / name).unlink()
    assert filled.run("lake", "summarize", str(root), "--months", "2024-02", "--workers", "1") == 1
    assert f"{root / name} is missing on " in capsys.readouterr().err
    assert not (root / "work").exists() and not (root / "cells").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("buckets", "1"), ("buckets", 0), ("buckets", True), ("months", "2024-01"), ("missing", ["2024-13"]),
     ("has_hub", "no"), ("is_complete", "false"), ("source", "x"), ("names", "x"), ("corrections", ["x"])],
)  # fmt: skip
def test_a_manifest_that_was_edited_is_refused(
    filled: TestHub, root: Path, field: str, value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert filled.run("lake", "export", str(root), "--buckets", "1") == 0
    path = root / manifest.NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    assert filled.run("lake", "summarize", str(root), "--workers", "1") == 1
    assert str(path) in capsys.readouterr().err


def test_no_bucket_is_overlooked(filled: TestHub, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert filled.run("lake", "export", str(root), "--buckets", "2") == 0
    path = root / manifest.NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | {"buckets": 1}))
    assert filled.run("lake", "summarize", str(root), "--workers", "1") == 1
    assert "userlogin_lite/bucket-0001.parquet is there" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["export", "sessions", "summarize"])
def test_one_command_at_a_time_writes_to_a_lake(
    filled: TestHub, root: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with lock.hold_lake(root):
        assert filled.run("lake", command, str(root)) == 1
    assert f"{root}/.lock is held by process" in capsys.readouterr().err


def test_damaged_cells_are_named_before_any_month_is_loaded(
    filled: TestHub, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert filled.run("lake", "export", str(root), "--buckets", "1") == 0
    assert filled.run("lake", "summarize", str(root), "--workers", "1") == 0
    (root / "cells" / "month=other").mkdir()
    damaged = root / "cells" / "month=2024-02" / "cells.parquet"
    for content in (damaged.read_bytes()[:-1], (root / "webhits.parquet").read_bytes()):
        damaged.write_bytes(content)
        assert filled.run("lake", "load", str(root)) == 1
        assert f"cannot read {damaged}: " in capsys.readouterr().err
    assert not any(grids(filled))


def test_nothing_is_removed_from_other_directories(
    filled: TestHub, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "work").mkdir(parents=True)
    assert filled.run("lake", "export", str(root)) == 1
    assert f"{root} is no lake, and not empty" in capsys.readouterr().err
    assert [path.name for path in root.iterdir()] == ["work"]


def test_wrong_months_are_wrong_use(filled: TestHub, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert filled.run("lake", "export", str(root), "--months", "2024-03..2024-01") == 2
    assert "'2024-03..2024-01' ends before it starts" in capsys.readouterr().err


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    with Engine() as engine:
        write(engine, "SELECT 1 AS n", path)
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before), limits[1]))
    try:
        with pytest.raises(StoreUnavailable, match=r"cannot write .*rows\.parquet"), Engine() as engine:
            write(engine, "SELECT md5(i::VARCHAR) AS n FROM range(10000) AS r(i)", path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(HzmetricsError, match="cannot write"), Engine() as engine:
        write(engine, "SELECT 1 AS n", path / "below")


def test_all_files_of_a_table_have_one_schema_and_errors_are_no_empty_values(tmp_path: Path) -> None:
    paths = [tmp_path / "full.parquet", tmp_path / "empty.parquet"]
    with Engine() as engine:
        for path, condition in zip(paths, ("TRUE", "FALSE"), strict=True):
            write(engine, f"SELECT 1 AS n, 'a' AS t, 2::HUGEINT AS h WHERE {condition}", path)
    assert len({str(pq.read_schema(path)) for path in paths}) == 1
    with pytest.raises(duckdb.Error), Engine() as engine:
        write(engine, "SELECT i::TINYINT AS n FROM range(1000) AS r(i)", paths[0])
