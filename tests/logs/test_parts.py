"""Lines that the runtime of a container wrote in parts (spec 10 §1)."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hzmetrics.follow import tail
from hzmetrics.logs import reader
from hzmetrics.logs.parts import DOCKER_PART, Parts, unfinished
from hzmetrics.logs.reader import LogStream

MOMENT = "2025-03-03T09:05:00.123456789Z"
LIMIT = 2**20


def cri(output: str, tag: str, text: str) -> str:
    return f"{MOMENT} {output} {tag} {text}"


def docker(text: str, output: str = "stdout", time: str = MOMENT) -> str:
    return json.dumps({"log": text, "stream": output, "time": time}, separators=(",", ":"))


def joined(lines: list[str], cuts: list[int]) -> list[str]:
    """The whole lines of a log that is read in chunks, which begin at these places."""
    parts = Parts(LIMIT)
    found: list[str] = []
    for start, stop in zip([0, *cuts], [*cuts, len(lines)], strict=True):
        chunk = lines[start:stop]
        found += parts.joined(pa.array(chunk, pa.string()), "\n".join(chunk).encode()).to_pylist()
    return found + parts.rest().to_pylist()


WORDS = st.text("ab \\\"'é", max_size=4)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["stdout", "stderr", ""]), st.lists(WORDS, min_size=1)), max_size=8), st.data()
)
def test_parts_are_joined_whatever_comes_between(texts: list[tuple[str, list[str]]], data: st.DataObject) -> None:
    outputs = {name: [parts for output, parts in texts if output == name] for name in ("stdout", "stderr", "")}
    queues = {
        name: [
            cri(name, "F" if place == len(parts) - 1 else "P", part) if name else part
            for parts in lines
            for place, part in enumerate(parts)
        ]
        for name, lines in outputs.items()
    }
    lines: list[str] = []
    while left := [name for name, queue in queues.items() if queue]:
        lines.append(queues[data.draw(st.sampled_from(left))].pop(0))
    cuts = data.draw(st.lists(st.integers(0, len(lines)), max_size=3).map(sorted))
    found = joined(lines, cuts)
    for name, whole in outputs.items():
        if name:
            expected = [cri(name, "F" if len(parts) == 1 else "P", "".join(parts)) for parts in whole]
            assert [line for line in found if f" {name} " in line] == expected
        else:
            assert [line for line in found if MOMENT not in line] == [part for parts in whole for part in parts]


@pytest.mark.parametrize("cut", range(6))
@pytest.mark.parametrize("blank", ["", " "])
def test_docker_s_parts_are_joined(cut: int, blank: str) -> None:
    def docker(text: str, output: str = "stdout") -> str:
        keys = {"log": text, "stream": output, "time": MOMENT}
        return json.dumps(keys, separators=(f",{blank}", f":{blank}"))

    part = "x" * DOCKER_PART
    lines = [docker(part + "\\n"), docker("other\n", "stderr"), docker(part + '"'), docker("end\\\n"), docker("next\n")]
    whole = docker(part + "\\n" + part + '"' + "end\\\n")
    assert joined(lines, [cut] if cut < 5 else []) == [lines[1], whole, lines[4]]


def test_lines_without_an_end_are_no_parts_unless_docker_cut_them() -> None:
    lines = [
        docker("x" * (DOCKER_PART - 1)),
        docker("y"),
        docker("x" * DOCKER_PART + "\n"),
        docker("z\n"),
        "w" * 20_000,
    ]
    assert joined(lines, []) == lines


def test_a_line_without_its_rest_is_given_at_the_end() -> None:
    assert joined([cri("stdout", "P", "a"), cri("stdout", "P", "b")], [1]) == [cri("stdout", "P", "ab")]


def test_a_joined_line_beyond_the_limit_is_blank_and_takes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "CHUNK", 500)
    monkeypatch.setattr(reader, "LINE_LIMIT", 1000)
    lines = [cri("stdout", "P", "é" * 50)] * 100 + [cri("stdout", "F", "end"), cri("stdout", "F", "next")]
    text = "".join(line + "\n" for line in lines).encode()
    stream = LogStream("test", io.BytesIO(text), len(text))
    found = [line for table in stream.lines(any_server=True) for line in table["line"].to_pylist()]
    assert (found, stream.blank) == ([cri("stdout", "F", "next")], 1)


@pytest.mark.parametrize(
    ("lines", "waiting"),
    [
        ([cri("stdout", "F", "a")], 0),
        ([cri("stdout", "F", "a"), cri("stdout", "P", "b")], 1),
        ([cri("stdout", "P", "a"), cri("stderr", "F", "é"), cri("stdout", "P", "c")], 3),
        ([cri("stdout", "P", "a"), cri("stdout", "F", "b"), cri("stderr", "P", "c"), cri("stdout", "F", "d")], 2),
        ([docker("a\n"), docker("x" * DOCKER_PART)], 1),
        ([cri("stdout", "P", "x" * LIMIT)], 0),
    ],
)
def test_lines_wait_for_the_rest_of_one(lines: list[str], waiting: int) -> None:
    text = "".join(line + "\n" for line in lines).encode()
    assert unfinished(text, LIMIT) == len("".join(line + "\n" for line in lines[len(lines) - waiting :]).encode())


def test_a_followed_log_is_read_up_to_a_line_whose_rest_is_still_to_come(tmp_path: Path) -> None:
    log = tmp_path / "0.log"
    first, begun, rest = (f"{cri('stdout', *one)}\n".encode() for one in (("F", "a"), ("P", "b"), ("F", "c")))
    log.write_bytes(first + begun)
    text, mark, complete = tail.read(tail.Piece(log, None, False), 10_000)
    assert (text, mark.offset, complete) == (first, len(first), True)
    with log.open("ab") as file:
        file.write(rest)
    text, mark, complete = tail.read(tail.Piece(log, mark, False), 10_000)
    assert (text, mark.offset) == (begun + rest, log.stat().st_size)
    log.write_bytes(begun)
    assert tail.read(tail.Piece(log, None, True), 10_000)[0] == begun, "a rotated log goes on nowhere"
    assert tail.read(tail.Piece(log, None, False), len(begun))[0] == begun, "nor must it hold up what follows"
