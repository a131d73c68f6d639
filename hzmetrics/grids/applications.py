"""The tools installed under the applications root (spec 50 §11)."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from hzmetrics.log import log

TIME_LIMIT = 60.0
"""Seconds: the root is often a network file system."""

DEEPEST = 4
"""How far below the root a `tool.xml` is looked for."""

LEFT_OUT = ("share", "share64")


def tool_directories(root: Path, time_limit: float = TIME_LIMIT) -> list[str]:
    """The names below `root` that have a `tool.xml` in them. None, and a warning, when they cannot all be found out."""
    found: set[str] = set()
    problems: list[str] = []

    def scan() -> None:
        try:
            found.update(_tools(root, time.monotonic() + time_limit))
        except OSError as error:
            problems.append(f"{error.filename}: {error.strerror}" if error.filename else str(error))

    scanner = threading.Thread(target=scan, daemon=True)  # a network file system that hangs is left to itself
    scanner.start()
    scanner.join(time_limit)
    if scanner.is_alive():
        problems.append(f"{root}: not read within {time_limit:.0f} s")
    if problems:
        log.warning("%s; of the tools' CPU time, only workspace is taken from its jobs", problems[0])
        return []
    return sorted(found)


def _tools(root: Path, deadline: float) -> set[str]:
    found = set()
    with os.scandir(root) as entries:
        for entry in entries:
            if entry.name == "tool.xml" or (
                entry.is_dir(follow_symlinks=False)
                and entry.name not in LEFT_OUT
                and _has_tool(entry.path, 2, deadline)
            ):
                found.add(os.fsencode(entry.name).decode("utf-8", "replace"))
    return found


def _has_tool(directory: str, depth: int, deadline: float) -> bool:
    """Whether an entry `tool.xml` is in `directory`, whose entries are `depth` below the root, or further below."""
    if time.monotonic() > deadline:
        raise TimeoutError(None, "not read in time", directory)
    below = []
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name == "tool.xml":
                return True
            if depth < DEEPEST and entry.is_dir(follow_symlinks=False):
                below.append(entry.path)
    return any(_has_tool(path, depth + 1, deadline) for path in below)
