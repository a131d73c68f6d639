"""Appending derived events to raw files exactly once, although files and database cannot commit together (86 §6).

The lines wait in the transaction that remembers what they were made of, with the size each file had. Afterwards they
are appended, and forgotten. After a kill in between, a file that has the lines from that place on is left as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hzmetrics.courses.record import append
from hzmetrics.courses.settings import Courses
from hzmetrics.errors import HzmetricsError
from hzmetrics.events.update import remember
from hzmetrics.store import Store
from hzmetrics.store.activity import capability_state

OUTBOX = "courses.outbox"


def put(connection: sa.Connection, courses: Courses, lines: Mapping[str, Sequence[str]]) -> None:
    """Let the event lines of each course wait for `deliver`, besides those that wait already."""
    waiting = _waiting(connection)
    for course, some in lines.items():
        path = courses.folder(course) / "events.raw"
        size = path.stat().st_size if path.exists() else 0
        waiting.append({"course": course, "size": size, "lines": list(some)})
    if waiting:
        remember(connection, OUTBOX, json.dumps(waiting))


def deliver(store: Store, courses: Courses) -> int:
    """Append what waits, and forget it; the number of lines. Raises HzmetricsError, and then everything still waits."""
    with store.metrics.connect() as connection:
        waiting = _waiting(connection)
    appended = 0
    for one in waiting:
        path = courses.folder(one["course"]) / "events.raw"
        if not _has(path, one["size"], one["lines"]):
            append(path, "\n".join(one["lines"]))
            appended += len(one["lines"])
    if waiting:
        with store.metrics.begin() as connection:
            connection.execute(sa.delete(capability_state).where(capability_state.c.name == OUTBOX))
    return appended


def _waiting(connection: sa.Connection) -> list[dict[str, Any]]:
    value = connection.execute(sa.select(capability_state.c.value).where(capability_state.c.name == OUTBOX)).scalar()
    return json.loads(value) if value else []


def _has(path: Path, size: int, lines: Sequence[str]) -> bool:
    block = ("\n".join(lines) + "\n").encode()
    try:
        with path.open("rb") as file:
            file.seek(size)
            return block in file.read()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise HzmetricsError(f"cannot read {path}: {error.strerror}") from None
