"""Files and directories that this program makes: their modes are set here, whatever the umask (spec 65 §4).

Files that it reads are opened here too. Only regular files are read: a pipe could be waited for, and a device read,
for ever.

Root works in directories of the service user, who could put links there that lead anywhere. So root follows only links
that root made.
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

LINKS = 40
"""Links that a path may lead through, as in the kernel."""

STANDARD = (Path("/dev/stdout"), Path("/dev/stderr"))
"""Links of root to what the process has open, which only the kernel can follow."""


def open_regular(path: Path) -> BinaryIO:
    """A regular file, opened for reading. Raises OSError, also for a pipe, a device or a directory."""
    descriptor = _open(path, os.O_RDONLY | os.O_NONBLOCK)
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


def _open(path: Path, flags: int, mode: int = 0) -> int:
    """A descriptor. Root follows only links that root made, also if they are replaced meanwhile. Raises OSError."""
    flags |= os.O_CLOEXEC | os.O_NOCTTY
    if os.geteuid() != 0 or path in STANDARD:
        return os.open(path, flags, mode)
    directory, name = _reach(path, is_followed=not flags & (os.O_EXCL | os.O_NOFOLLOW))
    try:
        return os.open(name, flags | os.O_NOFOLLOW, mode, dir_fd=directory)
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        os.close(directory)


@contextmanager
def opened_directory(path: Path) -> Iterator[int]:
    """The descriptor of a directory that is no link itself. Raises OSError."""
    descriptor = _open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def place(path: Path) -> Path:
    """Where a path leads: of root, through links that root made only. Raises OSError."""
    if os.geteuid() != 0:
        return Path(os.path.realpath(path))
    directory, name = _reach(path)
    try:
        return Path(f"/proc/self/fd/{directory}").readlink() / name
    except FileNotFoundError:  # the system does not show open files, as in a changed root
        return Path(os.path.realpath(path))
    finally:
        os.close(directory)


def _reach(path: Path, is_followed: bool = True) -> tuple[int, str]:
    """The descriptor of a directory, and the name in it at which a path ends. Raises OSError.

    `is_followed`: a link at the end of the path is followed too.
    """
    names, links = [*reversed(path.parts)] or ["."], 0
    directory = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        while True:
            name = names.pop()
            target = _target(name, directory) if names or is_followed else None
            if target is not None:
                links += 1
                if links > LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                names += reversed(Path(target).parts)
            elif names:
                # with O_DIRECTORY, because the kernel then mounts what is mounted when used
                below = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
                os.close(directory)
                directory = below
            else:
                return directory, name
    except OSError as error:
        os.close(directory)
        error.filename = str(path)
        raise


def _target(name: str, directory: int) -> str | None:
    """Where a link leads; None if a name is none of a link. Raises PermissionError if root did not make it."""
    try:
        link = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
    except FileNotFoundError:
        return None
    try:
        found = os.fstat(link)
        if not stat.S_ISLNK(found.st_mode):
            return None
        if found.st_uid != 0:
            raise PermissionError(errno.EPERM, f"the link {name} on the way is not root's, so root does not follow it")
        return os.readlink("", dir_fd=link)
    finally:
        os.close(link)


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
        (place(path.parent) / path.name).mkdir(mode)
    except FileExistsError:
        if not path.is_dir():
            raise
    else:
        with opened_directory(path) as made:
            os.fchmod(made, mode)


def make(path: Path, mode: int, flags: int = os.O_WRONLY) -> int:
    """The descriptor of a new file; one of root belongs to the owner of its directory.

    Raises FileExistsError, also for a link, and OSError.
    """
    descriptor = _open(path, flags | os.O_CREAT | os.O_EXCL, mode)
    try:
        os.fchmod(descriptor, mode)
        give_to_owner_of(path.parent, descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def give_to_owner_of(directory: Path, descriptor: int) -> None:
    """Give a new file, made by root for the service user, to the owner of its directory. Raises OSError."""
    if os.geteuid() == 0 and (owner := directory.stat()).st_uid != 0:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def open_or_make(path: Path, mode: int, flags: int) -> int:
    """The descriptor of a file to write to, made if it is missing; one that is there keeps its mode. Raises OSError.

    Nobody waits for the reader of a pipe. Root does not write to a file that has a second name: its directory's owner
    could have given a file of somebody else that name.
    """
    while True:
        try:
            descriptor = _open(path, flags | os.O_NONBLOCK)
        except FileNotFoundError:
            if path.is_symlink():
                raise FileNotFoundError(errno.ENOENT, "it is a link to what does not exist", str(path)) from None
            with suppress(FileExistsError):  # made by another process meanwhile
                return make(path, mode, flags)
        else:
            break
    try:
        os.set_blocking(descriptor, True)
        found = os.fstat(descriptor)
        if os.geteuid() == 0 and stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
            raise PermissionError(
                errno.EPERM, "it has a second name (a hard link), so root does not write to it", str(path)
            )
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def writing(path: Path, mode: int = INTERNAL) -> Iterator[BinaryIO]:
    """A file with a new content, which replaces the old one. Raises OSError."""
    with os.fdopen(open_or_make(path, mode, os.O_WRONLY), "wb") as file:
        require_regular(file.fileno(), path)
        file.truncate()
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
        temporary.replace(temporary.with_name(path.name))
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
        temporary.replace(temporary.with_name(path.name))
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _temporary(path: Path) -> tuple[int, Path]:
    """A new file beside `path`, to take its place; those that killed processes left there are removed."""
    directory = place(path.parent)
    for left in directory.glob(f".{glob.escape(path.name)}.*{TEMPORARY}"):
        with suppress(OSError):
            if left.lstat().st_mtime < time.time() - LEFT:
                left.unlink()
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=TEMPORARY, dir=directory)
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
                os.link(temporary, temporary.with_name(path.name))
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
