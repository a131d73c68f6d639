"""What the live side remembers between ticks: the rows of `capability_state`, one value for each name."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.store.key_values import KeyValues
from hzmetrics.store.tables.live import capability_state

_names = KeyValues(capability_state)

recall = _names.recall
recall_all = _names.recall_all
remember_all = _names.remember
forget = _names.forget


def remember(connection: sa.Connection, name: str, value: str) -> None:
    """Set the value of a name."""
    _names.remember(connection, {name: value})
