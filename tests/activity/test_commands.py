"""The commands as an operator uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import TestHub

LINES = (
    "2026-03-10 10:00:00 1 [ann] 192.0.2.1 login",
    "2026-03-10 11:30:00 2 [bob] 192.0.2.1 login",
    "2026-03-10 11:40:00 2 [bob] 192.0.2.1 logout",
    "2026-03-10 11:50:00 3 [cyd] 192.0.2.1 login",
)
NAMES = ("ann", "bob", "cyd")


@pytest.fixture
def watched(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub that follows an auth log, at noon."""
    log = hub.root / "cmsauth.log"
    log.write_text("".join(f"{line}\n" for line in LINES))
    monkeypatch.setenv("HZMETRICS_FOLLOW_AUTH_LOGS", str(log))
    monkeypatch.setenv("HZMETRICS_FOLLOW_TIMEZONE", "UTC")
    monkeypatch.setenv("HZMETRICS_ACTIVITY_SOURCE", "logs")
    monkeypatch.setenv("HZMETRICS_NOW", "2026-03-10T12:00:00Z")
    return log


def document(hub: TestHub, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    capsys.readouterr()
    assert hub.run("activity", *arguments) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_before_the_first_run(hub: TestHub, watched: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert document(hub, capsys, "--json") == {"users": [], "timestamp": "2026-03-10T12:00:00Z"}
    assert hub.run("activity") == 0
    assert "no users yet" in capsys.readouterr().out


def test_tick_samples_and_show_tells(
    hub: TestHub, watched: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hub.run("tick") == 0
    found = document(hub, capsys, "show", "--json")
    assert found["users"][0] == {  # type: ignore[index]
        "username": "cyd", "is_authorized": True, "server_active": True, "recently_active": True,
        "cpu_percent": None, "memory_mb": None, "memory_percent": None, "volume_size_mb": 0, "volume_breakdown": {},
        "time_remaining_seconds": None, "activity_score": 100.0, "sample_count": 1,
        "last_activity": "2026-03-10T11:50:00Z",
    }  # fmt: skip
    derived = document(hub, capsys, "show", "--json", "--derived")
    assert derived["sampling_status"] == "3 samples for 3 users" and derived["target_hours"] == 8
    assert hub.run("activity", "show", "--sort", "last_activity", "--asc", "--limit", "1") == 0
    table = capsys.readouterr().out
    assert "3 users (1 active, 1 idle, 1 offline)" in table and "ann" in table and "cyd" not in table
    assert "and 2 more" in table

    def listed(*options: str) -> list[str]:
        return [one["username"] for one in document(hub, capsys, "show", "--json", *options)["users"]]  # type: ignore[attr-defined]

    assert listed() == ["cyd", "ann", "bob"]
    assert listed("--sort", "username") == listed("--asc", "--sort", "last_activity") == ["ann", "bob", "cyd"]
    assert listed("--sort", "last_activity", "--limit", "2", "--derived") == ["cyd", "bob"]
    assert listed("--asc", "--limit", "1") == ["bob"]
    log = (hub.root / "log.txt").read_text()
    assert not any(name in log for name in NAMES), "names of users stay out of the log"


def test_sample_when_due_or_forced(
    hub: TestHub, watched: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = {"success": True, "total": 3, "active": 1, "inactive": 1, "offline": 1}
    assert document(hub, capsys, "sample", "--json") == counts
    assert document(hub, capsys, "sample", "--json") == {"success": False}
    assert document(hub, capsys, "sample", "--force", "--json") == counts
    monkeypatch.setenv("HZMETRICS_NOW", "2026-03-10T11:59:59Z")
    assert document(hub, capsys, "sample", "--json") == {"success": False}
    assert document(hub, capsys, "sample", "--force", "--json")["success"]


def test_backfill_reset_rename_delete(hub: TestHub, watched: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hub.run("activity", "backfill", "--since", "2026-03-10") == 0
    assert hub.run("activity", "backfill", "--since", "2026-03-10T00:00:00Z") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "Added 16 activity samples" and second == "Added 0 activity samples"
    assert hub.run("activity", "backfill", "--since", "noon") == 2
    assert hub.run("activity", "backfill") == 2
    assert hub.run("activity", "sample") == 0
    assert hub.run("activity", "rename", "ann", "Ann") == 0
    assert hub.run("activity", "delete", "bob") == 0
    assert hub.run("activity", "delete", "bob") == 1
    users = document(hub, capsys, "show", "--json")["users"]
    assert [one["username"] for one in users] == ["cyd", "Ann"]  # type: ignore[attr-defined]
    assert hub.run("activity", "reset") == 2
    reset = document(hub, capsys, "reset", "--yes", "--json")
    deleted = reset["deleted"]
    assert reset == {"success": True, "deleted": deleted, "message": f"Deleted {deleted} activity samples"}
    assert document(hub, capsys, "reset", "--yes", "--json")["deleted"] == 0


def test_half_lives_are_those_of_the_handbook(hub: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert hub.run("activity", "half-life") == 0
    rows = [line.split("│")[1:5] for line in capsys.readouterr().out.splitlines() if "a day" in line]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["12 h a day", "12.0", "21.3", "26.8"], ["10 h a day", "10.0", "17.8", "22.3"],
        ["8 h a day", "8.0", "14.3", "18.0"], ["6 h a day", "6.0", "10.8", "13.5"],
        ["4 h a day", "4.0", "7.2", "9.0"], ["2 h a day", "2.0", "3.7", "4.5"],
    ]  # fmt: skip


def test_numbers_out_of_range_are_the_default_and_cost_a_warning(
    hub: TestHub, watched: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JUPYTERHUB_ACTIVITYMON_TARGET_HOURS", "25")
    monkeypatch.setenv("JUPYTERHUB_ACTIVITYMON_INACTIVE_AFTER", " 15 ")
    assert hub.run("activity", "sample") == 0
    found = document(hub, capsys, "show", "--json", "--derived")
    assert (found["target_hours"], found["inactive_after_seconds"]) == (8, 900)
    assert (
        "[activity] target_hours: '25' is not a whole number from 1 to 24; using 8"
        in (hub.root / "log.txt").read_text()
    )
