"""The key of the pseudonyms that stand for shortened addresses (spec 67).

A pseudonym is a keyed digest: equal addresses have equal ones, so visitors can be counted over months with and without
addresses. The key lies in a file outside of the databases. Who has both can try all addresses; who has only the
databases cannot.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from hzmetrics import files
from hzmetrics.config import Settings
from hzmetrics.errors import ConfigurationError, HzmetricsError
from hzmetrics.store import Store, state


def key_file(settings: Settings) -> Path:
    return settings.paths.state / "pseudonyms.key"


def key(store: Store, settings: Settings) -> str:
    """The key, for the engine's variable `pseudonym_key`; empty where no month is anonymised.

    Raises ConfigurationError if others can read the file, and if it is missing or another one: visitors would be
    counted twice.
    """
    fingerprint = state.read(store).pseudonym_key
    if not fingerprint:
        return ""
    path = key_file(settings)
    files.require_secrecy(path, files.SECRET)
    try:
        text = files.read(path).decode("ascii").strip()
    except PermissionError:
        raise ConfigurationError(
            f"{path} cannot be read by this user, and visitors of anonymised months are counted with it;"
            f" as root: chown --reference={path.parent} {path}"
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigurationError(
            f"{path}: {reason}; without it visitors of anonymised months cannot be counted: restore it from a backup"
        ) from None
    if _fingerprint(text) != fingerprint:
        raise ConfigurationError(f"{path} is not the key with which months were anonymised: restore it from a backup")
    return text


def make(settings: Settings) -> tuple[str, str]:
    """The key of a first anonymisation and its fingerprint. A key that is there, of one cut short, is used.

    It is on the disk, readable by its owner alone, before this returns. Raises HzmetricsError if that is impossible.
    """
    path = key_file(settings)
    try:
        text = files.read_secret(path).hex()
    except (OSError, ValueError) as error:
        raise HzmetricsError(f"cannot use {path}: {error}") from None
    return text, _fingerprint(text)


def _fingerprint(key: str) -> str:
    return hashlib.sha256(f"hzmetrics {key}".encode()).hexdigest()[:16]
