"""The raw files: one line for each record, appended whole or not at all, so that concurrent writers do not mix.

See spec 86 §2.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from string import hexdigits
from urllib.parse import unquote

from hzmetrics import files
from hzmetrics.errors import HzmetricsError, UsageError
from hzmetrics.log import log

BLOCK = 1 << 16
"""Bytes read at once when the end of the last complete line is searched."""

HEXADECIMAL = frozenset(hexdigits)

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
"""The names of the values of a count line, in order."""


def event_line(time: dt.datetime, course: str, student: str, notebook: str, action: str, port: str) -> str:
    """The line of an event; `time` is in UTC."""
    return " ".join([f"{time:%Y-%m-%dT%H:%M:%S}", *map(field, (course, student, notebook, action, port))])


def count_line(time: dt.datetime, values: Sequence[str]) -> str:
    """The line of a count. Raises UsageError if there are more than 18 values or one is not an integer."""
    if len(values) > len(COUNTS):
        raise UsageError(f"{len(values)} values given, but a count has at most {len(COUNTS)}; nothing was recorded")
    for value in values:
        try:
            int(value)
        except ValueError:
            raise UsageError(f"{value!r} is not an integer; nothing was recorded") from None
    return " ".join([f"{time:%Y-%m-%dT%H:%M:%S}", *(str(int(value)) for value in values)])


def header_line() -> str:
    """The comment line with the names of the values."""
    return "# " + " ".join(COUNTS)


def field(text: str) -> str:
    """`text` as one field, never empty: `%` and two hex digits for each byte of white space and control characters."""
    encoded = "".join(
        character
        if character.isprintable() and not character.isspace()
        else "".join(f"%{b:02X}" for b in character.encode())
        for character in text.encode("utf-8", "replace").decode()
    )
    return encoded or "-"


def protected(name: str) -> str:
    """A name whose parts that only look like codes of bytes are not read as such: their `%` is written as `%25`."""
    return "%".join(
        f"25{part}" if number and HEXADECIMAL.issuperset(part[:2]) and len(part) > 1 else part
        for number, part in enumerate(name.split("%"))
    )


def canonical(text: str) -> str:
    """The one form of a field that holds a name: `d%40example.org`, from a URL, is `d@example.org` (spec 86 §2)."""
    return field(protected(unquote(text)))


def append(file: Path, text: str) -> None:
    """Append one or more lines with a single write, making folders as needed: whole or not at all.

    The incomplete line that a failed write has left at the end of the file is removed first. A lock on the file keeps
    other writers of this program away meanwhile. Raises HzmetricsError.
    """
    data = f"{text}\n".encode()
    try:
        files.make_directory(file.parent)
        descriptor = files.open_or_make(file, files.INTERNAL, os.O_RDWR | os.O_APPEND)
        try:
            files.require_regular(descriptor, file)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            size, end = os.fstat(descriptor).st_size, _end_of_lines(descriptor)
            if end < size:
                log.warning("%s: an incomplete last line of %d bytes was removed", file, size - end)
                os.ftruncate(descriptor, end)
            written = os.write(descriptor, data)
            if written != len(data):
                os.ftruncate(descriptor, end)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise HzmetricsError(f"cannot record in {file}: {error.strerror}") from None
    if written != len(data):
        raise HzmetricsError(f"cannot record in {file}: the disk is full")


def end_of_lines(file: Path) -> int:
    """The offset after the last complete line of a file; 0 if there is no file. Raises HzmetricsError."""
    try:
        with files.open_regular(file) as opened:
            return _end_of_lines(opened.fileno())
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise HzmetricsError(f"cannot read {file}: {error.strerror}") from None


def _end_of_lines(descriptor: int) -> int:
    end = os.fstat(descriptor).st_size
    while end > 0:
        begin = max(0, end - BLOCK)
        feed = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if feed >= 0:
            return begin + feed + 1
        end = begin
    return 0
