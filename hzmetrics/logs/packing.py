"""Unpacking a log file: its content, not its name, says how it is packed (spec 10 §1)."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import math
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Protocol, cast

from hzmetrics.config import Settings
from hzmetrics.config.schema import Logs
from hzmetrics.errors import HzmetricsError

HEAD = 2**16
"""Bytes at the start of a stream by which its packing or its encoding is told."""

SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
"""How names of packed files end."""

LAYERS = 4
"""Packings inside one another that are undone: a tar.gz of gzip files has three."""

XZ_MEMORY = 2**30
"""Bytes of memory that unpacking xz may take."""

BLOCK = 2**16

MOST_HEADERS = 2**14
"""Bytes of the headers before a file in an archive. To read some kinds takes time that grows faster than they do."""


class UnreadableLog(HzmetricsError):
    """A log file cannot be opened, or not be read to its end. Exit code 1."""


@dataclass(frozen=True)
class Limits:
    """How much text may be packed in one file; a file with more is not read."""

    ratio: int = Logs().unpack_ratio
    """Times the size of the packed file."""
    size: int = Logs().unpack_bytes
    """Bytes of text in all."""
    free: int = 2**25
    """Bytes of text up to which the ratio does not matter."""

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """The limits of section `[logs]`."""
        keys = settings.section(Logs)
        return cls(ratio=keys.unpack_ratio, size=keys.unpack_bytes)


LIMITS = Limits()


class Readable(Protocol):
    """What bytes can be read from."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


class Text(io.RawIOBase):
    """A stream of bytes whose first ones, `head`, are known before they are read."""

    def __init__(self, source: Readable, name: str, count: Callable[[int], None] = lambda size: None) -> None:
        self.head = b""
        self._source, self._name, self._count = source, name, count
        self._error: UnreadableLog | None = None
        try:
            while len(self.head) < HEAD and (more := self._pull(HEAD - len(self.head))):
                self.head += more
        except UnreadableLog as error:
            self._error = error  # raised when what can be read has been read
        self._unread = self.head

    def read(self, size: int = BLOCK, /) -> bytes:
        """Up to `size` bytes; none at the end. Raises UnreadableLog."""
        if not self._unread and size:
            return self._pull(size)
        part, self._unread = self._unread[:size], self._unread[size:]
        if len(part) < size and not self._error:
            try:
                part += self._pull(size - len(part))
            except UnreadableLog as error:
                self._error = error
        return part

    def readable(self) -> bool:
        return True

    def _pull(self, size: int) -> bytes:
        if self._error:
            raise self._error
        with _damage(self._name):
            data = self._source.read(size)
        self._count(len(data))
        return data


class Unpacked:
    """The texts in a file: one, or one for each regular file in an archive. Can be read once."""

    def __init__(self, file: Readable, name: str, limits: Limits = LIMITS) -> None:
        self.name = name
        self._limits = limits
        self._taken = 0
        self._file = Text(file, name, self._take)

    @property
    def packed(self) -> bool:
        """Whether the file is packed in any way."""
        return _packing(self._file.head) is not None

    def texts(self) -> Iterator[Text]:
        """The texts, in order; each must be read before the next one is asked for. Raises UnreadableLog."""
        return self._texts(self._file, LAYERS)

    def read_after(self, offset: int) -> Iterator[bytes]:
        """The bytes of all texts from `offset` on, in pieces. Raises UnreadableLog.

        A text that lacks its last line end is given one if another text follows.
        """
        end = b"\n"
        for text in self.texts():
            data = b"" if end.endswith(b"\n") else b"\n"
            while data or (data := text.read(BLOCK)):
                end, kept = data, data[offset:]
                offset -= len(data) - len(kept)
                if kept:
                    yield kept
                data = b""

    def _texts(self, stream: Text, layers: int) -> Iterator[Text]:
        packing = _packing(stream.head)
        if packing is None:
            yield stream
        elif not layers:
            raise UnreadableLog(f"cannot read {self.name}: more than {LAYERS} packings inside one another")
        elif packing == "tar":
            for member in self._members(stream):
                yield from self._texts(member, layers - 1)
        elif packing in UNPACKERS:
            with _damage(self.name):
                unpacker = UNPACKERS[packing](stream)
            yield from self._texts(Text(unpacker, self.name, self._meter()), layers - 1)
        else:
            raise UnreadableLog(f"cannot read {self.name}: it is packed with {packing}; unpack it first")

    def _members(self, stream: Text) -> Iterator[Text]:
        """The regular files of a tar archive."""
        count, source = self._meter(), _Forward(stream)
        with _damage(self.name), tarfile.open(fileobj=cast(IO[bytes], source), mode="r:") as archive:
            while member := archive.next():
                cast(Any, archive).members.clear()  # or all of them would be remembered
                if member.isreg() and (content := archive.extractfile(member)):
                    source.left = math.inf
                    yield Text(content, self.name, count)
                source.left = MOST_HEADERS
            source.left = math.inf
            while rest := source.read(BLOCK):
                if rest.strip(b"\0"):
                    raise tarfile.ReadError("the archive is damaged, or data follows its end")
            if source.end.strip(b"\0"):
                raise tarfile.ReadError("unexpected end of the archive")

    def _take(self, size: int) -> None:
        self._taken += size

    def _meter(self) -> Callable[[int], None]:
        """Counts what one layer unpacks, up to the limits."""
        size = 0

        def count(more: int) -> None:
            nonlocal size
            size += more
            if size > self._limits.size:
                raise UnreadableLog(
                    f"cannot read {self.name}: it holds more than {self._limits.size:,} bytes of text; "
                    "unpack it, or raise unpack_bytes in [logs]"
                )
            if size > max(self._limits.free, self._limits.ratio * self._taken):
                raise UnreadableLog(
                    f"cannot read {self.name}: its text is more than {self._limits.ratio:,} times as large as the "
                    "file; unpack it, or raise unpack_ratio in [logs]"
                )

        return count


class _Forward:
    """An archive as it is read: from its start to its end, with headers of limited size.

    What a header says of sizes may be wrong: nothing is taken into memory, or looked for, because a header says so.
    """

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._position = 0
        self.left: float = MOST_HEADERS
        """Bytes that may still be read before the content of the next file."""
        self.end = b""
        """The last block of the archive so far: zeros, if the archive is whole."""

    def read(self, size: int, /) -> bytes:
        self.left -= size
        if self.left < 0:
            raise tarfile.ReadError("a header of the archive is too long")
        found = []
        while size > 0 and (data := self._source.read(size)):
            found.append(data)
            size -= len(data)
        whole = b"".join(found)
        self._position += len(whole)
        self.end = (self.end + whole)[-tarfile.BLOCKSIZE :]
        return whole

    def tell(self) -> int:
        return self._position

    def seek(self, position: int, /) -> None:
        """Go on to a position, or to the end if there are fewer bytes."""
        if position < self._position:
            raise tarfile.ReadError("a header of the archive points back")
        left, self.left = self.left, math.inf
        while self._position < position and self.read(min(BLOCK, position - self._position)):
            pass
        self.left = left


class _Streams:
    """What is packed in a sequence of bzip2 or xz streams, which zeros may follow."""

    def __init__(self, packed: Text, new: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor]) -> None:
        self._packed, self._new = packed, new
        self._unpacker = new()

    def read(self, size: int, /) -> bytes:
        while True:
            data = b""
            if self._unpacker.eof:
                data = self._unpacker.unused_data.lstrip(b"\0")
                while not data and (more := self._packed.read(BLOCK)):
                    data = more.lstrip(b"\0")
                if not data:
                    return b""
                self._unpacker = self._new()
            elif self._unpacker.needs_input and not (data := self._packed.read(BLOCK)):
                raise EOFError("the packed data ends too early")
            if text := self._unpacker.decompress(data, size):
                return text


def _zstd(packed: Text) -> Readable:
    import pyarrow as pa

    unpacked: Readable = pa.CompressedInputStream(pa.PythonFile(packed, "r"), "zstd")
    return unpacked


UNPACKERS: dict[str, Callable[[Text], Readable]] = {
    "gzip": lambda packed: gzip.GzipFile(fileobj=packed, mode="rb"),
    "bzip2": lambda packed: _Streams(packed, bz2.BZ2Decompressor),
    "xz": lambda packed: _Streams(packed, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY)),
    "zstd": _zstd,
}

MAGIC = {
    b"\x1f\x8b\x08": "gzip",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x1f\x9d\x90": "compress",
    b"PK\x03\x04": "zip",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"\x04\x22\x4d\x18": "LZ4",
    b"Rar!\x1a\x07": "RAR",
    **{bytes([0x50 + number, 0x2A, 0x4D, 0x18]): "zstd" for number in range(16)},
    **{b"BZh%d" % level + block: "bzip2" for level in range(1, 10) for block in (b"1AY&SY", b"\x17rE8P\x90")},
}
"""How packed files begin. Zstandard may begin with a frame to skip, bzip2 holds a block or none."""


def _packing(head: bytes) -> str | None:
    for magic, packing in MAGIC.items():
        if head.startswith(magic):
            return packing
    header = head[: tarfile.BLOCKSIZE]
    try:
        tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return None
    # a visitor can make a line that has the right checksum, but no server logs a NUL
    return "tar" if b"\0" in header else None


def base_name(name: str) -> str:
    """A file's name without the suffix that says how it is packed."""
    return next((name[: -len(suffix)] for suffix in SUFFIXES if name.lower().endswith(suffix)), name)


@contextmanager
def _damage(name: str) -> Iterator[None]:
    """Says of an error in packed data which file is damaged. Libraries raise whatever the data makes them raise."""
    try:
        yield
    except HzmetricsError:
        raise
    except Exception as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        raise UnreadableLog(f"cannot read {name}: {reason}") from None
