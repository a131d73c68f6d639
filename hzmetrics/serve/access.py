"""Who asks, and whether they may (spec 80 §1.1)."""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Protocol
from urllib.parse import urlsplit

from hzmetrics.serve.settings import Network, Serving

TOKENS = (b"bearer", b"token")
"""The kinds of credentials that are tokens."""
MOST_FAILURES = 10
"""Wrong credentials from one address within `FAILURES_SECONDS` after which further wrong ones are told to wait."""
FAILURES_SECONDS = 60
NEEDED = "an administrator's credential is needed"
HTTP_PORT = 80
MOST_ADDRESSES = 10_000
"""Addresses whose failures are remembered."""

Scope = Any
"""What ASGI knows of a request."""


@dataclass(frozen=True)
class Visitor:
    """An administrator."""

    name: str
    is_browser: bool
    """Whether a browser adds the credential by itself, so that other sites can make it send requests."""


class Denied(Exception):
    """The request is not allowed."""

    def __init__(self, status: HTTPStatus, message: str, headers: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


class Directory(Protocol):
    """Somebody else who knows administrators: a JupyterHub. It may take a while to answer."""

    async def of_token(self, token: str, is_browser: bool) -> Visitor | None:
        """Whose token it is; None: nobody's. Raises Denied."""

    def kept(self, scope: Scope) -> str:
        """The token that a browser keeps; empty: none."""

    def login(self, scope: Scope) -> Denied | None:
        """The way to the login, for a browser that opens a page."""


class Gate:
    """Decides about every request."""

    def __init__(self, serving: Serving, directory: Directory | None = None) -> None:
        self.serving = serving
        self.directory = directory
        self.failures = Failures()

    async def visitor(self, scope: Scope) -> Visitor:
        """The administrator who asks. Raises Denied."""
        kind, _, text = (header(scope, b"authorization") or b"").partition(b" ")
        if kind.lower() in TOKENS:  # other kinds are for the web server in front, which passes them on
            return await self._of_token(text.strip(), scope)
        if (name := self._named(scope)) is not None:
            if name in self.serving.admins:
                return Visitor(name, is_browser=True)
            raise Denied(HTTPStatus.FORBIDDEN, "you are not an administrator")
        if self.directory:
            return await self._of_browser(self.directory, scope)
        raise _unauthorized(NEEDED)

    def may_read_metrics(self, scope: Scope) -> bool:
        """Whether a request without a credential may read `/metrics`."""
        address = self.address(scope)
        return address is not None and _is_in(address, self.serving.metrics_allowed) and not _is_rebound(scope)

    def address(self, scope: Scope) -> IPv4Address | IPv6Address | None:
        """Where a request comes from; None: that is not known.

        A trusted proxy says so. Another proxy is not believed, and the address of its client stays unknown.
        """
        peer = _peer(scope)
        forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        if not forwarded and header(scope, b"forwarded") is None:
            return peer
        if not self._is_trusted(peer) or not forwarded:
            return None
        return _address(forwarded[-1].rpartition(b",")[2].strip().decode("ascii", "replace"))

    async def _of_token(self, token: bytes, scope: Scope) -> Visitor:
        if self.serving.token and hmac.compare_digest(token, self.serving.token):
            return Visitor("token", is_browser=False)
        if self.directory and (found := await self.directory.of_token(token.decode("latin-1"), is_browser=False)):
            return found
        raise self._wrong_token(scope)

    async def _of_browser(self, directory: Directory, scope: Scope) -> Visitor:
        token = directory.kept(scope)
        if token and (found := await directory.of_token(token, is_browser=True)):
            return found
        if login := directory.login(scope):
            raise login
        raise self._wrong_token(scope) if token else _unauthorized(NEEDED)

    def _wrong_token(self, scope: Scope) -> Denied:
        """The refusal of a wrong token. A right one is never refused: others may share its address."""
        if self.failures.are_many_with(self.address(scope)):
            wait = ("Retry-After", str(FAILURES_SECONDS))
            return Denied(HTTPStatus.TOO_MANY_REQUESTS, "too many wrong credentials; wait a minute", [wait])
        return _unauthorized("the token is wrong")

    def _named(self, scope: Scope) -> str | None:
        """The user whom a trusted proxy names."""
        if not self._is_trusted(_peer(scope)):
            return None
        names = [value for name, value in scope["headers"] if name == self.serving.user_header]
        if len(names) > 1:
            raise _unauthorized("the header that names the user is there twice")
        if names and _is_rebound(scope):
            raise Denied(HTTPStatus.MISDIRECTED_REQUEST, "on its own port this server is called localhost")
        return names[0].decode("utf-8", "replace").strip() or None if names else None

    def _is_trusted(self, peer: IPv4Address | IPv6Address | None) -> bool:
        if peer is None:
            return self.serving.trusts_socket
        return _is_in(peer, self.serving.trusted_proxies)


class Failures:
    """Wrong credentials of the last minute, by address."""

    def __init__(self) -> None:
        self._times: OrderedDict[object, list[float]] = OrderedDict()

    def are_many_with(self, address: object) -> bool:
        """Remember one more, and tell whether it is one too many."""
        now, times = time.monotonic(), self._times.pop(address, [])
        self._times[address] = [*times, now][-MOST_FAILURES:]
        if len(self._times) > MOST_ADDRESSES:
            self._times.popitem(last=False)
        return len(times) == MOST_FAILURES and now - times[0] < FAILURES_SECONDS


def require_same_origin(scope: Scope) -> None:
    """Raise Denied if another site may have made a browser send the request."""
    site, origin = header(scope, b"sec-fetch-site"), header(scope, b"origin")
    host = header(scope, b"host") or b""
    is_own = site == b"same-origin" if site is not None else bool(host) and (origin or b"").partition(b"://")[2] == host
    if not is_own or header(scope, b"x-requested-with") != b"hzmetrics":
        raise Denied(HTTPStatus.FORBIDDEN, "the request comes from another site")


def refuse_parts_of_other_sites(scope: Scope) -> None:
    """Raise Denied if a page of another site has made a browser ask for this, without opening it."""
    if header(scope, b"sec-fetch-site") in (b"cross-site", b"same-site") and (
        header(scope, b"sec-fetch-mode") != b"navigate"
    ):
        raise Denied(HTTPStatus.FORBIDDEN, "the request comes from another site")


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first header of a name."""
    return next((value for key, value in scope["headers"] if key == name), None)


def _unauthorized(message: str) -> Denied:
    return Denied(HTTPStatus.UNAUTHORIZED, message, [("WWW-Authenticate", 'Bearer realm="hzmetrics"')])


def _peer(scope: Scope) -> IPv4Address | IPv6Address | None:
    """The other end of the connection; None: a socket file."""
    return _address(scope["client"][0]) if scope.get("client") else None


def _is_rebound(scope: Scope) -> bool:
    """Whether a page may have had a name of its own lead to this machine (DNS rebinding).

    A browser on this machine then calls our port by that name: by neither an address nor `localhost`. A web server in
    front names its own port, or calls us as it is configured.
    """
    peer = _peer(scope)
    if peer is None or not peer.is_loopback:
        return False
    try:
        called = urlsplit("//" + (header(scope, b"host") or b"").decode("latin-1"))
        is_our_port = (called.port or HTTP_PORT) == scope["server"][1]
    except ValueError:
        return True
    name = called.hostname or "localhost"
    return is_our_port and name != "localhost" and _address(name) is None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _is_in(address: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
