"""The systemd units call the tick at the right minutes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


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
