"""What a shell completes: commands, options, months, tools and files; never an error."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.shell_completion import ShellComplete

from hzmetrics.cli import cli
from hzmetrics.store.tables.metrics import imported_sources, summary_misc_vals
from tests.conftest import TestHub


def completed(*words: str) -> list[str]:
    """What is offered for the last of the words."""
    items = ShellComplete(cli, {}, "hzmetrics", "_HZMETRICS_COMPLETE").get_completions(list(words[:-1]), words[-1])
    return [item.value for item in items]


@pytest.fixture
def filled(hub: TestHub) -> TestHub:
    """A hub with an imported file, a summarized month and two tools."""
    with hub.store.metrics.begin() as connection:
        file = {"filename": "hub-access.log-20260310.gz", "target_table": "web", "imported_at": "2026-03-11 00:00:00"}
        cell = {"rowid": 8, "colid": 1, "datetime": "2026-02-00 00:00:00", "period": 1, "value": "5", "valfmt": 1}
        connection.execute(sa.insert(imported_sources), [file])
        connection.execute(sa.insert(summary_misc_vals), [cell])
    with hub.store.hub.begin() as connection:
        resources = [
            {"id": 1, "type": 7, "alias": "bandlab", "title": "Band"},
            {"id": 2, "type": 7, "alias": "nanowire", "title": "Wire"},
            {"id": 3, "type": 1, "alias": "a-paper", "title": "Paper"},
        ]
        connection.execute(sa.insert(hub.store.hub_tables.resources), resources)
    return hub


def test_commands_and_options_are_completed() -> None:
    assert completed("sta") == ["status", "stats"]
    assert completed("events", "sig") == ["signatures"]
    assert completed("run", "--a") == ["--all"]


def test_months_tools_and_imported_files_are_completed(filled: TestHub) -> None:
    assert completed("process", "--month", "") == ["2026-02", "2026-03"]
    assert completed("clean-bots", "web", "2026-03") == ["2026-03"]
    assert completed("mark-dirty", "2026-02", "2026-0") == ["2026-02", "2026-03"]
    assert completed("tools", "show", "") == ["bandlab", "nanowire"]
    assert completed("forget-import", "hub") == ["hub-access.log-20260310.gz"]


def test_the_configuration_named_on_the_command_line_counts(filled: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HZMETRICS_CONFIG")
    assert completed("process", "--month", "") == []
    assert completed("-c", str(filled.configuration), "process", "--month", "") == ["2026-02", "2026-03"]


def _missing(file: Path) -> None:
    file.unlink()


def _garbage(file: Path) -> None:
    file.write_bytes(b"\xff\xfe[db\n= nothing")


def _new(file: Path) -> None:
    file.write_text(f"[hub]\nsite = hub\n[db]\nsqlite = {file.parent}/elsewhere\n", encoding="utf-8")


def _damaged(file: Path) -> None:
    (file.parent / "garbage").mkdir()
    for name in ("metrics", "hub"):
        (file.parent / f"garbage/{name}.db").write_bytes(b"no database" * 100)
    file.write_text(f"[hub]\nsite = hub\n[db]\nsqlite = {file.parent}/garbage\n", encoding="utf-8")


def _no_server(file: Path) -> None:
    file.write_text("[hub]\nsite=hub\n[db]\nsocket=/nowhere\nuser=u\nhub_db=h\nmetrics_db=m\n", encoding="utf-8")


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("spoil", [_missing, _garbage, _new, _damaged, _no_server])
def test_nothing_is_offered_or_changed_without_a_readable_hub(
    hub: TestHub, spoil: Callable[[Path], None], capfd: pytest.CaptureFixture[str]
) -> None:
    spoil(hub.configuration)
    before = sorted(hub.root.rglob("*"))
    assert completed("process", "--month", "") == []
    assert completed("tools", "show", "b") == []
    assert sorted(hub.root.rglob("*")) == before
    assert capfd.readouterr() == ("", "")


@pytest.mark.integration
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_documented_scripts_are_printed(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_HZMETRICS_COMPLETE", f"{shell}_source")
    done = subprocess.run([sys.executable, "-m", "hzmetrics"], capture_output=True, text=True, check=True)
    assert "_HZMETRICS_COMPLETE" in done.stdout and done.stderr == ""
