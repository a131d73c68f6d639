"""Appending derived events to raw files exactly once, although files and database cannot commit together (spec 86 §6).

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
from hzmetrics.store import Store
from hzmetrics.store.tables.live import capability_state

OUTBOX = "courses.outbox."
"""Begins the names of the waiting parcels, which end in a number, as rows of `capability_state`."""
PARCEL = 200
"""Lines in a parcel, at the most."""


def put(connection: sa.Connection, courses: Courses, lines: Mapping[str, Sequence[str]]) -> None:
    """Let the event lines of each course wait for `deliver`, behind those that wait already."""
    parcels: list[dict[str, Any]] = []
    for course, some in lines.items():
        size = _size(courses.folder(course) / "events.raw")
        for begin in range(0, len(some), PARCEL):
            parcels.append({"course": course, "size": size, "lines": some[begin : begin + PARCEL]})
            size += len(_block(parcels[-1]["lines"]))
    if parcels:
        waiting = _waiting(connection)
        free = int(next(reversed(waiting)).removeprefix(OUTBOX)) + 1 if waiting else 0
        rows = [
            {"name": f"{OUTBOX}{number:09d}", "value": json.dumps(parcel)}
            for number, parcel in enumerate(parcels, free)
        ]
        connection.execute(sa.insert(capability_state), rows)


def deliver(store: Store, courses: Courses) -> int:
    """Append what waits, and forget it; the number of lines.

    What cannot be appended waits on, and is told by a HzmetricsError at the end.
    """
    with store.metrics.connect() as connection:
        waiting = _waiting(connection)
    appended = 0
    failure: HzmetricsError | None = None
    for name, one in waiting.items():
        path = courses.folder(one["course"]) / "events.raw"
        try:
            if not _has(path, one["size"], one["lines"]):
                append(path, "\n".join(one["lines"]))
                appended += len(one["lines"])
        except HzmetricsError as error:
            failure = error
            continue
        with store.metrics.begin() as connection:
            connection.execute(sa.delete(capability_state).where(capability_state.c.name == name))
    if failure:
        raise failure
    return appended


def _waiting(connection: sa.Connection) -> dict[str, dict[str, Any]]:
    """The parcels by name, in order."""
    state = capability_state.c
    rows = connection.execute(
        sa.select(state.name, state.value).where(state.name.startswith(OUTBOX)).order_by(state.name)
    )
    return {row.name: json.loads(row.value) for row in rows}


def _block(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _has(path: Path, size: int, lines: Sequence[str]) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(size)
            return _block(lines) in file.read()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise HzmetricsError(f"cannot read {path}: {error.strerror}") from None
