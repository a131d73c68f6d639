"""All users in columns, at one moment. Imports the engine, so only for work on all users."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.users.user import User

SCHEMA = pa.schema([
    ("username", pa.string()),
    ("is_authorized", pa.int64()),
    ("server_active", pa.int64()),
    ("last_activity", pa.int64()),
    ("time_remaining_seconds", pa.int64()),
    ("cpu_percent", pa.float64()),
    ("memory_mb", pa.float64()),
    ("memory_percent", pa.float64()),
])  # fmt: skip
"""The columns of a user, and of `activity_users`; times are UTC seconds of the epoch."""

UTC_TEXT = "%Y-%m-%dT%H:%M:%SZ"


def table_of(users: Iterable[User]) -> pa.Table:
    """Users as a table."""
    rows = list(users)
    return pa.table([pa.array([getattr(user, one.name) for user in rows]).cast(one.type) for one in SCHEMA], SCHEMA)


def utc_text(times: pa.ChunkedArray) -> pa.ChunkedArray:
    """Times as the store holds them."""
    plain = times.cast(pa.timestamp("s")).cast(pa.string())
    return pc.binary_join_element_wise(pc.utf8_replace_slice(plain, 10, 11, "T"), "Z", "")


def seconds(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Times of the store as seconds of the epoch."""
    return pc.strptime(texts, format=UTC_TEXT, unit="s").cast(pa.int64())
