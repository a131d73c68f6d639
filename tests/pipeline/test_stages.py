from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hzmetrics.calendar import Month
from hzmetrics.pipeline import stages

CASES = json.loads((Path(__file__).parents[1] / "legacy/orchestration/stages.yaml").read_text(encoding="utf-8"))[
    "cases"
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_steps_come_in_their_order(case: dict[str, Any]) -> None:
    month = Month.parse(case["month"])
    if case["stage"] == "analyze":
        parts = stages.analysis(month, case["sessions"])
    else:
        periods = case["periods"]
        parts = (stages.summary(month, stages.PERIODS if periods == "all" else periods),)
    steps = [list(words) for part in parts for words in part.steps]
    expected = [
        [word for word in step if word != "--dry-run" and not word.startswith("periods=")] for step in case["expect"]
    ]
    assert steps == expected
