"""The two databases: the hub's, which belongs to its CMS, and the metrics database, which is ours."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from hzmetrics.config import MariaDb, Settings
from hzmetrics.errors import ConfigurationError
from hzmetrics.files import make_directory
from hzmetrics.store.database import Database, open_in_memory, open_mariadb, open_sqlite
from hzmetrics.store.tables import live as _activity  # noqa: F401  its tables belong to the metadata of `metrics`
from hzmetrics.store.tables import metrics as metrics_tables
from hzmetrics.store.tables.hub import HubTables


class Store:
    """Both databases of one hub. Each is connected to when first used.

    A site without a hub has none of the hub's: in its place is an empty one in memory.

    Asking for a database whose name is missing from the configuration raises ConfigurationError (exit code 2).
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def hub(self) -> Database:
        db = self._settings.db
        if self.is_site:
            return self._no_hub()
        if isinstance(db, MariaDb):
            return open_mariadb("hub", db, self._named("hub_db", db.hub_db), db.metrics_db or None)
        return self._sqlite("hub")

    @cached_property
    def metrics(self) -> Database:
        db = self._settings.db
        if isinstance(db, MariaDb):
            return open_mariadb("metrics", db, self._named("metrics_db", db.metrics_db))
        return self._sqlite("metrics")

    @cached_property
    def hub_tables(self) -> HubTables:
        return HubTables(self._settings.prefix)

    @property
    def is_site(self) -> bool:
        """Whether there is no hub."""
        return self._settings.is_site

    @property
    def prefix(self) -> str:
        return self._settings.prefix

    def require(self, *names: Literal["hub", "metrics"]) -> None:
        """Check that the configuration names these databases, before work that needs them. Opens no connection.

        Raises ConfigurationError.
        """
        for name in names:
            getattr(self, name)

    def close(self) -> None:
        for name in ("hub", "metrics"):
            if name in self.__dict__:
                self.__dict__.pop(name).close()

    def _named(self, key: str, database: str) -> str:
        if not database:
            raise ConfigurationError(f"{self._settings.file}: [db] {key} is empty")
        return database

    def _no_hub(self) -> Database:
        database = open_in_memory("hub")
        with database.begin() as connection:
            self.hub_tables.metadata.create_all(connection)
        return database

    def _sqlite(self, name: str) -> Database:
        from hzmetrics.store.schema import prepare_sqlite

        assert not isinstance(self._settings.db, MariaDb)
        directory = self._settings.db.directory
        try:
            make_directory(directory)
        except OSError as error:
            raise ConfigurationError(f"cannot create the directory {directory}: {error.strerror}") from None
        database = open_sqlite(name, str(directory / f"{name}.db"))
        prepare_sqlite(
            database, metrics_tables.metadata if name == "metrics" else self.hub_tables.metadata, self.prefix
        )
        return database
