"""Work in the background: only when asked for, at most every so many seconds, and whatever goes wrong."""

from __future__ import annotations

import logging
import threading
import time

import pytest

from hzmetrics.serve.background import Background


def test_nothing_is_done_until_somebody_asks() -> None:
    done: list[float] = []
    work = Background("test", 0.01, lambda: done.append(time.monotonic()))
    time.sleep(0.05)
    assert done == []
    work.wake(5)
    assert len(done) == 1
    work.close()


def test_many_who_ask_within_the_interval_have_it_done_once_more() -> None:
    done: list[float] = []
    work = Background("test", 0.3, lambda: done.append(time.monotonic()))
    work.wake(5)
    begun = time.monotonic()
    for _ in range(50):
        work.wake(5)
    assert time.monotonic() - begun < 0.25  # nobody waits for what was done just now
    time.sleep(0.8)
    assert len(done) == 2 and done[1] - done[0] >= 0.29
    work.close()


def test_who_asks_waits_no_longer_than_said() -> None:
    goes_on = threading.Event()
    work = Background("test", 0.01, lambda: goes_on.wait(5))
    begun = time.monotonic()
    work.wake(0.1)
    assert 0.09 < time.monotonic() - begun < 2
    goes_on.set()
    work.close()


def test_an_error_is_told_and_the_work_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    def fail() -> None:
        done.append(1)
        raise RuntimeError(f"trouble {len(done)}")

    work = Background("test", 0.01, fail)
    with caplog.at_level(logging.ERROR, "hzmetrics"):
        work.wake(5)
        time.sleep(0.05)
        work.wake(5)
    work.close()
    assert [record.getMessage() for record in caplog.records] == [
        "test: RuntimeError: trouble 1",
        "test: RuntimeError: trouble 2",
    ]
