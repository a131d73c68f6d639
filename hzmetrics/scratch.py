"""Temporary files: a directory for them, and the removal of what killed processes left of theirs."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
import weakref
from contextlib import suppress
from pathlib import Path

from hzmetrics import files
from hzmetrics.log import log

PREFIX = "hzmetrics-scratch-"
LOCK = "lock"

SETTLED = 60
"""Seconds after which a directory has surely been locked by the process that made it."""


class Scratch(tempfile.TemporaryDirectory[str]):
    """A temporary directory, locked while its process lives. Use as a context manager, or call `cleanup`."""

    def __init__(self) -> None:
        super().__init__(prefix=PREFIX)
        self._owner = os.getpid()
        self._lock = os.fdopen(files.make(Path(self.name) / LOCK, files.SECRET), "wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        _made.add(self)

    def cleanup(self) -> None:
        self._lock.close()
        super().cleanup()

    def is_own(self) -> bool:
        """Whether this process made it, and not the one that it was forked from."""
        return self._owner == os.getpid()


_made: weakref.WeakSet[Scratch] = weakref.WeakSet()


def remove_all() -> None:
    """Remove the directories that this process made: for one that ends without what runs at exit."""
    for directory in list(_made):
        if directory.is_own():
            directory.cleanup()


def sweep() -> None:
    """Remove this user's directories that no process holds: the kernel released the locks of killed processes."""
    for directory in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # held, or gone meanwhile
            made = directory.lstat()
            if made.st_uid == os.geteuid() and time.time() - made.st_mtime > SETTLED:
                with files.open_regular(directory / LOCK) as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(directory)
                log.info("removed %s, left over by a killed process", directory)
