"""However a log is rotated, each of its lines is read once, and it is no reason for a warning."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from hzmetrics import config
from hzmetrics.ingest import in_place
from hzmetrics.ingest.imports import Ids, Reading, Transaction
from hzmetrics.logs.account import Account
from hzmetrics.logs.reader import LogStream
from hzmetrics.store import Store, state

pytestmark = pytest.mark.integration


def zstd(data: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(data, asbytes=True))


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd,
}
DAYS = 366


class Server:
    """A web server that writes lines, and a logrotate of some configuration."""

    def __init__(self, directory: Path, chance: random.Random) -> None:
        self.directory = directory
        self.log = directory / "access.log"
        self.chance = chance
        self.written = 0
        self.day = 0
        self.ticks = 1_700_000_000
        self.copies = chance.random() < 0.5
        """copytruncate"""
        self.dates = chance.random() < 0.5
        """dateext"""
        self.delays = chance.random() < 0.5
        """delaycompress"""
        self.suffix = chance.choice([*PACKERS, ""])
        self.kept = chance.randrange(3, 9)

    def write(self, most: int = 30) -> None:
        with self.log.open("ab") as file:
            for _ in range(self.chance.randrange(most)):
                file.write(f"line {self.written} {'x' * self.chance.randrange(300)}\n".encode())
                self.written += 1
        self._touch(self.log)

    def rotate(self) -> None:
        self.day += 1
        if not self.log.exists() or not self.log.stat().st_size:
            return
        closed = sorted(self.directory.glob("access.log?*"), key=self._age)
        if self.dates:
            target = self.directory / f"access.log-{20260000 + self.day}"
        else:
            for old in reversed(closed):
                number, dot, suffix = old.name.removeprefix("access.log.").partition(".")
                old.rename(self.directory / f"access.log.{int(number) + 1}{dot}{suffix}")
            target = self.directory / "access.log.1"
        if self.copies:
            shutil.copy2(self.log, target)
            self.log.write_bytes(b"")
            self._touch(self.log)
        else:
            self.log.rename(target)
            self.log.touch()
            self._touch(self.log)
        for old in sorted(self.directory.glob("access.log?*"), key=self._age)[self.kept :]:
            old.unlink()
        for old in sorted(self.directory.glob("access.log?*"), key=self._age)[1 if self.delays else 0 :]:
            if self.suffix and old.suffix not in PACKERS:
                self._pack(old)

    def _pack(self, path: Path) -> None:
        packed = path.with_name(path.name + self.suffix)
        packed.write_bytes(PACKERS[self.suffix](path.read_bytes()))
        shutil.copystat(path, packed)
        path.unlink()

    def _age(self, path: Path) -> float:
        return -path.stat().st_mtime

    def _touch(self, path: Path) -> None:
        self.ticks += 60
        os.utime(path, (self.ticks, self.ticks))


@pytest.mark.parametrize("seed", range(6))
def test_each_line_of_a_year_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    chance = random.Random(seed)
    read: Counter[str] = Counter()

    def collect(transaction: Transaction, path: Path, stream: LogStream) -> Reading:
        found = [text for table in stream.lines() for text in table["line"].to_pylist()]
        if chance.random() < 0.02:
            raise in_place.ChangedLog("killed before the end")
        read.update(found)
        return Reading(
            stream.name,
            "access",
            Ids(1),
            Account(len(found), Counter(combined=len(found))),
            {},
            len(found),
            frozenset(),
        )

    monkeypatch.setattr(Transaction, "access", collect)
    monkeypatch.setenv("HZMETRICS_NOW", "2023-11-14T23:00:00Z")
    configuration = tmp_path / "site.conf"
    directory = tmp_path / "logs"
    directory.mkdir()
    configuration.write_text(f"[logs]\nfiles = {directory}/access.log*\n", encoding="utf-8")
    settings = config.load(configuration)
    store = Store(settings)
    server = Server(directory, chance)
    for _ in range(DAYS):
        for _ in range(chance.randrange(6)):
            server.write(chance.choice([2, 30, 300]))
            if chance.random() < 0.5:
                in_place.read_new(store, settings, lambda connection, months: None)
        if chance.random() < 0.6:
            server.rotate()
        if chance.random() < 0.5:
            in_place.read_new(store, settings, lambda connection, months: None)
    for _ in range(5):
        in_place.read_new(store, settings, lambda connection, months: None)
    assert state.read(store).unread_files == ()
    store.close()
    numbers = Counter(int(text.split()[1]) for text in read.elements())
    assert server.written > 1000
    assert [number for number, times in numbers.items() if times != 1] == []
    assert len(numbers) == server.written
