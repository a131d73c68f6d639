"""What can go wrong, by exit code (spec 65 §1)."""

from __future__ import annotations


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


class LockHeld(HzmetricsError):
    """Another process of this hub is at work (spec 65 §6). Exit code 1."""


class StoreError(HzmetricsError):
    """The database refused, is missing something, or cannot be reached. Exit code 1."""


class StoreUnavailable(StoreError):
    """A database, or the engine, cannot work at the moment: gone, full, or kept busy. The same may succeed later."""
