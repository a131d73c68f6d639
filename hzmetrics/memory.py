"""How much memory this process may use: one limit for the engine, set where the configuration is read."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MB = 1_000_000

LEAST = 512 * MB
"""What a share of the machine's memory is at least."""

SHARE = 25
"""Per cent of the memory there is, where nothing is configured."""

M_ARENA_MAX = -8
"""The parameter of the C library's `mallopt` for the number of heaps."""

_limit: int | None = None


def limit() -> int:
    """Bytes that the engine may use before it works on disk."""
    if _limit is None:
        set_limit(share(SHARE))
    assert _limit is not None
    return _limit


def set_limit(size: int) -> None:
    """Change the limit of this process, for engines that are opened from now on; at most the memory there is."""
    global _limit  # the memory is the process's, whoever opens an engine in it
    _limit = min(size, share(100))


def share_heaps() -> None:
    """Let the threads of this process allocate from one heap a core, where the C library is GNU's.

    By default there are eight, and what one thread has freed is of no use for another: a run that imports and analyzes
    month after month came to hold a quarter more memory.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, os.cpu_count() or 1)


def share(percent: float) -> int:
    """A part of the memory there is, in bytes; at least 512 MB."""
    return max(LEAST, int(available() * percent / 100))


def available(root: Path = Path("/")) -> int:
    """Bytes of memory that the machine has, or that the control groups of this process leave it."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([machine, *_group_limits(root)])


def _group_limits(root: Path) -> Iterator[int]:
    """The limits of this process's control groups and of those above them, of both versions."""
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and "memory" not in controllers.split(","):
                continue
            top = root / "sys/fs/cgroup" / ("memory" if controllers else "")
            name = "memory.limit_in_bytes" if controllers else "memory.max"
            group = top / path.lstrip("/")
            for directory in (group, *(parent for parent in group.parents if parent.is_relative_to(top))):
                with suppress(OSError, ValueError):  # no such file; `max` is no limit
                    yield int((directory / name).read_text(encoding="ascii"))
