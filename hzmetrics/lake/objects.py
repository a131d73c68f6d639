"""Files of a lake in an object store, by fsspec.

Whatever the client of a store raises is an OSError here, with the name of the object and the reason.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hzmetrics.errors import UsageError, in_words

if TYPE_CHECKING:
    from upath import UPath

STORES = {
    "s3": "'hzmetrics[s3]'",
    "gs": "universal-pathlib gcsfs",
    "az": "universal-pathlib adlfs",
    "abfs": "universal-pathlib adlfs",
    "memory": "universal-pathlib",
}
"""The schemes of stores in which an object is there whole or not at all, and the packages that they need."""

OPTIONS: dict[str, Any] = {"use_listings_cache": False}  # other processes write too
"""How stores are used. Credentials are never among the options: tasks carry these to workers."""

OPTIONS_OF_S3 = {
    "max_concurrency": 1,  # of one object: without asking for its size first
    "config_kwargs": {
        "connect_timeout": 5,  # seconds
        "read_timeout": 15,
        "retries": {"mode": "standard", "total_max_attempts": 3},
    },
}

ATTEMPTS = 1
"""How often s3fs asks a server that does not answer, each time with the attempts of its client."""

UNSAFE = "*?[]#"
"""What clients would take for a pattern, or for another part of a URL."""


def parse(url: str) -> UPath:
    """What a URL on the command line names. Raises UsageError."""
    scheme, _, rest = url.partition("://")
    if scheme not in STORES:
        raise UsageError(f"{scheme}:// cannot hold a lake: it is a directory, or in one of {', '.join(STORES)}")
    bucket = rest.partition("/")[0]
    if ":" in bucket:
        raise UsageError(f"{scheme}://...: credentials are no part of a URL; they are taken from the environment")
    if not bucket:
        raise UsageError(f"{url} names no bucket")
    if unsafe := set(rest) & set(UNSAFE):
        raise UsageError(f"the URL of a lake cannot have {' '.join(sorted(unsafe))}")
    try:
        from fsspec import get_filesystem_class
        from upath import UPath

        get_filesystem_class(scheme)
    except ImportError:
        raise UsageError(f"{scheme}:// needs more packages; run: pip install {STORES[scheme]}") from None
    found: UPath = UPath(url, **OPTIONS | (OPTIONS_OF_S3 if scheme == "s3" else {}))
    return found


def client(path: UPath) -> Any:
    """The client of the store that an object is in."""
    found = path.fs
    if hasattr(found, "retries"):
        found.retries = ATTEMPTS
    return found


@contextmanager
def named_errors(path: UPath) -> Iterator[None]:
    """Meanwhile what a client raises becomes an OSError about an object."""
    try:
        yield
    except Exception as error:
        raise OSError(_number(error), reason(error), str(path)) from None


def _number(error: Exception) -> int:
    if isinstance(error, FileNotFoundError):
        return errno.ENOENT
    return errno.EACCES if isinstance(error, PermissionError) else errno.EIO


def reason(error: Exception) -> str:
    """What a client says, in one line."""
    text = " ".join(str(error).split())
    if isinstance(error, FileNotFoundError) and " " not in text:  # the name again
        return "there is no such object"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return text or in_words(error)


def require_reachable(root: UPath, name: str) -> None:
    """Raises OSError if the store of a lake cannot be asked for a file of this name, or has no such bucket."""
    try:
        read(root / name)
    except FileNotFoundError:
        try:
            # who may use a part of a bucket need not be allowed to ask for all of it
            with suppress(PermissionError), named_errors(root):
                client(root).info(root.drive)
        except FileNotFoundError:
            raise FileNotFoundError(errno.ENOENT, "there is no such bucket", str(root)) from None


def read(path: UPath) -> bytes:
    """The content of an object."""
    with named_errors(path):
        return bytes(client(path).cat_file(path.path))


def write(path: UPath, content: bytes) -> None:
    """Give an object a content."""
    with named_errors(path):
        client(path).pipe_file(path.path, content)


def upload(file: Path, path: UPath) -> None:
    """Make an object out of a local file: in one request, or in parts that are an object when all have arrived."""
    with named_errors(path):
        client(path).put_file(str(file), path.path)


def download(path: UPath, file: Path) -> None:
    """Make a local file out of an object."""
    with named_errors(path):
        client(path).get_file(path.path, str(file))


def exists(path: UPath) -> bool:
    """Whether there is an object."""
    try:
        with named_errors(path):
            client(path).info(path.path)
    except FileNotFoundError:
        return False
    return True


def sizes(paths: Sequence[UPath]) -> list[int]:
    """The sizes of some objects of one store, in bytes, asked for at the same time."""
    if not paths:
        return []
    try:
        with named_errors(paths[0]):
            return list(client(paths[0]).sizes([path.path for path in paths]))
    except FileNotFoundError:
        missing = next((path for path in paths if not exists(path)), paths[0])
        raise FileNotFoundError(errno.ENOENT, "there is no such object", str(missing)) from None


def contents(paths: Sequence[UPath], sizes: Sequence[int]) -> list[bytes]:
    """What is in some objects of one store, whose sizes are known, asked for at the same time."""
    if not paths:
        return []
    with named_errors(paths[0]):
        return list(
            client(paths[0]).cat_ranges([path.path for path in paths], [0] * len(paths), list(sizes), on_error="raise")
        )


def found(root: UPath, pattern: str) -> list[UPath]:
    """The objects whose names below a lake match a pattern."""
    with named_errors(root):
        return list(root.glob(pattern))


def is_empty(root: UPath) -> bool:
    """Whether there is nothing below a name."""
    try:
        with named_errors(root):
            return not client(root).ls(root.path, detail=False)
    except FileNotFoundError:
        return True


def move(pairs: Sequence[tuple[UPath, UPath]]) -> None:
    """Copy objects of one store, several at a time, and remove the old ones when all are copied."""
    if not pairs:
        return
    olds, news = ([path.path for path in paths] for paths in zip(*pairs, strict=True))
    store, first = client(pairs[0][0]), pairs[0][1]
    with named_errors(first):
        store.copy(olds, news)
        store.rm(olds)


def remove(prefix: UPath) -> None:
    """Remove all objects below a name, if there are any."""
    with suppress(FileNotFoundError), named_errors(prefix):
        client(prefix).rm(prefix.path, recursive=True)
