"""The section `[http]` (spec 80 §1.1), and what a JupyterHub tells a service of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Self
from urllib.parse import urlsplit

from hzmetrics import files
from hzmetrics.config import Settings
from hzmetrics.config.schema import Http
from hzmetrics.errors import ConfigurationError

Network = IPv4Network | IPv6Network

LEAST_TOKEN = 16
"""Characters of a token that cannot be guessed."""


@dataclass(frozen=True)
class Serving:
    """Where the server listens, and who is an administrator."""

    listen: str
    group: str
    base_path: str
    """Empty, or with a slash in front and none at the end."""
    token: bytes = field(repr=False)
    """Empty: no program has access by a token."""
    trusted_proxies: tuple[Network, ...]
    trusts_socket: bool
    """Whether the web server behind the socket file is a trusted proxy."""
    user_header: bytes
    """In small letters."""
    admins: frozenset[str]
    metrics_allowed: tuple[Network, ...]
    jupyterhub: HubService | None = None

    @classmethod
    def of(cls, settings: Settings) -> Serving:
        """Raises ConfigurationError, also if there is no way for an administrator to be known."""
        keys = settings.section(Http)
        hub = HubService.of(settings.source.environment)
        serving = cls(
            listen=hub.listen if hub and hub.listen and not keys.is_given("listen") else keys.listen,
            group=keys.group,
            base_path=hub.prefix if hub else keys.base_path,
            token=_token(keys),
            trusted_proxies=tuple(ip_network(peer) for peer in keys.trusted_proxies if peer != "unix"),
            trusts_socket="unix" in keys.trusted_proxies,
            user_header=keys.user_header.lower().encode("ascii", "replace"),
            admins=frozenset(keys.admins),
            metrics_allowed=tuple(map(ip_network, keys.metrics_allow_ips)),
            jupyterhub=hub,
        )
        if not (serving.token or keys.trusted_proxies or hub):
            raise ConfigurationError(
                f"{settings.file}: [http] has neither admin_token_file nor trusted_proxies: nobody could be known as "
                "an administrator, so nothing is served"
            )
        if keys.trusted_proxies and not serving.admins and not serving.token:
            raise keys.error("admins", "trusted_proxies name users, but no user is an administrator")
        return serving


@dataclass(frozen=True)
class HubService:
    """What a JupyterHub tells a service that it starts, or that an administrator registers."""

    name: str
    prefix: str
    """The path of the service, without a slash at the end."""
    listen: str
    """Empty: the service says itself."""
    api_url: str
    api_token: str = field(repr=False)
    client_id: str
    host: str
    """Where the Hub is, if it has a host name of its own."""
    base_url: str
    """The path below which the Hub is."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self | None:
        """None: this is no service of a JupyterHub. Raises ConfigurationError if something is missing."""
        prefix = environment.get("JUPYTERHUB_SERVICE_PREFIX", "").rstrip("/")
        if not prefix:
            return None
        missing = [name for name in ("JUPYTERHUB_API_URL", "JUPYTERHUB_API_TOKEN") if not environment.get(name)]
        if missing:
            raise ConfigurationError(f"JUPYTERHUB_SERVICE_PREFIX is set, but not {' and '.join(missing)}")
        url = urlsplit(environment.get("JUPYTERHUB_SERVICE_URL", ""))
        name = environment.get("JUPYTERHUB_SERVICE_NAME") or prefix.rpartition("/")[2]
        return cls(
            name=name,
            prefix=prefix,
            listen=f"{url.hostname}:{url.port}" if url.hostname and url.port else "",
            api_url=environment["JUPYTERHUB_API_URL"].rstrip("/"),
            api_token=environment["JUPYTERHUB_API_TOKEN"],
            client_id=environment.get("JUPYTERHUB_CLIENT_ID") or f"service-{name}",
            host=environment.get("JUPYTERHUB_HOST", ""),
            base_url=environment.get("JUPYTERHUB_BASE_URL") or "/",
        )


def _token(keys: Http) -> bytes:
    """The token in the file. Raises ConfigurationError if others than its owner can read it, or it can be guessed."""
    file = keys.admin_token_file
    if file is None:
        return b""
    try:
        token = files.read(file).strip()
        mode = file.stat().st_mode
    except OSError as error:
        raise keys.error("admin_token_file", f"cannot read {file}: {error.strerror}") from None
    if mode & 0o077:
        raise keys.error("admin_token_file", f"{file}: others than its owner can read it; run: chmod 600 {file}")
    if len(token) < LEAST_TOKEN or not token.isascii():
        hint = f"run: openssl rand -hex 32 > {file}"
        raise keys.error("admin_token_file", f"{file}: it does not hold a token of {LEAST_TOKEN} characters; {hint}")
    return token
