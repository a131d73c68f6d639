"""Following the logs continuously instead of at each tick (spec 84 §9)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hzmetrics import config
from hzmetrics.calendar import Clock
from hzmetrics.errors import StoreError, UnreadLogs
from hzmetrics.log import log


def watch(update: Callable[[Clock], None], seconds: int, updates: int | None = None) -> None:
    """Update every `seconds`, `updates` times or until SIGTERM or SIGINT; an update in progress is finished first.

    If the database or a log is unavailable, the update is repeated later: lines that were not stored are read again.
    """
    with _until_signalled() as ended:
        done = 0
        while not ended.is_set():
            try:
                update(config.clock())
            except (StoreError, UnreadLogs) as error:
                log.error("%s; trying again", error)
            done += 1
            if updates is not None and done >= updates:
                return
            ended.wait(seconds)


@contextmanager
def _until_signalled() -> Iterator[threading.Event]:
    ended = threading.Event()
    previous = {
        number: signal.signal(number, lambda number, frame: ended.set()) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield ended
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
