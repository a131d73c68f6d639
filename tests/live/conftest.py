"""MariaDB databases created once and emptied for each test."""

from tests.small_databases import as_made, database_name, empty_databases

__all__ = ["as_made", "database_name", "empty_databases"]
