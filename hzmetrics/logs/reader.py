"""Bytes of a log file to lines (spec 10 §1), in chunks of bounded size."""

from __future__ import annotations

import codecs
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.files import open_regular
from hzmetrics.logs.packing import LIMITS, Limits, Text, Unpacked, UnreadableLog, base_name
from hzmetrics.logs.parts import Parts

STANDARD_INPUT = Path("-")

CHUNK = 30 * 2**20
"""Bytes of text that are turned into lines at a time; from 32 MiB on, the C library would map new memory for each."""

LINE_LIMIT = 2**20
"""Bytes of the longest line that is read; no server writes longer ones. A longer one counts as blank."""

MOST_VALUES = 2**21
"""Values of JSON that are read at a time: the engine takes some 130 bytes for each."""

BEFORE_VALUES = (b",", b"[", b"{")
"""What stands before values of JSON."""

SCAN_BATCH = 16_384
"""Lines that one thread of the engine takes at a time."""

IDENTITY_BYTES = 2**16
"""Bytes at the start of a text that its identity looks at."""

LOG = 2**40
"""Where logs are read together, the line numbers of each begin at a multiple of this (`log_of` in models)."""

NO_LINES = pa.table({"number": pa.array([], pa.int64()), "line": pa.array([], pa.string())})

LONG_RUN = 64
"""Bytes of one kind, one after the other, that are worth dropping before lines are told apart."""

NULS = bytes(16)
"""So many NUL bytes are what a crashed disk left; fewer are dropped from their line."""

BOM = codecs.BOM_UTF8
MARKS = (BOM, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class ChangedLog(UnreadableLog):
    """A log file was written to, or replaced, while it was read: what was read is not the whole of it. Exit code 1."""


@dataclass(frozen=True)
class Identity:
    """What tells a log's text from others, however the file is named, packed and encoded."""

    head: str
    """SHA-256 of the first 64 KiB, in hexadecimal."""
    size: int
    """Bytes in all."""


Chunk = tuple[bytes, int]
"""Bytes, and how many of them are whole lines of valid UTF-8, separated (not ended) by line feeds."""


class Lines:
    """Turns pieces of a text into the columns of its lines, and counts those that are left out."""

    def __init__(self) -> None:
        self.blank = 0
        """Blank lines so far: those without a character, and those that are too long."""

    def tables(self, blocks: Iterable[bytes], any_server: bool = False) -> Iterator[pa.Table]:
        """Tables (number, line) of the lines that are not blank, numbered from 0 on.

        The blocks end anywhere, and their line ends are line feeds. `any_server`: lines that the runtime of a container
        wrote in parts are put together, and no table has more values of JSON than memory holds.
        """
        number = 0
        for lines in self._of_any_server(blocks) if any_server else map(_split, self._whole(blocks)):
            lengths = pc.binary_length(lines)
            shortest, longest = pc.min_max(lengths).as_py().values()
            if not len(lines):
                continue
            if not shortest or longest > LINE_LIMIT:
                kept = lines.filter(pc.and_(pc.greater(lengths, 0), pc.less_equal(lengths, LINE_LIMIT)))
                self.blank += len(lines) - len(kept)
                lines = kept
            numbers = pa.array(np.arange(number, number + len(lines)))
            number += len(lines)
            if len(lines):
                yield pa.Table.from_batches(pa.table({"number": numbers, "line": lines}).to_batches(SCAN_BATCH))

    def _of_any_server(self, blocks: Iterable[bytes]) -> Iterator[pa.StringArray]:
        """The lines of chunks; those that were written in parts are where they end."""
        parts = Parts(LINE_LIMIT)
        for chunk in self._whole(blocks):
            lines = parts.joined(_split(chunk), chunk[0])
            values = sum(map(chunk[0].count, BEFORE_VALUES))
            yield from _portions(lines) if values > MOST_VALUES else [lines]
        yield parts.rest()

    def _whole(self, blocks: Iterable[bytes]) -> Iterator[Chunk]:
        rest = b""
        for block in _ended(blocks):
            text = rest + block
            if _has_long_run(text, b"\n"):
                shorter = _shortened(text, b"\n")
                self.blank += len(text) - len(shorter)
                text = shorter
            end = text.rfind(b"\n")
            if end >= 0:
                yield (text, end) if text.isascii() and b"\0" not in text else _cleaned(text[:end])
            rest = _short_nuls(text[end + 1 :])[: LINE_LIMIT + 1]
        if rest:
            yield _cleaned(rest)


def _ended(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Blocks put together to the size of a chunk. What is left behind the last of them ends with a line feed."""
    waiting: list[bytes] = []
    size = 0
    for block in blocks:
        waiting.append(block)
        size += len(block)
        if size >= CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    if size:
        text = b"".join(waiting)
        yield text if text.endswith(b"\n") else text + b"\n"


def _split(chunk: Chunk) -> pa.StringArray:
    """The lines of a chunk."""
    text, size = chunk
    whole = pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, size], np.int32)), pa.py_buffer(text))
    return pc.split_pattern(whole, "\n").flatten()


def _portions(lines: pa.StringArray) -> Iterator[pa.StringArray]:
    """Lines, in portions of few enough values."""
    values = np.cumsum(pc.count_substring_regex(lines, "[,[{]").to_numpy(), dtype=np.int64)
    begins = np.unique(np.searchsorted(values, np.arange(0, values[-1], MOST_VALUES)))
    for begin, end in pairwise([*begins.tolist(), len(lines)]):
        yield lines.slice(begin, end - begin)


class LogStream:
    """An open log, to be read once: by `lines` or by `blocks`."""

    def __init__(self, name: str, file: IO[bytes], total: int, limits: Limits = LIMITS, heading: str = "") -> None:
        self.name = name
        self.total = total
        """Bytes of the file; 0 if unknown."""
        self.heading = heading
        """The line before those that are read which tells what their columns are; empty: there is none."""
        self._lines = Lines()
        self._file = file
        self._limits = limits
        self._head = hashlib.sha256()
        self._size = 0

    @cached_property
    def _unpacked(self) -> Unpacked:
        """Made when it is needed: it begins to read, and standard input can be read only once."""
        return Unpacked(self._file, self.name, self._limits)

    @property
    def packed(self) -> bool:
        """Whether the file is compressed or an archive."""
        return self._unpacked.packed

    @property
    def blank(self) -> int:
        """Blank lines so far: those without a character, and those that are too long."""
        return self._lines.blank

    @property
    def state(self) -> tuple[int, ...]:
        """What changes with the file: its place on the disk, its size and times."""
        now = os.fstat(self._file.fileno())
        return now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns

    @property
    def done(self) -> int:
        """Bytes of the file that have been read; 0 if their total is unknown."""
        return self._file.tell() if self.total else 0

    @property
    def identity(self) -> Identity:
        """The identity of the text, once it has been read to its end."""
        return Identity(self._head.hexdigest(), self._size)

    def require_packed_as_named(self, path: Path) -> None:
        """Raises UnreadableLog if the name of a file says that it is compressed, and it is not."""
        if self.total and not self.packed and base_name(path.name) != path.name:
            raise UnreadableLog(f"cannot read {path}: by its name it is compressed, but it is not; rename it")

    def require_unchanged(self, path: Path) -> None:
        """Raises ChangedLog if `path` is not any more the file that was opened, of the size it had then."""
        now = path.stat() if path.exists() else None
        opened = os.fstat(self._file.fileno())
        if now is None or not os.path.samestat(now, opened) or now.st_size != self.total:
            raise ChangedLog(f"{self.name} changed while it was read; left for the next import")

    def lines(self, any_server: bool = False) -> Iterator[pa.Table]:
        """Tables (number, line) of the lines that are not blank, numbered from 0 on. Raises UnreadableLog.

        `any_server`: the log may be another server's than the hub's (`Lines.tables`).
        """
        return self._lines.tables(self.blocks(), any_server)

    def lines_up_to(self, size: int) -> pa.Table | None:
        """All lines at once (number, line); None if file or text has more than `size` bytes. Raises UnreadableLog."""
        found = [NO_LINES]
        if self.total > size:
            return None
        for lines in self.lines():
            found.append(lines)
            if self._size > size:
                return None
        return pa.concat_tables(found)

    def blocks(self) -> Iterator[bytes]:
        """The texts one after the other, in UTF-8, with every line end a line feed, in pieces that end anywhere.

        Raises UnreadableLog.
        """
        end = b"\n"
        for text in self._unpacked.texts():
            between = [] if end.endswith(b"\n") else [b"\n"]
            for block in chain(between, filter(None, line_feeds(_utf_8(text)))):
                self._note(block)
                yield block
                end = block

    def _note(self, block: bytes) -> None:
        """Take a block into the identity of the text."""
        if self._size < IDENTITY_BYTES:
            self._head.update(block[: IDENTITY_BYTES - self._size])
        self._size += len(block)


def _utf_8(text: Text) -> Iterator[bytes]:
    """The bytes of a text, from UTF-16 if it is in it."""
    encoding = utf_16(text.head)
    text.read(next((len(mark) for mark in MARKS if text.head.startswith(mark)), 0))
    if not encoding:
        while block := text.read(CHUNK):
            yield block
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    while block := text.read(CHUNK):
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()


def byte_order_mark(encoding: str | None) -> bytes:
    """The byte order mark of a kind of UTF-16; of another encoding none."""
    return "\ufeff".encode(encoding) if encoding else b""


def utf_16(head: bytes) -> str | None:
    """The kind of UTF-16 a text is in, by its first bytes.

    Without a byte order mark, it is in UTF-16 if one byte is NUL and the other is not in most pairs of bytes, apart
    from those of a block of NULs.
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16-le" if head.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
    if b"\0" not in head:
        return None
    first, second = np.frombuffer(head[: len(head) // 2 * 2], np.uint8).reshape(-1, 2).T != 0
    pairs = np.count_nonzero(first | second)
    for encoding, likely in (("utf-16-le", first & ~second), ("utf-16-be", second & ~first)):
        if 2 * np.count_nonzero(likely) > pairs:
            return encoding
    return None


def line_feeds(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """A text with every line end a line feed."""
    held = b""
    for block in blocks:
        text = held + block
        held = b"\r" if text.endswith(b"\r") else b""  # the other half of a CRLF may follow
        text = text.removesuffix(held)
        yield text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text
    if held:
        yield b"\n"


def _short_nuls(text: bytes) -> bytes:
    """`text` with every run of NULs cut to the length at which it counts as a block of them."""
    if NULS not in text:
        return text
    if _has_long_run(text, b"\0"):
        text = _shortened(text, b"\0")
    for size in (32, 24, 20, 18, 17):
        while (run := bytes(size)) in text:
            text = text.replace(run, NULS)
    return text


def _has_long_run(text: bytes, byte: bytes) -> bool:
    """Whether one byte is there `LONG_RUN` times in a row."""
    return bool(_words_of(text, byte).any()) and byte * LONG_RUN in text  # a search alone takes ten times as long


def _words_of(text: bytes, byte: bytes) -> npt.NDArray[np.bool_]:
    """Which groups of eight bytes of `text` consist of one byte."""
    same: npt.NDArray[np.bool_] = np.frombuffer(text, np.uint64, len(text) // 8) == np.frombuffer(byte * 8, np.uint64)
    return same


def _shortened(text: bytes, byte: bytes) -> bytes:
    """`text` with long runs of one byte cut to some 16 to 30."""
    words = np.frombuffer(text, np.uint64, len(text) // 8)
    same = _words_of(text, byte)
    same[2:] &= same[1:-1] & same[:-2]
    same[:2] = False
    kept: bytes = words[~same].tobytes()
    return kept + text[len(words) * 8 :]


def _cleaned(text: bytes) -> Chunk:
    """`text` in valid UTF-8, without NULs and byte order marks, and its size.

    A block of NULs inside a line ends the line: the end of one line and the start of another were lost there.
    """
    text = _short_nuls(text)
    if NULS in text:
        text = text.replace(b"\n" + NULS, b"\n").replace(NULS + b"\n", b"\n")
        text = text.removeprefix(NULS).removesuffix(NULS).replace(NULS, b"\n")
    text = text.translate(None, b"\0")
    if not text.isascii():
        text = text.decode("utf-8", "replace").encode()
        if BOM in text:
            text = text.removeprefix(BOM).replace(b"\n" + BOM, b"\n")
    return text, len(text)


@contextmanager
def open_log(path: Path, limits: Limits = LIMITS) -> Iterator[LogStream]:
    """Open a log file for reading; `-` is standard input. Raises UnreadableLog if it is no readable file."""
    if path == STANDARD_INPUT:
        if sys.stdin is None:
            raise UnreadableLog("cannot read standard input: it is closed")
        yield LogStream("standard input", sys.stdin.buffer, 0, limits)
        return
    try:
        file = open_regular(path)
    except OSError as error:
        raise UnreadableLog(f"cannot read {path}: {error.strerror or error}") from None
    with file:
        yield LogStream(str(path), file, os.fstat(file.fileno()).st_size, limits)
