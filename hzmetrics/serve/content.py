"""What is answered: bytes of a kind, recognized by a digest."""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

JSON = "application/json"


class Content(NamedTuple):
    """A document as bytes, and what it is recognized by."""

    body: bytes
    tag: str
    kind: str = JSON


def content(body: bytes, kind: str = JSON) -> Content:
    """Bytes with their ETag."""
    return Content(body, f'"{blake2b(body, digest_size=16).hexdigest()}"', kind)
