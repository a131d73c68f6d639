"""Whether the configured hub database is that of a hub."""

from __future__ import annotations

from hzmetrics.config import MariaDb, Settings
from hzmetrics.errors import StoreError
from hzmetrics.store import Store


def missing_tables(store: Store) -> list[str]:
    """The tables of a hub that the configured database lacks. Raises StoreError."""
    return sorted(store.hub_tables.metadata.tables.keys() - store.hub.table_names)


def is_foreign(store: Store) -> bool:
    """Whether the database has no table of a hub at all. Raises StoreError."""
    return len(missing_tables(store)) == len(store.hub_tables.metadata.tables)


def problem(store: Store, settings: Settings) -> str:
    """Why the hub's database cannot be used; empty: it can, or there is none, or SQLite makes it."""
    db = settings.db
    if settings.is_site or not isinstance(db, MariaDb) or not db.hub_db:
        return ""
    try:
        if not is_foreign(store):
            return ""
    except StoreError as error:
        return str(error)
    return (
        f"{db.hub_db} has none of the hub's tables, whose names begin with {settings.prefix}; check hub_db and"
        f" hub_db_prefix under [db] in {settings.file}"
    )
