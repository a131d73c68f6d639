"""Writes address databases in the MaxMind format (version 2.0), which the `[geoip] database` setting reads.

A file is a binary tree over the bits of an address, the records its leaves point to, and metadata. IPv4 networks stand
below `::/96`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

MARKER = b"\xab\xcd\xefMaxMind.com"
"""What precedes the metadata."""

SEPARATOR = 16
"""Zero bytes between the tree and the records; the format counts them in every pointer."""

TEXT, DOUBLE, UINT16, UINT32, MAP, UINT64, ARRAY, BOOLEAN = 2, 3, 5, 6, 7, 9, 11, 14
"""The format's types of values."""

Network = IPv4Network | IPv6Network
Node = list[Any]
"""Where the next bit leads, when it is 0 and when it is 1: to a node, to an encoded record (bytes), or nowhere."""


def place(code: str, country: str, region: str, city: str, latitude: float, longitude: float) -> dict[str, Any]:
    """A record as city databases have it. Coordinates in degrees; an empty region or city is left out."""
    record: dict[str, Any] = {
        "country": {"iso_code": code, "names": {"en": country}},
        "location": {"latitude": latitude, "longitude": longitude},
    }
    if region:
        record["subdivisions"] = [{"names": {"en": region}}]
    if city:
        record["city"] = {"names": {"en": city}}
    return record


def write(
    path: Path, networks: Iterable[tuple[str, Mapping[str, Any]]], database_type: str = "GeoLite2-City", built: int = 1
) -> None:
    """Write a database of networks (as text) and their records. Inside a larger network, a smaller one wins.

    Records hold texts, numbers, truth values, lists and mappings; `built` is the date of the database, in Unix seconds.
    Raises ValueError for a text that is no network.
    """
    tree: Node = [None, None]
    offsets: dict[bytes, int] = {}
    end = 0
    parsed = [(ip_network(text), _encode(record)) for text, record in networks]
    for network, record in sorted(parsed, key=lambda pair: _depth(pair[0])):
        _insert(tree, network, record)
        if record not in offsets:
            offsets[record] = end
            end += len(record)

    nodes = _nodes(tree)
    numbers = {id(node): number for number, node in enumerate(nodes)}

    def target(branch: Node | bytes | None) -> int:
        if branch is None:
            return len(nodes)
        if isinstance(branch, bytes):
            return len(nodes) + SEPARATOR + offsets[branch]
        return numbers[id(branch)]

    metadata = {
        "binary_format_major_version": _whole(UINT16, 2),
        "binary_format_minor_version": _whole(UINT16, 0),
        "build_epoch": _whole(UINT64, built),
        "database_type": _encode(database_type),
        "description": _encode({"en": "An invented address database"}),
        "ip_version": _whole(UINT16, 6),
        "languages": _encode(["en"]),
        "node_count": _whole(UINT32, len(nodes)),
        "record_size": _whole(UINT16, 32),
    }
    path.write_bytes(
        b"".join(struct.pack(">II", target(zero), target(one)) for zero, one in nodes)
        + bytes(SEPARATOR)
        + b"".join(offsets)
        + MARKER
        + _mapping(metadata)
    )


def _depth(network: Network) -> int:
    """How many bits of the 128 lead to the network."""
    return network.prefixlen + (96 if network.version == 4 else 0)


def _insert(tree: Node, network: Network, record: bytes) -> None:
    """Lead everything in `network` to `record`. Larger networks must be there already."""
    address, depth = int(network.network_address), _depth(network)
    node = tree
    for position in range(127, 128 - depth, -1):
        bit = address >> position & 1
        if not isinstance(node[bit], list):
            node[bit] = [node[bit], node[bit]]
        node = node[bit]
    node[address >> (128 - depth) & 1] = record


def _nodes(tree: Node) -> list[Node]:
    """All nodes, the root first."""
    nodes = [tree]
    for node in nodes:
        nodes += [branch for branch in node if isinstance(branch, list)]
    return nodes


def _encode(value: object) -> bytes:
    """A value as the format has it: a control byte with type and size, then the content."""
    match value:
        case bool():
            return _control(BOOLEAN, int(value))
        case str():
            text = value.encode()
            return _control(TEXT, len(text)) + text
        case float():
            return _control(DOUBLE, 8) + struct.pack(">d", value)
        case int() if 0 <= value < 1 << 32:
            return _whole(UINT32, value)
        case list():
            return _control(ARRAY, len(value)) + b"".join(map(_encode, value))
        case Mapping():
            return _mapping({key: _encode(item) for key, item in value.items()})
    raise ValueError(f"{value!r} has no form in a MaxMind database")


def _mapping(items: Mapping[str, bytes]) -> bytes:
    return _control(MAP, len(items)) + b"".join(_encode(key) + item for key, item in items.items())


def _whole(kind: int, number: int) -> bytes:
    content = number.to_bytes((number.bit_length() + 7) // 8)
    return _control(kind, len(content)) + content


def _control(kind: int, size: int) -> bytes:
    """Type and size. Types above 7 follow in a byte of their own; so does what is above 28 of a size."""
    more = b""
    if size >= 285:
        size, more = 30, (size - 285).to_bytes(2)
    elif size >= 29:
        size, more = 29, bytes([size - 29])
    first = bytes([kind << 5 | size]) if kind <= 7 else bytes([size, kind - 7])
    return first + more
