"""The steps of `analyze` and `summarize`: their order, and the command line that each of them stands for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hzmetrics.calendar import DateSpan, Month
from hzmetrics.pipeline import stages
from hzmetrics.pipeline.steps import Step
from tests.conftest import TestHub

CASES = json.loads((Path(__file__).parents[1] / "legacy/orchestration/stages.yaml").read_text(encoding="utf-8"))[
    "cases"
]
MARCH = Month(2026, 3)
STEPS = [
    step for part in (*stages.analysis(MARCH, sessions=True), stages.summary(MARCH, (1, 14))) for step in part.steps
]


def recorded(step: Step) -> list[str]:
    """A step as the recorded cases write it: words, periods as `periods=LIST`, a span of stamps as two days."""
    words = [step.name, *map(str, step.arguments)]
    match step.arguments:
        case (DateSpan(start, stop),):
            words = [step.name, str(start), str(stop)]
    match step.options:
        case {"month": month}:
            words.append(str(month))
        case {"periods": periods}:
            words.append(f"periods={','.join(map(str, periods))}")
        case _ if step.name == "summarize-month":
            words.append("periods=all")
    return words


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_steps_come_in_their_order(case: dict[str, Any]) -> None:
    month = Month.parse(case["month"])
    if case["stage"] == "analyze":
        parts = stages.analysis(month, case["sessions"])
    else:
        periods = case["periods"]
        parts = (stages.summary(month, stages.PERIODS if periods == "all" else periods),)
    steps = [recorded(step) for part in parts for step in part.steps]
    expected = [[word for word in words if word != "--dry-run"] for words in case["expect"]]
    assert steps == expected


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Step, bool]]:
    """The steps that run, and whether dry; they do their work."""
    seen: list[tuple[Step, bool]] = []
    run = Step.run

    def watched(step: Step, store: Any, settings: Any, dry_run: bool = False) -> int:
        seen.append((step, dry_run))
        return run(step, store, settings, dry_run)

    monkeypatch.setattr(Step, "run", watched)
    return seen


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_the_command_line_of_a_step_runs_it(
    step: Step, make_hub: Callable[[str], TestHub], calls: list[tuple[Step, bool]]
) -> None:
    assert make_hub("sqlite").run(*step.words, "--dry-run") == 0
    assert [(str(called), dry_run) for called, dry_run in calls] == [(str(step), True)]
