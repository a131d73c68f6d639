"""Packed log files (spec 10 §1)."""

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hzmetrics.config import Source, build
from hzmetrics.logs.packing import HEAD, LAYERS, LIMITS, Limits, Unpacked, UnreadableLog, base_name
from hzmetrics.logs.reader import open_log

Pack = Callable[[bytes], bytes]


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as packing:
        packing.write(data)
    return sink.getvalue().to_pybytes()


COMPRESSIONS: dict[str, Pack] = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstd": zstd}


def tar(texts: Sequence[bytes], format_: int = tarfile.PAX_FORMAT) -> bytes:
    """An archive with the texts as its files, and with a directory and a link."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=format_) as archive:
        for number, text in enumerate(texts):
            for name, kind in (("d", tarfile.DIRTYPE), ("link", tarfile.SYMTYPE)):
                other = tarfile.TarInfo(f"{name}{number}")
                other.type, other.linkname = kind, "elsewhere"
                archive.addfile(other)
            info = tarfile.TarInfo("é" * 120 + str(number))
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))
    return data.getvalue()


def texts(data: bytes, limits: Limits = LIMITS) -> list[bytes]:
    found = []
    for text in Unpacked(io.BytesIO(data), "test.log", limits).texts():
        blocks = []
        while block := text.read(1000):
            blocks.append(block)
        found.append(b"".join(blocks))
    return found


TEXTS = st.one_of(st.binary(max_size=100).map(lambda text: b"line " + text), st.just(b"long " * (HEAD // 4)))
PACKINGS = st.lists(st.sampled_from([*COMPRESSIONS.values(), lambda text: tar([text])]), max_size=LAYERS)


@pytest.mark.slow
@settings(deadline=None)
@given(TEXTS, PACKINGS)
def test_a_text_comes_back_from_any_packing(text: bytes, packings: list[Pack]) -> None:
    data = text
    for pack in packings:
        data = pack(data)
    assert texts(data) == [text]


@settings(deadline=None, max_examples=30)
@given(st.lists(TEXTS, min_size=2, max_size=4), st.sampled_from(sorted(COMPRESSIONS)))
def test_packed_streams_one_after_the_other_are_one_text(parts: list[bytes], name: str) -> None:
    assert texts(b"".join(map(COMPRESSIONS[name], parts))) == [b"".join(parts)]


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz"])
def test_zeros_may_follow(name: str) -> None:
    assert texts(COMPRESSIONS[name](b"text\n") + bytes(100_000)) == [b"text\n"]


@pytest.mark.parametrize("format_", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_the_regular_files_of_an_archive_are_its_texts_in_order(format_: int) -> None:
    parts = [b"one\nand a half", b"", gzip.compress(b"two\n"), b"three"]
    if format_ == tarfile.USTAR_FORMAT:
        with pytest.raises(ValueError, match="too long"):
            tar(parts, format_)
        return
    assert texts(gzip.compress(tar(parts, format_))) == [b"one\nand a half", b"", b"two\n", b"three"]


def test_each_file_of_an_archive_ends_its_last_line_and_has_its_own_encoding(tmp_path: Path) -> None:
    parts = [b"one\nand a half", "zwei\nö".encode("utf-16"), b"", b"\xef\xbb\xbfthree"]
    (tmp_path / "a").write_bytes(bz2.compress(tar(parts)))
    with open_log(tmp_path / "a") as stream:
        assert b"".join(stream.blocks()) == "one\nand a half\nzwei\nö\nthree".encode()
    for offset in (0, 5, 20):
        unpacked = Unpacked(io.BytesIO(tar([b"one\nand a half", b"", b"three"])), "test")
        assert b"".join(unpacked.read_after(offset)) == b"one\nand a half\nthree"[offset:]


@pytest.mark.parametrize("name", ["a.log", "a.gz.1", "a.GZ", "a.gz", "a.xz", "a"])
def test_the_name_says_nothing(tmp_path: Path, name: str) -> None:
    for content in (b"line\n", *(pack(b"line\n") for pack in COMPRESSIONS.values())):
        (tmp_path / name).write_bytes(content)
        with open_log(tmp_path / name) as stream:
            assert next(stream.lines())["line"].to_pylist() == ["line"]
            assert stream.packed == (content != b"line\n")


LOG = b"".join(zlib.crc32(b"%d" % number).to_bytes(4, "big").hex().encode() + b"\n" for number in range(20_000))


@pytest.mark.parametrize("name", sorted(COMPRESSIONS))
def test_damage_names_the_file_after_what_can_be_read(tmp_path: Path, name: str) -> None:
    packed = COMPRESSIONS[name](LOG)
    middle = len(packed) // 2
    garbled = packed[:middle] + b"\xff" * 40 + packed[middle:]
    for damaged in (packed[:-9], packed[:middle], garbled, packed + b"garbage"):
        path = tmp_path / "damaged.log"
        path.write_bytes(damaged)
        with pytest.raises(UnreadableLog, match=r"cannot read .*damaged\.log: \S"), open_log(path) as stream:
            list(stream.lines())
    read = []
    with pytest.raises(UnreadableLog):
        for block in Unpacked(io.BytesIO(packed + b"garbage"), "test").read_after(0):
            read.append(block)
    assert b"".join(read) == LOG[: sum(map(len, read))]
    assert read


@pytest.mark.parametrize("cut", [700, 1200, 100_000])
def test_a_damaged_archive_is_no_shorter_archive(cut: int) -> None:
    archive = tar([LOG, LOG])
    with pytest.raises(UnreadableLog, match="unexpected end"):
        texts(archive[:cut])
    second = archive.rindex(LOG) - 512
    with pytest.raises(UnreadableLog, match=r"damaged|invalid"):
        texts(archive[:second] + b"x" * 512 + archive[second + 512 :])


def test_other_packings_are_refused_by_name() -> None:
    with pytest.raises(UnreadableLog, match=r"test\.log: it is packed with zip"):
        texts(b"PK\x03\x04" + bytes(100))


def test_packings_inside_one_another_have_a_limit() -> None:
    data = b"text"
    for _ in range(LAYERS + 1):
        data = gzip.compress(data)
    with pytest.raises(UnreadableLog, match="inside one another"):
        texts(data)


@pytest.mark.parametrize("packings", [*([name] for name in COMPRESSIONS), ["gzip", "gzip"], ["tar", "xz"]], ids=str)
def test_text_beyond_the_limits_is_not_read(packings: list[str]) -> None:
    data = b"\n" * 2_000_000
    for name in packings:
        data = tar([data, data]) if name == "tar" else COMPRESSIONS[name](data)
    for limits, key in ((Limits(100, 10**9, 10_000), "unpack_ratio"), (Limits(10**6, 1_000_000), "unpack_bytes")):
        with pytest.raises(UnreadableLog, match=rf"test\.log.*{key} in \[logs\]"):
            texts(data, limits)
    assert texts(data)


def test_a_file_with_holes_in_an_archive_counts_with_its_holes() -> None:
    info = tarfile.TarInfo("hole")
    info.size, info.pax_headers = 512, {"GNU.sparse.map": "0,512", "GNU.sparse.size": str(10**12)}
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(b"x" * 512))
    with pytest.raises(UnreadableLog, match="unpack_ratio"):
        texts(data.getvalue(), Limits(free=10**6))


def test_a_plain_file_has_no_limit() -> None:
    assert texts(LOG, Limits(1, 1000, 1000)) == [LOG]


def test_the_limits_are_configured() -> None:
    built = build(Source(sections={"logs": {"unpack_ratio": "7", "unpack_bytes": "8000"}}, environment={}))
    assert (Limits.of(built), built.mistakes) == (Limits(7, 8000), [])


def test_a_name_loses_what_says_how_the_file_is_packed() -> None:
    assert [base_name(name) for name in ("a.gz", "a.XZ", "a.log", "a.gz.1")] == ["a", "a", "a.log", "a.gz.1"]
