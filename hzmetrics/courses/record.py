"""Appending to the raw files: one record a line, one write a record, so that concurrent writers never mix.

See spec 86 §2.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from pathlib import Path

from hzmetrics.errors import HzmetricsError, UsageError

COUNTS = (
    "running_container",
    "frozen_container",
    "running_kernel",
    "student_home",
    "load1",
    "load5",
    "load15",
    "container_ds_percent",
    "container_ds_free",
    "nbhosting_ds_percent",
    "nbhosting_ds_free",
    "system_ds_percent",
    "system_ds_free",
    "memory_total",
    "memory_free",
    "memory_available",
    "system_container",
    "system_kernel",
)
"""Names of the values of a count line, in order."""


def event_line(time: dt.datetime, course: str, student: str, notebook: str, action: str, port: str) -> str:
    """An event as it is recorded; `time` in UTC."""
    return " ".join([f"{time:%Y-%m-%dT%H:%M:%S}", *map(field, (course, student, notebook, action, port))])


def count_line(time: dt.datetime, values: Sequence[str]) -> str:
    """A count as it is recorded. Raises UsageError for more than 18 values or one that is no integer."""
    if len(values) > len(COUNTS):
        raise UsageError(f"{len(values)} values, but a count has at most {len(COUNTS)}; nothing recorded")
    for value in values:
        try:
            int(value)
        except ValueError:
            raise UsageError(f"{value!r} is not an integer; nothing recorded") from None
    return " ".join([f"{time:%Y-%m-%dT%H:%M:%S}", *(str(int(value)) for value in values)])


def header_line() -> str:
    """The comment that names the values."""
    return "# " + " ".join(COUNTS)


def field(text: str) -> str:
    """`text` as one field: white space and control characters as `%` and two hex digits a byte; never empty."""
    encoded = "".join(
        character
        if character.isprintable() and not character.isspace()
        else "".join(f"%{b:02X}" for b in character.encode())
        for character in text.encode("utf-8", "replace").decode()
    )
    return encoded or "-"


def append(file: Path, line: str) -> None:
    """Append one line with a single write, making folders as needed. Raises HzmetricsError."""
    data = f"{line}\n".encode()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            written = os.write(descriptor, data)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise HzmetricsError(f"cannot record in {file}: {error.strerror}") from None
    if written != len(data):
        raise HzmetricsError(f"cannot record in {file}: the disk is full; the line was cut")
