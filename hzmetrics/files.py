"""Files and directories that this program makes: their modes are set here, whatever the umask (spec 65 §4).

Files that it reads are opened here too. Only regular files are read: a pipe could be waited for, and a device read,
for ever.
"""

from __future__ import annotations

import errno
import glob
import os
import secrets
import shlex
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from hzmetrics.errors import ConfigurationError

PUBLISHED = 0o644
"""Files for every user of the machine."""
INTERNAL = 0o640
"""Files that may hold names of people."""
SECRET = 0o600
"""Databases, the configuration, and keys."""
DIRECTORY = 0o750
SECRET_DIRECTORY = 0o700
PARENT_DIRECTORY = 0o755
"""Directories above ours, which other programs may share."""

UMASK = 0o027
"""What libraries make for us is INTERNAL and DIRECTORY at most."""

TEMPORARY = ".new"
"""The end of the names of files that are to take the place of others."""

LEFT = 3600
"""Seconds after which a temporary file belongs to no process that is still at work."""

OTHERS = stat.S_IROTH | stat.S_IWOTH


def open_regular(path: Path) -> BinaryIO:
    """A regular file, opened for reading. Raises OSError, also for a pipe, a device or a directory."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        require_regular(descriptor, path)
        os.set_blocking(descriptor, True)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read(path: Path) -> bytes:
    """The content of a regular file. Raises OSError."""
    with open_regular(path) as file:
        return file.read()


def require_regular(descriptor: int, path: Path) -> None:
    """Raises OSError if what was opened is no regular file."""
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a directory", str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))


@contextmanager
def own_umask() -> Iterator[None]:
    """Meanwhile the umask is ours, not the caller's."""
    before = os.umask(UMASK)
    try:
        yield
    finally:
        os.umask(before)


def make_directory(path: Path, mode: int = DIRECTORY) -> None:
    """Make a directory and those above it, unless they are there: then they keep their mode. Raises OSError."""
    if path.is_dir():
        return
    make_directory(path.parent, PARENT_DIRECTORY)
    try:
        path.mkdir(mode)
    except FileExistsError:
        if not path.is_dir():
            raise
    else:
        path.chmod(mode)


def make(path: Path, mode: int, flags: int = os.O_WRONLY) -> int:
    """The descriptor of a new file. Raises FileExistsError, OSError."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    os.fchmod(descriptor, mode)
    return descriptor


def give_to_owner_of(directory: Path, descriptor: int) -> None:
    """Give a new file, made by root for the service user, to the owner of its directory. Raises OSError."""
    if os.geteuid() == 0:
        owner = directory.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def open_or_make(path: Path, mode: int, flags: int) -> int:
    """The descriptor of a file, made if it is missing; one that is there keeps its mode. Raises OSError."""
    while True:
        with suppress(FileNotFoundError):
            return os.open(path, flags | os.O_CLOEXEC)
        with suppress(FileExistsError):  # made by another process meanwhile
            return make(path, mode, flags)


@contextmanager
def writing(path: Path, mode: int = INTERNAL) -> Iterator[BinaryIO]:
    """A file with a new content, which replaces the old one. Raises OSError."""
    with os.fdopen(open_or_make(path, mode, os.O_WRONLY | os.O_TRUNC), "wb") as file:
        os.fchmod(file.fileno(), mode)
        yield file


def replace(path: Path, content: bytes, mode: int, like_old: bool = False) -> None:
    """Give a file a new content in one step: readers find the old one or the new. Raises OSError.

    `like_old`: a file that is there keeps its mode, and its owner where we may choose one.
    """
    descriptor, temporary = _temporary(path)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
            _set_mode(descriptor, path if like_old else None, mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def replacing(path: Path, mode: int = INTERNAL) -> Iterator[Path]:
    """A new file beside `path`, for a library that writes files by name; whole, it takes the place of the old one.

    Raises OSError.
    """
    descriptor, temporary = _temporary(path)
    try:
        yield temporary
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _temporary(path: Path) -> tuple[int, Path]:
    """A new file beside `path`, to take its place; those that killed processes left there are removed."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*{TEMPORARY}"):
        with suppress(OSError):
            if left.lstat().st_mtime < time.time() - LEFT:
                left.unlink()
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=TEMPORARY, dir=path.parent)
    return descriptor, Path(name)


def read_secret(path: Path) -> bytes:
    """A secret of 32 bytes in a file, made when first needed: whole, on the disk, readable by its owner alone.

    The owner is that of the directory. Of several processes that make one at the same time all get the first. Raises
    ConfigurationError if others can read the file, ValueError if it holds no such secret, OSError.
    """
    if not path.exists():
        make_directory(path.parent)
        descriptor, temporary = _temporary(path)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, SECRET)
                file.write(f"{secrets.token_hex(32)}\n".encode("ascii"))
                file.flush()
                give_to_owner_of(path.parent, descriptor)
                os.fsync(descriptor)
            with suppress(FileExistsError):
                os.link(temporary, path)
        finally:
            temporary.unlink()
    require_secrecy(path, SECRET)
    found = bytes.fromhex(read(path).decode("ascii").strip())
    if len(found) != 32:
        raise ValueError("it does not hold 64 hexadecimal digits")
    return found


def _set_mode(descriptor: int, old_file: Path | None, mode: int) -> None:
    try:
        old = old_file.stat() if old_file else None
    except FileNotFoundError:
        old = None
    if old:
        with suppress(PermissionError):
            os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode) if old else mode)


def exposure(path: Path, mode: int = INTERNAL) -> str:
    """How to keep other users of this machine from a file that holds a secret; empty if they cannot read it."""
    try:
        exposed = path.stat().st_mode & OTHERS
    except OSError:
        return ""
    return f"every user of this machine can read it; run: chmod {mode:o} {shlex.quote(str(path))}" if exposed else ""


def require_secrecy(path: Path, mode: int = INTERNAL) -> None:
    """Raises ConfigurationError if other users of this machine can read or write a file that holds a secret."""
    if remedy := exposure(path, mode):
        raise ConfigurationError(f"{path}: {remedy}")
