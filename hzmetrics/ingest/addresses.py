"""Client addresses: which can be stored, and which the operator excludes (spec 10 §3.1; corrections of 15)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Exclusion = Callable[[Sequence[str]], list[bool]]
"""Which of some addresses are excluded."""

CLIENTS = {"address": pa.string(), "stored": pa.string(), "is_ipv6": pa.bool_(), "is_excluded": pa.bool_()}
"""Columns of the relation `clients`."""


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

    def excludes(addresses: Sequence[str]) -> list[bool]:
        together = "\n".join(addresses).lower()
        present = [text for text in texts if text in together]
        return (
            [any(text in address.lower() for text in present) for address in addresses] if present else _none(addresses)
        )

    return excludes


def exactly(filters: Iterable[str]) -> Exclusion:
    """The correction `exact-ip-filter`: a filter is an address, the beginning of one up to a dot, or a CIDR block."""
    texts = {text.strip().lower().rstrip(".") for text in filters} - {""}
    networks = [network for network in map(_network, texts) if network is not None]

    def is_excluded(address: str) -> bool:
        parts = address.lower().split(".")
        if any(".".join(parts[:count]) in texts for count in range(1, len(parts) + 1)):
            return True
        known = _network(address)
        return known is not None and any(
            known.version == network.version and known.network_address in network for network in networks
        )

    return lambda addresses: list(map(is_excluded, addresses)) if texts else _none(addresses)


def _none(addresses: Sequence[str]) -> list[bool]:
    return [False] * len(addresses)


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


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

    def rows(self, addresses: pa.ChunkedArray) -> pa.Table:
        """The relation `clients` of some addresses, as the import sees them.

        Lines whose address cannot be stored (`stored` is NULL) are not read.
        """
        with_colon = pc.match_substring(addresses, ":")
        others = addresses.filter(pc.invert(with_colon))
        is_excluded = pa.array(self.excludes(others.to_pylist()), pa.bool_())
        plain = pa.table([others, others, pa.repeat(False, len(others)), is_excluded], pa.schema(CLIENTS))
        return pa.concat_tables([plain, self._with_colon(addresses.filter(with_colon).to_pylist())])

    def _with_colon(self, addresses: Sequence[str]) -> pa.Table:
        """Those that are IPv6 addresses, or none at all."""
        are_ipv6 = list(map(is_ipv6, addresses))
        stored = [
            canonical(text) if is_one and self.reads_ipv6 else None
            for text, is_one in zip(addresses, are_ipv6, strict=True)
        ]
        excluded = self.excludes([text or "" for text in stored])
        is_excluded = [text is not None and is_one for text, is_one in zip(stored, excluded, strict=True)]
        columns = zip((addresses, stored, are_ipv6, is_excluded), CLIENTS.values(), strict=True)
        return pa.table([pa.array(values, kind) for values, kind in columns], pa.schema(CLIENTS))
