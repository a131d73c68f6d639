"""The log file, as operators want to see it: its last lines, and how long the stages of the last runs took."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from hzmetrics.files import open_regular

MOST_BYTES = 4 << 20
"""How far back the log file is read."""
PAUSE = dt.timedelta(minutes=15)
"""Between the stages of a run there is less; between two runs more."""
MOST_RUNS = 60


class Line(NamedTuple):
    """One line of the log file, whichever its format."""

    time: str
    level: str
    message: str


def lines(file: Path) -> Iterator[Line]:
    """The lines of the end of a log file, oldest first. Lines of tracebacks are left out. Raises OSError.

    There are none if there is no file: it was moved, and nothing has been written since.
    """
    if not file.exists():
        return
    with open_regular(file) as opened:
        size = opened.seek(0, 2)
        opened.seek(max(0, size - MOST_BYTES))
        if size > MOST_BYTES:
            opened.readline()
        text = opened.read(MOST_BYTES).decode("utf-8", "replace")
    for line in text.splitlines():
        if found := _line(line):
            yield found


def tail(file: Path, number: int, level: str = "") -> list[dict[str, str]]:
    """The last lines, newest first; of one level, if it is given. Raises OSError."""
    found = [line._asdict() for line in lines(file) if not level or line.level == level]
    return found[: -number - 1 : -1]


def runs(file: Path) -> list[dict[str, Any]]:
    """The last runs, oldest first: when each began, and the seconds of its stages by name. Raises OSError."""
    found: list[dict[str, Any]] = []
    last = None
    for line in lines(file):
        stage = _stage(line.message)
        at = None
        with suppress(ValueError):
            at = dt.datetime.fromisoformat(line.time)
        if stage is None or at is None:
            continue
        name, seconds, has_failed = stage
        if last is None or at - dt.timedelta(seconds=seconds) - last > PAUSE:
            found.append({"started": (at - dt.timedelta(seconds=seconds)).isoformat("T", "seconds"), "stages": {}})
        run = found[-1]
        run["stages"][name] = round(run["stages"].get(name, 0) + seconds, 1)
        run["failed"] = run.get("failed", False) or has_failed
        last = at
    return found[-MOST_RUNS:]


def _line(text: str) -> Line | None:
    if text.startswith("{"):
        with suppress(ValueError, KeyError, TypeError):
            entry = json.loads(text)
            return Line(str(entry["time"]), str(entry["level"]), str(entry["message"]))
        return None
    time, _, rest = text.partition(" ")
    level, _, message = rest.partition(" ")
    if len(time) < 20 or not time[:4].isdigit() or not level.isupper():
        return None
    return Line(time, level, message.strip())


def _stage(message: str) -> tuple[str, float, bool] | None:
    """The first word of a stage's name, its seconds and whether it failed, from what it says at its end."""
    for ending in (": done, ", ": failed, "):
        name, separator, rest = message.partition(ending)
        seconds = rest.rpartition(", ")[2]
        if separator and seconds.endswith(" s"):
            with suppress(ValueError):
                return name.split()[0], float(seconds.removesuffix(" s")), "failed" in ending
    return None
