"""What the live side remembers between ticks: the rows of `capability_state`, a value a name."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.store.tables.live import capability_state


def remember(connection: sa.Connection, name: str, value: str) -> None:
    """Set a value of `capability_state`."""
    changed = connection.execute(
        sa.update(capability_state).where(capability_state.c.name == name).values(value=value)
    ).rowcount
    if not changed:
        connection.execute(sa.insert(capability_state).values(name=name, value=value))
