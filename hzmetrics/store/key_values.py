"""Small tables of keys and values: what the pipeline and the live side remember between their runs."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from hzmetrics.store.database import Database
from hzmetrics.store.upsert import upsert


class KeyValues:
    """A table of two columns that count: its primary key, and the text kept under it."""

    def __init__(self, table: sa.Table) -> None:
        self.table = table
        self.key, self.value = list(table.columns)[:2]
        self._of_key = sa.select(self.value).where(self.key == sa.bindparam("wanted"))
        self._to_change = self._of_key.with_for_update()

    def recall_all(self, connection: sa.Connection, prefix: str = "") -> dict[str, str]:
        """The values of all keys that begin with `prefix`, in the order of their keys."""
        query = sa.select(self.key.label("key"), self.value.label("value"))
        rows = connection.execute(query.where(self.key.startswith(prefix, autoescape=True)).order_by(self.key))
        return {row.key: row.value for row in rows}

    def recall(self, source: Database | sa.Connection, key: str) -> str | None:
        """The value of a key; None if there is none. Raises StoreError."""
        value: str | None = source.scalar(self._of_key.params(wanted=key))
        return value

    def recall_to_change(self, connection: sa.Connection, key: str) -> str:
        """The value of a key, empty if there is none; other writers wait until the transaction ends."""
        return connection.execute(self._to_change, {"wanted": key}).scalar() or ""

    def remember(self, connection: sa.Connection, values: Mapping[str, str]) -> None:
        """Store values under their keys, in one statement of the caller's transaction."""
        upsert(connection, self.table, [{self.key.name: key, self.value.name: text} for key, text in values.items()])

    def forget(self, connection: sa.Connection, *keys: str) -> None:
        """Remove keys and their values."""
        connection.execute(sa.delete(self.table).where(self.key.in_(keys)))
