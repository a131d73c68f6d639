"""Folders and files that cannot be those of a course are named, and do not stop the others (spec 86 §1, §2)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import pytest

from hzmetrics.courses.settings import Courses
from tests.conftest import TestHub

NO_UTF_8 = os.fsdecode(b"e\xff")


def line(course: str) -> str:
    return f"2026-01-12T10:00:00 {course} {'a' * 32} n1 running 8000\n"


def course(hub: TestHub, name: str) -> None:
    folder = Courses.of(hub.settings).root / name
    folder.mkdir(parents=True)
    (folder / "events.raw").write_text(line("c"))


@pytest.fixture
def hub(make_hub: Callable[[str], TestHub]) -> TestHub:
    return make_hub("sqlite")


@pytest.mark.slow
def test_a_folder_whose_name_is_not_utf_8_is_left_out(hub: TestHub, capfd: pytest.CaptureFixture[str]) -> None:
    course(hub, NO_UTF_8)
    course(hub, "ok")
    assert hub.run("courses", "list", "--json") == 0
    found = capfd.readouterr()
    assert json.loads(found.out) == ["ok"]
    assert found.err.count("names are not UTF-8: e\\udcff") == 1
    assert hub.run("courses", "update") == 0
    assert hub.run("courses", "daily", "ok", "--json") == 0
    assert json.loads(capfd.readouterr().out)["daily"]["unique_students"] == [1]


def test_a_course_is_not_recorded_under_such_a_name(hub: TestHub, capfd: pytest.CaptureFixture[str]) -> None:
    assert hub.run("courses", "record-open", NO_UTF_8, "s", "n", "running", "1") == 1
    assert "must be the name of a folder, in UTF-8" in capfd.readouterr().err
    assert not Courses.of(hub.settings).root.exists()


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_raw_file_that_is_not_regular_is_an_error_of_its_course_alone(
    hub: TestHub, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b", "ok"):
        course(hub, name)
    root = Courses.of(hub.settings).root
    for name in ("a", "b"):
        (root / name / "events.raw").unlink()
    os.mkfifo(root / "a" / "events.raw")
    (root / "b" / "events.raw").symlink_to("/dev/zero")
    assert hub.run("courses", "update") == 1
    messages = capfd.readouterr().err
    assert all(f"{root}/{name}/events.raw: it is not a regular file" in messages for name in ("a", "b"))
    assert hub.run("courses", "record-open", "a", "s", "n", "running", "1") == 1
    assert hub.run("courses", "daily", "b") == 1
    assert hub.run("courses", "daily", "ok", "--json") == 0
    assert json.loads(capfd.readouterr().out)["daily"]["unique_students"] == [1]
