"""Work in stages: what the tasks of one stage write, those of the next read. Several works can be done side by side.

A *work* is a generator. It yields the tasks of a stage, is sent their results in the same order, and returns what it
has done. So it reads the same whether it is done alone or together with others.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from hzmetrics.engine.runner import Runner
from hzmetrics.errors import HzmetricsError, in_words
from hzmetrics.log import log

R = TypeVar("R")
Tasks = Sequence[Callable[[], Any]]
Work = Generator[Tasks, list[Any], R]


@dataclass(frozen=True)
class Failure:
    """Why a work was not done."""

    reason: str
    trace: str = ""
    """Where an unexpected error came from."""

    @classmethod
    def of(cls, error: Exception) -> Failure:
        trace = "" if isinstance(error, HzmetricsError) else "".join(traceback.format_exception(error))
        return cls(in_words(error), trace)


@dataclass(frozen=True)
class Attempt:
    """A task whose error is a result, so that those of other works go on."""

    task: Callable[[], Any]

    def __call__(self) -> Any:
        try:
            return self.task()
        except Exception as error:
            return Failure.of(error)


def alone(work: Work[R], runner: Runner) -> R:
    """Do one work. Raises what it raises, and what its tasks raise."""
    with closing(work):
        try:
            tasks = next(work)
            while True:
                tasks = work.send(runner.map(tasks))
        except StopIteration as end:
            result: R = end.value
            return result


def together(works: Mapping[str, Work[R]], runner: Runner) -> dict[str, R | Failure]:
    """Do several works: the tasks of a stage of all of them go to the runner at once.

    A work that fails does not stop the others. Raises HzmetricsError if the runner cannot go on.
    """
    done: dict[str, R | Failure] = {}
    waiting: dict[str, Tasks] = {}

    def advance(name: str, step: Callable[[], Tasks]) -> None:
        try:
            waiting[name] = step()
        except StopIteration as end:
            done[name] = end.value
        except Exception as error:
            done[name] = failure = Failure.of(error)
            log.error("%s: %s", name, failure.reason)
            log.debug("%s", failure.trace)

    try:
        for name, work in works.items():
            advance(name, partial(next, work))
        while waiting:
            stage, waiting = waiting, {}
            results = iter(runner.map([Attempt(task) for tasks in stage.values() for task in tasks]))
            for name, tasks in stage.items():
                found = list(islice(results, len(tasks)))
                if failures := [one for one in found if isinstance(one, Failure)]:
                    log.debug("%s", failures[0].trace)
                    advance(name, partial(works[name].throw, HzmetricsError(failures[0].reason)))
                else:
                    advance(name, partial(works[name].send, found))
    finally:
        for work in works.values():
            work.close()
    return {name: done[name] for name in works}
