"""What the log file tells: lines in both formats, runs and their stages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hzmetrics.serve import history
from tests.serve.invented import LOG


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "manage.log"
    path.write_text(LOG)
    return path


def test_runs_are_told_apart_by_pauses(log: Path) -> None:
    assert history.runs(log) == [
        {"started": "2026-03-09T12:30:01+00:00", "stages": {"import": 4.0, "summarize-month": 10.0}, "failed": False},
        {"started": "2026-03-10T11:30:06+00:00", "stages": {"import": 2.5}, "failed": True},
    ]


def test_the_end_of_the_log_newest_first(log: Path) -> None:
    assert [line["level"] for line in history.tail(log, 2)] == ["ERROR", "INFO"]
    assert history.tail(log, 10, "ERROR") == [
        {
            "time": "2026-03-10T11:30:10.000+00:00",
            "level": "ERROR",
            "message": "cannot read <script>alert(1)</script>",
        }
    ]


def test_lines_of_both_formats_are_read_and_others_left_out(tmp_path: Path) -> None:
    entry = {"time": "2026-03-10T11:30:10.000+00:00", "level": "INFO", "message": "publish: done, 1.5 s"}
    texts = [json.dumps(entry), "{broken", '{"time": 1}', "  File x, line 1", "", "2026-03-10T11:30:10 lower case"]
    path = tmp_path / "log"
    path.write_text("\n".join(texts))
    assert list(history.lines(path)) == [history.Line(**entry)]
    assert history.runs(path)[0]["stages"] == {"publish": 1.5}


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_BYTES", 300)
    path = tmp_path / "log"
    path.write_text("".join(f"2026-03-10T11:30:10.000+00:00 INFO  line {number}\n" for number in range(1000)))
    found = history.tail(path, 100)
    assert found[0]["message"] == "line 999" and len(found) < 10


def test_a_log_that_was_moved_has_no_lines(tmp_path: Path) -> None:
    assert history.tail(tmp_path / "log", 10) == history.runs(tmp_path / "log") == []
