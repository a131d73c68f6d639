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

from hzmetrics.serve.settings import Network, Serving

TOKENS = (b"bearer", b"token")
"""The kinds of credentials that are tokens."""
MOST_FAILURES = 10
"""Wrong credentials from one address within `FAILURES_SECONDS` after which it has to wait."""
FAILURES_SECONDS = 60
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

    def visitor(self, scope: Scope) -> Visitor | None:
        """Whose cookie a request has; None: nobody's. Raises Denied."""

    def of_token(self, token: str) -> Visitor | None:
        """Whose token it is; None: nobody's. Raises Denied."""


class Gate:
    """Decides about every request."""

    def __init__(self, serving: Serving, directory: Directory | None = None) -> None:
        self.serving = serving
        self.directory = directory
        self.failures = Failures()

    def visitor(self, scope: Scope) -> Visitor:
        """The administrator who asks. Raises Denied."""
        kind, _, text = (header(scope, b"authorization") or b"").partition(b" ")
        if kind.lower() in TOKENS:  # other kinds are for the web server in front, which passes them on
            return self._of_token(text.strip(), self.address(scope))
        if (name := self._named(scope)) is not None:
            if name in self.serving.admins:
                return Visitor(name, is_browser=True)
            raise Denied(HTTPStatus.FORBIDDEN, "you are not an administrator")
        if self.directory and (found := self.directory.visitor(scope)):
            return found
        raise _unauthorized("an administrator's credential is needed")

    def may_read_metrics(self, scope: Scope) -> bool:
        """Whether a request without a credential may read `/metrics`."""
        address = self.address(scope)
        return address is not None and _is_in(address, self.serving.metrics_allowed)

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

    def _of_token(self, token: bytes, address: object) -> Visitor:
        self.failures.refuse(address)
        if self.serving.token and hmac.compare_digest(token, self.serving.token):
            return Visitor("token", is_browser=False)
        if self.directory and (found := self.directory.of_token(token.decode("latin-1"))):
            return found
        self.failures.add(address)
        raise _unauthorized("the token is wrong")

    def _named(self, scope: Scope) -> str | None:
        """The user whom a trusted proxy names."""
        if not self._is_trusted(_peer(scope)):
            return None
        names = [value for name, value in scope["headers"] if name == self.serving.user_header]
        if len(names) > 1:
            raise _unauthorized("the header that names the user is there twice")
        return names[0].decode("utf-8", "replace").strip() or None if names else None

    def _is_trusted(self, peer: IPv4Address | IPv6Address | None) -> bool:
        if peer is None:
            return self.serving.trusts_socket
        return _is_in(peer, self.serving.trusted_proxies)


class Failures:
    """Wrong credentials of the last minute, by address."""

    def __init__(self) -> None:
        self._times: OrderedDict[object, list[float]] = OrderedDict()

    def refuse(self, address: object) -> None:
        """Raises Denied if there were too many."""
        times = self._times.get(address, [])
        if len(times) >= MOST_FAILURES and time.monotonic() - times[0] < FAILURES_SECONDS:
            wait = ("Retry-After", str(FAILURES_SECONDS))
            raise Denied(HTTPStatus.TOO_MANY_REQUESTS, "too many wrong credentials; wait a minute", [wait])

    def add(self, address: object) -> None:
        times = self._times.pop(address, [])
        self._times[address] = [*times, time.monotonic()][-MOST_FAILURES:]
        if len(self._times) > MOST_ADDRESSES:
            self._times.popitem(last=False)


def require_same_origin(scope: Scope) -> None:
    """Raise Denied if another site may have made a browser send the request."""
    site, origin = header(scope, b"sec-fetch-site"), header(scope, b"origin")
    host = header(scope, b"host") or b""
    is_own = site == b"same-origin" if site is not None else origin is not None and origin.partition(b"://")[2] == host
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


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _is_in(address: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
