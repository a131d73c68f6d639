"""Every command of the operators' pages works as written."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import TestHub
from tests.enrich.dns_server import DnsServer, serve
from tests.pipeline.scenario import LOG_DIRS, write_files

ROOT = Path(__file__).parents[2]
FINDS_SOMETHING = ("status", "doctor", "audit")
"""Commands that exit with 1 when there is something to tell."""


@pytest.mark.parametrize("page", ["operations", "deployment"])
def test_every_command_works(page: str, hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:25:00")
    for name in LOG_DIRS:
        (hub.root / "logs" / name).mkdir(parents=True)
    write_files(
        hub, {f"httpd/daily/parity-access.log-202603{day}.gz": {"lines": [f"2026-03-{day}"]} for day in (10, 11)}
    )
    with serve(DnsServer()) as names:
        with hub.configuration.open("a", encoding="utf-8") as file:
            file.write(f"[dns]\nnameserver = {names.address}\n")
        commands = list(commands_of(page))
        assert commands
        for words, says_one in commands:
            allowed = (0, 1) if words[0] in FINDS_SOMETHING else (1,) if says_one else (0,)
            assert hub.run(*words) in allowed, words


def commands_of(page: str) -> list[tuple[list[str], bool]]:
    """The program's own commands: in blocks, and in sentences where nothing has to be filled in."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^    (?:HZMETRICS_HOME=\S+ )?hzmetrics (.*)$", text, re.MULTILINE)
    sentences = [
        line for line in re.findall(r"`hzmetrics ([^`]*)`", text) if "FILE" not in line and "--watch" not in line
    ]
    return [(shlex.split(line, comments=True), "# exit 1" in line or "exit 1:" in line) for line in blocks + sentences]


@pytest.mark.parametrize("unit", sorted((ROOT / "cron").glob("hzmetrics-*.service")), ids=lambda path: path.name)
def test_a_timer_starts_each_service(unit: Path) -> None:
    assert unit.with_suffix(".timer").exists()
    assert re.search(r"^ExecStart=\S+/hzmetrics tick$", unit.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_run_has_a_minute_of_its_own() -> None:
    """Between them the two timers cover every fifth minute of the hour once, and the pipeline's has half past."""
    minutes = {
        name: re.search(r"^OnCalendar=\*:(.*)$", (ROOT / f"cron/hzmetrics-{name}.timer").read_text(), re.MULTILINE)
        for name in ("tick", "run")
    }
    found = {name: [int(minute) for minute in match[1].split(",")] for name, match in minutes.items() if match}
    assert found["run"] == [30]
    assert sorted(found["tick"] + found["run"]) == list(range(0, 60, 5))
