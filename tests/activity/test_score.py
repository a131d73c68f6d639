"""The score at its edges; its recorded cases are in `tests/legacy`."""

from __future__ import annotations

import pytest

from hzmetrics.activity.score import add_up, effective_half_life, show
from hzmetrics.activity.settings import Scoring
from tests.users.invented import DAY, HOUR, NOW


def test_the_window_includes_its_start_and_the_future_weighs_one() -> None:
    samples = [(NOW - 7 * DAY, True), (NOW - 7 * DAY - 1, True), (NOW + DAY, False)]
    weights = add_up(samples, NOW, Scoring())
    assert weights.samples == 2
    assert weights.total == pytest.approx(1 + 0.5 ** (168 / 72))


@pytest.mark.parametrize(("interval", "least"), [(600, 144), (3601, 24), (86_400, 1), (50_000, 2)])
def test_a_day_of_samples_is_enough(interval: int, least: int) -> None:
    scoring = Scoring(sample_interval=interval, retention_days=365)
    for number in (least - 1, least):
        shown = show(add_up([(NOW - k * interval, True) for k in range(number)], NOW, scoring), scoring)
        assert shown.enough_data == (number == least)


@pytest.mark.parametrize("interval", [600, 700, 7200, 86_400])
def test_half_life_counts_the_samples_of_the_hours_worked(interval: int) -> None:
    scoring = Scoring(sample_interval=interval, half_life=72)
    ages = [age for age in range(0, 7 * DAY, interval) if age % DAY < 3 * HOUR]
    weights = [0.5 ** (age / HOUR / 72) for age in ages]
    taken = next(k for k in range(1, len(ages) + 1) if sum(weights[:k]) >= sum(weights) / 2)
    assert effective_half_life(3, scoring) == pytest.approx(taken * interval / HOUR, abs=0.05)


@pytest.mark.parametrize("base", ["samples", "window"])
def test_the_full_window_is_that_of_its_samples(base: str) -> None:
    scoring = Scoring(score_base=base, half_life=1)
    full = add_up([(NOW - k * 600, True) for k in range(1008)], NOW, scoring)
    assert full.raw(scoring) == pytest.approx(100)
    assert scoring.full_window == pytest.approx(full.total)
