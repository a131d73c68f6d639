"""Bytes to lines (spec 10 §1)."""

import gzip
import io
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hzmetrics.errors import HzmetricsError
from hzmetrics.logs import reader
from hzmetrics.logs.reader import STANDARD_INPUT, LogStream, open_log


def read(data: bytes) -> list[str]:
    stream = LogStream("test", io.BytesIO(data), io.BytesIO(data), len(data))
    tables = list(stream.lines())
    assert [n for table in tables for n in table["number"].to_pylist()] == list(range(sum(map(len, tables))))
    return [line for table in tables for line in table["line"].to_pylist()]


def universal(data: bytes) -> list[str]:
    """The lines as Python's own text reader has them."""
    with io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="replace", newline=None) as text:
        return [line.removesuffix("\n") for line in text]


PIECES = st.lists(
    st.sampled_from([b"a", b"\n", b"\r", b"\r\n", "é".encode(), b"\xc3", b"\xf0\x9f", b"\x00", b"\xe2\x80\xa8", b" "]),
    max_size=60,
)


@given(PIECES, st.integers(1, 7))
def test_lines_are_those_of_a_text_reader_however_the_bytes_arrive(pieces: list[bytes], chunk: int) -> None:
    data = b"".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "CHUNK", chunk)
        assert read(data) == universal(data)


def test_a_line_beyond_the_limit_is_one_empty_line_and_takes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "CHUNK", 64)
    monkeypatch.setattr(reader, "LINE_LIMIT", 100)
    assert read(b"a\n" + b"x" * 5000 + b"\nb\n" + b"y" * 101 + b"\n" + b"z" * 100) == ["a", "", "b", "", "z" * 100]


@pytest.mark.parametrize("data", [b"", b"\n", b"\xff\xfe\x00" * 99, bytes(range(256))], ids=len)
def test_any_bytes_are_lines(data: bytes) -> None:
    assert read(data) == universal(data)


def test_gzip_may_have_several_members_and_zeros_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"a\n") + gzip.compress(b"b\n") + b"\0" * 64)
    with open_log(path) as stream:
        assert [line for table in stream.lines() for line in table["line"].to_pylist()] == ["a", "b"]


def test_only_the_lower_case_suffix_means_gzip(tmp_path: Path) -> None:
    (tmp_path / "a.GZ").write_bytes(b"plain\n")
    with open_log(tmp_path / "a.GZ") as stream:
        assert next(stream.lines())["line"].to_pylist() == ["plain"]


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b"a line\n" * 1000)[:-9], b"not gzip", gzip.compress(b"x" * 1000)[:20] + b"\xff" * 30],
    ids=["truncated", "plain", "garbled"],
)
def test_broken_gzip_names_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.gz"
    path.write_bytes(content)
    with pytest.raises(HzmetricsError, match=r"broken\.gz"), open_log(path) as stream:
        list(stream.lines())


def test_what_is_no_file_is_refused_by_name(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(HzmetricsError, match=path.name), open_log(path):
            pass


def test_standard_input_may_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(HzmetricsError, match="closed"), open_log(STANDARD_INPUT):
        pass
