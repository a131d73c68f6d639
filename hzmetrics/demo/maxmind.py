"""Address databases in the MaxMind format, which the `[geoip] database` setting reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet


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


def write(path: Path, networks: Iterable[tuple[str, Mapping[str, Any]]], database_type: str = "Demo-City") -> None:
    """Write a database of networks and their records; an address gets the record of the smallest network around it."""
    writer = MMDBWriter(6, database_type, ["en"], "An invented address database", ipv4_compatible=True)
    for network, record in sorted(networks, key=lambda pair: _depth(pair[0])):  # larger networks come first
        writer.insert_network(IPSet([network]), dict(record))
    writer.to_db_file(str(path))


def _depth(network: str) -> int:
    """How many of the 128 bits of an address lead to the network: IPv4 networks stand below `::/96`."""
    parsed = ip_network(network)
    return parsed.prefixlen + (96 if parsed.version == 4 else 0)
