"""What the live side remembers between ticks: the rows of `capability_state`, one value for each name."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.store.database import Database
from hzmetrics.store.tables.live import capability_state

state = capability_state.c


def recall(source: Database | sa.Connection, name: str) -> str | None:
    """The value of a name; None if there is none."""
    value: str | None = source.scalar(sa.select(state.value).where(state.name == name))
    return value


def remember(connection: sa.Connection, name: str, value: str) -> None:
    """Set the value of a name."""
    changed = connection.execute(sa.update(capability_state).where(state.name == name).values(value=value)).rowcount
    if not changed:
        connection.execute(sa.insert(capability_state).values(name=name, value=value))


def forget(connection: sa.Connection, *names: str) -> None:
    """Remove names and their values."""
    connection.execute(sa.delete(capability_state).where(state.name.in_(names)))
