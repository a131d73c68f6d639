"""Steps of the live side are ended when they take too long (spec 80 §1)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hzmetrics import journal
from hzmetrics.active_users import counting
from hzmetrics.engine import Engine
from hzmetrics.live.steps import record_of
from hzmetrics.live.supervision import Step, run
from tests.conftest import TestHub
from tests.pipeline.test_failures import wait_for


def loop() -> None:
    while True:
        pass


def query() -> None:
    with Engine() as engine:
        engine.query("SELECT count(*) FROM range(1000000000000) AS numbers(number) WHERE hash(number) = 9")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("work", "how"),
    [(loop, "ended after 0.5 s"), (query, "ended after 0.5 s"), (die, "ended by signal 9: Killed")],
)
def test_a_step_that_never_ends_is_ended_and_the_others_run(
    work: Callable[[], object], how: str, tmp_path: Path
) -> None:
    ended: list[tuple[str, str]] = []
    steps = [Step(name, (tmp_path / name).touch) for name in ("before", "between", "after")]
    steps[1:1] = [Step("first", work)]
    steps[3:3] = [Step("second", work)]
    begun = time.monotonic()
    run(steps, 0.5, lambda name, told: ended.append((name, told)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["after", "before", "between"]
    assert [name for name, _ in ended] == ["first", "second"]
    assert all(told.startswith(how) for _, told in ended)
    assert time.monotonic() - begun < 30


def test_a_tick_goes_on_after_a_step_that_never_ends(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    (hub.root / "cmsauth.log").write_text("2026-03-10 11:00:00 1001 [ann] 192.0.2.1 login\n")
    with hub.configuration.open("a") as file:
        file.write(f"[follow]\nauth_logs = {hub.root}/cmsauth.log\n[pipeline]\nlive_step_seconds = 5\n")
    monkeypatch.setenv("HZMETRICS_NOW", "2026-03-10T12:30:00Z")
    monkeypatch.setattr(counting, "update", lambda *arguments: loop())
    assert hub.run("tick") == 0
    outcomes = {step: journal.read(hub.settings, record_of(step)) for step in ("follow", "active_users", "publish")}
    assert {step: entry and entry.exit_code for step, entry in outcomes.items()} == {
        "follow": 0, "active_users": 1, "publish": 0,
    }  # fmt: skip
    assert outcomes["active_users"] is not None and outcomes["active_users"].error == "ended after 5 s"
    assert journal.read(hub.settings, "run") is not None, "the pipeline ran"
    assert "active_users: ended after 5 s" in (hub.root / "log.txt").read_text()


def test_a_line_that_held_up_every_tick_holds_up_none(
    make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub("sqlite")
    (hub.root / "cmsauth.log").write_text(f"2026-04-09 10:00:02{' ' * 3000}x\n")
    with hub.configuration.open("a") as file:
        file.write(f"[follow]\nauth_logs = {hub.root}/cmsauth.log\n")
    monkeypatch.setenv("HZMETRICS_NOW", "2026-04-09T12:00:00Z")
    assert hub.run("tick") == 0
    followed = journal.read(hub.settings, record_of("follow"))
    assert followed is not None and followed.exit_code == 0


@pytest.mark.integration
def test_a_step_ends_even_if_the_tick_is_killed(tmp_path: Path) -> None:
    written = tmp_path / "child"
    code = (
        "import os, pathlib, time; from hzmetrics.live import supervision\n"
        f"def work():\n    pathlib.Path({str(written)!r}).write_text(str(os.getpid()))\n    time.sleep(600)\n"
        "supervision.run([supervision.Step('endless', work)], 1.0, lambda name, ended: None)"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as tick:
        wait_for(lambda: written.exists() and written.read_text() != "")
        tick.kill()
    child = int(written.read_text())
    assert _is_alive(child)
    wait_for(lambda: not _is_alive(child))


def _is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.integration
def test_nothing_is_left_of_what_the_engine_did_in_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def work() -> None:
        with Engine() as engine:
            engine.query("SELECT 1")

    told: list[str] = []
    run([Step("one", work), Step("other", work)], 60, lambda name, how: told.append(how))
    assert told == []
    assert list(tmp_path.iterdir()) == []
