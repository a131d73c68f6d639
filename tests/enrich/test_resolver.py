"""Names come from the hosts file, then from real name servers in every mood (spec 20 §2.2 to §2.3)."""

import socket
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import dns.rcode
import pytest

from hzmetrics.config.schema import Dns
from hzmetrics.enrich.resolver import Resolver, hosts_file, servers
from hzmetrics.errors import ConfigurationError
from tests.enrich.dns_server import NO_NAME, DnsServer, Reply, name, serve, silent_address

pytestmark = pytest.mark.integration

HOST = "192.0.2.7"
ADDRESS = ip_address(HOST)


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with serve(DnsServer()) as running:
        yield running


def resolver(nameserver: str, timeout: float = 0.5, concurrency: int = 20, hosts: Path = Path("/nowhere")) -> Resolver:
    return Resolver(Dns(nameserver=nameserver, concurrency=concurrency, timeout=timeout), hosts)


@pytest.mark.parametrize(
    ("reply", "stored"),
    [
        (name("Gate.Example.EDU"), "Gate.Example.EDU"),
        (name("first.example", "second.example", "last.example"), "last.example"),
        (Reply([("CNAME", "7.sub.example."), ("PTR", "real.example.")], [None, "7.sub.example."]), "real.example"),
        (Reply([("PTR", "other.example.")], ["8.2.0.192.in-addr.arpa."]), None),
        (Reply([("PTR", "long.example.")], only_tcp=True), "long.example"),
        (name("router"), "router"),
        (name("192.0.2.7"), "192.0.2.7"),
        (name(r"_a\032b.*.-c.xn--bcher-kva.example"), "_a b.*.-c.xn--bcher-kva.example"),
        (name(r"a\"\$\(\)\.\;\@\\b.example"), r"a\"\$\(\)\.\;\@\\b.example"),
        (name(r"\007\195\169.example"), r"\007\195\169.example"),
        (name("."), None),
        (NO_NAME, None),
        (Reply(), None),
        (Reply([("CNAME", "7.sub.example.")]), None),
        (Reply([("A", "192.0.2.9")]), None),
        (Reply([("PTR", "second.example.")], drop=1), "second.example"),
        (Reply([("PTR", "late.example.")], delay=0.4), "late.example"),
    ],
)
def test_definite_answers(server: DnsServer, reply: Reply, stored: str | None) -> None:
    server.replies[HOST] = reply
    asking = resolver(server.address)
    answers = asking.names([ADDRESS])
    assert answers.names == {ADDRESS: stored}
    assert not answers.failed
    assert asking.works


@pytest.mark.parametrize(
    "reply",
    [
        *(Reply(rcode=code) for code in (dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.FORMERR, dns.rcode.NOTIMP)),
        Reply(drop=-1),
        Reply(garbage=True),
        Reply([("PTR", "too.late.example.")], delay=2.5),
    ],
)
def test_failures(server: DnsServer, reply: Reply) -> None:
    server.replies[HOST] = reply
    begun = time.monotonic()
    answers = resolver(server.address).names([ADDRESS])
    assert answers.names == {}
    assert answers.failed == {ADDRESS}
    assert time.monotonic() - begun < 2.3


def test_a_slow_answer_of_a_quick_server_is_waited_for(server: DnsServer) -> None:
    """c-ares waits less for a server that has been quick; a slow name is not given up for that."""
    quick = [ip_address(f"198.51.100.{n}") for n in range(50)]
    server.replies |= {str(each): name("quick.example") for each in quick}
    server.replies[HOST] = Reply([("PTR", "slow.example.")], delay=1.0)
    asking = resolver(server.address, timeout=2.0, concurrency=1)
    assert asking.names([*quick, ADDRESS]).names[ADDRESS] == "slow.example"


def test_a_working_resolver_is_known_by_its_answers_or_by_the_root(server: DnsServer) -> None:
    server.default = Reply(drop=-1)
    asking = resolver(server.address)
    assert asking.names([ADDRESS]).failed == {ADDRESS}
    assert asking.probe()
    assert server.asked["."] == 1

    server.root = Reply(rcode=dns.rcode.SERVFAIL)
    asking = resolver(server.address)
    assert asking.names([ADDRESS]).failed == {ADDRESS}
    assert not asking.probe()
    assert not resolver(silent_address()).probe()


def test_ipv6_is_asked_under_ip6_arpa_and_by_ipv6_servers() -> None:
    long = ip_address("2001:db8::7")
    with serve(DnsServer({str(long): name("six.example")}), "::1") as server:
        asking = resolver(f"[::1]:{server.port}")
        assert asking.names([long]).names == {long: "six.example"}


def test_a_port_that_is_closed_gives_no_answer() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    several = [ip_address(f"198.51.100.{n}") for n in range(20)]
    answers = resolver(f"127.0.0.1:{port}", concurrency=5).names(several)
    assert (answers.names, answers.failed) == ({}, set(several))


def test_the_second_server_answers_when_the_first_is_dead(server: DnsServer) -> None:
    server.replies[HOST] = name("second.example")
    assert resolver(f"{silent_address()}, {server.address}").names([ADDRESS]).names == {ADDRESS: "second.example"}


def test_the_hosts_file_comes_first_and_proves_nothing(server: DnsServer, tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text(
        "# names\n192.0.2.7 Gate gate.example # the gate\n192.0.2.7 other\nnonsense x\n::1 six\n127.0.0.1\n"
    )
    assert hosts_file(file) == {ADDRESS: "Gate", ip_address("::1"): "six"}
    assert hosts_file(tmp_path / "absent") == {}
    asking = resolver(server.address, hosts=file)
    assert asking.names([ADDRESS]).names == {ADDRESS: "Gate"}
    assert not asking.works
    assert not server.asked


def test_an_address_is_asked_once_and_few_at_a_time(server: DnsServer) -> None:
    addresses = [ip_address(f"198.51.100.{n}") for n in range(40)]
    server.default = Reply([("PTR", "x.example.")], delay=0.05)
    answers = resolver(server.address, concurrency=4).names(addresses * 2)
    assert len(answers.names) == 40
    assert set(server.asked.values()) == {1}
    assert 1 < server.most_in_flight <= 4


def test_a_budget_ends_all_questions(server: DnsServer) -> None:
    server.default = Reply([("PTR", "x.example.")], delay=0.2)
    addresses = [ip_address(f"198.51.100.{n}") for n in range(40)]
    begun = time.monotonic()
    answers = resolver(server.address, concurrency=2).names(addresses, budget=0.5)
    assert time.monotonic() - begun < 1.5
    assert 0 < len(answers.names) < 40
    assert answers.failed == set(addresses) - answers.names.keys()


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("system", None),
        (" ", None),
        ("192.0.2.1", ["192.0.2.1:53"]),
        ("192.0.2.1:5353", ["192.0.2.1:5353"]),
        ("192.0.2.1, 192.0.2.2:54", ["192.0.2.1:53", "192.0.2.2:54"]),
        ("2001:DB8::1", ["[2001:db8::1]:53"]),
        ("[2001:db8::1]", ["[2001:db8::1]:53"]),
        ("[2001:db8::1]:54,192.0.2.1", ["[2001:db8::1]:54", "192.0.2.1:53"]),
    ],
)
def test_forms_of_name_servers(text: str, known: list[str] | None) -> None:
    assert servers(text) == known


@pytest.mark.parametrize(
    "text",
    ["ns.example", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:70000", "192.0.2.1:x", "[::1]53", "1.2.3.4,,", "1.2.3"],
)
def test_what_is_no_name_server(text: str) -> None:
    with pytest.raises(ConfigurationError, match="name server"):
        servers(text)
