"""What is read of a log that is rotated, cut, packed or damaged between updates (spec 84 §3)."""

from __future__ import annotations

import bz2
import datetime as dt
import errno
import gzip
import lzma
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from hzmetrics.calendar import Clock
from hzmetrics.errors import HzmetricsError
from hzmetrics.follow import follower, tail
from hzmetrics.follow.mark import FileMark
from hzmetrics.follow.settings import Following
from hzmetrics.logs.packing import LIMITS, Limits
from hzmetrics.logs.settings import LogSettings
from tests.conftest import TestHub
from tests.logs.test_packing import zstd

NOW = Clock.parse("2026-02-03T12:00:00Z")


class Names:
    """Keeps the users of the entries: each line of these tests has its own."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def take(self, source: str, entries: pa.Table) -> None:
        self.read += entries["user"].to_pylist()

    def store(self, connection: sa.Connection, reading: follower.Reading) -> None:
        pass

    def finish(self, reading: follower.Reading) -> None:
        pass


class Follower:
    """One followed log and what was read of it so far."""

    def __init__(self, hub: TestHub) -> None:
        self.hub = hub
        self.log = hub.root / "cmsauth.log"
        self.names = Names()
        self.max_bytes = 1 << 20
        self.limits = LIMITS
        (hub.root / "daily").mkdir()

    def write(self, *users: str, path: Path | None = None) -> None:
        with (path or self.log).open("a") as file:
            file.writelines(f"2026-02-03 10:00:00 {user} 198.51.100.7 login\n" for user in users)

    def update(self) -> follower.Reading:
        logs, places = (("auth", self.log),), (self.hub.root / "daily",)
        following = Following(logs, places, dt.UTC, (), frozenset(), self.max_bytes, self.limits)
        return follower.update(self.hub.store, following, NOW, [self.names])


@pytest.fixture
def followed(make_hub: Callable[[str], TestHub]) -> Follower:
    return Follower(make_hub("sqlite"))


def test_a_log_that_came_and_went_after_an_empty_one_is_read(followed: Follower) -> None:
    followed.write("a")
    followed.update()
    followed.log.rename(f"{followed.log}.1")
    followed.log.touch()
    followed.update()
    followed.write("b")
    followed.log.rename(f"{followed.log}.2")
    followed.write("c")
    followed.update()
    assert followed.names.read == ["a", "b", "c"]


def test_a_log_that_came_and_went_while_there_was_none_is_read(followed: Follower) -> None:
    followed.write("a")
    followed.log.rename(f"{followed.log}.1")
    followed.write("b")
    followed.update()
    followed.log.rename(f"{followed.log}.2")
    followed.update()
    followed.update()
    followed.write("c")
    followed.log.rename(f"{followed.log}.3")
    followed.write("d")
    followed.update()
    assert followed.names.read == ["b", "c", "d"]


def test_a_log_that_cannot_be_read_is_named_and_the_others_are_read(followed: Follower) -> None:
    damaged = followed.hub.root / "access.log"
    damaged.symlink_to("/proc/self/mem")
    followed.write("a")
    logs = (("access", damaged), ("auth", followed.log))
    following = Following(logs, (), dt.UTC, (), frozenset(), 1 << 20, LIMITS)
    reading = follower.update(followed.hub.store, following, NOW, [followed.names])
    assert followed.names.read == ["a"]
    assert reading.unread == [("access", f"cannot follow {damaged}: Input/output error")]
    with pytest.raises(HzmetricsError, match="cannot follow"):
        reading.require_all()
    follower.require_read(followed.hub.store, {"auth"})
    with pytest.raises(HzmetricsError, match="could not be read: access"):
        follower.require_read(followed.hub.store, {"auth", "access"})
    damaged.unlink()
    follower.update(followed.hub.store, following, NOW, [followed.names]).require_all()
    follower.require_read(followed.hub.store, {"auth", "access"})


def test_what_is_read_before_a_failure_is_read_once(followed: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    followed.write("a", "b")
    entries = follower._entries

    def failing(*arguments: Any) -> Iterator[pa.Table]:
        yield next(entries(*arguments))
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr(follower, "_entries", failing)
        assert followed.update().unread
    followed.update().require_all()
    assert followed.names.read == ["a", "b"]


@pytest.mark.parametrize("most", [45, 60, 99, 150])
def test_the_limit_of_one_update_cuts_no_line_of_a_rotated_log(followed: Follower, most: int) -> None:
    followed.write("a")
    followed.update()
    users = ["a"]
    for number in range(3):
        followed.write(more := "b" * (number + 1), again := "c" * (number + 1))
        users += [more, again]
        followed.log.rename(f"{followed.log}.{number}")
    followed.write("d")
    followed.max_bytes = most
    for _ in range(15):
        followed.update()
    assert followed.names.read == [*users, "d"]


def test_a_limit_within_unreadable_lines_says_that_nothing_is_complete(followed: Follower) -> None:
    followed.log.write_text("garbage\n" * 20)
    followed.max_bytes = 50
    assert followed.update().cut_at == 0


def test_a_damaged_archive_holds_nothing_up(followed: Follower, caplog: pytest.LogCaptureFixture) -> None:
    followed.write("a")
    followed.update()
    followed.log.rename(f"{followed.log}.1")
    archive = Path(f"{followed.log}.2.gz")
    archive.write_bytes(gzip.compress(b"some lines\n" * 99)[:-9])
    Path(f"{followed.log}.3.gz").write_bytes(archive.read_bytes()[:10] + b"\xff" * 50)
    followed.write("b")
    for _ in range(2):
        followed.update()
    assert followed.names.read == ["a", "b"]
    assert f"{archive} is damaged" in caplog.text


@pytest.mark.parametrize(
    ("end", "pack"),
    [
        (".1.xz", lzma.compress),
        (".1.bz2", bz2.compress),
        (".1.zst", zstd),
        (".gz.1", gzip.compress),
        (".1", gzip.compress),
    ],
    ids=[".1.xz", ".1.bz2", ".1.zst", ".gz.1", ".1"],
)
def test_a_log_that_was_packed_loses_no_line(followed: Follower, end: str, pack: Callable[[bytes], bytes]) -> None:
    followed.write("a")
    followed.update()
    followed.write("b", "c")
    followed.max_bytes = 60
    Path(f"{followed.log}{end}").write_bytes(
        pack(followed.log.read_bytes() + b"2026-02-03 10:00:00 d 198.51.100.7 login")
    )
    followed.log.unlink()
    followed.write("e")
    for _ in range(5):
        followed.update()
    assert followed.names.read == ["a", "b", "c", "d", "e"]


def test_a_rotated_log_beyond_the_limits_of_unpacking_is_named(
    followed: Follower, caplog: pytest.LogCaptureFixture
) -> None:
    followed.write("a")
    followed.update()
    followed.log.rename(f"{followed.log}.1")
    Path(f"{followed.log}.2").write_bytes(gzip.compress(b"\n" * 200_000))
    followed.limits = Limits(10, free=1000)
    followed.write("b")
    followed.update()
    assert followed.names.read == ["a", "b"]
    assert "raise unpack_ratio in [logs]" in caplog.text


def test_a_log_that_is_a_link_is_not_read_a_second_time_under_its_own_name(followed: Follower) -> None:
    dated = [followed.log.with_name(f"cmsauth.log.{day}") for day in (1, 2)]
    followed.log.symlink_to(dated[0])
    followed.write("a")
    followed.update()
    followed.write("b")
    followed.log.unlink()
    followed.log.symlink_to(dated[1])
    followed.write("c")
    followed.update()
    assert followed.names.read == ["a", "b", "c"]


def test_a_file_that_is_being_packed_is_read_once(followed: Follower) -> None:
    followed.write("a")
    followed.update()
    followed.log.rename(f"{followed.log}.1")
    followed.write("b", path=(missed := Path(f"{followed.log}.2")))
    with missed.open("rb") as source, gzip.open(f"{missed}.gz", "wb") as packed:
        shutil.copyfileobj(source, packed)
    followed.write("c")
    followed.update()
    assert followed.names.read == ["a", "b", "c"]


def test_a_log_replaced_under_the_reader_is_left_for_the_next_time(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("one\ntwo\n")
    with log.open("rb") as file:
        mark = FileMark.at(file, 4)
    log.unlink()
    log.write_text("new file\nwith lines\n")
    with pytest.raises(OSError, match="replaced"):
        tail.read(tail.Piece(log, mark, False), 100)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_every_line_is_read_once_whatever_happens_to_the_log(followed: Follower, seed: int) -> None:
    chance = random.Random(seed)
    log, written, rest = followed.log, ["0"], ""
    followed.write("0")
    followed.update()
    for step in range(1, 30):
        match chance.choice(["write", "write", "begin", "rename", "pack", "copy", "update", "update"]):
            case "write":
                with log.open("a") as file:
                    file.write(rest)
                rest = ""
                followed.write(*(users := [f"{step}.{number}" for number in range(chance.randrange(1, 4))]))
                written += users
            case "begin" if not rest:
                begun = f"2026-02-03 10:00:00 {step} 198.51.100.7 login\n"
                cut = chance.randrange(10, 40)
                with log.open("a") as file:
                    file.write(begun[:cut])
                rest = begun[cut:]
                written.append(str(step))
            case "rename" | "pack" as how if log.exists() and log.stat().st_size:
                with log.open("a") as file:
                    file.write(rest.rstrip("\n"))
                rest = ""
                rotated = log.rename(log.parent / chance.choice(["daily", ""]) / f"{log.name}.{step}")
                if how == "pack":
                    subprocess.run(["gzip", rotated], check=True)
                if chance.random() < 0.7:
                    log.touch()
            case "copy" if log.exists() and not rest:
                shutil.copy2(log, f"{log}.{step}")
                os.truncate(log, 0)
            case "update":
                followed.max_bytes = chance.choice([120, 200, 1 << 20])
                followed.update()
    with log.open("a") as file:
        file.write(rest)
    followed.max_bytes = 200
    while followed.update().cut_at is not None:
        pass
    assert followed.names.read == written


LINES = {
    "hub": ("access", '2026-02-03 10:00:00 UTC - "GET / HTTP/1.1" 200 5 {address} "-" "x" TLS 0 5 -'),
    "combined": ("access", '{address} - {user} [03/Feb/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "x"'),
    "with host": (
        "access",
        'www.example.org:443 {address} - {user} [03/Feb/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5',
    ),
    "json": (
        "access",
        '{{"time": "2026-02-03T10:00:00Z", "remote_addr": "10.0.0.1", "http_x_forwarded_for": "{address}, 10.0.0.2", '
        '"remote_user": "{user}", "request": "GET / HTTP/1.1", "status": "200", "body_bytes_sent": "5"}}',
    ),
    "auth": ("auth", "2026-02-03 10:00:00 7 [{user}] {address} login"),
    "jupyterhub": (
        "jupyterhub",
        "[I 2026-02-03 10:00:00.1 JupyterHub log:1] 200 GET /hub/home ({user}@{address}) 1.5ms",
    ),
}


@pytest.mark.parametrize("form", LINES)
def test_excluded_addresses_and_ignored_users_are_left_out_in_every_format(followed: Follower, form: str) -> None:
    source, line = LINES[form]
    people = [("ann", "198.51.100.7"), ("Robot", "198.51.100.8"), ("bob", "203.0.113.99"), ("cyd", "2001:DB8::7")]
    log = followed.hub.root / "some.log"
    log.write_text("".join(f"{line.format(user=user, address=address)}\n" for user, address in people))
    addresses: list[str] = []

    class Addresses(Names):
        def take(self, source: str, entries: pa.Table) -> None:
            addresses.extend(entries["address"].to_pylist())

    excluded, ignored = ("203.0.113.", "2001:db8:"), frozenset({"robot"})
    following = Following(((source, log),), (), dt.UTC, excluded, ignored, 1 << 20, reading=lambda: LogSettings("hub"))
    reading = follower.update(followed.hub.store, following, NOW, [Addresses()])
    assert (reading.lines, reading.unrecognized) == (4, 0)
    assert addresses == ["198.51.100.7", *(["198.51.100.8"] if form == "hub" else [])]


def test_the_heading_of_a_log_counts_for_lines_that_come_later(followed: Follower) -> None:
    log = followed.hub.root / "u_ex.log"
    following = Following((("access", log),), (), dt.UTC, (), frozenset(), 1 << 20, reading=lambda: LogSettings("auto"))
    log.write_text("#Software: IIS\n#Fields: date time cs-method cs-uri-stem sc-status c-ip cs-username\n")
    for user in ("ann", "bob", "cyd"):
        with log.open("a") as file:
            file.write(f"2026-02-03 10:00:00 GET /{user} 200 198.51.100.7 {user}\n")
        follower.update(followed.hub.store, following, NOW, [followed.names])
    assert followed.names.read == ["ann", "bob", "cyd"]
