"""The local address database and the remote service, each with good, odd and hostile answers (spec 20 §4.3 to §4.4)."""

import re
import time
from collections.abc import Iterator
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import pytest
from mmdb_writer import METADATA_MAGIC

from hzmetrics.config.schema import Geoip
from hzmetrics.demo import maxmind
from hzmetrics.enrich import ipinfo
from hzmetrics.enrich.addresses import address, is_host, is_local, is_private
from hzmetrics.enrich.ipinfo import Service, parse
from hzmetrics.enrich.places import Place, Places
from hzmetrics.errors import ConfigurationError, LookupFailure
from tests.enrich.ipinfo_server import AddressService, serve

PARIS = maxmind.place("FR", "France", "Ile-de-France", "Paris", 48.85, 2.35)
RECORDS = [
    ("192.0.2.0/24", PARIS),
    ("198.51.100.0/25", {"registered_country": {"iso_code": "DE", "names": {"en": "Germany"}}}),
    ("198.51.100.128/25", {"country": {"geoname_id": 1}, "registered_country": {"iso_code": "it"}}),
    ("203.0.113.0/24", {"continent": {"code": "EU"}}),
    ("2001:db8::/32", {"country": {"iso_code": "SE"}, "subdivisions": [], "location": {}}),
]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    maxmind.write(tmp_path / "places.mmdb", RECORDS)
    return tmp_path / "places.mmdb"


def test_countries_and_places(database: Path) -> None:
    places = Places(database)
    codes = {
        "192.0.2.1": "FR",
        "198.51.100.1": "DE",
        "198.51.100.200": "it",
        "203.0.113.9": None,
        "8.8.8.8": None,
        "2001:db8::1": "SE",
        "2001:4860::1": None,
    }
    assert {text: places.country(ip_address(text)) for text in codes} == codes
    assert places.place(ip_address("192.0.2.1")) == Place("FR", "France", "Ile-de-France", "Paris", 48.85, 2.35)
    assert places.place(ip_address("198.51.100.1")) == Place("DE", "Germany", "-", "-", None, None)
    assert places.place(ip_address("203.0.113.9")) is None
    assert places.place(ip_address("2001:db8::1")) == Place("SE", "-", "-", "-", None, None)


@pytest.mark.parametrize("kind", ["absent", "directory", "empty", "text", "cut", "metadata only"])
def test_files_that_are_no_database(tmp_path: Path, database: Path, kind: str) -> None:
    file = tmp_path / "broken.mmdb"
    whole = database.read_bytes()
    match kind:
        case "directory":
            file.mkdir()
        case "empty":
            file.touch()
        case "text":
            file.write_text("nothing of the kind\n" * 1000)
        case "cut":
            file.write_bytes(whole[: len(whole) // 2])
        case "metadata only":
            file.write_bytes(whole[whole.index(METADATA_MAGIC) :])
    with pytest.raises(LookupFailure, match=r"broken\.mmdb"):
        Places(file).country(ip_address("192.0.2.1"))


@pytest.mark.parametrize(
    "kind", ["GeoLite2-ASN", "GeoIP2-ISP", "GeoIP2-Connection-Type", "DBIP-ASN-Lite (compat=GeoLite2-ASN)"]
)
def test_databases_of_other_things_are_refused_by_name(tmp_path: Path, kind: str) -> None:
    maxmind.write(tmp_path / "other.mmdb", RECORDS, kind)
    with pytest.raises(LookupFailure, match=rf"other\.mmdb cannot be used: it is a {re.escape(kind)} database"):
        Places(tmp_path / "other.mmdb")


@pytest.mark.parametrize(
    "kind", ["GeoIP2-City", "DBIP-Country-Lite", "GeoIP2-Enterprise", "DBIP-Location-ISP (compat=Enterprise)", ""]
)
def test_databases_of_countries_are_known_by_name(tmp_path: Path, kind: str) -> None:
    maxmind.write(tmp_path / "places.mmdb", RECORDS, kind)
    assert abs(Places(tmp_path / "places.mmdb").built - time.time()) < 60


@pytest.mark.parametrize(
    ("text", "expected"),
    [("crawl-66.example.org", True), ("Pool_1.example", True), ("unknown", False), ("192.0.2.7", False),
     ("1.2.3", False), ("-", False), ("a..b", False), ("2001:db8::1", False),
     ("1.2.3.256", False), ("x" * 64 + ".a", False)],
)  # fmt: skip
def test_names_of_hosts(text: str, expected: bool) -> None:
    assert is_host(text) == expected


def test_a_damaged_tree_is_a_failure_or_an_answer_but_nothing_else(tmp_path: Path, database: Path) -> None:
    whole = database.read_bytes()
    metadata = whole.index(METADATA_MAGIC)
    for position in range(0, metadata, 37):
        file = tmp_path / "damaged.mmdb"
        file.write_bytes(whole[:position] + b"\xff" * 8 + whole[position + 8 :])
        try:
            places = Places(file)
            for text in ("192.0.2.1", "198.51.100.200", "2001:db8::1"):
                places.place(ip_address(text))
        except LookupFailure:
            pass


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("01.002.0003.4", "1.2.3.4"),
        ("1.2.3.4 ", "1.2.3.4"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        *((text, None) for text in ("", "unknown", "1.2.3", "1.2.3.256", "1.2.3.4.5", "1..2.3", "-1.2.3.4", "١.2.3.4",
                                    "2001:db8:1", "fe80::1%eth0", "1.2.3.4/8", "1.2.3.0x4")),
    ],
)  # fmt: skip
def test_addresses(text: str, known: str | None) -> None:
    found = address(text)
    assert (found and str(found)) == known


def test_private_and_local_addresses() -> None:
    private = ["10.1", "127.x", "192.168.0.1", "169.254.1.1", "172.16.0.1", "172.31.9.9"]
    assert all(map(is_private, private))
    public = ["100.64.0.1", "172.15.0.1", "172.32.0.1", "192.169.0.1", "110.0.0.1", "1010.", "::1", ""]
    assert not any(map(is_private, public))
    assert all(is_local(ip_address(text)) for text in ("::1", "fc00::1", "fdff::1", "fe80::1", "febf::1"))
    assert not any(is_local(ip_address(text)) for text in ("2001:db8::1", "fec0::1", "10.0.0.1"))


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[AddressService]:
    monkeypatch.setattr(ipinfo, "ENDPOINTS", ())
    with serve(AddressService({"192.0.2.1": "FR", "192.0.2.2": "-", "192.0.2.3": ""})) as running:
        yield running


def asking(url: str) -> Service:
    return Service(Geoip(database=None, url=url, hub_key="key&x", timeout=2.0))


A, B, C, D = (IPv4Address(f"192.0.2.{n}") for n in (1, 2, 3, 4))


def test_many_and_one(service: AddressService) -> None:
    found = asking(service.url).many([A, B, C, D])
    nowhere = Place("-", "-", "-", "-", None, None)
    assert found == {A: Place("FR", "Land", "-", "City", 1.5, None), B: nowhere, C: nowhere}
    assert service.requests == [{"hub_key": ["key&x"], "n_ips": [",".join(str(int(each)) for each in (A, B, C, D))]}]
    assert asking(service.url).one(A) == found[A]
    service.status = "_FAILED_"
    assert asking(service.url).many([A]) == {A: found[A]}
    assert asking(service.url).one(A) is None


def test_requests_hold_a_hundred_addresses(service: AddressService) -> None:
    addresses = [IPv4Address(n) for n in range(16909060, 16909060 + 250)]
    service.countries = dict.fromkeys(map(str, addresses), "NO")
    assert len(asking(service.url).many(addresses)) == 250
    assert sorted(len(request["n_ips"][0].split(",")) for request in service.requests) == [50, 100, 100]


def test_a_refused_key_answers_nothing(service: AddressService) -> None:
    service.status = ipinfo.REFUSED
    assert asking(service.url).many([A]) == {}


BOMB = b"""<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<ipinfo><status>_SUCCESS_</status><ipset><n_ip>3221225985</n_ip><status>_SUCCESS_</status>
<countryCode>&b;</countryCode></ipset></ipinfo>"""


@pytest.mark.parametrize("body", [b"", b"<html><p>Sorry", BOMB, b"\0\xff", b"<a>" * 400_000, b"x" * 3_000_000])
def test_answers_that_are_none(service: AddressService, body: bytes) -> None:
    service.body = body
    assert asking(service.url).many([A]) == {}


def test_an_answer_that_says_something_else(service: AddressService) -> None:
    found = "<status>_SUCCESS_</status><countryCode>FR</countryCode>"
    bodies = [
        "<ipinfo/>",
        *(f"<x><ipset><n_ip>{number}</n_ip>{found}</ipset></x>" for number in ("-5", "99999999999", "1")),
    ]
    for body in bodies:
        service.body = body.encode()
        assert asking(service.url).many([A]) == {}
        assert asking(service.url).one(A) is None


def test_the_next_endpoint_is_asked(service: AddressService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ipinfo, "ENDPOINTS", (service.url,))
    assert asking("http://127.0.0.1:1/ipinfo").many([A])[A].code == "FR"
    with serve(AddressService(http_status=500)) as broken:
        assert asking(broken.url).many([A])[A].code == "FR"
    assert len(service.requests) == 2


def test_only_web_addresses_and_plain_documents() -> None:
    for url in ("file:///etc/passwd", "ftp://x", "example.org", " "):
        with pytest.raises(ConfigurationError, match="url"):
            asking(url)
    with pytest.raises(ValueError, match="document type"):
        parse(BOMB)
