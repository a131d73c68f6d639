"""Bytes of a log file to lines (spec 10 §1), in chunks of bounded size."""

from __future__ import annotations

import gzip
import lzma
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.errors import HzmetricsError

STANDARD_INPUT = Path("-")

CHUNK = 32 * 2**20
"""Bytes of text that are turned into lines at a time."""

LINE_LIMIT = 2**20
"""Bytes of the longest line that is read; no server writes longer ones. A longer one is unrecognized."""

SCAN_BATCH = 16_384
"""Lines that one thread of the engine takes at a time."""


NO_LINES = pa.table({"number": pa.array([], pa.int64()), "line": pa.array([], pa.string())})


class UnreadableLog(HzmetricsError):
    """A log file cannot be opened, or not be read to its end. Exit code 1."""


class ChangedLog(UnreadableLog):
    """A log file was written to, or replaced, while it was read: what was read is not the whole of it. Exit code 1."""


@dataclass
class LogStream:
    """An open log: `text` gives its decompressed bytes; `done` of `total` bytes of the file have been read."""

    name: str
    text: IO[bytes]
    file: IO[bytes]
    total: int

    def require_unchanged(self, path: Path) -> None:
        """Raises ChangedLog if `path` is not any more the file that was opened, of the size it had then."""
        now = path.stat() if path.exists() else None
        opened = os.fstat(self.file.fileno())
        if now is None or not os.path.samestat(now, opened) or now.st_size != self.total:
            raise ChangedLog(f"{self.name} changed while it was read; left for the next import")

    @property
    def done(self) -> int:
        return self.file.tell() if self.total else 0

    def lines(self) -> Iterator[pa.Table]:
        """Tables (number, line), numbers from 0 on. Raises UnreadableLog when the file cannot be read to its end."""
        number = 0
        for text, size in self._texts():
            whole = pa.StringArray.from_buffers(1, pa.array([0, size], pa.int32()).buffers()[1], pa.py_buffer(text))
            lines = pc.split_pattern(whole, "\n").flatten()
            if pc.max(pc.binary_length(lines)).as_py() > LINE_LIMIT:
                lines = pc.if_else(pc.greater(pc.binary_length(lines), LINE_LIMIT), "", lines)
            numbers = pa.array(np.arange(number, number + len(lines)))
            number += len(lines)
            yield pa.Table.from_batches(pa.table({"number": numbers, "line": lines}).to_batches(SCAN_BATCH))

    def _texts(self) -> Iterator[tuple[bytes, int]]:
        """Bytes, and how many of them are whole lines of valid UTF-8, separated (not ended) by line feeds."""
        rest = b""
        for block in self._blocks():
            text = rest + block
            end = text.rfind(b"\n")
            if end >= 0:
                yield (text, end) if text.isascii() else _replaced(text[:end])
            rest = text[end + 1 :][: LINE_LIMIT + 1]
        if rest:
            yield _replaced(rest)

    def _blocks(self) -> Iterator[bytes]:
        """The text with every line end a line feed, in pieces that end anywhere."""
        held = b""
        while block := self.read(CHUNK):
            block = held + block
            held = b"\r" if block.endswith(b"\r") else b""  # the other half of a CRLF may follow
            block = block.removesuffix(held)
            yield block.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in block else block
        if held:
            yield b"\n"

    def read(self, size: int) -> bytes:
        """Up to `size` bytes of text, none at the end. Raises UnreadableLog."""
        try:
            return self.text.read(size)
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            raise UnreadableLog(f"cannot read {self.name}: {_reason(error)}") from None


def _replaced(text: bytes) -> tuple[bytes, int]:
    """`text` with U+FFFD for what is no UTF-8, and its size."""
    valid = text.decode("utf-8", "replace").encode()
    return valid, len(valid)


@contextmanager
def open_log(path: Path, compressions: tuple[str, ...] = (".gz",)) -> Iterator[LogStream]:
    """Open a log file for reading; `-` is standard input. Raises UnreadableLog if it is no readable file.

    A name that ends in one of `compressions` is decompressed.
    """
    if path == STANDARD_INPUT:
        if sys.stdin is None:
            raise UnreadableLog("cannot read standard input: it is closed")
        yield LogStream("standard input", sys.stdin.buffer, sys.stdin.buffer, 0)
        return
    try:
        if path.is_dir():
            raise UnreadableLog(f"cannot read {path}: it is a directory")
        file = path.open("rb")
    except OSError as error:
        raise UnreadableLog(f"cannot read {path}: {error.strerror or error}") from None
    with file:
        total = os.fstat(file.fileno()).st_size
        suffix = path.suffix if path.suffix in compressions else ""
        yield LogStream(str(path), _decompressed(file, suffix), file, total)


def _decompressed(file: IO[bytes], suffix: str) -> IO[bytes]:
    match suffix:
        case ".gz":
            return cast(IO[bytes], gzip.GzipFile(fileobj=file))
        case ".xz":
            return cast(IO[bytes], lzma.LZMAFile(file))
        case ".zst":
            return cast(IO[bytes], pa.CompressedInputStream(file, "zstd"))
    return file


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
