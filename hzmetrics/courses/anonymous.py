"""Stable pseudonyms of students.

A student has the same pseudonym in all reports of an installation; without its key, nothing leads back to the name.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path

from hzmetrics import files
from hzmetrics.errors import HzmetricsError


def pseudonyms(key: bytes) -> Callable[[str], str]:
    """A function from names to pseudonyms under a key."""

    def pseudonym(name: str) -> str:
        return "s" + hmac.new(key, name.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:12]

    return pseudonym


def installation_key(file: Path) -> bytes:
    """The key of this installation, made when first needed, readable by its owner only.

    Raises ConfigurationError if others can read it, and HzmetricsError.
    """
    try:
        return files.read_secret(file)
    except (OSError, ValueError) as error:
        raise HzmetricsError(f"cannot use the key for pseudonyms in {file}: {error}") from None
