"""The complete lines of a growing file, in blocks of columns, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

BLOCK_BYTES = 32 << 20
BATCH_ROWS = 1 << 15
LONGEST_LINE = 1 << 20
"""A longer line is cut to this length, and counts as one bad line."""


@dataclass(frozen=True)
class Block:
    """Some consecutive lines and where they end in the file."""

    lines: pa.Table
    """Columns: number (from 1), line (without its end; bytes that are not UTF-8 replaced)."""
    end: int
    """Offset in the file of the first byte after the block."""


def blocks(file: BinaryIO, offset: int, number: int, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """Blocks of the lines from `offset` on, whose first line has this `number`; an unfinished last line waits."""
    file.seek(offset)
    rest = b""
    while chunk := file.read(block_bytes):
        cut = chunk.rfind(b"\n") + 1
        if not cut:
            rest += chunk
            continue
        data, rest = rest + chunk[:cut], chunk[cut:]
        lines = split(data)
        offset += len(data)
        numbers = pa.array(np.arange(number, number + len(lines), dtype=np.int64))
        number += len(lines)
        yield Block(_in_batches(pa.table({"number": numbers, "line": lines})), offset)


def _in_batches(table: pa.Table) -> pa.Table:
    """The same rows in several batches, so that the engine can work on them in parallel."""
    return pa.Table.from_batches(table.to_batches(BATCH_ROWS), table.schema)


def split(data: bytes) -> pa.StringArray:
    """The lines of `data`, each of which ends in a line feed."""
    if not data.isascii():
        data = data.decode("utf-8", "replace").encode()
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n"))
    offsets = np.concatenate(([0], ends + 1)).astype(np.int64)
    with_ends = pa.LargeStringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(data))
    lines = pc.ascii_rtrim(with_ends, characters="\r\n")
    return pc.utf8_slice_codeunits(lines, 0, LONGEST_LINE) if max(np.diff(offsets), default=0) > LONGEST_LINE else lines
