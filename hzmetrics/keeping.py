"""What one stretch of work, a run or a unit of it, makes once for all that is done in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from hzmetrics.scratch import Scratch

T = TypeVar("T")


@contextmanager
def keep(variable: ContextVar[T | None], made: AbstractContextManager[T]) -> Iterator[None]:
    """Within this context, `variable` holds what is made; within another such one, what that one made."""
    if variable.get() is not None:
        yield
        return
    with made as kept:
        token = variable.set(kept)
        try:
            yield
        finally:
            variable.reset(token)


class Files:
    """Temporary files in a directory of their own, which is made when it is first needed. Close them."""

    @cached_property
    def _scratch(self) -> Scratch:
        return Scratch()

    @property
    def directory(self) -> Path:
        """Where they are. Raises OSError."""
        return Path(self._scratch.name)

    def close(self) -> None:
        """Remove the files."""
        if "_scratch" in self.__dict__:
            self._scratch.cleanup()
