"""The `[jupyterhub]` section (spec 80 §2), and whether a hub database is configured."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hzmetrics.config import MariaDb, Settings
from hzmetrics.options import Options


@dataclass(frozen=True)
class JupyterHub:
    """Where a JupyterHub and its containers are asked."""

    api_url: str
    api_token: str
    docker_socket: Path
    container_name: str
    volume_prefix: str
    cull_timeout: int | None
    authenticator_db: str = ""
    """Where NativeAuthenticator keeps who is authorised; without it everybody is."""


@dataclass(frozen=True)
class UserSettings:
    """Where users and their activity are known."""

    source: str
    """hub, jupyterhub or logs."""
    ignore_users: frozenset[str]
    session_hours: int
    """How long a login without a logout lasts, where only logs tell."""
    jupyterhub: JupyterHub


def hub_database_counts(settings: Settings) -> bool:
    """Whether a hub database is named; a SQLite hub counts when its users table has rows, which the caller must ask."""
    return isinstance(settings.db, MariaDb) and bool(settings.db.hub_db)


def jupyterhub(settings: Settings) -> JupyterHub:
    """Raises ConfigurationError when the token file cannot be read."""
    names = {"api_url": "JUPYTERHUB_API_URL", "api_token": "JUPYTERHUB_API_TOKEN"}
    is_culled = os.environ.get("JUPYTERHUB_IDLE_CULLER_ENABLED", "").strip() == "1"
    if is_culled:
        names["cull_timeout"] = "JUPYTERHUB_IDLE_CULLER_TIMEOUT"
    options = Options.of(settings, "jupyterhub", names)
    token, token_file = options.text("api_token"), options.text("api_token_file")
    if not token and token_file:
        try:
            token = Path(token_file).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise options.error("api_token_file", f"cannot read {token_file}: {error}") from None
    is_culled = is_culled or bool(options.text("cull_timeout"))
    return JupyterHub(
        api_url=options.text("api_url").rstrip("/"),
        api_token=token,
        docker_socket=Path(options.text("docker_socket", "/var/run/docker.sock")),
        container_name=options.text("container_name", "jupyterlab-{username}"),
        volume_prefix=options.text("volume_prefix", "jupyterlab-"),
        cull_timeout=options.integer("cull_timeout", 86_400, 1, 31_536_000) if is_culled else None,
        authenticator_db=options.text("authenticator_db"),
    )
