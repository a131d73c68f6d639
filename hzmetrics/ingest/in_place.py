"""Logs of a site without a hub: read where they are, each line once, however a file is rotated (spec 10 §19)."""

from __future__ import annotations

import glob
import hashlib
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO, cast

import pyarrow.compute as pc
import sqlalchemy as sa

from hzmetrics.config import Settings
from hzmetrics.config.schema import Logs
from hzmetrics.errors import NO_FILES_FAULT, HzmetricsError
from hzmetrics.files import open_regular
from hzmetrics.ingest.imports import OnRows, Transaction
from hzmetrics.ingest.readers import Readers
from hzmetrics.log import log
from hzmetrics.logs.packing import Limits, Unpacked, UnreadableLog, base_name
from hzmetrics.logs.parts import unfinished
from hzmetrics.logs.reader import IDENTITY_BYTES, LINE_LIMIT, ChangedLog, LogStream, byte_order_mark, utf_16
from hzmetrics.logs.w3c import FIELDS
from hzmetrics.store import Store
from hzmetrics.store.tables.metrics import imported_sources

SETTLED = 86_400
"""Seconds without a change after which the last line of a file is complete, even without a line feed."""

BLOCK = 2**16

HASH = 32
"""Hexadecimal digits of a hash."""

LONGEST_NAME = 120
"""Characters of a file's name that the ledger keeps."""


@dataclass(frozen=True)
class Read:
    """Bytes `start` to `stop` of a text, as one read took them."""

    name: str
    """Name of the file at that time."""
    start: int
    stop: int
    head: str
    """Hash of the first bytes of the text: `IDENTITY_BYTES`, or up to `stop` if that is less."""
    packed: str = ""
    """Hash of the packed file that was read to its end; empty: the file was not packed."""

    def __str__(self) -> str:
        """The read as the ledger names it."""
        whole = f" (file {self.packed})" if self.packed else ""
        return f"{self.name[-LONGEST_NAME:]} bytes {self.start}-{self.stop} of {self.head}{whole}"


_READ = re.compile(r"(.*) bytes ([0-9]+)-([0-9]+) of ([0-9a-f]+)(?: \(file ([0-9a-f]+)\))?", re.DOTALL)


@dataclass
class Report:
    """What the reading of a site's logs did."""

    rows: int = 0
    """Rows inserted into `web`."""
    failed: list[tuple[Path, str]] = field(default_factory=list)
    """Files that could not be read, and why; nothing of the failed read was written."""
    changed: list[Path] = field(default_factory=list)
    """Those of them that changed while they were read: the next run reads them."""


def files(settings: Settings) -> list[Path]:
    """The files that `[logs] files` names, oldest change first. A packed copy of a file that is there is left out."""
    named = {name for pattern in settings.section(Logs).files for name in glob.glob(pattern, recursive=True)}  # noqa: PTH207
    found: dict[tuple[int, int], tuple[int, str]] = {}
    for name in sorted(named):
        try:
            status = os.stat(name)  # noqa: PTH116 - a name, for many files
        except OSError:
            continue  # renamed in this moment: the next run finds it
        if Path(name).is_file() and (base_name(name) == name or base_name(name) not in named):
            found.setdefault((status.st_dev, status.st_ino), (status.st_mtime_ns, name))
    return [Path(name) for _, name in sorted(found.values())]


def read_new(
    store: Store,
    settings: Settings,
    on_rows: OnRows,
    skip: Callable[[Path], bool] = lambda path: False,
    dry_run: bool = False,
) -> Report:
    """Import all lines that no earlier read took, each read in a transaction with its ledger row.

    A file that fails does not stop the others. Raises StoreUnavailable.
    """
    with closing(Readers(settings)) as readers:
        return _read_new(_Site(store, settings, readers, on_rows, dry_run), skip)


def _read_new(site: _Site, skip: Callable[[Path], bool]) -> Report:
    report = Report()
    paths = [path for path in files(site.settings) if not skip(path)]
    heads = {path: head for path in paths if (head := _text_head(path, site.limits))}
    for path, head in heads.items():
        if len(head) < IDENTITY_BYTES and any(len(head) < len(one) and one.startswith(head) for one in heads.values()):
            log.debug("%s is left for the next run: another file begins with all of its content", path)
            continue
        try:
            report.rows += site.read(path)
        except NO_FILES_FAULT:
            raise
        except HzmetricsError as error:
            log.error("%s: %s", path, error)
            report.failed.append((path, str(error)))
            if isinstance(error, ChangedLog):
                report.changed.append(path)
    return report


def _text_head(path: Path, limits: Limits) -> bytes:
    """The first bytes of a file's text; of a file that cannot be read, a byte that begins no other."""
    try:
        with _open(path, limits) as file:
            return file.head
    except UnreadableLog:
        return b"\0"


class _Site:
    """Reads one file after the other, and knows what was read before."""

    def __init__(self, store: Store, settings: Settings, readers: Readers, on_rows: OnRows, dry_run: bool) -> None:
        self.database = store.metrics
        self.settings = settings
        self.readers = readers
        self.on_rows = on_rows
        self.dry_run = dry_run
        self.limits = Limits.of(settings)
        with self.database.connect() as connection:
            self.reads = _Reads(connection.execute(sa.select(imported_sources.c.filename)).scalars())

    def read(self, path: Path) -> int:
        """Import what is new in a file; returns the rows inserted. Raises HzmetricsError."""
        with _open(path, self.limits) as file:
            gaps = list(_gaps(self.reads.of_text(file.head)))
            if file.packed in self.reads.packed:
                gaps.pop()  # it was read to its end
            return sum(self._read(file, start, stop) for start, stop in gaps)

    def _read(self, file: _File, start: int, stop: int | None) -> int:
        """Import the bytes from `start` to `stop`; None: to the end of the last complete line."""
        part = file.part(start, stop, self.settings.clock.now.timestamp())
        if part is None or self.dry_run:
            if part is not None:
                log.info("would read %s from byte %d on", file.path, start)
            return 0
        log.info("reading %s from byte %d on", file.path, start)
        with self.database.begin() as connection:
            transaction = Transaction(self.database, connection, self.settings, self.readers)
            heading = file.heading(start)
            stream = LogStream(str(file.path), cast(IO[bytes], part), 0, self.limits, heading)
            reading = transaction.access(file.path, stream)
            reading.refuse_unread(self.settings)
            file.require_same(start + part.taken)
            end = start + part.taken
            read = Read(file.path.name, start, end, _hash(file.head[:end]), file.packed if stop is None else "")
            transaction.record(reading, str(read), "web")
            if reading.ids.count:
                self.on_rows(connection, reading.months)
        self.reads.add(read)
        return reading.ids.count


class _Reads:
    """The reads in the ledger, by the text that they are of."""

    def __init__(self, names: Iterable[str]) -> None:
        self.packed: set[str] = set()
        """The packed files that were read to their end."""
        self._by_head: dict[int, dict[str, list[Read]]] = {}
        """Size of the head, then its hash, to the reads."""
        for name in names:
            if found := _READ.fullmatch(name):
                self.add(Read(found[1], int(found[2]), int(found[3]), found[4], found[5] or ""))

    def add(self, read: Read) -> None:
        size = min(IDENTITY_BYTES, read.stop)
        self._by_head.setdefault(size, {}).setdefault(read.head, []).append(read)
        if read.packed:
            self.packed.add(read.packed)

    def of_text(self, head: bytes) -> list[Read]:
        """The reads of the text that begins with `head`."""
        found: list[Read] = []
        digest, done = hashlib.sha256(), 0
        for size in sorted(size for size in self._by_head if size <= len(head)):
            digest.update(head[done:size])
            done = size
            found += self._by_head[size].get(digest.hexdigest()[:HASH], [])
        return found


def _gaps(reads: Sequence[Read]) -> Iterator[tuple[int, int | None]]:
    """What is missing between the reads of a text, and after the last one."""
    position = 0
    for read in sorted(reads, key=lambda read: read.start):
        if read.start > position:
            yield position, read.start
        position = max(position, read.stop)
    yield position, None


def _hash(data: bytes) -> str:
    return hashlib.sha256(data[:IDENTITY_BYTES]).hexdigest()[:HASH]


class _File:
    """An open log file."""

    def __init__(self, path: Path, file: BinaryIO, limits: Limits) -> None:
        self.path = path
        self.limits = limits
        self._file = file
        status = os.fstat(file.fileno())
        self._size, self._changed = status.st_size, status.st_mtime
        packed_head = file.read(IDENTITY_BYTES)
        self.packed = ""
        """What identifies the packed file; empty if it is not packed."""
        if self._unpacked().packed:
            self.packed = _hash(str(self._size).encode() + b"\n" + packed_head)
        self.head = self._text_head() if self.packed else packed_head
        """The first bytes of the text."""
        self._encoding = utf_16(self.head)
        self._unit = 2 if self._encoding else 1
        """Bytes of a line feed."""

    def part(self, start: int, stop: int | None, now: float) -> _Part | None:
        """The text from `start` to `stop`, or to the end of the last complete line; None: there is nothing to read."""
        if not self.packed:
            stop = self._end(start, now) if stop is None else stop
            if stop <= start:
                return None
        return self._part(start, stop)

    def heading(self, start: int) -> str:
        """The last `#Fields` line before `start`: what the columns are there. Empty: there is none.

        It is looked for only if the head of the text has such a line.
        """
        found = ""
        if start and FIELDS.encode() in self.head.replace(b"\0", b""):
            for lines in LogStream(str(self.path), cast(IO[bytes], self._part(0, start)), 0, self.limits).lines():
                fields = lines["line"].filter(pc.starts_with(lines["line"], FIELDS))
                found = fields[-1].as_py() if len(fields) else found
        return found

    def _part(self, start: int, stop: int | None) -> _Part:
        """In UTF-16, a place inside a line feed, where earlier versions ended a read, means its end."""
        begin = start + start % self._unit
        blocks = self._unpacked().read_after(begin) if self.packed else self._blocks(begin)
        size = None if stop is None else stop + stop % self._unit - begin
        return _Part(blocks, size, begin - start, byte_order_mark(self._encoding) if begin else b"")

    def require_same(self, stop: int) -> None:
        """Raises ChangedLog if the file was emptied or replaced while it was read up to `stop`."""
        self._file.seek(0)
        head = self._file.read(len(self.head)) if not self.packed else self.head
        size = os.fstat(self._file.fileno()).st_size
        if head != self.head or size < (self._size if self.packed else stop):
            raise ChangedLog(f"{self.path} changed while it was read; left for the next run")

    def _unpacked(self) -> Unpacked:
        self._file.seek(0)
        return Unpacked(self._file, str(self.path), self.limits)

    def _text_head(self) -> bytes:
        head = b""
        for block in self._unpacked().read_after(0):
            head += block
            if len(head) >= IDENTITY_BYTES:
                break
        return head[:IDENTITY_BYTES]

    def _end(self, start: int, now: float) -> int:
        """Where the last complete line after `start` ends; one whose rest is still to come is not complete."""
        if now - self._changed > SETTLED:
            return self._size
        end = self._last_line_end(start)
        begin = max(start, end - LINE_LIMIT - 1)
        self._file.seek(begin)
        return end - unfinished(self._file.read(end - begin), LINE_LIMIT)

    def _last_line_end(self, start: int) -> int:
        """Where the last line after `start` ends that has a line feed."""
        line_feed = "\n".encode(self._encoding or "utf-8")
        start += start % self._unit
        place = self._size - self._size % self._unit
        while place > start:
            size = min(BLOCK, place - start)
            self._file.seek(place - size)
            block = self._file.read(size)
            found = block.rfind(line_feed)
            while found % self._unit and found >= 0:  # halves of two characters
                found = block.rfind(line_feed, 0, found + self._unit - 1)
            if found >= 0:
                return place - size + found + self._unit
            place -= size
        return start

    def _blocks(self, start: int) -> Iterator[bytes]:
        self._file.seek(start)
        while block := self._file.read(BLOCK):
            yield block


@contextmanager
def _open(path: Path, limits: Limits) -> Iterator[_File]:
    """Raises UnreadableLog."""
    try:
        file = open_regular(path)
    except OSError as error:
        raise UnreadableLog(f"cannot read {path}: {error.strerror or error}") from None
    with file:
        yield _File(path, file, limits)


class _Part(io.RawIOBase):
    """Part of a text, behind its byte order mark if it is in UTF-16."""

    def __init__(self, blocks: Iterator[bytes], size: int | None, taken: int, mark: bytes) -> None:
        self._blocks = blocks
        self._left = size
        self._ready = mark
        self.taken = taken
        """Bytes of the text that were read."""

    def read(self, size: int = BLOCK, /) -> bytes:
        if not self._ready and self._left != 0:
            self._ready = next(self._blocks, b"")[: self._left]
            self.taken += len(self._ready)
            if self._left is not None:
                self._left -= len(self._ready)
        data, self._ready = self._ready[:size], self._ready[size:]
        return data
