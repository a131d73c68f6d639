"""Client addresses: which can be stored, and which the operator excludes (spec 10 §3.1; corrections of 15)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from typing import NamedTuple

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Exclusion = Callable[[str], bool]


def is_ipv6(text: str) -> bool:
    """Whether `text` is an IPv6 address."""
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def canonical(text: str) -> str:
    """An IPv6 address in its short lower-case form, an IPv4-mapped one as plain IPv4 (spec 70 §7)."""
    address = ipaddress.IPv6Address(text)
    return str(address.ipv4_mapped or address)


def anywhere(filters: Iterable[str]) -> Exclusion:
    """The reference's rule: a filter matches wherever it occurs in the address, ignoring case."""
    texts = [text.lower() for text in filters if text]
    return lambda address: any(text in address.lower() for text in texts)


def exactly(filters: Iterable[str]) -> Exclusion:
    """The correction `exact-ip-filter`: a filter is an address, the beginning of one up to a dot, or a CIDR block."""
    texts = {text.strip().lower().rstrip(".") for text in filters} - {""}
    networks = [network for network in map(_network, texts) if network is not None]

    def excludes(address: str) -> bool:
        parts = address.lower().split(".")
        if any(".".join(parts[:count]) in texts for count in range(1, len(parts) + 1)):
            return True
        known = _network(address)
        return known is not None and any(
            known.version == network.version and known.network_address in network for network in networks
        )

    return excludes


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


class Client(NamedTuple):
    """One address as the import sees it."""

    stored: str | None
    """The address as it is stored; None: lines with it are not read."""
    is_ipv6: bool
    is_excluded: bool


@dataclass(frozen=True)
class Clients:
    """How addresses are stored, and which are excluded. `reads_ipv6` is the correction `ipv6`."""

    excludes: Exclusion
    reads_ipv6: bool

    @classmethod
    def of(cls, corrections: Set[str], filters: Iterable[str]) -> Clients:
        """By the operator's filters of type ip, with the corrections in force."""
        exclusion = exactly if "exact-ip-filter" in corrections else anywhere
        return cls(exclusion(filters), "ipv6" in corrections)

    def client(self, address: str) -> Client:
        """The client with an address."""
        if ":" not in address:
            return Client(address, False, self.excludes(address))
        if not is_ipv6(address):
            return Client(None, False, False)
        stored = canonical(address) if self.reads_ipv6 else None
        return Client(stored, True, stored is not None and self.excludes(stored))
