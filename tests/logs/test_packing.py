"""Packed log files (spec 10 §1)."""

import bz2
import gc
import gzip
import io
import lzma
import tarfile
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
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


def header(kind: bytes, size: int, name: str = "a") -> bytes:
    """The header of a file in an archive."""
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


def summed(block: bytearray) -> bytes:
    """A header with the checksum that it needs."""
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def extended(block: bytearray) -> bytes:
    """The header of a file with more holes than it has room for."""
    block[482:483] = b"1"
    return summed(block)


def filled(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def test_a_line_that_a_visitor_made_is_no_archive() -> None:
    visit = b'203.0.113.66 - - [02/Nov/2026:00:00:01 +0000] "GET /'
    block = bytearray(header(b"x", 512).translate(bytes.maketrans(b"\0", b"a")))
    block[: len(visit)] = visit
    block[100:148] = b"0000644 0000000 0000000 000000010000000000000000"
    block[329:345] = b"0" * 16
    block[148:156] = b" " * 8
    block[148:156] = b"%08o" % sum(block)
    line = bytes(block) + b'9 size=99" 200 5 "-" "-"\n'
    assert tarfile.TarInfo.frombuf(line[:512], "utf-8", "strict").size > 0
    assert texts(line * 3) == [line * 3]


HOSTILE = {
    "length of a record": header(b"x", 512) + filled(b"99999999999999999999 a=b"),
    "size beyond everything": header(b"x", 512) + filled(b"29 size=99999999999999999999\n") + header(b"Z", 0),
    "cut within a map of holes": extended(bytearray(header(b"S", 0))) + bytes(20),
    "header that points back": header(b"x", 512) + filled(b"14 size=-1024\n") + header(b"0", 0) + bytes(512),
    "headers inside one another": header(b"x", 0) * 3000,
    "digits that take long to read": header(b"x", 2**16) + b"1" * 2**16 + header(b"0", 0),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_archive_is_a_damaged_file(case: str) -> None:
    begun = time.process_time()
    with pytest.raises(UnreadableLog, match=r"cannot read test\.log: \S"):
        texts(HOSTILE[case])
    assert time.process_time() - begun < 5  # some took hours


@pytest.mark.parametrize("kind", [b"L", b"K", b"x", b"g"])
def test_no_header_is_taken_into_memory_because_it_says_so(kind: bytes) -> None:
    taken = 0

    class Zeros(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            nonlocal taken
            found = super().read(size) or bytes(size or 0)
            taken += len(found)
            return found

    with pytest.raises(UnreadableLog, match="too long"):
        list(Unpacked(Zeros(header(kind, 2**33)), "test").texts())
    assert taken < 2**20


def test_files_of_an_archive_are_not_remembered() -> None:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for number in range(2000):
            archive.addfile(tarfile.TarInfo(str(number)))
    del archive
    data.seek(0)
    for number, _ in enumerate(Unpacked(data, "test").texts()):
        if number == 1999:
            gc.collect()
            assert sum(isinstance(found, tarfile.TarInfo) for found in gc.get_objects()) < 20
    assert number == 1999


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.sampled_from([b"x", b"g", b"L", b"K", b"S", b"0", b"1", b"5", b"X"]), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 511), st.sampled_from(b"\0\x20-057A\x80\xff")), max_size=3),
    st.binary(max_size=600),
)
def test_whatever_a_header_says_there_is_text_or_damage(
    kinds: list[bytes], changes: list[tuple[int, int]], content: bytes
) -> None:
    data = b""
    for kind in kinds:
        block = bytearray(header(kind, len(content)))
        for place, byte in changes:
            block[place] = byte
        data += summed(block) + filled(content)
    with suppress(UnreadableLog):
        texts(data)
