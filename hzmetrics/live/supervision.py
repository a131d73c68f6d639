"""Steps in a process of their own: one that takes too long is ended, and the tick goes on (spec 80 §1).

Only a process can be ended wherever it is: in a query of the engine or of a database as well as in a loop.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, NoReturn

from hzmetrics import scratch


class Step(NamedTuple):
    """A piece of work that deals with its own errors."""

    name: str
    work: Callable[[], object]


DYING = 1.0
"""Seconds that a killed process is waited for; one that waits for a dead file system dies when that comes back."""


def run(steps: Sequence[Step], seconds: float, told: Callable[[str, str], None]) -> None:
    """Run steps in order, each for at most some seconds; `told` gets the name of a step that was ended, and how.

    The steps share a child process until one is ended. The caller must have no connection open to a database.
    """
    left = list(steps)
    while left:
        done, ended = _in_child(left, seconds)
        if ended:
            told(left[done].name, ended)
            done += 1
        del left[:done]


def _in_child(steps: Sequence[Step], seconds: float) -> tuple[int, str]:
    """The number of steps that a child process has done, and how the next one was ended; empty: there is none."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _work(steps, writer, parent, seconds)
    os.close(writer)
    try:
        for done in range(len(steps)):
            if not select.select([reader], [], [], seconds)[0]:
                return done, f"ended after {seconds:g} s"
            if not os.read(reader, 1):
                return done, f"ended by {_cause(child)}"
        return len(steps), ""
    finally:
        os.close(reader)
        _end(child)


def _work(steps: Sequence[Step], writer: int, parent: int, seconds: float) -> NoReturn:
    """The child: a byte for each step done, while its parent lives.

    If the parent is killed, the kernel ends a step that takes too long: otherwise it would hold its lock for ever.
    """
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    try:
        for step in steps:
            signal.setitimer(signal.ITIMER_REAL, seconds + DYING)
            step.work()
            sys.stdout.flush()
            sys.stderr.flush()
            if step is steps[-1]:
                scratch.remove_all()  # this process is killed as soon as it has done everything
            os.write(writer, b".")
            if os.getppid() != parent:
                break
    finally:
        os._exit(0)


def _cause(child: int) -> str:
    """What ended a process that has closed its pipe; it is not waited for yet."""
    how = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    if how is None or how.si_code == os.CLD_EXITED:
        return "its own exit"
    memory = ", perhaps for want of memory" if how.si_status == signal.SIGKILL else ""
    return f"signal {how.si_status}: {signal.strsignal(how.si_status)}{memory}"


def _end(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    given_up = time.monotonic() + DYING
    while os.waitpid(child, os.WNOHANG) == (0, 0) and time.monotonic() < given_up:
        time.sleep(0.001)
