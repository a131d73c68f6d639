"""Rows that are complete when they are written, as far as nobody has to be asked (spec 60 §8.8)."""

import os
from collections.abc import Sequence
from ipaddress import IPv4Address
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.calendar import DateSpan, Month
from hzmetrics.config import Settings
from hzmetrics.demo import maxmind
from hzmetrics.enrich import known
from hzmetrics.enrich.countries import Countries
from hzmetrics.enrich.dns import Remembered
from hzmetrics.enrich.geo import fill_ipcountry
from hzmetrics.enrich.known import KnownAddresses
from hzmetrics.store.tables.metrics import dns_cache, web
from tests.conftest import TestHub
from tests.enrich.tables import column, put, visits

MARCH = Month(2025, 3)
NOON = "2025-03-10 12:00:00"
EMPTY = (None, None, None)


@pytest.fixture
def countries(hub: TestHub, tmp_path: Path) -> Path:
    """A configured local database."""
    file = tmp_path / "countries.mmdb"
    maxmind.write(file, [("192.0.2.0/24", {"country": {"iso_code": "FR"}})])
    hub.configuration.write_text(f"{hub.configuration.read_text()}\n[geoip]\ndatabase = {file}\n")
    return file


@pytest.fixture
def names(hub: TestHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that the resolver gave, and a hosts file."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 LocalHost\n192.0.2.2 other\n")
    monkeypatch.setattr("hzmetrics.enrich.dns.HOSTS", hosts)
    monkeypatch.setenv("HZMETRICS_NOW", "2025-04-02T00:00")
    put(
        hub.store.metrics,
        dns_cache,
        {"ip": "192.0.2.1", "host": "One.Example.org", "asked_at": "2025-03-30 00:00:00"},
        {"ip": "192.0.2.2", "host": "two", "asked_at": "2025-03-30 00:00:00"},
        {"ip": "192.0.2.3", "host": "old.example.org", "asked_at": "2025-03-01 00:00:00"},
        {"ip": "2001:db8::1", "host": "six.example.org", "asked_at": "2025-03-30 00:00:00"},
    )


def known_to(hub: TestHub) -> KnownAddresses:
    return KnownAddresses(hub.store, settings(hub))


def settings(hub: TestHub) -> Settings:
    return config.load(hub.configuration, {**os.environ, **hub.environment})


def requests(*ips: str, times: Sequence[str] = ()) -> pa.Table:
    times = times or [NOON] * len(ips)
    return pa.table({"datetime": pa.array(times, pa.string()), "ip": pa.array(ips, pa.string())})


def places(rows: pa.Table) -> list[tuple[str | None, ...]]:
    columns = (rows[name].to_pylist() for name in ("host", "domain", "ipcountry"))
    return list(zip(*columns, strict=True))


@pytest.mark.usefixtures("names", "countries")
def test_requests_of_the_month_get_what_is_known(hub: TestHub) -> None:
    rows = requests(
        "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1", "127.0.0.1", "10.0.0.1", "2001:DB8::1", "web.example.org",
        "nonsense", "", "198.51.100.1", "192.0.2.1", "192.0.2.9",
        times=[*[NOON] * 11, "2025-04-01 00:00:00", "2025-02-28 23:59:59"],
    )  # fmt: skip
    assert places(known_to(hub).complete_requests(MARCH, rows)) == [
        ("one.example.org", "example.org", "FR"),
        ("two", "?", "FR"),
        (None, None, "FR"),
        ("one.example.org", "example.org", "FR"),
        ("localhost", "?", "-"),
        (None, None, "-"),
        ("six.example.org", "example.org", "-"),
        ("web.example.org", "example.org", "-"),
        ("?", "?", "-"),
        (None, None, "-"),
        (None, None, "-"),
        EMPTY,
        EMPTY,
    ]


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize("lines", ["", "[geoip]\nurl = http://127.0.0.1:9/\ndatabase = {}\n"], ids=["none", "service"])
def test_no_country_is_known_without_a_local_database_or_where_a_service_is_asked(
    hub: TestHub, countries: Path, lines: str
) -> None:
    text = hub.configuration.read_text().partition("[geoip]")[0]
    hub.configuration.write_text(text + lines.format(countries))
    rows = requests("192.0.2.1", "10.0.0.1")
    found = known_to(hub).complete_requests(MARCH, rows)
    assert places(found) == [("one.example.org", "example.org", None), EMPTY]


@pytest.mark.usefixtures("names", "countries")
def test_sessions_get_their_country_alone(hub: TestHub) -> None:
    rows = requests("192.0.2.1", "10.0.0.1", "192.0.2.1").append_column("ipcountry", pa.array([""] * 3))
    found = known_to(hub).complete_sessions(MARCH, rows)
    assert found.column_names == ["datetime", "ip", "ipcountry"]
    assert found["ipcountry"].to_pylist() == ["FR", "-", "FR"]


@pytest.mark.usefixtures("names")
def test_a_session_without_a_known_country_has_none_yet(hub: TestHub) -> None:
    rows = requests("192.0.2.1").append_column("ipcountry", pa.array([""]))
    assert known_to(hub).complete_sessions(MARCH, rows)["ipcountry"].to_pylist() == [""]


@pytest.mark.usefixtures("names", "countries")
@pytest.mark.parametrize("more", [0, 5], ids=["more rows than addresses", "more addresses than rows"])
def test_other_rows_of_an_address_get_its_country_if_it_still_has_rows_in_the_month(hub: TestHub, more: int) -> None:
    february = "2025-02-10 12:00:00"
    visits(
        hub,
        "web",
        {"ip": "192.0.2.1", "datetime": february},
        {"ip": "192.0.2.2", "datetime": february},
        {"ip": "10.0.0.1", "datetime": february},
        {"ip": "192.0.2.1", "ipcountry": "FR"},
        {"ip": "10.0.0.1", "ipcountry": "-"},
    )
    addresses = known_to(hub)
    others = (f"192.0.2.{number}" for number in range(100, 100 + more))
    addresses.complete_requests(MARCH, requests("192.0.2.1", "192.0.2.2", "10.0.0.1", *others))
    span = DateSpan.of(MARCH)
    assert addresses.has_given("web", span)
    assert not addresses.has_given("websessions", span)
    assert not addresses.has_given("web", DateSpan.of(Month(2025, 2)))
    assert fill_ipcountry(hub.store, settings(hub), "metrics", "web", span, known=addresses) == 1
    assert column(hub, "web", "ipcountry") == ["FR", None, None, "FR", "-"]
    assert not addresses.has_given("web", span)


@pytest.mark.usefixtures("names", "countries")
def test_an_address_is_looked_up_once_a_month_as_far_as_there_is_room(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    of = Remembered.of

    def noted(self: Remembered, texts: Sequence[str]) -> dict[str, str]:
        asked.append(sorted(texts))
        return of(self, texts)

    monkeypatch.setattr(Remembered, "of", noted)
    monkeypatch.setattr(known, "ADDRESSES", 2)
    addresses = known_to(hub)
    days = [requests("192.0.2.1", "192.0.2.9"), requests("192.0.2.1"), requests("192.0.2.2"), requests("192.0.2.1")]
    found = [addresses.complete_requests(MARCH, day) for day in days]
    assert asked == [["192.0.2.1", "192.0.2.9"], ["192.0.2.2"], ["192.0.2.1"]]
    assert [places(rows)[0][0] for rows in found] == ["one.example.org", "one.example.org", "two", "one.example.org"]
    addresses.complete_requests(Month(2025, 4), requests("192.0.2.1", times=["2025-04-01 00:00:00"]))
    assert len(asked) == 4


@pytest.mark.usefixtures("names", "countries")
def test_nothing_is_known_of_the_month_where_names_cannot_be_read(hub: TestHub) -> None:
    addresses = known_to(hub)
    assert places(addresses.complete_requests(MARCH, requests("192.0.2.1")))[0][2] == "FR"
    with hub.store.metrics.begin() as connection:
        dns_cache.drop(connection)
    found = addresses.complete_requests(MARCH, requests("192.0.2.1", "192.0.2.2", "10.0.0.1"))
    assert places(found) == [("one.example.org", "example.org", "FR"), EMPTY, EMPTY]


@pytest.mark.usefixtures("names", "countries")
def test_nothing_is_known_where_readers_wait_for_writers(hub: TestHub) -> None:
    hub.store.metrics.reads_beside_writers = False
    assert places(known_to(hub).complete_requests(MARCH, requests("192.0.2.1"))) == [EMPTY]


@pytest.mark.usefixtures("names", "countries")
def test_what_is_written_is_what_the_steps_write(hub: TestHub) -> None:
    ips = ["192.0.2.1", "192.0.2.2", "192.0.2.9", "::ffff:192.0.2.1", "nonsense", "10.0.0.1", "a.example.org", "x" * 60]
    found = known_to(hub).complete_requests(MARCH, requests(*ips))
    with hub.store.metrics.begin() as connection:
        hub.store.metrics.append(connection, web, found)
        written = list(map(tuple, connection.execute(sa.select(web.c.host, web.c.domain, web.c.ipcountry))))
        connection.execute(sa.update(web).values(host=None, domain=None, ipcountry=None))
    for command in ("resolve-dns", "fill-domain", "fill-ipcountry"):
        assert hub.run(command, "metrics", "web", str(MARCH)) == 0
    by_steps = [tuple(row) for row in hub.store.metrics.rows(sa.select(web.c.host, web.c.domain, web.c.ipcountry))]
    for row, expected in zip(written, by_steps, strict=True):
        assert row == expected or row[:2] == (None, None)
        assert row[2] == expected[2]


def test_what_is_known_already_costs_nothing(hub: TestHub, countries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses are learned some at a time, and each time all that are known could be looked at."""
    looked_at = 0

    def counted(self: IPv4Address) -> int:
        nonlocal looked_at
        looked_at += 1
        return int(self)

    def cost(texts: Sequence[str]) -> int:
        nonlocal looked_at
        looked_at = 0
        assert set(asked.of(texts).values()) == {"FR"}
        return looked_at

    monkeypatch.setattr(IPv4Address, "__hash__", counted)
    asked = Countries(hub.store, settings(hub))
    first = cost(["192.0.2.1"])
    cost([f"192.0.2.{number}" for number in range(2, 250)])
    assert cost(["192.0.2.255"]) == first
