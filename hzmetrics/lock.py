"""Advisory file locks of one machine, which the kernel releases when their holder dies (spec 65 §6)."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from filelock import lock_descriptor, unlock_descriptor

from hzmetrics import files
from hzmetrics.config import Settings
from hzmetrics.errors import HzmetricsError, LockHeld
from hzmetrics.log import log, warn_once

RUN = "hzmetrics.pid"
ONLINE = "hzmetrics.whoisonline.lock"
PUBLISH = "hzmetrics.publish.lock"

MIGRATE = "hzmetrics-migrate.lock"
OF_LAKE = ".lock"
"""In the directory of a lake: it may belong to several hubs, users or machines."""

PROGRAM = "hzmetrics"
"""Part of the command line of every holder."""


def of_step(step: str) -> str:
    """The lock of a step of the live side (spec 80 §1)."""
    return f"hzmetrics.{step}.lock"


@contextmanager
def hold(settings: Settings, name: str = RUN) -> Iterator[None]:
    """Hold a lock of the state directory, without waiting. Raises LockHeld if another process has it.

    The kernel's lock decides. The content of the file only tells people who holds it.
    """
    state = settings.paths.state
    path = state / name
    try:
        files.make_directory(state)
    except OSError as error:
        raise HzmetricsError(f"cannot create {state}: {error.strerror}; as root, run: mkdir -p {state}") from None
    with hold_file(path):
        yield


@contextmanager
def hold_lake(root: Path) -> Iterator[None]:
    """Hold the lock of a lake: one command at a time writes to it. Raises LockHeld, and HzmetricsError."""
    try:
        is_new = not root.exists()
        files.make_directory(root)
    except OSError as error:
        raise HzmetricsError(f"cannot make {root}: {error.strerror}") from None
    try:
        with hold_file(root / OF_LAKE):
            yield
    finally:
        if is_new:
            with suppress(OSError):  # there is a lake now
                root.rmdir()


@contextmanager
def hold_file(path: Path) -> Iterator[None]:
    """Hold the lock that a file stands for. Raises LockHeld if another process has it."""
    with _locked(path) as file:
        try:
            if left_over := _describe(_text(file.read())):
                log.info("%s was left over by %s", path, left_over)
            try:
                file.seek(0)
                file.truncate()
                file.write(f"{os.getpid()} {_start_of_environment()} {_real_now()}\n".encode())
            except OSError as error:
                warn_once(f"cannot write to {path.parent}: {error.strerror}")
            yield
        finally:
            path.unlink(missing_ok=True)


def holder(settings: Settings, name: str = RUN) -> str:
    """The process that holds a lock, according to the content of its file; empty if there is none. Takes no lock."""
    content = _read(settings.paths.state / name)
    return _describe(content) if _is_alive(content) else ""


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """The file that `path` names, locked. Raises LockHeld if another process has locked it."""
    while True:
        with _opened(path) as file:
            if not lock_descriptor(file.fileno(), blocking=False):
                raise LockHeld(f"{path} is held by {_describe(_read(path)) or 'another process'}; nothing was done")
            try:
                if _names(path, file):
                    yield file
                    return
            finally:
                unlock_descriptor(file.fileno())


def _opened(path: Path) -> BinaryIO:
    try:
        descriptor = files.open_or_make(path, files.PUBLISHED, os.O_RDWR | os.O_NOFOLLOW)
        try:
            files.require_regular(descriptor, path)
            return os.fdopen(descriptor, "r+b", buffering=0)
        except BaseException:
            os.close(descriptor)
            raise
    except OSError as error:
        raise HzmetricsError(f"cannot lock {path}: {error.strerror}; does it belong to another user?") from None


def _names(path: Path, file: BinaryIO) -> bool:
    """Whether a path still names an open file: the last holder may have removed it before it was locked."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.lstat())
    except FileNotFoundError:
        return False


def _read(path: Path) -> str:
    try:
        return _text(files.read(path))
    except OSError:
        return ""


def _text(content: bytes) -> str:
    return content.decode("ascii", "replace").strip()


def _describe(content: str) -> str:
    """The process that the content of a lock file names, in words; empty if it names none."""
    parts = content.split()
    if len(parts) != 3 or not parts[0].isdigit():
        return ""
    pid, start, taken = parts
    if _is_elsewhere(start):
        return f"process {pid} of another environment, since {taken}"
    command = _command(pid)
    if command is None:
        return f"process {pid}, which has ended, since {taken}"
    return f"process {pid}{'' if PROGRAM in command else ', now another program'}, since {taken}"


def _is_alive(content: str) -> bool:
    parts = content.split()
    return len(parts) == 3 and not _is_elsewhere(parts[1]) and PROGRAM in (_command(parts[0]) or "")


def _is_elsewhere(start: str) -> bool:
    """Whether a process of this start epoch belongs to another boot or container."""
    here = _start_of_environment()
    return "?" not in (start, here) and start != here


def _command(pid: str) -> str | None:
    """The command line of a process; None if there is no such process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return None


def _start_of_environment() -> str:
    """Epoch second at which this machine or container started; `?` where the system does not tell."""
    try:
        boot = next(
            int(line.split()[1]) for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime ")
        )
        ticks = int(Path("/proc/1/stat").read_text().rpartition(")")[2].split()[19])
        return str(boot + ticks // os.sysconf("SC_CLK_TCK"))
    except (OSError, StopIteration, ValueError, IndexError):
        return "?"


def _real_now() -> str:
    return dt.datetime.now().astimezone().isoformat(timespec="milliseconds")
