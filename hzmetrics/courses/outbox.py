"""Appending derived events to raw files exactly once, although files and database cannot commit together (spec 86 §6).

The lines wait in the database, stored in the transaction that also stores how far their source was read. Delivery
stores where the raw file ends, appends the lines there, and removes them from the database. If it was interrupted in
between, the next delivery looks from that place on for the lines that have arrived.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hzmetrics import lock
from hzmetrics.courses.record import append, end_of_lines
from hzmetrics.courses.settings import Courses
from hzmetrics.errors import Failures, HzmetricsError, LockHeld, StoreError
from hzmetrics.files import open_regular
from hzmetrics.log import log
from hzmetrics.output.document import document
from hzmetrics.store import Store
from hzmetrics.store.live_state import forget, recall_all, remember, remember_all

OUTBOX = "courses.outbox."
"""The beginning of the names of waiting parcels in `capability_state`; a series and a number follow."""
PARCEL = 200
"""The largest number of lines in a parcel."""


def put(connection: sa.Connection, series: str, lines: Mapping[str, Sequence[str]]) -> None:
    """Store the event lines of each course for `deliver`. Only one process at a time may write a series."""
    prefix = f"{OUTBOX}{series}."
    parcels = [
        {"course": course, "size": None, "lines": some[begin : begin + PARCEL]}
        for course, some in lines.items()
        for begin in range(0, len(some), PARCEL)
    ]
    if parcels:
        waiting = _waiting(connection, prefix)
        free = int(next(reversed(waiting)).removeprefix(prefix)) + 1 if waiting else 0
        names = (f"{prefix}{number:09d}" for number in itertools.count(free))
        remember_all(connection, dict(zip(names, map(document, parcels), strict=False)))


def deliver(store: Store, courses: Courses) -> int:
    """Append the waiting lines to the raw files and forget them; their number. Only one process at a time may do it.

    Lines that cannot be appended go on waiting. Raises HzmetricsError at the end if there were such lines.
    """
    with store.metrics.connect() as connection:
        waiting = _waiting(connection)
    appended = 0
    failures = Failures()
    for name, parcel in waiting.items():
        with failures.collected():
            appended += _deliver(store, name, parcel, courses.folder(parcel["course"]) / "events.raw")
    failures.raise_all()
    return appended


def deliver_if_free(store: Store, courses: Courses) -> None:
    """Deliver what waits, unless another process does the work of the courses: then the next tick delivers it."""
    with store.metrics.connect() as connection:
        if not _waiting(connection):
            return
    try:
        with lock.hold(courses.settings, lock.of_step("courses")):
            deliver(store, courses)
    except LockHeld as held:
        log.debug("events of courses wait: %s", held)
    except StoreError:
        raise
    except HzmetricsError as error:
        log.error("courses: %s", error)


def _deliver(store: Store, name: str, parcel: dict[str, Any], path: Path) -> int:
    """Append one parcel. Its `size` is the place in the file after which its lines can be; null before an attempt."""
    lines = parcel["lines"]
    if parcel["size"] is not None:
        lines = lines[_arrived(path, parcel["size"], lines) :]
    if lines:
        attempt = document({**parcel, "size": end_of_lines(path), "lines": lines})
        with store.metrics.begin() as connection:
            remember(connection, name, attempt)
        append(path, "\n".join(lines))
    with store.metrics.begin() as connection:
        forget(connection, name)
    return len(lines)


def _arrived(path: Path, size: int, lines: Sequence[str]) -> int:
    """How many of the lines, counted from the first, an interrupted delivery has appended after `size`."""
    try:
        with open_regular(path) as file:
            file.seek(size)
            *present, _ = file.read().decode("utf-8", "replace").split("\n")
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise HzmetricsError(f"cannot read {path}: {error.strerror}") from None
    if lines[0] not in present:
        return 0
    begin = present.index(lines[0])
    return next(
        (number for number, line in enumerate(lines) if present[begin + number : begin + number + 1] != [line]),
        len(lines),
    )


def _waiting(connection: sa.Connection, prefix: str = OUTBOX) -> dict[str, dict[str, Any]]:
    """The parcels by name, in order."""
    return {name: json.loads(parcel) for name, parcel in recall_all(connection, prefix).items()}
