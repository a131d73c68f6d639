"""Every stage of a month ends within `[engine] memory`, whatever the history, and takes little more beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.history import Size
from benchmarks.scale import STAGES, growth, make, measure

LIMIT = 100
"""MB, less than can be configured: the benchmark measures long histories with 512."""

BESIDE = 300
"""MB that a process may use beside the engine."""


@pytest.mark.slow
def test_stages_end_within_their_memory(tmp_path: Path) -> None:
    make(tmp_path / "history", Size(months=3, sessions=50_000))
    costs = {stage.name: measure(stage, tmp_path / "history", LIMIT) for stage in STAGES}
    assert {name: cost.peak for name, cost in costs.items() if cost.peak > LIMIT + BESIDE} == {}


def test_growth_is_the_exponent() -> None:
    assert growth([10, 100, 1000], [3, 30, 300]) == pytest.approx(1)
    assert growth([10, 100, 1000], [3, 3, 3]) == pytest.approx(0)
