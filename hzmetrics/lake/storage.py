"""The files of a lake, in a directory or in an object store: each is put in place whole, or not at all.

Local files are written beside their names and renamed. An object is made in a temporary file of this machine first;
modes are those of local files.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from hzmetrics import files, lock
from hzmetrics.errors import ConfigurationError, HzmetricsError, StoreUnavailable, in_words
from hzmetrics.lake import objects
from hzmetrics.scratch import Scratch

if TYPE_CHECKING:
    from upath import UPath

    from hzmetrics.config import Settings

Location: TypeAlias = "Path | UPath"
"""Where a lake is, or a file of it."""

MANIFEST = "manifest.json"
"""What makes a directory, or a prefix of an object store, a lake."""

LOCK = "hzmetrics.lake-{}.lock"
"""In the state directory, for a lake in an object store."""


def location(text: str) -> Location:
    """What a path or a URL on the command line names. Raises UsageError."""
    return objects.parse(text) if "://" in text else Path(text)


@contextmanager
def held(root: Location, settings: Settings) -> Iterator[None]:
    """Hold the lock of a lake: one command at a time writes to it; in an object store, one of this installation.

    Raises LockHeld, ConfigurationError if the store cannot be used, and HzmetricsError.
    """
    if isinstance(root, Path):
        with lock.hold_lake(root):
            yield
        return
    require_reachable(root)
    digest = hashlib.sha256(str(root).encode()).hexdigest()[:16]
    with lock.hold(settings, LOCK.format(digest)):
        yield


def require_reachable(root: Location) -> None:
    """Raises ConfigurationError if the store of a lake cannot be used."""
    if not isinstance(root, Path):
        try:
            objects.require_reachable(root, MANIFEST)
        except OSError as error:
            raise ConfigurationError(f"cannot use {in_words(error)}") from None


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(f"cannot read {in_words(error)}") from None


def read(path: Location) -> bytes:
    """The content of a file. Raises OSError, as FileNotFoundError if there is none."""
    return files.read(path) if isinstance(path, Path) else objects.read(path)


def exists(path: Location) -> bool:
    """Whether there is a file. Raises StoreUnavailable."""
    with _readable():
        return path.exists() if isinstance(path, Path) else objects.exists(path)


def found(root: Location, pattern: str) -> Sequence[Location]:
    """The files whose names below a lake match a pattern. Raises StoreUnavailable."""
    with _readable():
        return list(root.glob(pattern)) if isinstance(root, Path) else objects.found(root, pattern)


def is_empty(root: Location) -> bool:
    """Whether nothing is there but hidden files. Raises StoreUnavailable."""
    with _readable():
        if isinstance(root, Path):
            return not root.exists() or all(path.name.startswith(".") for path in root.iterdir())
        return objects.is_empty(root)


def replace(path: Location, content: bytes, mode: int) -> None:
    """Give a file a new content. Raises HzmetricsError."""
    try:
        if isinstance(path, Path):
            files.make_directory(path.parent)
            files.replace(path, content, mode)
        else:
            objects.write(path, content)
    except OSError as error:
        raise HzmetricsError(f"cannot write {path}: {error.strerror}") from None


@contextmanager
def replacing(path: Location, mode: int = files.INTERNAL) -> Iterator[Path]:
    """A new local file, for a library that writes files by name; whole, it takes the place of a file of a lake.

    Raises StoreUnavailable, also if the block raises OSError.
    """
    try:
        if isinstance(path, Path):
            files.make_directory(path.parent)
            with files.replacing(path, mode) as temporary:
                yield temporary
        else:
            with Scratch() as directory:
                temporary = Path(directory) / path.name
                yield temporary
                objects.upload(temporary, path)
    except OSError as error:
        raise StoreUnavailable(f"cannot write {path}: {error.strerror}") from None


def copy(old: Location, new: Location, mode: int) -> None:
    """Copy a file of a lake to another. Raises StoreUnavailable."""
    with replacing(new, mode) as temporary:
        if isinstance(old, Path):
            shutil.copyfile(old, temporary)
        else:
            objects.download(old, temporary)


def move(pairs: Sequence[tuple[Location, Location]]) -> None:
    """Give files of a lake other names; what has such a name is replaced. Raises HzmetricsError."""
    of_store = []
    for old, new in pairs:
        if isinstance(old, Path) and isinstance(new, Path):
            try:
                files.make_directory(new.parent)
                old.replace(new)
            except OSError as error:
                raise HzmetricsError(f"cannot write {new}: {error.strerror}") from None
        elif not isinstance(old, Path) and not isinstance(new, Path):
            of_store.append((old, new))
    try:
        objects.move(of_store)
    except OSError as error:
        raise HzmetricsError(f"cannot write {in_words(error)}") from None


def remove(directory: Location) -> None:
    """Remove a directory and what is in it, if it is there. Raises HzmetricsError."""
    try:
        if not isinstance(directory, Path):
            objects.remove(directory)
        elif directory.exists():
            shutil.rmtree(directory)
    except OSError as error:
        raise HzmetricsError(f"cannot remove {in_words(error)}") from None
