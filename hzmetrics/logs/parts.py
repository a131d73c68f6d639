"""Lines that the runtime of a container wrote in parts, put together (spec 10 §1).

Kubernetes tags a part that does not end its line (CRI). Docker cuts lines every 16 KB; only the last part has the line
end. The parts of one output of the container follow each other; lines of the other output may come between.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.logs.collectors import MOMENT

CRI = rf"^(?P<head>{MOMENT} (?P<output>stdout|stderr) (?P<tag>[FP])(?::\S+)? )(?P<text>.*)$"
DOCKER = (
    r'^(?P<head>\{ ?"log": ?")(?P<text>(?:[^"\\]|\\.)*?)(?P<end>(?:\\n)?)'
    r'(?P<tail>", ?"stream": ?"(?P<output>stdout|stderr)".*)$'
)
"""The keys in docker's order, with or without a blank before what follows."""
CRI_MARKS = (b" stdout P", b" stderr P")
DOCKER_MARK = b'"log":'

DOCKER_PART = 2**14 - 3
"""Bytes of text that a part of docker has at least: 16 KB, less what would be part of a character."""

NO_LINES = pa.array([], pa.string())


class Parts:
    """Puts the lines of a log together, chunk by chunk."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: pa.Table | None = None
        """The beginnings of lines whose rest is still to come, at most one an output."""

    def joined(self, lines: pa.StringArray, text: bytes) -> pa.StringArray:
        """The whole lines among those of a chunk, which is `text`, in the order in which they end.

        Those that are longer than the limit may be shortened, but stay longer.
        """
        if self._held is None and not _may_be_parts(lines, text):
            return lines
        found = _pieces(lines)
        whole = _whole(found if self._held is None else pa.concat_tables([self._held, found]).combine_chunks())
        waiting = whole.filter(whole["is_part"])
        texts = pc.utf8_slice_codeunits(waiting["text"], 0, self._limit + 1)
        self._held = waiting.set_column(waiting.column_names.index("text"), "text", texts) if len(waiting) else None
        return _lines(whole.filter(pc.invert(whole["is_part"])))

    def rest(self) -> pa.StringArray:
        """The beginnings of lines whose rest did not come."""
        held, self._held = self._held, None
        return NO_LINES if held is None else _lines(held)


def unfinished(text: bytes, limit: int) -> int:
    """How many bytes at the end of some whole lines are to be read again with the rest of a line that begins there.

    0 if that would be more than `limit`.
    """
    end = text[text.find(b"\n", -limit) + 1 :] if len(text) > limit else text
    lines = pc.split_pattern(pa.array([end.removesuffix(b"\n").decode("utf-8", "replace")]), "\n").flatten()
    if not _may_be_parts(lines, end):
        return 0
    pieces = _pieces(lines)
    order, begins = _groups(pieces)
    ends = np.append(begins[1:], len(order)) - 1
    waiting = pieces["is_part"].to_numpy()[order[ends]]
    if not waiting.any():
        return 0
    place = len(end) - 1
    for _ in range(len(lines) - int(order[begins][waiting].min())):
        place = end.rfind(b"\n", 0, place)
    return len(end) - place - 1


def _may_be_parts(lines: pa.StringArray, text: bytes) -> bool:
    """Whether there may be parts among the lines of a text."""
    if any(mark in text for mark in CRI_MARKS):
        return True
    longest = pc.max(pc.binary_length(lines)).as_py() or 0
    return longest >= DOCKER_PART and DOCKER_MARK in text


def _pieces(lines: pa.StringArray) -> pa.Table:
    """Lines as the output of a container that they are of (NULL if they are no runtime's), whether their rest follows,
    their text, and what stands before and behind it."""
    cri, docker = pc.extract_regex(lines, CRI), pc.extract_regex(lines, DOCKER)
    is_part = pc.or_(
        pc.fill_null(pc.equal(cri.field("tag"), "P"), False),
        pc.and_(
            pc.fill_null(pc.equal(docker.field("end"), ""), False),
            pc.greater_equal(pc.fill_null(pc.binary_length(docker.field("text")), 0), DOCKER_PART),
        ),
    )
    nothing = pa.scalar("")
    return pa.table(
        {
            "output": pc.coalesce(_of(cri, "output"), _of(docker, "output")),
            "is_part": is_part,
            "head": pc.coalesce(_of(cri, "head"), _of(docker, "head"), nothing),
            "text": pc.coalesce(_of(cri, "text"), _of(docker, "text"), lines),
            "tail": pc.coalesce(pc.binary_join_element_wise(_of(docker, "end"), _of(docker, "tail"), ""), nothing),
        }
    )


def _of(found: pa.StructArray, name: str) -> pa.StringArray:
    """A group of an expression; NULL where nothing was found."""
    return pc.struct_field(found, name)


def _groups(pieces: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """The places of pieces in an order in which those of one line follow each other, and where in it lines begin."""
    outputs = pc.fill_null(pieces["output"].combine_chunks().dictionary_encode().indices, -1).to_numpy()
    order = np.argsort(outputs, kind="stable")
    continues = pieces["is_part"].to_numpy()[order][:-1] & (outputs[order][1:] == outputs[order][:-1])
    return order, np.flatnonzero(np.append(True, ~continues))


def _whole(pieces: pa.Table) -> pa.Table:
    """Pieces put together, in the order in which they end."""
    order, begins = _groups(pieces)
    ends = np.append(begins[1:], len(order))
    by_end = np.argsort(order[ends - 1])
    first, last = order[begins][by_end], order[ends - 1][by_end]
    texts = pa.ListArray.from_arrays(
        pa.array(np.append(begins, len(order)), pa.int32()), pieces["text"].combine_chunks().take(order)
    )
    return pa.table(
        {
            "output": pieces["output"].take(last),
            "is_part": pieces["is_part"].take(last),
            "head": pieces["head"].take(first),
            "text": pc.binary_join(texts, "").take(by_end),
            "tail": pieces["tail"].take(last),
        }
    )


def _lines(pieces: pa.Table) -> pa.StringArray:
    joined = pc.binary_join_element_wise(pieces["head"], pieces["text"], pieces["tail"], "")
    return joined.combine_chunks()
