"""Hosts of rows from a real name server; a dead resolver leaves nothing final (spec 20 §2)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.rcode
import pyarrow as pa
import pytest
import sqlalchemy as sa

from hzmetrics.calendar import DateSpan, Month
from hzmetrics.enrich import dns as resolving
from hzmetrics.enrich import rows
from hzmetrics.pipeline.stages import WITH_DOMAINS
from hzmetrics.pipeline.steps import Step
from hzmetrics.store.tables.metrics import dns_cache
from tests.conftest import TestHub
from tests.enrich.dns_server import DnsServer, Reply, name, serve, silent_address
from tests.enrich.tables import column, visits

LOST = Reply(drop=-1)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[DnsServer]:
    """A name server that the settings of the environment name."""
    with serve(DnsServer({"192.0.2.1": name("One.Example"), "192.0.2.2": name("two.example")})) as running:
        monkeypatch.setenv("HZMETRICS_DNS_NAMESERVER", running.address)
        monkeypatch.setenv("HZMETRICS_DNS_TIMEOUT", "0.3")
        yield running


def test_only_rows_in_the_window_with_an_address_and_without_a_host(hub: TestHub, server: DnsServer) -> None:
    visits(
        hub,
        "web",
        {"ip": "192.0.2.1", "datetime": "2025-03-01 00:00:00"},
        {"ip": "192.0.2.1", "datetime": "2025-03-31 23:59:59", "host": "  "},
        {"ip": "192.0.2.1", "datetime": "2025-04-01 00:00:00"},
        {"ip": "192.0.2.1", "datetime": "2025-02-28 23:59:59"},
        {"ip": "192.0.2.1", "host": "?"},
        {"ip": "192.0.2.2", "host": "kept"},
        {"ip": ""},
        {"ip": "not an address"},
        {"ip": "2001:db8:0:0"},
        {"ip": "192.0.2.99"},
        {"ip": "192.0.2.2"},
        {"ip": "127.0.0.1"},
    )
    assert hub.run("resolve-dns", "metrics", "web", "2025-03") == 0
    assert column(hub, "web", "host") == [
        "one.example", "one.example", None, None, "?", "kept", None, "?", "?", "?", "two.example", "localhost",
    ]  # fmt: skip
    assert server.questions("192.0.2.1") == 1
    assert server.questions("127.0.0.1") == 0


@pytest.mark.parametrize("table", ["toolstart", "websessions", "sessionlog_metrics"])
def test_the_other_tables(hub: TestHub, server: DnsServer, table: str) -> None:
    visits(hub, table, {"ip": "192.0.2.1"}, {"ip": "192.0.2.1", "datetime": "2025-04-01 00:00:00"})
    assert hub.run("resolve-dns", "metrics", table, "2025-03-10") == 0
    assert column(hub, table, "host") == ["one.example", None]


def test_a_host_with_its_domain_is_a_host_and_then_its_domain(hub: TestHub, server: DnsServer) -> None:
    """What `analyze` does to `web` here, `resolve-dns` and `fill-domain` by hand do to `websessions`."""
    server.replies["192.0.2.3"] = name(f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.uk")
    cases = [
        {"ip": ip, "domain": domain, "host": host, "datetime": f"2025-{day} 12:00:00"}
        for ip in ("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.99", "127.0.0.1", "not an address", "")
        for domain in (None, "", " ", "?", "? ", "kept", "-")
        for host in (None, " ", "www.kept.example")
        for day in ("02-28", "03-01", "03-31", "04-01")
    ]
    for table in ("web", "websessions"):
        visits(hub, table, *(dict(case) for case in cases))
    span = DateSpan.of(Month.parse("2025-03"))
    settings = hub.settings
    assert Step("resolve-dns", ("metrics", "web", span), shortcuts=WITH_DOMAINS).run(hub.store, settings)
    named = column(hub, "web", "domain")
    assert hub.run("resolve-dns", "metrics", "websessions", "2025-03") == 0
    assert column(hub, "web", "host") == column(hub, "websessions", "host")
    for table in ("web", "websessions"):
        assert hub.run("fill-domain", "metrics", table, "2025-03") == 0
    assert column(hub, "web", "domain") == column(hub, "websessions", "domain")
    new = [case["host"] != "www.kept.example" and "03-" in str(case["datetime"]) and case["ip"] for case in cases]
    filled = [domain for domain, is_new in zip(named, new, strict=True) if is_new]
    assert set(filled) == {"one.example", "two.example", "?", "kept", "-", f"{'d' * 60}.uk"}


def test_dates(hub: TestHub, server: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2025-03-10")
    times = [
        "0000-00-00 00:00:00",
        "2025-03-02 23:59:59",
        "2025-03-03 00:00:00",
        "2025-03-09 23:59:59",
        "2025-03-10 00:00:00",
    ]
    visits(hub, "web", *({"ip": "192.0.2.1", "datetime": time} for time in times))
    assert hub.run("resolve-dns", "metrics", "web") == 0
    assert column(hub, "web", "host") == [None, None, "one.example", "one.example", None]
    assert hub.run("resolve-dns", "metrics", "web", "..2025-03-03") == 0
    assert column(hub, "web", "host") == ["one.example"] * 4 + [None]
    assert hub.run("resolve-dns", "metrics", "web", "2030", "--all") == 0
    assert column(hub, "web", "host") == ["one.example"] * 5


def test_names_are_asked_once_for_all_tables_and_again_after_a_month(
    hub: TestHub, server: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for table in ("web", "websessions", "toolstart"):
        visits(hub, table, {"ip": "192.0.2.1"}, {"ip": "192.0.2.50"})
    monkeypatch.setenv("HZMETRICS_NOW", "2025-04-01T12:00")
    assert hub.run("resolve-dns", "metrics", "web", "--all") == 0
    monkeypatch.setenv("HZMETRICS_NOW", "2025-04-30T12:00")
    assert hub.run("resolve-dns", "metrics", "websessions", "--all") == 0
    assert server.questions("192.0.2.1") == 1
    assert server.questions("192.0.2.50") == 2
    monkeypatch.setenv("HZMETRICS_NOW", "2025-05-02T12:00")
    assert hub.run("resolve-dns", "metrics", "toolstart", "--all") == 0
    assert server.questions("192.0.2.1") == 2
    assert hub.store.metrics.rows(sa.select(dns_cache.c.ip, dns_cache.c.host)) == [("192.0.2.1", "One.Example")]
    for table in ("web", "websessions", "toolstart"):
        assert column(hub, table, "host") == ["one.example", "?"]


def test_in_trouble_with_one_address_a_working_resolver_makes_it_final(hub: TestHub, server: DnsServer) -> None:
    server.replies |= {"192.0.2.3": Reply(rcode=dns.rcode.SERVFAIL), "192.0.2.4": LOST}
    visits(hub, "web", *({"ip": f"192.0.2.{n}"} for n in (1, 3, 4)))
    assert hub.run("resolve-dns", "metrics", "web", "--all") == 0
    assert column(hub, "web", "host") == ["one.example", "?", "?"]


def test_a_root_that_answers_proves_the_resolver(hub: TestHub, server: DnsServer) -> None:
    server.replies = {"192.0.2.1": LOST}
    visits(hub, "web", {"ip": "192.0.2.1"})
    assert hub.run("resolve-dns", "metrics", "web", "--all") == 0
    assert column(hub, "web", "host") == ["?"]


@pytest.mark.parametrize("trouble", [LOST, Reply(rcode=dns.rcode.SERVFAIL), Reply(rcode=dns.rcode.REFUSED)])
def test_a_resolver_that_does_not_work_leaves_nothing_final(hub: TestHub, server: DnsServer, trouble: Reply) -> None:
    server.replies, server.default, server.root = {}, trouble, trouble
    visits(
        hub, "web", {"ip": "192.0.2.1"}, {"ip": "nonsense"}, {"ip": "127.0.0.1"}, {"ip": "192.0.2.2", "host": "kept"}
    )
    assert hub.run("resolve-dns", "metrics", "web", "--all") == 1
    assert column(hub, "web", "host") == [None, "?", "localhost", "kept"]


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "numbers"), [(60, [2]), (-1, [1, 1])])
def test_hosts_found_before_the_resolver_is_silent_are_written(
    hub: TestHub, server: DnsServer, monkeypatch: pytest.MonkeyPatch, seconds: int, numbers: list[int]
) -> None:
    """Those of batches that follow each other quickly are written together."""
    written: list[int] = []
    answered = rows.answered

    def noted(*given: Any) -> pa.Table:
        found = answered(*given)
        written.extend([len(found)] if len(found) else [])
        return found

    monkeypatch.setattr(rows, "answered", noted)
    monkeypatch.setattr(resolving, "BATCH", 1)
    monkeypatch.setattr(resolving, "GATHERED", seconds)
    server.replies, server.default, server.root = {}, LOST, LOST
    visits(hub, "web", *({"ip": ip} for ip in ("127.0.0.1", "nonsense", "192.0.2.1")))
    assert hub.run("resolve-dns", "metrics", "web", "--all", "-c", "1", "-t", "0.2") == 1
    assert column(hub, "web", "host") == ["localhost", "?", None]
    assert written == numbers


def test_a_dead_resolver_is_noticed_soon(hub: TestHub) -> None:
    visits(hub, "web", *({"ip": f"198.51.100.{n}"} for n in range(200)))
    assert hub.run("resolve-dns", "metrics", "web", "--all", "-n", silent_address(), "-c", "5", "-t", "0.2") == 1
    assert set(column(hub, "web", "host")) == {None}


def test_a_dry_run_asks_and_writes_nothing(hub: TestHub, server: DnsServer) -> None:
    visits(hub, "web", {"ip": "192.0.2.1"})
    assert hub.run("resolve-dns", "metrics", "web", "--all", "--dry-run") == 0
    assert column(hub, "web", "host") == [None]
    assert not server.asked


def test_a_table_of_the_sites_own(hub: TestHub, server: DnsServer) -> None:
    metrics = hub.store.metrics
    old = sa.Table(
        "web_old",
        sa.MetaData(),
        sa.Column("nr", sa.Integer, primary_key=True),
        sa.Column("datetime", sa.DateTime),
        sa.Column("ip", sa.String(40)),
        sa.Column("host", sa.String(5)),
    )
    keyless = sa.Table(
        "keyless", sa.MetaData(), *(sa.Column(name, sa.String(40)) for name in ("datetime", "ip", "host"))
    )
    with metrics.begin() as connection:
        old.create(connection)
        keyless.create(connection)
        connection.execute(sa.text(f"INSERT INTO web_old VALUES (7, '{'2025-03-10 12:00:00'}', '192.0.2.1', NULL)"))
    assert hub.run("resolve-dns", "metrics", "web_old", "2025-03") == 0
    assert metrics.scalar(sa.select(old.c.host)) == "one.e"
    assert hub.run("resolve-dns", "metrics", "keyless", "--all") == 1
    assert hub.run("resolve-dns", "metrics", "webhits", "--all") == 1
    assert hub.run("resolve-dns", "metrics", "absent", "--all") == 1
    assert hub.run("resolve-dns", "hub", "jos_session_geo", "--all") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("nowhere", "web"),
        ("metrics", "web; DROP TABLE web"),
        ("metrics", "web", "2025-13"),
        ("metrics", "web", "2025-03-10..2025-03-09"),
        ("metrics", "web", "2025..2026..2027"),
        ("metrics", "web", "-c", "0"),
        ("metrics", "web", "-t", "never"),
        ("metrics", "web", "-n", "ns.example"),
    ],
)
def test_wrong_use_is_refused(words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hzmetrics.cli import main

    conf = tmp_path / "hzmetrics.conf"
    conf.write_text(f"[db]\nsqlite = {tmp_path / 'db'}\n")
    monkeypatch.setenv("HZMETRICS_HOME", str(tmp_path))
    monkeypatch.setenv("HZMETRICS_LOG", str(tmp_path / "log.txt"))
    assert main(["-c", str(conf), "resolve-dns", *words]) == 2
    assert not (tmp_path / "db").exists()
