"""`lake status` tells what a lake holds, and what is to be done next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hzmetrics.lake import manifest
from tests.conftest import TestHub


def test_status_follows_the_commands(filled: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    root = filled.root / "lake"

    def status() -> dict[str, Any]:
        capsys.readouterr()
        assert filled.run("lake", "status", str(root), "--json") == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    assert filled.run("lake", "export", str(root)) == 0
    found = status()
    assert (found["source"], found["months"], found["next"]) == (
        "database", ["2023-11", "2024-01", "2024-02"], "summarize",
    )  # fmt: skip
    assert filled.run("lake", "summarize", str(root), "--workers", "1") == 0
    found = status()
    assert (found["computed"], found["next"]) == (found["months"], "")
    text = (root / manifest.NAME).read_text(encoding="ascii")
    (root / manifest.NAME).write_text(text.replace('"is_complete": true', '"is_complete": false'), encoding="ascii")
    assert status()["next"] == "export"
    assert filled.run("lake", "status", str(root)) == 0
    assert "next: hzmetrics lake export" in capsys.readouterr().out


def test_a_lake_of_logs_needs_sessions(filled: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    log = filled.root / "access.log"
    log.write_text("nothing\n", encoding="ascii")
    root = filled.root / "lake"
    assert filled.run("lake", "ingest", str(log), "--to", str(root), "--workers", "1") == 0
    assert filled.run("lake", "status", str(root)) == 0
    told = capsys.readouterr().out
    assert "logs: 1, requests: 0" in told
    assert "next: hzmetrics lake sessions" in told


def test_what_is_no_lake_has_no_status(filled: TestHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert filled.run("lake", "status", str(tmp_path)) == 1
    assert "is no lake: there is no manifest.json" in capsys.readouterr().err
