"""Text of an `ip` column as an address."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

PRIVATE = re.compile(r"(10|127|192\.168|169\.254|172\.(1[6-9]|2[0-9]|3[01]))\.")
"""How the text of a private IPv4 address begins (spec 20 §4.1)."""

LOCAL = (IPv6Network("::1/128"), IPv6Network("fc00::/7"), IPv6Network("fe80::/10"))
"""IPv6 networks that no country has: loopback, unique-local, link-local."""

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII | re.IGNORECASE)

_FOUR_PARTS = re.compile(r"0*(\d{1,3})\.0*(\d{1,3})\.0*(\d{1,3})\.0*(\d{1,3})", re.ASCII)


def address(text: str) -> Address | None:
    """The address that `text` writes in full, or None.

    Parts with leading zeros are decimal; an IPv4-mapped IPv6 address is the IPv4 one (spec 70 §7).
    """
    text = text.strip(" ")
    match = _FOUR_PARTS.fullmatch(text)
    try:
        if match:
            return IPv4Address(".".join(match.groups()))
        if ":" not in text or "%" in text:
            return None
        long = IPv6Address(text)
    except ValueError:
        return None
    return long.ipv4_mapped or long


def is_host(text: str) -> bool:
    """Whether `text` is the name of a host, which some servers log in the place of its address."""
    labels = text.strip(" ").split(".")
    return len(labels) > 1 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def is_private(text: str) -> bool:
    """Whether the text begins as a private IPv4 address does; it need not be one."""
    return bool(PRIVATE.match(text))


def is_local(found: Address) -> bool:
    """Whether the address is in an IPv6 network that no country has."""
    return isinstance(found, IPv6Address) and any(found in network for network in LOCAL)
