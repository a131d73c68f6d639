"""Work in the background, done only while somebody looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from hzmetrics.errors import LockHeld
from hzmetrics.log import log, tell

PATIENCE = 5
"""Seconds to wait at the end for work in progress. What dies in it loses nothing: every step can be killed."""


class Background:
    """One kind of work, in a thread of its own: after a call of `wake`, and at most every so many seconds."""

    def __init__(self, name: str, seconds: float, work: Callable[[], object]) -> None:
        self.name = name
        self._seconds = seconds
        self._work = work
        self._changed = threading.Condition()
        self._asked = 0
        self._done = 0
        self._is_resting = False
        self._ended = False
        self._thread: threading.Thread | None = None

    def wake(self, wait: float = 0.0) -> None:
        """Have the work done; wait for it, but no longer than this number of seconds.

        What was done less than the interval ago is done: nobody waits then.
        """
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
                self._thread.start()
            self._asked += 1
            mine = self._asked
            self._changed.notify_all()
            if wait and not self._is_resting:
                self._changed.wait_for(lambda: self._done >= mine or self._ended, wait)

    def close(self) -> None:
        """Begin no more work, and wait a moment for that in progress."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._asked > self._done or self._ended)
                if self._ended:
                    return
                asked = self._asked
            begun = time.monotonic()
            try:
                self._work()
            except LockHeld as held:
                log.debug("%s: %s", self.name, held)
            except Exception as error:
                tell(error, self.name)
            with self._changed:
                self._done = asked
                self._is_resting = True
                self._changed.notify_all()
                rest = self._seconds - (time.monotonic() - begun)
                self._changed.wait_for(lambda: self._ended, max(0.0, rest))
                self._is_resting = False
