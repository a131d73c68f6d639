"""Text of an `ip` column as an address."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from string import ascii_letters, digits

Address = IPv4Address | IPv6Address

PRIVATE = ("10.", "127.", "192.168.", "169.254.", *(f"172.{part}." for part in range(16, 32)))
"""How the text of a private IPv4 address begins (spec 20 §4.1)."""

LOCAL = (IPv6Network("::1/128"), IPv6Network("fc00::/7"), IPv6Network("fe80::/10"))
"""IPv6 networks that no country has: loopback, unique-local, link-local."""

LABEL = frozenset(ascii_letters + digits + "_-")
"""The characters of a part of a host's name."""
LONGEST_LABEL = 63


@lru_cache(1 << 15)
def address(text: str) -> Address | None:
    """The address that `text` writes in full, or None.

    Parts with leading zeros are decimal; an IPv4-mapped IPv6 address is the IPv4 one (spec 70 §7).
    """
    text = text.strip(" ")
    parts = text.split(".")
    try:
        if len(parts) == 4 and all(part.isascii() and part.isdigit() for part in parts):
            return IPv4Address(bytes(map(int, parts)))
        if ":" not in text or "%" in text:
            return None
        long = IPv6Address(text)
    except ValueError:
        return None
    return long.ipv4_mapped or long


def is_host(text: str) -> bool:
    """Whether `text` is the name of a host, which some servers log in the place of its address."""
    labels = text.strip(" ").split(".")
    return len(labels) > 1 and all(map(_is_label, labels)) and not labels[-1].isdigit()


def _is_label(text: str) -> bool:
    return 0 < len(text) <= LONGEST_LABEL and LABEL.issuperset(text) and "-" not in (text[0], text[-1])


def is_private(text: str) -> bool:
    """Whether the text begins as a private IPv4 address does; it need not be one."""
    return text.startswith(PRIVATE)


def is_local(found: Address) -> bool:
    """Whether the address is in an IPv6 network that no country has."""
    return isinstance(found, IPv6Address) and any(found in network for network in LOCAL)
