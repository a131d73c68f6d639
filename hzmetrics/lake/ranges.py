"""Objects as the engine reads them: of each, the ranges that a query needs.

Imported for lakes in object stores alone: fsspec comes with `hzmetrics[s3]`.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fsspec import AbstractFileSystem

from hzmetrics.engine import Engine
from hzmetrics.errors import StoreUnavailable
from hzmetrics.lake import objects

if TYPE_CHECKING:
    from upath import UPath

SMALL = 1 << 20
"""Bytes of an object that is fetched whole."""
MOST = 32 << 20
"""Bytes of all that are held by a process at a time."""


def attach(engine: Engine, paths: Sequence[UPath]) -> None:
    """Let an engine read objects of one store by their names. Raises OSError."""
    scheme = paths[0].protocol
    view = _views.setdefault(scheme, Objects(scheme, objects.client(paths[0])))
    view.add(engine, paths)
    if scheme not in engine.connection.list_filesystems():
        engine.connection.register_filesystem(view)


class Objects(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A store as engines see it: the objects that they have been told of.

    DuckDB would put a traceback in place of what goes wrong: it becomes the failure of the engine.
    """

    cachable = False

    def __init__(self, scheme: str, store: Any) -> None:
        super().__init__()
        self.protocol = scheme
        self.store = store
        self.engine: Engine | None = None
        """The engine that reads: of a process one at a time."""
        self.sizes: dict[str, int] = {}
        """By the name of each object, in bytes."""
        self.small: dict[str, bytes] = {}
        """What is in small ones: a request for a range takes as long as one for all of it."""

    def add(self, engine: Engine, paths: Sequence[UPath]) -> None:
        """Let an engine see some objects, as they are now. Raises OSError."""
        if engine is not self.engine:
            self.engine, self.sizes, self.small = engine, {}, {}
        new = [path for path in paths if str(path) not in self.sizes]
        sizes = objects.sizes(new)
        self.sizes |= zip(map(str, new), sizes, strict=True)
        small, room = [], MOST - sum(map(len, self.small.values()))
        for path, size in zip(new, sizes, strict=True):
            if 0 < size <= min(SMALL, room):
                small.append(path)
                room -= size
        found = objects.contents(small, [self.sizes[str(path)] for path in small])
        self.small |= zip(map(str, small), found, strict=True)

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        if path not in self.sizes:
            raise FileNotFoundError(path)
        return {"name": path, "size": self.sizes[path], "type": "file"}

    def modified(self, path: str) -> dt.datetime:
        return dt.datetime.fromtimestamp(0, dt.UTC)  # none changes while it is read

    def open(self, path: str, mode: str = "rb", **options: Any) -> io.RawIOBase:
        return _Object(self, path)

    def range(self, path: str, start: int, end: int) -> bytes:
        """Some bytes of an object."""
        if path in self.small:
            return self.small[path][start:end]
        try:
            return bytes(self.store.cat_file(path, start=start, end=end))
        except Exception as error:
            if self.engine:
                self.engine.failure = StoreUnavailable(f"cannot read {path}: {objects.reason(error)}")
            raise


_views: dict[str, Objects] = {}
"""By scheme: the database that the engines of a process share knows one of each."""


class _Object(io.RawIOBase):
    """An object that is read, as a file."""

    def __init__(self, view: Objects, path: str) -> None:
        self._view = view
        self._path = path
        self._size = view.sizes[path]
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence] + offset
        return self._place

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._place + size, self._size)
        if self._place >= end:
            return b""
        found = self._view.range(self._path, self._place, end)
        self._place += len(found)
        return found
