"""The log files of a day, in the hub's own formats (spec 10 §2, §6): written whole columns at a time."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.demo.traffic import Day
from hzmetrics.demo.world import epoch

ZONE = "-0500"


def access_lines(day: Day, fields: int, zone: str = ZONE) -> pa.Array:
    """The access log of a day, each line with its end: in the format of 23 fields, or in the older one of 14."""
    rows = day.requests
    size = rows["size"].cast(pa.string())
    request = pc.binary_join_element_wise(rows["method"], rows["url"], "HTTP/1.1", " ")
    front = [_stamps(day, rows["time"]), zone]
    client = [_quoted(request), rows["status"], size, rows["ip"], _quoted(rows["referrer"]), _quoted(rows["agent"])]
    connection = ["TLSv1.3", "0", size]
    if fields == 14:
        return _lines(*front, "-", *client, *connection, rows["session"])
    pid = pa.array(20_000 + np.arange(rows.num_rows) % 97).cast(pa.string())
    signed_in = pc.if_else(pc.equal(rows["uid"], "-"), "-", "hubzero")
    hub = [rows["uid"], rows["session"], rows["session"], signed_in, rows["component"], rows["view"], "-", "-"]
    return _lines(*front, pid, "-", *client, *connection, *hub, rows["item"])


def auth_lines(day: Day) -> pa.Array:
    """The CMS's log of a day, each line with its end, in all three shapes that it has had."""
    rows = day.logins
    stamp = _stamps(day, rows["time"])
    uid = rows["uid"].cast(pa.string())
    user = pc.binary_join_element_wise("[", rows["user"], "]", "")
    with_id = pc.binary_join_element_wise(stamp, uid, user, rows["ip"], rows["action"], " ")
    in_brackets = pc.binary_join_element_wise("[", stamp, "] production.INFO:", "")
    framework = pc.binary_join_element_wise(in_brackets, uid, user, rows["ip"], rows["action"], "[] []", " ")
    plain = pc.binary_join_element_wise(stamp, rows["user"], rows["ip"], rows["action"], " ")
    shape = pa.array(np.arange(rows.num_rows) % 3)
    return _lines(pc.choose(shape, with_id.combine_chunks(), framework.combine_chunks(), plain.combine_chunks()))


def append(lines: pa.Array, file: BinaryIO | gzip.GzipFile) -> int:
    """Write lines to an open file; returns their number."""
    _, offsets, text = lines.buffers()
    if text is not None:
        first, end = np.frombuffer(offsets, np.int32)[[0, len(lines)]]
        file.write(memoryview(text)[first:end])
    return len(lines)


def write(lines: pa.Array, path: Path) -> int:
    """Make a file of lines, compressed when its name ends in `.gz`; returns their number."""
    with path.open("wb") as raw:
        if path.suffix != ".gz":
            return append(lines, raw)
        with gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
            return append(lines, file)


def _stamps(day: Day, time: pa.ChunkedArray) -> pa.ChunkedArray:
    """`YYYY-MM-DD HH:MM:SS` of seconds since the day's midnight."""
    return pc.add(time, epoch(day.date)).cast(pa.timestamp("s")).cast(pa.string())


def _quoted(text: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.binary_join_element_wise('"', text, '"', "")


def _lines(*fields: pa.ChunkedArray | str) -> pa.Array:
    """Fields joined by blanks, with a line end."""
    joined = pc.binary_join_element_wise(pc.binary_join_element_wise(*fields, " "), "", "\n")
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined
