"""Works of several stages: each alone, and several together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from hzmetrics.engine.runner import Here
from hzmetrics.engine.stages import Failure, Work, alone, together
from hzmetrics.errors import HzmetricsError


@dataclass(frozen=True)
class Double:
    number: int

    def __call__(self) -> int:
        if self.number < 0:
            raise HzmetricsError("negative")
        return 2 * self.number


class Recording(Here):
    """Notes how many tasks each stage had."""

    def __init__(self) -> None:
        self.stages: list[int] = []

    def map(self, tasks: Sequence[Callable[[], Any]]) -> list[Any]:
        self.stages.append(len(tasks))
        return super().map(tasks)


def doubled(numbers: list[int], stages: int, closed: list[int] | None = None) -> Work[list[int]]:
    try:
        for _ in range(stages):
            numbers = yield [Double(number) for number in numbers]
        return numbers
    finally:
        if closed is not None:
            closed.append(stages)


def test_a_work_alone_gets_the_results_of_each_stage() -> None:
    runner = Recording()
    assert alone(doubled([1, 2, 3], 2), runner) == [4, 8, 12]
    assert runner.stages == [3, 3]
    closed: list[int] = []
    with pytest.raises(HzmetricsError, match="negative"):
        alone(doubled([-1], 5, closed), runner)
    assert closed == [5]


def test_a_stage_of_all_works_goes_to_the_runner_at_once() -> None:
    runner = Recording()
    works = {"one": doubled([1], 3), "two": doubled([1, 5], 2), "none": doubled([7], 0), "empty": doubled([], 1)}
    assert together(works, runner) == {"one": [8], "two": [4, 20], "none": [7], "empty": []}
    assert runner.stages == [3, 3, 1]


def test_a_work_that_fails_ends_alone() -> None:
    def broken() -> Work[list[int]]:
        yield [Double(1)]
        raise ValueError("unexpected")

    def prudent() -> Work[str]:
        try:
            yield [Double(1), Double(-1)]
        except HzmetricsError as error:
            return str(error)
        return ""

    closed: list[int] = []
    found = together(
        {"bad": doubled([1, -1], 2, closed), "good": doubled([1], 3), "broken": broken(), "prudent": prudent()}, Here()
    )
    assert found["good"] == [8] and found["prudent"] == "negative" and closed == [2]
    failures = [one for one in (found["bad"], found["broken"]) if isinstance(one, Failure)]
    assert [failure.reason for failure in failures] == ["negative", "ValueError: unexpected"]
    assert not failures[0].trace and "unexpected" in failures[1].trace


def test_if_the_runner_fails_all_works_end() -> None:
    class Killed(Here):
        def map(self, tasks: Sequence[Callable[[], Any]]) -> list[Any]:
            raise HzmetricsError("a worker process was killed")

    closed: list[int] = []
    with pytest.raises(HzmetricsError, match="killed"):
        together({"one": doubled([1], 1, closed), "two": doubled([1], 2, closed)}, Killed())
    assert sorted(closed) == [1, 2]
