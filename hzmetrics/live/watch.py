"""Following the logs live (spec 84): an update whenever something was written, at least once a minute."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hzmetrics import config
from hzmetrics.calendar import Clock
from hzmetrics.errors import StoreError
from hzmetrics.log import log


def watch(update: Callable[[Clock], None], seconds: int, updates: int | None = None) -> None:
    """Update every so many seconds, `updates` times or until SIGTERM or SIGINT; an update under way is finished first.

    A database that is away for a while is waited for: what was not stored is read again.
    """
    with _until_told() as told:
        done = 0
        while not told.is_set():
            try:
                update(config.clock())
            except StoreError as error:
                log.error("%s; trying again", error)
            done += 1
            if updates is not None and done >= updates:
                return
            told.wait(seconds)


@contextmanager
def _until_told() -> Iterator[threading.Event]:
    told = threading.Event()
    previous = {
        number: signal.signal(number, lambda number, frame: told.set()) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield told
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
