"""What of one followed log has not been read yet: pieces of files, in the order in which they were written (84 §3)."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from hzmetrics.follow.mark import FileMark, head_hash
from hzmetrics.log import log

CHUNK = 1 << 20


@dataclass(frozen=True)
class Seen:
    """A file that was or is being read under a followed path."""

    mark: FileMark
    done: bool = False


@dataclass(frozen=True)
class Piece:
    """A file to read on from an offset."""

    file: Path
    offset: int
    rotated: bool
    """Nothing will be appended any more: its last line is complete even without a line feed."""


def plan(path: Path, seen: Sequence[Seen], rotated_dirs: Sequence[Path]) -> tuple[list[Piece], bool]:
    """The pieces to read, oldest first, and whether the file that was being read has been lost."""
    current = next((one.mark for one in seen if not one.done), None)
    present = path.is_file()
    if current is None:
        return ([Piece(path, 0, False)] if present else []), False
    if present:
        with path.open("rb") as file:
            if current.is_of(file):
                return [Piece(path, current.offset, False)], False
    siblings = _siblings(path, rotated_dirs)
    old = _old_file(siblings, current)
    pieces: list[Piece] = []
    if old is not None:
        pieces.append(Piece(old, current.offset, True))
        since = old.stat().st_mtime_ns
        missed = [
            one for one in siblings if one != old and one.stat().st_mtime_ns >= since and not _is_known(one, seen)
        ]
        pieces += [Piece(one, 0, True) for one in sorted(missed, key=lambda one: one.stat().st_mtime_ns)]
    elif not present:
        return [], False  # neither the log nor where it went: it may yet come
    if present:
        pieces.append(Piece(path, 0, False))
    return pieces, old is None


def read(piece: Piece, limit: int) -> tuple[list[str], FileMark, bool]:
    """The complete lines of a piece, `limit` bytes of them at the most; the mark after them; whether it was all."""
    lines: list[str] = []
    offset, rest, complete = piece.offset, b"", False
    with opened(piece.file) as file:
        file.seek(offset)
        while limit > 0:
            chunk = file.read(min(CHUNK, limit))
            limit -= len(chunk)
            if not chunk:
                complete = True
                break
            whole, feed, tail = (rest + chunk).rpartition(b"\n")
            if feed:
                offset += len(whole) + 1
                lines += whole.decode("utf-8", "replace").split("\n")
            rest = tail
        if not complete and offset == piece.offset:
            offset += len(rest)  # a line longer than one reading: given up piece by piece
        if complete and piece.rotated and rest:
            offset += len(rest)
            lines.append(rest.decode("utf-8", "replace"))
        mark = FileMark.at(file, offset) if piece.file.suffix != ".gz" else _unpacked_mark(piece.file, file, offset)
    return lines, mark, complete


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
    length = min(1024, offset)
    return FileMark(status.st_dev, status.st_ino, offset, length, head_hash(file, length))


def _siblings(path: Path, rotated_dirs: Sequence[Path]) -> list[Path]:
    found: dict[Path, None] = {}
    for directory in (path.parent, *rotated_dirs):
        try:
            with os.scandir(directory) as entries:
                names = [entry.name for entry in entries if entry.is_file() and entry.name.startswith(path.name)]
        except OSError:
            continue
        found.update(dict.fromkeys(directory / name for name in names if directory / name != path))
    return list(found)


def _old_file(siblings: Sequence[Path], mark: FileMark) -> Path | None:
    """The sibling that is the marked file under another name; one of the same inode rather than a copy."""
    same = [one for one in siblings if _begins_as(one, mark)]
    return next((one for one in same if one.stat().st_ino == mark.inode), same[0] if same else None)


def _is_known(path: Path, seen: Sequence[Seen]) -> bool:
    return any(_begins_as(path, one.mark) for one in seen)


def _begins_as(path: Path, mark: FileMark) -> bool:
    """Whether the first bytes are those of the mark; of an empty head, only the inode can tell."""
    try:
        status = path.stat()
        if mark.head_len == 0:
            return (status.st_dev, status.st_ino) == (mark.device, mark.inode)
        with opened(path) as file:
            return head_hash(file, mark.head_len) == mark.head_hash
    except (OSError, EOFError) as error:
        log.warning("cannot read %s: %s", path, error)
        return False
