"""A written address database answers as the readers of such files expect."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import geoip2.database
import maxminddb
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


addresses_of_both_kinds = st.ip_addresses(v=4) | st.integers(1 << 127, (1 << 128) - 1).map(ip_address)
networks = st.builds(
    lambda address, length: str(ip_network((address, length), strict=False)),
    addresses_of_both_kinds,
    st.integers(1, 32),
)


@given(st.dictionaries(networks, st.integers(0, 1 << 20), max_size=12), st.lists(addresses_of_both_kinds, max_size=20))
def test_the_smallest_network_around_an_address_wins(
    tmp_path_factory: pytest.TempPathFactory, numbers: dict[str, int], addresses: list[object]
) -> None:
    file = tmp_path_factory.mktemp("maxmind") / "numbers.mmdb"
    write(file, [(network, {"number": str(number)}) for network, number in numbers.items()])
    asked = [str(address) for address in addresses] + [network.split("/")[0] for network in numbers]
    with maxminddb.open_database(file) as reader:
        for text in asked:
            address = ip_address(text)
            around = [ip_network(network) for network in numbers if address in ip_network(network)]
            best = max(around, key=lambda network: network.prefixlen, default=None)
            assert reader.get(text) == (None if best is None else {"number": str(numbers[str(best)])})
