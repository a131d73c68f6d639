"""The unread part of a followed log: pieces of files, in the order in which they were written.

Spec 84 §3.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from hzmetrics.follow.mark import HEAD_BYTES, FileMark, head_hash
from hzmetrics.log import log

CHUNK = 1 << 20
DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading a damaged archive raises."""


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
        with path.open("rb") as file:
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


def read(piece: Piece, limit: int, give_up: bool = False) -> tuple[list[str], FileMark, bool]:
    """The complete lines of a piece, at most `limit` bytes; the mark after them; whether that was everything.

    A line longer than `limit` waits, or with `give_up` is skipped part by part.
    """
    lines: list[str] = []
    offset, rest, taken = piece.offset, b"", 0
    with opened(piece.file) as file:
        if piece.mark and not piece.rotated and not piece.mark.is_of(file):
            raise OSError("the file was replaced while it was being read")
        for chunk in _chunks(file, piece, limit):
            taken += len(chunk)
            whole, feed, tail = (rest + chunk).rpartition(b"\n")
            if feed:
                offset += len(whole) + 1
                lines += whole.decode("utf-8", "replace").split("\n")
            rest = tail
        complete = taken < limit
        if give_up and not complete and offset == piece.offset:
            offset += len(rest)
        if complete and piece.rotated and rest:
            offset += len(rest)
            lines.append(rest.decode("utf-8", "replace"))
        mark = FileMark.at(file, offset) if piece.file.suffix != ".gz" else _unpacked_mark(piece.file, file, offset)
    return lines, mark, complete


def _chunks(file: BinaryIO, piece: Piece, limit: int) -> Iterator[bytes]:
    """The bytes of a piece, at most `limit`; a damaged archive ends at the damage."""
    try:
        file.seek(piece.offset)
        while limit > 0 and (chunk := file.read(min(CHUNK, limit))):
            limit -= len(chunk)
            yield chunk
    except DAMAGE as error:
        log.warning("%s is damaged, its last lines may be missing: %s", piece.file, error)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A log file, uncompressed if its name ends in `.gz`."""
    with path.open("rb") as raw:
        if path.suffix == ".gz":
            with gzip.open(raw) as file:
                yield cast(BinaryIO, file)
        else:
            yield raw


def _unpacked_mark(path: Path, file: BinaryIO, offset: int) -> FileMark:
    status = path.stat()
    length = min(HEAD_BYTES, offset)
    return FileMark(status.st_dev, status.st_ino, offset, length, head_hash(file, length))


def _siblings(path: Path, rotated_dirs: Sequence[Path]) -> list[Path]:
    """The files whose names begin with the log's name, without the log itself and archives still being written."""
    found: dict[Path, None] = {}
    for directory in (path.parent, *rotated_dirs):
        try:
            with os.scandir(directory) as entries:
                names = {entry.name for entry in entries if entry.name.startswith(path.name) and entry.is_file()}
        except OSError:
            continue
        complete = sorted(name for name in names if name.removesuffix(".gz") not in names - {name, path.name})
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
        with opened(path) as file:
            return head_hash(file, mark.head_len) == mark.head_hash
    except (OSError, *DAMAGE) as error:
        log.warning("cannot read %s: %s", path, error)
        return False
