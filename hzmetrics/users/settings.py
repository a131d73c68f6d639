"""The `[jupyterhub]` section (spec 80 §2), and whether a hub database is configured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hzmetrics import files
from hzmetrics.config import MariaDb, Settings
from hzmetrics.config.schema import Jupyterhub


@dataclass(frozen=True)
class JupyterHub:
    """How to reach a JupyterHub and its containers."""

    api_url: str
    api_token: str
    docker_socket: Path
    container_name: str
    volume_prefix: str
    cull_timeout: int | None
    authenticator_db: str = ""
    """The database in which NativeAuthenticator keeps who is authorized; without it all users are."""


@dataclass(frozen=True)
class UserSettings:
    """The source of users and their activity."""

    source: str
    """hub, jupyterhub or logs."""
    ignore_users: frozenset[str]
    session_hours: int
    """Hours that a login without a logout lasts, for the source logs."""
    jupyterhub: JupyterHub


def hub_database_counts(settings: Settings) -> bool:
    """Whether a hub database is named. For SQLite, the caller must look whether the users table has rows."""
    return isinstance(settings.db, MariaDb) and bool(settings.db.hub_db)


def jupyterhub(settings: Settings) -> JupyterHub:
    """Raises ConfigurationError when the token file cannot be read, or can be read by others."""
    keys = settings.section(Jupyterhub)
    token = keys.api_token
    if not token and keys.api_token_file:
        try:
            token = files.read(keys.api_token_file).decode("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not ASCII text"
            raise keys.error("api_token_file", f"cannot read {keys.api_token_file}: {reason}") from None
        if remedy := files.exposure(keys.api_token_file):
            raise keys.error("api_token_file", f"{keys.api_token_file}: {remedy}")
    is_culled = Jupyterhub.cull_timeout.applies(settings.source.environment) or keys.is_given("cull_timeout")
    return JupyterHub(
        api_url=keys.api_url.rstrip("/"),
        api_token=token,
        docker_socket=keys.docker_socket,
        container_name=keys.container_name,
        volume_prefix=keys.volume_prefix,
        cull_timeout=keys.cull_timeout if is_culled else None,
        authenticator_db=keys.authenticator_db,
    )
