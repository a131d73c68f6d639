"""The steps of the live side do not depend on each other (spec 80 §1)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from hzmetrics import journal
from hzmetrics.live.runner import Live
from hzmetrics.live.steps import FOLLOW, record_of
from hzmetrics.store.tables.live import active_users, activity_samples, events, log_files
from tests.conftest import TestHub

LOGIN = "2026-03-10 11:00:00 1001 [ann] 192.0.2.1 login\n"


@pytest.fixture
def followed(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> TestHub:
    """A hub that follows an auth log, where all capabilities are on by themselves."""
    (hub.root / "cmsauth.log").write_text(LOGIN)
    (hub.root / "home/raw/py").mkdir(parents=True)
    with hub.configuration.open("a") as file:
        file.write(f"[follow]\nauth_logs = {hub.root}/cmsauth.log\ntimezone = UTC\n[activity]\nsource = logs\n")
    monkeypatch.setenv("HZMETRICS_NOW", "2026-03-10T12:00:00Z")
    return hub


def rows(hub: TestHub, table: sa.Table) -> int:
    return hub.store.metrics.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def ended(hub: TestHub) -> dict[str, int | None]:
    """The recorded exit code of each step."""
    steps = (FOLLOW, "events", "active_users", "activity", "courses", "publish")
    found = {step: journal.read(hub.settings, record_of(step)) for step in steps}
    return {step: entry.exit_code for step, entry in found.items() if entry}


def test_the_outcome_of_each_step_is_recorded(followed: TestHub) -> None:
    assert followed.run("tick") == 0
    steps = (FOLLOW, "events", "active_users", "activity", "courses", "publish")
    assert ended(followed) == dict.fromkeys(steps, 0)


def test_a_step_that_fails_stops_no_other_and_loses_no_line(followed: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZMETRICS_EVENTS_SIGNATURES", "/nowhere")
    assert followed.run("tick") == 0
    others = dict.fromkeys(("active_users", "activity", "courses", "publish"), 0)
    assert ended(followed) == {FOLLOW: 2, "events": 2, **others}
    failed = journal.read(followed.settings, record_of(FOLLOW))
    assert failed is not None and "[events] signatures: cannot read /nowhere" in failed.error
    assert "Traceback" not in (followed.root / "log.txt").read_text().partition("where it happened")[0]
    assert rows(followed, active_users) == 1 and rows(followed, log_files) == 0
    monkeypatch.delenv("HZMETRICS_EVENTS_SIGNATURES")
    assert followed.run("tick") == 0
    assert rows(followed, log_files) == 1 and ended(followed)[FOLLOW] == 0


def test_only_new_lines_need_the_engine(followed: TestHub) -> None:
    (followed.root / "signatures.tsv").write_text("logins\tauth\t-\t^login$\t-\n")
    with followed.configuration.open("a") as file:
        file.write(
            f"[events]\nsignatures = {followed.root}/signatures.tsv\n"
            "[courses]\nurl_pattern = (?P<course>a)(?P<student>b)(?P<notebook>c)\n"
        )
    command = [sys.executable, "-X", "importtime", "-m", "hzmetrics", "tick"]
    loaded = []
    for _ in range(3):
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=True)
        loaded.append({line.rpartition("|")[2].strip() for line in done.stderr.splitlines()} & {"duckdb", "pyarrow"})
    assert loaded[0] and not loaded[2]


def test_a_pattern_that_re2_cannot_take_loses_no_line(
    followed: TestHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    table = tmp_path / "signatures.tsv"
    table.write_text("logins\tauth\t-\t(?<=x)login\t-\n")
    monkeypatch.setenv("HZMETRICS_EVENTS_SIGNATURES", str(table))
    assert followed.run("events", "update") == 2
    assert followed.run("tick") == 0
    failed = journal.read(followed.settings, record_of(FOLLOW))
    assert failed is not None and failed.exit_code == 2
    assert "signatures.tsv, row 1: '(?<=x)login' is not a regular expression of RE2" in failed.error
    table.write_text("logins\tauth\t-\tlogin\t-\n")
    assert followed.run("events", "update") == 0
    assert rows(followed, events) == 1


def test_while_the_logs_are_watched_ticks_do_everything_else(followed: TestHub) -> None:
    assert followed.run("events", "update") == 0
    with Live(followed.store, followed.settings).hold(FOLLOW):
        assert followed.run("events", "update") == 1
        assert followed.run("tick") == 0
        assert followed.run("active-users", "update", "--force") == 0
        assert followed.run("activity", "sample", "--force") == 0
    assert rows(followed, active_users) == rows(followed, activity_samples) == 1
    assert (followed.root / "home/raw/py/counts.raw").exists()


def test_gauges_of_a_capability_appear_once_a_tick_has_run_it(
    followed: TestHub, capsys: pytest.CaptureFixture[str]
) -> None:
    def families() -> set[str]:
        capsys.readouterr()
        assert followed.run("openmetrics") == 0
        lines = capsys.readouterr().out.splitlines()
        found = {line.split()[2].removeprefix("hzmetrics_") for line in lines if line.startswith("# TYPE")}
        return {family for family in found if not family.startswith(("newest_", "step_"))}

    counts = {"active_users_1d", "active_users_7d", "active_users_30d", "active_users_updated_timestamp_seconds"}
    assert followed.run("active-users", "update") == 0
    assert families() == counts
    assert followed.run("tick") == 0
    assert families() == counts | {"activity_users", "stress_level", "free_disk_bytes"}


def test_without_a_hub_there_is_no_map_to_refresh(
    make_hub: Callable[[str], TestHub], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub("sqlite")
    hub.configuration.write_text(f"[hub]\nsite = jupyter\n[db]\nsqlite = {tmp_path}/db\n")
    monkeypatch.setenv("JUPYTERHUB_API_URL", "http://127.0.0.1:9/hub/api")
    monkeypatch.setenv("HZMETRICS_NOW", "2026-03-10T12:00:00Z")
    assert hub.run("tick") == 0
    messages = (hub.root / "log.txt").read_text()
    assert "hub_dir" not in messages and "map" not in messages
    assert "JupyterHub at http://127.0.0.1:9/hub/api does not answer" in messages
