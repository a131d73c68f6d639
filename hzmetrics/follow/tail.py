"""The unread part of a followed log: pieces of files, in the order in which they were written.

See spec 84 §3.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

from hzmetrics.files import open_regular
from hzmetrics.follow.mark import HEAD_BYTES, FileMark
from hzmetrics.log import log
from hzmetrics.logs.packing import LIMITS, Limits, Unpacked, UnreadableLog, base_name

CHUNK = 1 << 20

HEADING_BYTES = 1 << 14
"""Bytes in which a heading is looked for."""


@dataclass(frozen=True)
class Seen:
    """A file that was or is being read under a followed path."""

    mark: FileMark
    done: bool = False


@dataclass(frozen=True)
class Piece:
    """A file to read on in."""

    file: Path
    mark: FileMark | None
    """How far it was read; None if it never was."""
    rotated: bool
    """The file is finished: its last line is complete even without a line feed."""

    @property
    def offset(self) -> int:
        return self.mark.offset if self.mark else 0


def plan(path: Path, seen: Sequence[Seen], rotated_dirs: Sequence[Path]) -> tuple[list[Piece], bool]:
    """The pieces to read, oldest first, and whether the file that was being read has been lost."""
    present = path.is_file()
    if not seen:
        return ([Piece(path, None, False)] if present else []), False
    last = seen[-1]
    if present:
        with open_regular(path) as file:
            if last.mark.is_of(file):
                return [Piece(path, last.mark, False)], False
    siblings = _siblings(path, rotated_dirs)
    old = _old_file(siblings, last.mark)
    pieces: list[Piece] = []
    if old is not None:
        pieces.append(Piece(old, last.mark, True))
        since = old.stat().st_mtime_ns
        missed = [
            one for one in siblings if one != old and one.stat().st_mtime_ns >= since and not _is_known(one, seen)
        ]
        pieces += [Piece(one, None, True) for one in sorted(missed, key=lambda one: one.stat().st_mtime_ns)]
    elif not present:
        return [], False  # both may appear later
    if present:
        pieces.append(Piece(path, None, False))
    return pieces, old is None and not last.done


def read(piece: Piece, limit: int, give_up: bool = False, limits: Limits = LIMITS) -> tuple[bytes, FileMark, bool]:
    """The complete lines of a piece, at most `limit` bytes; the mark after them; whether that was everything.

    A line longer than `limit` waits, or with `give_up` is skipped part by part. Lines from one on whose rest is still
    to come wait too.
    """
    lines: list[bytes] = []
    offset, rest, taken = piece.offset, b"", 0
    with open_regular(piece.file) as file:
        if piece.mark and not piece.rotated and not piece.mark.is_of(file):
            raise OSError("the file was replaced while it was being read")
        for chunk in _chunks(file, piece, limit, limits):
            taken += len(chunk)
            whole, feed, tail = chunk.rpartition(b"\n")
            if feed:
                lines += (rest, whole, feed)
                offset += len(rest) + len(whole) + 1
                rest = tail
            else:
                rest += tail
        complete = taken < limit
        if give_up and not complete and offset == piece.offset:
            offset += len(rest)
        if complete and piece.rotated and rest:
            offset += len(rest)
            lines.append(rest)
        text = b"".join(lines)
        if text and not (complete and piece.rotated):
            waiting = _waiting(text)
            if complete or waiting < len(text):
                text, offset = text[: len(text) - waiting], offset - waiting
        mark = _rotated_mark(file, piece.file, offset) if piece.rotated else FileMark.at(file, offset)
    return text, mark, complete


def _waiting(text: bytes) -> int:
    """Bytes at the end of some lines that wait for the rest of one."""
    from hzmetrics.logs.parts import unfinished  # the engine: only where there are lines
    from hzmetrics.logs.reader import LINE_LIMIT

    return unfinished(text, LINE_LIMIT)


def heading(piece: Piece) -> bytes:
    """The lines at the start of a file that say how to read it, if they were read before: `#Fields` and the like."""
    if not piece.offset:
        return b""
    with open_regular(piece.file) as file:
        head = _head(file, piece.file, min(HEADING_BYTES, piece.offset))
    lines = list(takewhile(lambda line: line.startswith(b"#"), head.splitlines(keepends=True)))
    return b"".join(lines)


def _chunks(file: BinaryIO, piece: Piece, limit: int, limits: Limits) -> Iterator[bytes]:
    """The bytes of a piece, at most `limit`; a rotated file is unpacked, up to the first damage."""
    try:
        for chunk in _bytes_after(file, piece, limits):
            yield chunk[:limit]
            limit -= len(chunk)
            if limit <= 0:
                break
    except UnreadableLog as error:
        log.warning("%s is damaged, its last lines may be missing: %s", piece.file, error)


def _bytes_after(file: BinaryIO, piece: Piece, limits: Limits) -> Iterator[bytes]:
    if piece.rotated and (unpacked := Unpacked(file, str(piece.file), limits)).packed:
        yield from unpacked.read_after(piece.offset)
        return
    file.seek(piece.offset)
    while chunk := file.read(CHUNK):
        yield chunk


def _rotated_mark(file: BinaryIO, path: Path, offset: int) -> FileMark:
    status = os.fstat(file.fileno())
    length = min(HEAD_BYTES, offset)
    return FileMark(status.st_dev, status.st_ino, offset, length, _unpacked_hash(file, path, length))


def _unpacked_hash(file: BinaryIO, path: Path, length: int) -> str:
    """SHA-256 of the first `length` bytes of a rotated file, unpacked. Raises UnreadableLog."""
    return hashlib.sha256(_head(file, path, length)).hexdigest()


def _head(file: BinaryIO, path: Path, length: int) -> bytes:
    """The first `length` bytes of a file, unpacked. Raises UnreadableLog."""
    file.seek(0)
    head, blocks = b"", Unpacked(file, str(path)).read_after(0)
    while len(head) < length and (block := next(blocks, b"")):
        head += block
    return head[:length]


def _siblings(path: Path, rotated_dirs: Sequence[Path]) -> list[Path]:
    """The files whose names begin with the log's name, without the log itself and archives still being written."""
    found: dict[Path, None] = {}
    for directory in (path.parent, *rotated_dirs):
        try:
            with os.scandir(directory) as entries:
                found_here = [entry for entry in entries if entry.name.startswith(path.name)]
                names = {entry.name for entry in found_here if Path(entry.path).is_file()}
        except OSError:
            continue
        complete = sorted(name for name in names if base_name(name) not in names - {name, path.name})
        found.update(dict.fromkeys((directory / name).resolve() for name in complete))
    found.pop(path.resolve(), None)
    return list(found)


def _old_file(siblings: Sequence[Path], mark: FileMark) -> Path | None:
    """The sibling that is the marked file under another name; preferably the same inode, else a copy."""
    same = [one for one in siblings if _begins_as(one, mark)]
    return next((one for one in same if one.stat().st_ino == mark.inode), same[0] if same else None)


def _is_known(path: Path, seen: Sequence[Seen]) -> bool:
    return any(_begins_as(path, one.mark) for one in seen)


def _begins_as(path: Path, mark: FileMark) -> bool:
    """Whether the file begins with the bytes of the mark; for an empty head, whether the inode is the same."""
    try:
        status = path.stat()
        if mark.head_len == 0:
            return (status.st_dev, status.st_ino) == (mark.device, mark.inode)
        with open_regular(path) as file:
            return _unpacked_hash(file, path, mark.head_len) == mark.head_hash
    except OSError as error:
        log.warning("cannot read %s: %s", path, error)
    except UnreadableLog as error:
        log.warning("%s", error)
    return False
