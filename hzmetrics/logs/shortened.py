"""Addresses in texts that are shown, without what tells their clients apart (spec 67)."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

PATTERNS = (
    (r"([0-9A-Fa-f]*(?::[0-9A-Fa-f]+){0,2})(?::[0-9A-Fa-f]+)*::[0-9A-Fa-f:]*(?:\.[0-9]+)*", r"\1::"),
    (r"([0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){2})(?::[0-9A-Fa-f]{1,4}){3,}(?:\.[0-9]+)*", r"\1::"),  # a time is shorter
    (r"([0-9]{1,3}(?:\.[0-9]{1,3}){2})\.[0-9]+", r"\1.0"),
)
"""What looks like an address, and what is left of it."""


def shortened(texts: Sequence[str]) -> list[str]:
    """`texts` with 24 bits of each IPv4 address, and at most 48 of each IPv6 address."""
    found = pa.array(texts, pa.string())
    for pattern, left in PATTERNS:
        found = pc.replace_substring_regex(found, pattern, left)
    short: list[str] = found.to_pylist()
    return short
