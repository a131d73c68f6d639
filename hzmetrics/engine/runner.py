"""Where independent pieces of work are done: in this process, in processes of this machine, or on a cluster.

A *task* is a callable value: a frozen dataclass with `__call__`, whose fields can be pickled. It reads files, writes
files, and returns little. What one task writes in partitions, the tasks of the next stage read: that is how rows change
places. A task can be done twice: its files are put in place whole, and hold the same rows each time. A stage does not
know which runner it has.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Protocol, TypeVar

from hzmetrics import memory, scratch
from hzmetrics.engine import database
from hzmetrics.errors import HzmetricsError

R = TypeVar("R")

SAFE_IMPORTS = "PYTHONSAFEPATH"
"""The variable without which `python -c`, which begins a process, imports from the current directory first."""


class Runner(Protocol):
    """What does tasks."""

    def map(self, tasks: Sequence[Callable[[], R]]) -> list[R]:
        """The results of tasks, in their order. Raises what a task raises, or HzmetricsError if one cannot be done."""
        ...


class Here:
    """One task after another, in this process."""

    def map(self, tasks: Sequence[Callable[[], R]]) -> list[R]:
        return [task() for task in tasks]


class Processes:
    """As many tasks at a time as there are processes, which share the cores and the memory of this one."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def map(self, tasks: Sequence[Callable[[], R]]) -> list[R]:
        return _results(_submit(self._pool, tasks))


def _submit(pool: ProcessPoolExecutor, tasks: Sequence[Callable[[], R]]) -> list[Future[R]]:
    """Give tasks to a pool. Its processes begin here, and inherit that Ctrl-C is not for them.

    It is for the process that waits for the results. One that heard it while it begins would break the pool.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with _safe_imports():
            return [pool.submit(task) for task in tasks]
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@contextmanager
def _safe_imports() -> Iterator[None]:
    """Processes of Python that begin in the block import nothing from the current directory: others may write there."""
    before = os.environ.get(SAFE_IMPORTS)
    os.environ[SAFE_IMPORTS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE_IMPORTS]
        else:
            os.environ[SAFE_IMPORTS] = before


def _results(futures: Sequence[Future[R]]) -> list[R]:
    try:
        return [future.result() for future in futures]
    except BrokenProcessPool:
        raise HzmetricsError(
            "a worker process was killed, perhaps because the machine has no memory left: try fewer --workers, "
            "or less [engine] memory"
        ) from None
    finally:  # nothing is at work when this returns
        for future in futures:
            future.cancel()
        wait(futures)


@contextmanager
def opened(workers: int | None = None, scheduler: str = "") -> Iterator[Runner]:
    """A runner with so many processes; None: one a core. There are only as many as can have `memory.LEAST` each.

    `scheduler`: the address of a Dask scheduler, whose workers do the tasks instead. Raises HzmetricsError.
    """
    if scheduler:
        from hzmetrics.engine.cluster import connected

        with connected(scheduler) as cluster:
            yield cluster
        return
    cores = len(os.sched_getaffinity(0))
    number = max(1, min(workers or cores, memory.limit() // memory.LEAST))
    if number == 1:
        yield Here()
        return
    database.close()  # memory that it has kept is the workers' now
    with _pool(number, memory.limit() // number, max(1, cores // number)) as pool:
        yield Processes(pool)


@contextmanager
def beside(task: Callable[[], R]) -> Iterator[Callable[[], R]]:
    """Do a task while the block does something else: in a process of this machine, which gets half of the memory.

    What is given waits for the result, and raises what the task raises. On one core, or with less than twice
    `memory.LEAST`, the task is done by this process when the result is asked for.
    """
    cores, limit = len(os.sched_getaffinity(0)), memory.limit()
    if cores == 1 or limit < 2 * memory.LEAST:
        yield lambda: Here().map([task])[0]
        return
    memory.set_limit(limit // 2)
    try:
        with _pool(1, limit // 2, cores // 2) as pool:
            futures = _submit(pool, [task])
            yield lambda: _results(futures)[0]
    finally:
        memory.set_limit(limit)


@contextmanager
def _pool(number: int, limit: int, threads: int) -> Iterator[ProcessPoolExecutor]:
    """Processes of this machine, with so much memory and so many threads each."""
    with _safe_imports():  # its locks have a process of their own
        pool = ProcessPoolExecutor(
            number,
            multiprocessing.get_context("spawn"),  # a fork would have the engine without its threads
            initializer=_start_worker,
            initargs=(limit, threads),
        )
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker(limit: int, threads: int) -> None:
    memory.set_limit(limit)
    database.limit_threads(threads)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the one that began it is gone: nobody waits for its results."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    scratch.remove_all()
    os._exit(1)
