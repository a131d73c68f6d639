"""How far a growing file has been read, and whether it is still the same file (spec 84 §3)."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import BinaryIO

HEAD_BYTES = 1024


@dataclass(frozen=True)
class FileMark:
    """A position in a file, and the identity of the file."""

    device: int
    inode: int
    offset: int
    head_len: int
    head_hash: str

    @classmethod
    def at(cls, file: BinaryIO, offset: int) -> FileMark:
        """The mark of an open file, of which everything before `offset` has been read."""
        status = os.fstat(file.fileno())
        head_len = min(HEAD_BYTES, offset)
        return cls(status.st_dev, status.st_ino, offset, head_len, head_hash(file, head_len))

    def is_of(self, file: BinaryIO) -> bool:
        """Whether the open file is the marked one, and its content up to the mark is unchanged."""
        status = os.fstat(file.fileno())
        same = (status.st_dev, status.st_ino) == (self.device, self.inode)
        return same and status.st_size >= self.offset and head_hash(file, self.head_len) == self.head_hash


def head_hash(file: BinaryIO, length: int) -> str:
    """SHA-256 of the first `length` bytes."""
    file.seek(0)
    return hashlib.sha256(file.read(length)).hexdigest()
