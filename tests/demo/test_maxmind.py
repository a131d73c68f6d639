"""A written address database answers as the readers of such files expect."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import geoip2.database
import maxminddb
import pytest

from hzmetrics.demo.maxmind import place, write

HAVEN = place("DE", "Germany", "Hessen", "Hafenstadt", 50.25, -8.5)
MIRE = place("US", "United States", "", "", -33.0, 151.0)


def test_readers_find_place_and_country(tmp_path: Path) -> None:
    file = tmp_path / "places.mmdb"
    write(file, [("198.18.0.0/16", HAVEN), ("2001:db8:1::/48", MIRE)])
    with geoip2.database.Reader(file) as reader:
        answer = reader.city("198.18.7.9")
        assert (answer.country.iso_code, answer.country.name, answer.city.name) == ("DE", "Germany", "Hafenstadt")
        assert answer.subdivisions.most_specific.name == "Hessen"
        assert (answer.location.latitude, answer.location.longitude) == (50.25, -8.5)
        answer = reader.city("2001:db8:1:2::3")
        assert (answer.country.iso_code, answer.city.name) == ("US", None)
        with pytest.raises(geoip2.errors.AddressNotFoundError):
            reader.city("198.19.0.0")


NESTED = [
    "0.0.0.0/1",
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.1.2.3/32",
    "128.0.0.0/1",
    "2001:db8::/32",
    "2001:db8:1::/48",
    "8000::/1",
    "::/64",
]
ASKED = [
    "10.1.2.3",
    "10.1.2.4",
    "10.2.0.0",
    "11.0.0.0",
    "192.0.2.1",
    "2001:db8::1",
    "2001:db8:1::9",
    "9::9",
    "fe80::1",
    "::1:0:0:0",
]


@pytest.mark.parametrize("networks", [NESTED, NESTED[::-1], NESTED[::2], NESTED[1::2]])
def test_the_smallest_network_around_an_address_wins(tmp_path: Path, networks: list[str]) -> None:
    file = tmp_path / "networks.mmdb"
    write(file, [(network, {"network": network}) for network in networks])
    around_ipv4 = "::/64" if "::/64" in networks else None  # IPv4 networks stand below ::/96
    with maxminddb.open_database(file) as reader:
        for text in ASKED:
            address = ip_address(text)
            around = [network for network in networks if address in ip_network(network)]
            best = max(around, key=lambda network: ip_network(network).prefixlen, default=None)
            if best is None and address.version == 4:
                best = around_ipv4
            assert reader.get(text) == (best and {"network": best}), text
