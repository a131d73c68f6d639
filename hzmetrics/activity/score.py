"""The activity score and its bar (spec 80 §6, §7). Pure; times are UTC seconds of the epoch."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from hzmetrics.activity.settings import Scoring
from hzmetrics.rounding import half_up

GREEN, YELLOW, RED = "#28a745", "#ffc107", "#dc3545"
SEGMENTS = 5
LEVELS = (("very-high", 80), ("high", 60), ("normal", 40), ("low", 20), ("very-low", 1), ("none", 0))
"""Names of levels of the raw score, with the least score of each."""


class Weights(NamedTuple):
    """The sums of the weights of a user's samples: of the active ones, and of all."""

    active: float = 0.0
    total: float = 0.0
    samples: int = 0

    def raw(self, scoring: Scoring) -> float | None:
        """The score from 0 to 100; None without samples."""
        if not self.samples:
            return None
        if scoring.score_base == "window":
            return 100 * min(1.0, self.active / scoring.full_window)
        return 100 * self.active / self.total if self.total else 0.0  # the weights of very old samples are 0


class Shown(NamedTuple):
    """A score with its percentage, bar and tooltip."""

    activity_score: float | None
    sample_count: int
    percent: int | None
    segments: int
    colour: str | None
    enough_data: bool
    tooltip: str | None


def weight(age_seconds: float, half_life: float) -> float:
    """The weight of a sample of this age; a sample from the future weighs 1. `half_life` is in hours."""
    return math.exp(-math.log(2) / half_life * max(0.0, age_seconds) / 3600)


def add_up(samples: Iterable[tuple[int, bool]], now: int, scoring: Scoring) -> Weights:
    """The samples (time, active) of one user that lie in the retention window."""
    since = now - scoring.retention_days * 86_400
    inside = [(weight(now - time, scoring.half_life), active) for time, active in samples if time >= since]
    return Weights(sum(w for w, active in inside if active), sum(w for w, _ in inside), len(inside))


def show(weights: Weights, scoring: Scoring) -> Shown:
    """The score with its percentage of the target, its bar and its tooltip."""
    raw = weights.raw(scoring)
    enough = weights.samples >= math.ceil(86_400 / scoring.sample_interval)
    if raw is None:
        return Shown(None, 0, None, 0, None, False, None)
    percent = int(half_up(raw / (scoring.target_hours / 24), 0))
    segments = segments_of(percent)
    return Shown(
        half_up(raw, 1),
        weights.samples,
        percent,
        segments,
        colour_of(segments),
        enough,
        _tooltip(weights, percent, enough, scoring),
    )


def segments_of(percent: int) -> int:
    """The number of segments of the bar that are lit."""
    return 0 if percent <= 0 else max(1, min(SEGMENTS, percent // 20))


def colour_of(segments: int) -> str | None:
    """The colour of all lit segments."""
    return (None, RED, YELLOW, YELLOW, GREEN, GREEN)[segments]


def effective_half_life(hours_per_day: int, scoring: Scoring) -> float:
    """The number of latest working hours with half of the weight, for a user who works `hours_per_day` every day."""
    ages = range(0, scoring.retention_days * 86_400, scoring.sample_interval)
    weights = [weight(age, scoring.half_life) for age in ages if age % 86_400 < hours_per_day * 3600]
    half, reached = sum(weights) / 2, 0.0
    for taken, one in enumerate(weights, 1):
        reached += one
        if reached >= half:
            return half_up(taken * scoring.sample_interval / 3600, 1)
    return 0.0


def _tooltip(weights: Weights, percent: int, enough: bool, scoring: Scoring) -> str:
    if not enough:
        hours = weights.samples * scoring.sample_interval // 3600
        return f"Not enough data ({hours}h of 24h collected)"
    more = f" (more than {scoring.target_hours}h/day)" if percent > 100 else ""
    return f"Activity: {percent}%{more}"
