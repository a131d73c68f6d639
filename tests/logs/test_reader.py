"""Bytes to lines (spec 10 §1)."""

import codecs
import gzip
import io
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hzmetrics.errors import HzmetricsError
from hzmetrics.logs import reader
from hzmetrics.logs.packing import UnreadableLog
from hzmetrics.logs.reader import LONG_RUN, STANDARD_INPUT, Identity, LogStream, open_log

pytestmark = pytest.mark.slow

PLAIN = b"2025-07-01 10:00:00 some line of a log\n" * 10
"""Enough UTF-8 for a text not to be taken for UTF-16."""


def read(data: bytes) -> tuple[list[str], int]:
    """The lines that are not blank, and the number of all."""
    stream = LogStream("test", io.BytesIO(data), len(data))
    tables = list(stream.lines())
    assert [n for table in tables for n in table["number"].to_pylist()] == list(range(sum(map(len, tables))))
    lines = [line for table in tables for line in table["line"].to_pylist()]
    return lines, len(lines) + stream.blank


def identity(data: bytes) -> Identity:
    stream = LogStream("test", io.BytesIO(data), len(data))
    assert b"".join(stream.blocks()) or not data
    return stream.identity


def by_hand(data: bytes) -> list[str]:
    """The lines as Python separates and decodes them."""
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n") if data else []
    parts = [part for line in lines for part in re.split(rb"\0{16,}", line)]
    return [part.replace(b"\0", b"").decode("utf-8", "replace") for part in parts]


PIECES = st.lists(
    st.sampled_from(
        [b"a", b" ", b"\n", b"\r", b"\r\n", b"\n" * LONG_RUN, "é".encode(), b"\xc3", b"\xf0\x9f", b"\xe2\x80\xa8"]
    ),
    max_size=60,
)
NULS = st.sampled_from([bytes(1), bytes(15), bytes(16), bytes(40), bytes(300)])


@pytest.mark.slow
@settings(deadline=None)
@given(PIECES, st.integers(1, 7))
def test_lines_are_those_of_python_however_the_bytes_arrive(pieces: list[bytes], chunk: int) -> None:
    data = b"".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "CHUNK", chunk)
        lines, number = read(data)
    assert (lines, number) == (list(filter(None, by_hand(data))), len(by_hand(data)))


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.one_of(PIECES.map(b"".join), NULS), max_size=12), st.integers(5, 500))
def test_nul_bytes_are_dropped_and_a_block_of_them_ends_its_line(pieces: list[bytes], chunk: int) -> None:
    data = PLAIN + b"".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "CHUNK", chunk)
        assert read(data)[0] == list(filter(None, by_hand(data)))


def test_a_block_of_nuls_takes_no_room_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LINE_LIMIT", 100)
    monkeypatch.setattr(reader, "CHUNK", 64)
    assert read(b"a half" + bytes(5000) + b"b\n" + bytes(5000) + b"c\n" + bytes(5000)) == (["a half", "b", "c"], 4)


def test_a_line_beyond_the_limit_is_blank_and_takes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "CHUNK", 64)
    monkeypatch.setattr(reader, "LINE_LIMIT", 100)
    data = b"a\n" + b"x" * 5000 + b"\nb\n" + b"y" * 101 + b"\n" + b"z" * 100
    assert read(data) == (["a", "b", "z" * 100], 5)


def test_blank_lines_are_counted_and_left_out() -> None:
    assert read(b"\n\na\n\n" + b"\n" * 64_000 + b"b\n\r\n\r") == (["a", "b"], 64_007)
    assert read(b"\n" * 64_000) == ([], 64_000)


@pytest.mark.parametrize("data", [b"", b"\n", b"\xff" * 99, bytes(range(1, 256))], ids=len)
def test_any_bytes_are_lines(data: bytes) -> None:
    assert read(data)[0] == list(filter(None, by_hand(data)))


ENCODINGS = {
    "utf-8": b"",
    "utf-16-le": b"",
    "utf-16-be": b"",
    "utf-8 with mark": codecs.BOM_UTF8,
    "utf-16-le with mark": codecs.BOM_UTF16_LE,
    "utf-16-be with mark": codecs.BOM_UTF16_BE,
}


@pytest.mark.slow
@settings(deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff") | st.sampled_from("\r\n"), max_size=30),
    st.sampled_from(sorted(ENCODINGS)),
    st.integers(5, 100),
)
def test_a_text_comes_back_from_any_encoding(text: str, encoding: str, chunk: int) -> None:
    text = PLAIN.decode() + text
    data = ENCODINGS[encoding] + text.encode(encoding.partition(" ")[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "CHUNK", chunk)
        assert read(data)[0] == list(filter(None, by_hand(text.encode())))
        assert identity(data) == identity(text.replace("\r\n", "\n").replace("\r", "\n").encode())


def test_byte_order_marks_of_texts_put_together_are_dropped() -> None:
    part = codecs.BOM_UTF8 + b"a\n"
    assert read(part + part + b"b\xef\xbb\xbf\n")[0] == ["a", "a", "b\ufeff"]


def test_utf_16_is_told_from_a_block_of_nuls() -> None:
    text = "é first\nsecond\n"
    assert read(bytes(4096) + PLAIN)[0] == by_hand(PLAIN)
    assert read(text.encode("utf-16-le") + bytes(4096))[0] == ["é first", "second"]
    assert read("\ud800 half a pair".encode("utf-16-le", "surrogatepass"))[0] == ["\ufffd half a pair"]


def test_texts_of_one_identity_are_equal_in_head_and_size() -> None:
    log = PLAIN * 1000
    assert identity(log) == identity(gzip.compress(log)) == identity(log.replace(b"\n", b"\r\n"))
    assert len({identity(log), identity(log + b"x\n"), identity(b"y" + log[1:])}) == 3


def test_what_is_no_file_is_refused_by_name(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(HzmetricsError, match=path.name), open_log(path):
            pass


def test_opening_standard_input_reads_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(b"line\n"))))
    with open_log(STANDARD_INPUT):
        pass
    with open_log(STANDARD_INPUT) as stream:
        assert next(stream.lines())["line"].to_pylist() == ["line"]


def test_standard_input_may_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(HzmetricsError, match="closed"), open_log(STANDARD_INPUT):
        pass


def test_what_comes_before_damage_is_read_before_that_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "CHUNK", 2**16)
    path = tmp_path / "damaged.log.gz"
    noise = b"".join(b"%d %x\n" % (n, hash((n, n))) for n in range(100_000))
    path.write_bytes(gzip.compress(noise)[:-100])
    read_before = []
    with open_log(path) as stream, pytest.raises(UnreadableLog, match=r"damaged\.log\.gz"):
        for lines in stream.lines():
            read_before.append(len(lines))
    assert len(read_before) > 10


def test_a_last_line_without_a_line_end_is_in_the_chunk_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(b"1\n2\n3\n4")
    with open_log(path) as stream:
        assert [table["line"].to_pylist() for table in stream.lines()] == [["1", "2", "3", "4"]]
        assert stream.blank == 0
