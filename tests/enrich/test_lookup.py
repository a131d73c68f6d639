"""`lookup` and `doctor` say what the name servers and the address database answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import dns.rcode
import pytest

from hzmetrics.cli import main
from hzmetrics.demo import maxmind
from tests.conftest import TestHub
from tests.enrich.dns_server import DnsServer, Reply, name, serve, silent_address

PARIS = maxmind.place("FR", "France", "Ile-de-France", "Paris", 48.85, 2.35)
NETWORKS = [
    ("192.0.2.0/24", PARIS),
    ("198.51.100.0/24", {"registered_country": {"iso_code": "DE", "names": {"en": "Germany"}}}),
    ("2001:db8::/32", {"country": {"iso_code": "SE"}}),
]

pytestmark = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)


@pytest.fixture
def server() -> Iterator[DnsServer]:
    replies = {
        "192.0.2.7": name("pc7.lab.example"),
        "192.0.2.8": Reply([("PTR", "\x1b[31m.example.")]),
        "192.0.2.9": Reply(rcode=dns.rcode.SERVFAIL),
    }
    with serve(DnsServer(replies)) as running:
        yield running


def configure(hub: TestHub, nameserver: str, kind: str = "Demo-City") -> Path:
    """The address database of the hub."""
    file = hub.root / "places.mmdb"
    maxmind.write(file, NETWORKS, kind)
    with hub.configuration.open("a", encoding="utf-8") as configuration:
        configuration.write(f"[dns]\nnameserver = {nameserver}\ntimeout = 0.5\n[geoip]\ndatabase = {file}\n")
    return file


def looked_up(hub: TestHub, capsys: pytest.CaptureFixture[str], address: str, code: int = 0) -> dict[str, object]:
    capsys.readouterr()
    assert hub.run("lookup", address, "--json") == code
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_name_place_and_who_answers(hub: TestHub, server: DnsServer, capsys: pytest.CaptureFixture[str]) -> None:
    file = configure(hub, f"{silent_address()},{server.address}")
    assert hub.run("lookup", "192.0.2.7") == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["name"].startswith(f"pc7.lab.example (answered by {server.address}, ")
    assert lines["country"] == "France (FR)"
    assert (lines["region"], lines["city"], lines["location"]) == ("Ile-de-France", "Paris", "48.85, 2.35")
    assert lines["network"] == "192.0.2.0/24"
    assert lines["database"].startswith(f"{file}, Demo-City of 20")
    found = looked_up(hub, capsys, "2001:db8::7")
    assert found["name"]["name"] is None  # type: ignore[index]
    assert found["location"]["code"] == "SE" and found["location"]["network"] == "2001:db8::/32"  # type: ignore[index]
    assert looked_up(hub, capsys, "198.51.100.1")["location"]["country"] == "Germany"  # type: ignore[index]
    assert looked_up(hub, capsys, "203.0.113.1")["location"] is None


def test_names_from_outside_cannot_control_the_terminal(
    hub: TestHub, server: DnsServer, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(hub, server.address)
    assert hub.run("lookup", "192.0.2.8") == 0
    assert "\x1b" not in capsys.readouterr().out


def test_a_source_that_fails_leaves_the_other(
    hub: TestHub, server: DnsServer, capsys: pytest.CaptureFixture[str]
) -> None:
    file = configure(hub, server.address)
    found = looked_up(hub, capsys, "192.0.2.9", code=1)
    assert found["errors"] == [f"{server.address}: no answer"] and found["location"]
    for content in (b"x" * 5000, b""):
        file.write_bytes(content)
        found = looked_up(hub, capsys, "192.0.2.7", code=1)
        assert found["name"] and str(file) in found["errors"][0]  # type: ignore[index]
    file.unlink()
    assert "there is no address database" in looked_up(hub, capsys, "192.0.2.7", code=1)["errors"][0]  # type: ignore[index]


def test_a_database_of_another_type_is_named(
    hub: TestHub, server: DnsServer, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(hub, server.address, "GeoLite2-ASN")
    assert "GeoLite2-ASN database" in looked_up(hub, capsys, "192.0.2.7", code=1)["errors"][0]  # type: ignore[index]
    hub.run("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert checks["address database"]["verdict"] == "FAIL"
    assert "GeoLite2-ASN database" in checks["address database"]["detail"]


def test_doctor_names_the_servers_that_answer(
    hub: TestHub, server: DnsServer, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = silent_address()
    file = configure(hub, f"{server.address},{silent}")
    hub.run("doctor", "--json")
    checks = json.loads(capsys.readouterr().out)
    found = [(check["verdict"], check["detail"]) for check in checks if check["name"] == "name server"]
    assert found[0][0] == "OK" and found[0][1].startswith(f"{server.address} answered in ")
    assert found[1] == ("WARN", f"{silent}: no answer")
    (database,) = (check for check in checks if check["name"] == "address database")
    assert (database["verdict"], database["detail"]) == ("OK", f"{file}, 0 days old")


@pytest.mark.parametrize("text", ["", "1.2.3", "host.example", "1.2.3.4.5", "::g"])
def test_what_is_no_address_is_refused(kind: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lookup", text]) == 2
    assert "not an IPv4 or IPv6 address" in capsys.readouterr().err
