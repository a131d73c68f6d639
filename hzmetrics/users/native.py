"""Who may log in to a JupyterHub, from the table that NativeAuthenticator keeps in the Hub's database (spec 80 §4)."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from hzmetrics.errors import HzmetricsError

users_info = sa.table("users_info", sa.column("username", sa.String), sa.column("is_authorized", sa.Boolean))


def authorized(database: str) -> frozenset[str]:
    """The authorized users. `database` is a database URL of SQLAlchemy, or the path of a SQLite file.

    Raises HzmetricsError if it cannot be read.
    """
    try:
        url = sa.make_url(database if "://" in database else f"sqlite:///{database}")
        if url.get_backend_name() == "sqlite":  # must not be created by looking for it
            url = sa.make_url(f"sqlite:///{Path(url.database or '').absolute().as_uri()}?mode=ro&uri=true")
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            names = connection.scalars(sa.select(users_info.c.username).where(users_info.c.is_authorized))
            return frozenset(names)
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        raise HzmetricsError(f"[jupyterhub] authenticator_db cannot be read: {_reason(error)}") from None


def _reason(error: Exception) -> object:
    """The message of the driver; the message of SQLAlchemy can contain the URL, and with it a password."""
    if isinstance(error, ImportError):
        return error
    cause = getattr(error, "orig", None)
    return cause.args[-1] if cause is not None and cause.args else "it is not the URL of a database"
