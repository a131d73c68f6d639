"""Copies of raw files survive appends, cuts, replacements and kills (spec 86 §3), on both stores."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hzmetrics.courses import copy, record
from hzmetrics.courses.progress import EVENTS, load
from hzmetrics.courses.settings import Courses
from tests.conftest import TestHub

STUDENT = "a" * 32


def line(minute: int, student: str = STUDENT, notebook: str = "n1") -> str:
    return f"2026-01-12T{minute // 60:02d}:{minute % 60:02d}:00 c {student} {notebook} running 8000\n"


def raw(hub: TestHub) -> Path:
    path = hub.root / "home" / "raw" / "c" / "events.raw"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def minutes(hub: TestHub) -> list[int]:
    """The minutes of the copied events."""
    courses = Courses.of(hub.settings)
    copy.update(hub.store, courses, "c")
    from hzmetrics.engine import Engine

    with Engine(copy.PACKAGE) as engine:
        copy.register_events(engine, hub.store, courses, "c")
        found = engine.query("SELECT epoch(time)::BIGINT // 60 AS minute FROM events ORDER BY position")
    midnight = 1768176000 // 60
    return [minute - midnight for minute in found["minute"].to_pylist()]


def test_only_what_was_appended_is_read_and_an_unfinished_line_waits(hub: TestHub) -> None:
    path = raw(hub)
    path.write_text(line(1) + line(2) + line(3)[:30])
    assert minutes(hub) == [1, 2]
    with path.open("a") as file:
        file.write(line(3)[30:] + line(4))
    assert minutes(hub) == [1, 2, 3, 4]
    assert load(hub.store, "c", EVENTS).generation == 1


def test_a_cut_or_replaced_file_is_read_again_and_a_removed_one_leaves_its_rows(hub: TestHub) -> None:
    path = raw(hub)
    path.write_text(line(1) + line(2))
    assert minutes(hub) == [1, 2]
    path.write_text(line(5))
    assert minutes(hub) == [5]
    other = path.with_name("new")
    other.write_text(line(6) + line(7) + line(8))
    other.rename(path)
    assert minutes(hub) == [6, 7, 8]
    path.write_text(line(9) + line(7) + line(8))
    assert minutes(hub) == [9, 7, 8]
    path.unlink()
    assert minutes(hub) == [9, 7, 8]


def test_many_small_appends_are_merged(hub: TestHub) -> None:
    path = raw(hub)
    courses = Courses.of(hub.settings)
    for minute in range(copy.MOST_SEGMENTS + 3):
        with path.open("a") as file:
            file.write(line(minute))
        copy.update(hub.store, courses, "c")
    assert minutes(hub) == list(range(copy.MOST_SEGMENTS + 3))
    assert len(copy.segments(hub.store, courses, "c", EVENTS)) < 10


def test_one_malformed_line_costs_one_line_and_is_reported(hub: TestHub) -> None:
    raw(hub).write_bytes(line(1).encode() + b"gar\x1b[31mbage\n\xff\xfe\n" + line(2).encode())
    assert hub.run("courses", "update") == 0
    assert minutes(hub) == [1, 2]
    log = (hub.root / "log.txt").read_text()
    assert "events.raw: 2 malformed lines skipped: 2, 3" in log
    assert "\x1b" not in log


def test_killed_at_random_points_it_ends_in_the_same_rows(make_hub: Any) -> None:
    hub = make_hub("sqlite")
    raw(hub).write_text("".join(line(minute % 1440, f"{minute % 999:032x}") for minute in range(300_000)))
    random.seed(7)
    for _ in range(6):
        process = subprocess.Popen([sys.executable, "-m", "hzmetrics", "courses", "update"], env={**os.environ})
        time.sleep(random.uniform(0.3, 1.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(minutes(hub)) == 300_000


def _record_many(path: str, writer: int) -> None:
    for number in range(500):
        record.append(Path(path), f"{writer} {number}")


def test_concurrent_writers_never_mix_lines(tmp_path: Path) -> None:
    path = tmp_path / "c" / "events.raw"
    writers = [multiprocessing.Process(target=_record_many, args=(str(path), writer)) for writer in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    lines = path.read_text().splitlines()
    assert sorted(lines) == sorted(f"{writer} {number}" for writer in range(4) for number in range(500))


@pytest.mark.parametrize("tail", ["x", "2026-01-12T08:00:00 py a1 w1 opened", "y" * 200_000])
def test_an_incomplete_last_line_goes_before_the_next_append(tmp_path: Path, tail: str) -> None:
    path = tmp_path / "events.raw"
    path.write_text(f"one\n{tail}")
    record.append(path, "two")
    assert path.read_text() == "one\ntwo\n"
    path.write_text(tail)
    record.append(path, "two")
    assert path.read_text() == "two\n"


def test_a_record_without_room_leaves_nothing(make_hub: Any) -> None:
    """With a limit on the size of files, the disk is full after any byte of the second record."""
    hub = make_hub("sqlite")
    opened = [sys.executable, "-m", "hzmetrics", "courses", "record-open", "c", "ann", "w1.ipynb", "opened", "-"]
    environment = {**os.environ, **hub.environment, "HZMETRICS_LOG": "/dev/null"}
    subprocess.run(opened, env=environment, check=True)
    first = raw(hub).read_text()
    for room in (1, len(first) // 2, len(first) - 1):

        def limit(size: int = len(first) + room) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        failed = subprocess.run(opened, env=environment, preexec_fn=limit, capture_output=True, text=True, check=False)
        assert failed.returncode == 1 and "the disk is full" in failed.stderr
        assert raw(hub).read_text() == first
    subprocess.run(opened, env=environment, check=True)
    assert raw(hub).read_text().count("\n") == 2


def test_names_with_white_space_stay_one_field() -> None:
    assert record.field("my notes\t\x1b[1mé") == "my%20notes%09%1B[1mé"
    assert record.field("") == "-"


@pytest.mark.parametrize("values", [["1"] * 19, ["1.5"], ["x"]])
def test_bad_counts_record_nothing(make_hub: Any, values: list[str]) -> None:
    hub = make_hub("sqlite")
    assert hub.run("courses", "record-counts", "c", *values) == 2
    assert not raw(hub).with_name("counts.raw").exists()


def test_an_unknown_course_and_a_name_that_is_no_folder_are_refused(make_hub: Any) -> None:
    hub = make_hub("sqlite")
    assert hub.run("courses", "daily", "nothing") == 1
    assert hub.run("courses", "record-kill", "../../etc", "x") == 1
    assert not (hub.root / "etc").exists()


def test_pseudonyms_are_stable_and_hide_names(make_hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    hub = make_hub("sqlite")
    raw(hub).write_text(line(1) + line(2, "b" * 32))

    def labels() -> list[str]:
        capsys.readouterr()
        assert hub.run("courses", "usage", "c", "--json", "--anonymous") == 0
        found: list[str] = json.loads(capsys.readouterr().out)["heatmap"]["y"]
        return found

    first = labels()
    with raw(hub).open("a") as file:
        file.write(line(3, "c" * 32))
    assert set(first) < set(labels())
    assert not {"a" * 32, "b" * 32} & set(first)
    assert (hub.root / "home/state/courses.key").stat().st_mode & 0o077 == 0
