"""Stable pseudonyms of students.

A student has the same pseudonym in all reports of an installation; without its key, nothing leads back to the name.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
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
        files.make_directory(file.parent)
        try:
            descriptor = files.make(file, files.SECRET)
        except FileExistsError:
            files.require_secrecy(file, files.SECRET)
            return bytes.fromhex(file.read_text(encoding="ascii").strip())
        with os.fdopen(descriptor, "w", encoding="ascii") as new:
            key = secrets.token_bytes(32)
            new.write(key.hex() + "\n")
            return key
    except (OSError, ValueError) as error:
        raise HzmetricsError(f"cannot use the key for pseudonyms in {file}: {error}") from None
