"""The revision of a metrics database, stored as Alembic stores it.

`hzmetrics.installation.adoption` sees in the database itself what is left to do. The revision says which version last
converged the database, so that older code does not touch what newer code has created, and orders later revisions. Only
recording a revision imports Alembic.
"""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.errors import StoreError
from hzmetrics.store.tables.metrics import alembic_version

REVISIONS = ("0001",)
"""All revisions, in order: the files in `migrations/versions`."""

HEAD = REVISIONS[-1]


def refuse_newer(version: str | None) -> None:
    """Raise StoreError if the database was made by a newer version of this program."""
    if version and version not in REVISIONS:
        raise StoreError(
            f"the metrics database is at revision {version}, which this version of hzmetrics does not know "
            f"(it knows up to {HEAD}); upgrade hzmetrics"
        )


def stamp(connection: sa.Connection) -> None:
    """Record the newest revision without running any: for a new database."""
    alembic_version.create(connection, checkfirst=True)
    connection.execute(sa.delete(alembic_version))
    connection.execute(sa.insert(alembic_version), {"version_num": HEAD})


def upgrade(connection: sa.Connection) -> None:
    """Run the revisions that the database lacks, and record the newest."""
    from alembic import command
    from alembic.config import Config

    with connection.begin():
        alembic_version.create(connection, checkfirst=True)
    configuration = Config()
    configuration.set_main_option("script_location", "hzmetrics:store/migrations")
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")
