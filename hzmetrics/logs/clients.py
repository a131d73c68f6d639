"""Who sent a request: the client among the addresses that a server and its proxies wrote down."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PRIVATE = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
    "fc00::/7", "fe80::/10", "::1/128",
)  # fmt: skip
"""Networks of proxies that are trusted by default: private, shared, loopback and link-local addresses."""

NO_HOSTS = frozenset({"localhost", "unknown", "unix", "none", "null"})
HOST_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
IDENTITY_FIELDS = 3
"""Fields of the common format before the time, the host first: host, identity, user."""


@dataclass(frozen=True)
class Proxies:
    """The networks whose word about the client is believed."""

    networks: Sequence[Network]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Proxies:
        """Raises ValueError for a text that is no address and no network."""
        return cls([ipaddress.ip_network(text, strict=False) for text in texts])

    @cached_property
    def _by_version(self) -> dict[int, list[Network]]:
        return {version: [one for one in self.networks if one.version == version] for version in (4, 6)}

    def trust(self, address: Address) -> bool:
        return any(address in network for network in self._by_version[address.version])

    def client(self, peer: str) -> str | None:
        """The client in the text of the fields before a request, and after a tab those that name clients behind it.

        The client is the first field that is an address; of a list of forwarders the last address that is no trusted
        proxy. A field with none but trusted proxies counts only if no other field has an address; then it is its first.
        Without any address it is the host name where the common format has one. None if there is no client.
        """
        before, _, after = peer.partition("\t")
        fields = before.split()
        trusted = None
        for field in (*fields, *after.split()):
            addresses = list(_addresses(field))
            for text, address in reversed(addresses):
                if not self.trust(address):
                    return text
            if addresses and trusted is None:
                trusted = addresses[0][0]
        if trusted is not None or not fields:
            return trusted
        host = fields[-IDENTITY_FIELDS] if len(fields) >= IDENTITY_FIELDS else fields[0]
        return host if _is_host(host) else None


def _addresses(field: str) -> Iterator[tuple[str, Address]]:
    """The addresses of a field, which may be a list: as text, and as value (of an IPv4-mapped one the IPv4)."""
    for part in field.split(","):
        text = _bare(part)
        if text and (text[0] in "0123456789abcdefABCDEF:") and ("." in text or ":" in text):
            try:
                address = ipaddress.ip_address(text)
            except ValueError:
                continue
            yield text, (isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped) or address


def _bare(text: str) -> str:
    """An address without quotes, brackets, port and zone; of an element of `Forwarded` (RFC 7239) the client's."""
    if "=" in text:
        parameters = dict(pair.strip().partition("=")[::2] for pair in text.lower().split(";"))
        text = parameters.get("for", "")
    text = text.strip("\"' \\;")
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return text.strip("[]()").partition("%")[0]


def _is_host(text: str) -> bool:
    """Whether a text may be the name of a host: a server that looks up names writes one in place of an address."""
    return (
        len(text) <= 253
        and text[0].isalnum()
        and any(map(str.isalpha, text))
        and text.lower() not in NO_HOSTS
        and HOST_CHARACTERS.issuperset(text)
    )
