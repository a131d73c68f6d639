"""What can go wrong, by exit code (spec 65 §1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class HzmetricsError(Exception):
    """An operation failed or was refused; the message is for the operator. Exit code 1."""

    exit_code = 1


class UsageError(HzmetricsError):
    """Wrong use of the command line. Exit code 2; nothing has been read or written."""

    exit_code = 2


class ConfigurationError(HzmetricsError):
    """No usable configuration: the message names file, section and key. Exit code 2."""

    exit_code = 2


class LookupFailure(HzmetricsError):
    """A resolver or address source gave no usable answer; what is unknown stays empty. Exit code 1.

    See spec 20 §2.4, §4.3.
    """


class UnreadLogs(HzmetricsError):
    """Some followed logs could not be read."""


class LockHeld(HzmetricsError):
    """Another process of this hub is at work (spec 65 §6). Exit code 1."""


class StoreError(HzmetricsError):
    """The database refused, is missing something, or cannot be reached. Exit code 1."""

    is_shared = False
    """Whether everything that needs this database fails in the same way, as when its server is down."""


class StoreUnavailable(StoreError):
    """A database, or the engine, cannot work at the moment: gone, full, or kept busy. The same may succeed later."""


NO_FILES_FAULT = (StoreUnavailable, ConfigurationError)
"""What the next file would meet as well: reading files one after the other ends with it, and none is to blame."""


def in_words(error: BaseException) -> str:
    """An error in one line, for an operator: of an unexpected one also the type, of one of a file its name first."""
    text, kind = " ".join(str(error).split()), type(error).__name__
    if isinstance(error, HzmetricsError):
        return text or kind
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror
    return f"{kind}: {text}" if text else kind


class Failures:
    """The errors of pieces of work that do not depend on each other; trouble with a database ends the work at once."""

    def __init__(self) -> None:
        self.errors: list[HzmetricsError] = []

    @contextmanager
    def collected(self) -> Iterator[None]:
        """One piece of work."""
        try:
            yield
        except StoreError:
            raise
        except HzmetricsError as error:
            self.errors.append(error)

    def raise_all(self) -> None:
        """Raise HzmetricsError with every message, if there is one."""
        if self.errors:
            raise HzmetricsError("; ".join(map(str, self.errors)))
