"""Who may log in to a JupyterHub, from the table that NativeAuthenticator keeps in the Hub's database (spec 80 §4)."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from hzmetrics.errors import HzmetricsError

users_info = sa.table("users_info", sa.column("username", sa.String), sa.column("is_authorized", sa.Boolean))


def authorized(database: str) -> frozenset[str]:
    """The users whom the authenticator lets in. `database` is an address as SQLAlchemy writes it, or a SQLite file.

    Raises HzmetricsError when it cannot be read.
    """
    try:
        url = sa.make_url(database if "://" in database else f"sqlite:///{database}")
        if url.get_backend_name() == "sqlite":  # never made by looking for it
            url = sa.make_url(f"sqlite:///{Path(url.database or '').absolute().as_uri()}?mode=ro&uri=true")
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            names = connection.scalars(sa.select(users_info.c.username).where(users_info.c.is_authorized))
            return frozenset(names)
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        raise HzmetricsError(f"[jupyterhub] authenticator_db cannot be read: {_reason(error)}") from None


def _reason(error: Exception) -> object:
    """What the driver says; SQLAlchemy's own words may hold the address, and that a password."""
    if isinstance(error, ImportError):
        return error
    cause = getattr(error, "orig", None)
    return cause.args[-1] if cause is not None and cause.args else "it is no address of a database"
