"""Countries of rows: private rule, cache, local database, remote service; what has no answer stays empty.

See spec 20 §4 to §5.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hzmetrics.demo import maxmind
from hzmetrics.enrich import ipinfo
from hzmetrics.errors import StoreUnavailable
from hzmetrics.store import bulk
from hzmetrics.store.tables.metrics import ipgeo_cache, web
from tests.conftest import TestHub
from tests.enrich.ipinfo_server import AddressService, serve
from tests.enrich.tables import column, put, visits
from tests.statements import asked

MARCH = "2025-03"
FAR = "2037-06-01 00:00:00"


def configure(hub: TestHub, *lines: str) -> None:
    with hub.configuration.open("a", encoding="utf-8") as file:
        file.write("\n".join(["", *lines, ""]))


@pytest.fixture
def local(hub: TestHub, tmp_path: Path) -> Path:
    """A configured local database."""
    file = tmp_path / "countries.mmdb"
    networks = {"192.0.2.0/24": "FR", "198.51.0.0/16": "de", "2001:db8::/32": "SEX", "200.0.0.0/8": "BR"}
    maxmind.write(file, [(network, {"country": {"iso_code": code}}) for network, code in networks.items()])
    configure(hub, "[geoip]", f"database = {file}")
    return file


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[AddressService]:
    monkeypatch.setattr(ipinfo, "ENDPOINTS", ())
    with serve(AddressService({"8.8.8.8": "US", "9.9.9.9": "-", "200.1.1.1": "BR"})) as running:
        yield running


def cache(hub: TestHub, ip: int, code: str, looked_up: str = FAR) -> None:
    table = hub.store.hub_tables.metrics_ipgeo_cache
    put(hub.store.hub, table, {"ip": ip, "countrySHORT": code, "lookup_datetime": looked_up})


def cached(hub: TestHub) -> list[tuple[Any, ...]]:
    table = hub.store.hub_tables.metrics_ipgeo_cache
    columns = (table.c.ip, table.c.countrySHORT, table.c.ipCITY, table.c.ipLATITUDE, table.c.ipLONGITUDE)
    return [tuple(row) for row in hub.store.hub.rows(sa.select(*columns).order_by(table.c.ip))]


@pytest.mark.parametrize("table", ["web", "websessions", "toolstart", "sessionlog_metrics"])
def test_a_local_database(hub: TestHub, local: Path, table: str) -> None:
    cache(hub, 16909060, "CA")
    empty = "" if table == "websessions" else None
    visits(
        hub,
        table,
        {"ip": "192.0.2.1"},
        {"ip": "198.51.100.1"},
        {"ip": "8.8.8.8"},
        {"ip": "2001:DB8::1"},
        {"ip": "fe80::1"},
        {"ip": "::ffff:192.0.2.1"},
        {"ip": "1.2.3.4"},
        {"ip": "01.2.3.4", "ipcountry": " "},
        {"ip": "10.0.0.1"},
        {"ip": "nonsense"},
        {"ip": ""},
        {"ip": "192.0.2.1", "ipcountry": "-"},
        {"ip": "192.0.2.1", "datetime": "2019-01-01 00:00:00"},
        {"ip": "10.0.0.1", "datetime": "2019-01-01 00:00:00"},
        {"ip": "nonsense", "datetime": "2019-01-01 00:00:00"},
        {"ip": "192.0.2.77", "datetime": "2025-02-28 00:00:00"},
        {"ip": "192.0.2.78", "datetime": "2025-02-28 00:00:01"},
        {"ip": "192.0.2.79", "datetime": "2025-04-01 00:00:00"},
        {"ip": "192.0.2.80", "datetime": "2025-04-01 00:00:01"},
    )
    assert hub.run("fill-ipcountry", "metrics", table, MARCH, "--dry-run") == 0
    assert column(hub, table, "ipcountry")[0] == empty
    assert hub.run("fill-ipcountry", "metrics", table, MARCH) == 0
    assert column(hub, table, "ipcountry") == [
        "FR", "de", "-", "SE", "-", "FR", "CA", "CA", "-", "-", "-", "-", "FR", empty, "-", empty, "FR", "FR", empty,
    ]  # fmt: skip
    assert len(cached(hub)) == 1


def test_the_age_of_cache_entries(hub: TestHub, local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2025-05-30T00:01")
    ages = ["2025-03-01 00:00:00", "2025-02-28 23:59:59", FAR]
    for number, looked_up in enumerate(ages, 1):
        cache(hub, 16909056 + number, "XX", looked_up)
    visits(hub, "web", *({"ip": f"1.2.3.{number}"} for number in (1, 2, 3)))
    assert hub.run("fill-ipcountry", "metrics", "web", MARCH) == 0
    assert column(hub, "web", "ipcountry") == ["XX", "-", "XX"]


@pytest.mark.parametrize(("damage", "code"), [("absent", 0), ("damaged", 1)])
def test_a_local_database_that_cannot_be_used(hub: TestHub, local: Path, damage: str, code: int, capfd: Any) -> None:
    local.unlink() if damage == "absent" else local.write_bytes(local.read_bytes()[:300])
    cache(hub, 16909060, "CA")
    visits(
        hub,
        "web",
        {"ip": "192.0.2.1"},
        {"ip": "10.0.0.1"},
        {"ip": "nonsense"},
        {"ip": "1.2.3.4"},
        {"ip": "2001:db8::1"},
    )
    assert hub.run("fill-ipcountry", "metrics", "web", MARCH) == code
    assert column(hub, "web", "ipcountry") == [None, "-", "-", "CA", None]
    assert "countries.mmdb" in capfd.readouterr().err
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.text("DELETE FROM web WHERE id IN (1, 5)"))
    assert hub.run("fill-ipcountry", "metrics", "web", MARCH) == 0


def test_without_a_source_rows_stay_empty_and_nothing_fails(hub: TestHub) -> None:
    cache(hub, 16909060, "CA")
    visits(hub, "web", *({"ip": ip} for ip in ("192.0.2.1", "10.0.0.1", "2001:db8::1", "::ffff:1.2.3.4")))
    assert hub.run("fill-ipcountry", "metrics", "web", MARCH) == 0
    assert column(hub, "web", "ipcountry") == [None, "-", "-", "-"]


def test_ipv6_waits_for_a_source_with_the_correction(hub: TestHub) -> None:
    configure(hub, "[metrics]", "corrections = ipv6")
    visits(hub, "web", {"ip": "2001:db8::1"}, {"ip": "::1"})
    assert hub.run("fill-ipcountry", "metrics", "web", MARCH) == 0
    assert column(hub, "web", "ipcountry") == [None, "-"]


def test_the_remote_service_answers_what_the_database_does_not_hold(
    hub: TestHub, local: Path, service: AddressService
) -> None:
    visits(hub, "web", *({"ip": ip} for ip in ("192.0.2.1", "8.8.8.8", "9.9.9.9", "2001:4860::8")))
    assert hub.run("fill-ipcountry", "metrics", "web", MARCH, "--url", service.url, "--dry-run") == 0
    assert not service.requests
    assert hub.run("fill-ipcountry", "metrics", "web", MARCH, "--url", service.url, "--hub-key", "k") == 0
    assert column(hub, "web", "ipcountry") == ["FR", "US", "-", "-"]
    assert service.requests == [{"hub_key": ["k"], "n_ips": ["134744072,151587081"]}]
    assert cached(hub) == [(134744072, "US", "City", 1.5, None), (151587081, "-", "-", None, None)]


def test_answers_are_cached_where_they_fit_and_refreshed(
    hub: TestHub, service: AddressService, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(hub, "[geoip]", f"url = {service.url}")
    cache(hub, 134744072, "US", "2024-01-01 00:00:00")
    monkeypatch.setenv("HZMETRICS_NOW", "2025-05-01T12:00")
    for table in ("web", "toolstart"):
        visits(hub, table, {"ip": "8.8.8.8"}, {"ip": "200.1.1.1"})
        assert hub.run("fill-ipcountry", "metrics", table, MARCH) == 0
        assert column(hub, table, "ipcountry") == ["US", "BR"]
    assert len(service.requests) == 1
    assert cached(hub) == [(134744072, "US", "City", 1.5, None)]
    own = hub.store.metrics.rows(sa.select(ipgeo_cache.c.ip, ipgeo_cache.c.countrySHORT, ipgeo_cache.c.lookup_datetime))
    assert own == [("200.1.1.1", "BR", "2025-05-01 12:00:00")]


@pytest.mark.parametrize("trouble", ["key", "http", "nothing", "no ipset"])
def test_a_service_in_trouble_makes_nothing_final(hub: TestHub, service: AddressService, trouble: str) -> None:
    match trouble:
        case "key":
            service.status = ipinfo.REFUSED
        case "http":
            service.http_status = 503
        case "nothing":
            service.body = b"not xml"
        case "no ipset":
            service.countries = {"8.8.8.8": "US"}
    visits(hub, "web", {"ip": "8.8.8.8"}, {"ip": "7.7.7.7"}, {"ip": "10.1.1.1"})
    assert hub.run("fill-ipcountry", "metrics", "web", MARCH, "--url", service.url) == 1
    assert column(hub, "web", "ipcountry") == ["US" if trouble == "no ipset" else None, None, "-"]


def test_a_silent_service_is_asked_once_a_run(hub: TestHub, service: AddressService) -> None:
    service.body = b"not xml"
    configure(hub, "[geoip]", f"url = {service.url}")
    addresses = [{"ip": f"8.8.{n}.{m}"} for n in range(2) for m in range(100)]
    for table in ("web", "toolstart"):
        visits(hub, table, *addresses)
    assert hub.run("fill-geo", "--month", MARCH) == 1
    assert len(service.requests) == 1
    assert set(column(hub, "toolstart", "ipcountry")) == {None}


def test_a_service_without_an_answer_for_one_address_is_asked_for_others(hub: TestHub, service: AddressService) -> None:
    configure(hub, "[geoip]", f"url = {service.url}")
    visits(hub, "web", {"ip": "7.7.7.7"})
    visits(hub, "toolstart", {"ip": "8.8.8.8"})
    assert hub.run("fill-geo", "--month", MARCH) == 1
    assert column(hub, "web", "ipcountry") == [None]
    assert column(hub, "toolstart", "ipcountry") == ["US"]


def test_the_cache_never_fails_a_step(hub: TestHub, local: Path, service: AddressService) -> None:
    for database, table in ((hub.store.hub, "jos_metrics_ipgeo_cache"), (hub.store.metrics, "ipgeo_cache")):
        with database.begin() as connection:
            connection.execute(sa.text(f"DROP TABLE {table}"))
    visits(hub, "web", {"ip": "192.0.2.1"}, {"ip": "8.8.8.8"}, {"ip": "200.1.1.1"})
    assert hub.run("fill-ipcountry", "metrics", "web", MARCH, "--url", service.url) == 0
    assert column(hub, "web", "ipcountry") == ["FR", "US", "BR"]


def test_fill_geo(hub: TestHub, local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hub.run("fill-geo", "--all") == 0
    visits(
        hub,
        "web",
        {"ip": "192.0.2.1", "datetime": "2025-03-10 00:00:00"},
        {"ip": "192.0.2.2", "datetime": "2025-05-10 00:00:00"},
        {"ip": "192.0.2.3", "datetime": "2025-06-10 00:00:00", "ipcountry": "XX"},
        {"ip": "192.0.2.4", "datetime": "0000-00-00 00:00:00"},
        {"ip": "192.0.2.5", "datetime": "9999-12-31 00:00:00"},
    )
    for table in ("websessions", "toolstart", "sessionlog_metrics"):
        visits(hub, table, *({"ip": "192.0.2.9", "datetime": f"2025-0{n}-15 00:00:00"} for n in (3, 4)))
    assert hub.run("fill-geo", "--month", "2025-5-10..2025-5") == 0
    assert column(hub, "web", "ipcountry") == [None, "FR", "XX", None, None]
    assert hub.run("fill-geo", "--all", "--dry-run") == 0
    assert hub.run("fill-geo", "--all") == 0
    assert column(hub, "web", "ipcountry") == ["FR", "FR", "XX", None, None]
    for table in ("websessions", "toolstart", "sessionlog_metrics"):
        assert column(hub, table, "ipcountry") == ["FR", "FR"]


def test_fill_geo_goes_on_and_tells_the_worst(hub: TestHub, local: Path) -> None:
    local.write_bytes(b"damaged")
    visits(hub, "web", {"ip": "192.0.2.1"})
    visits(hub, "sessionlog_metrics", {"ip": "10.0.0.1"})
    assert hub.run("fill-geo", "--all") == 1
    assert column(hub, "sessionlog_metrics", "ipcountry") == ["-"]


def test_cut_off_before_or_after_any_write_and_run_again(
    hub: TestHub, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows outside the window get the country of an address for which rows inside still call."""
    real = bulk.update
    for writes in range(2):
        with hub.store.metrics.begin() as connection:
            connection.execute(sa.delete(web))
        visits(hub, "web", {"ip": "192.0.2.1"}, {"ip": "192.0.2.1", "datetime": "2019-01-01 00:00:00"})
        left = iter(range(writes))

        def update(*arguments: Any, left: Iterator[int] = left) -> int:
            if next(left, None) is None:
                raise StoreUnavailable("gone")
            return real(*arguments)

        with monkeypatch.context() as broken:
            broken.setattr(bulk, "update", update)
            assert hub.run("fill-ipcountry", "metrics", "web", MARCH) == 1
        assert hub.run("fill-ipcountry", "metrics", "web", MARCH) == 0
        assert column(hub, "web", "ipcountry") == ["FR", "FR"]


def test_wrong_use(hub: TestHub) -> None:
    for words in (
        ["metrics", "web", "--all"],
        ["metrics", "web", "2025-03.."],
        ["metrics", "web", ".."],
        ["metrics", "webhits"],
        ["other", "web"],
        ["metrics", "web", "--url", "file:///etc/passwd"],
        ["metrics", "web", "--timeout", "0"],
    ):
        assert hub.run("fill-ipcountry", *words) == 2
    for words in ([], ["--all", "--month", "2025-03"], ["--month", "2025-13"], ["--month", "2025-3.."]):
        assert hub.run("fill-geo", *words) == 2
    assert hub.run("fill-ipcountry", "hub", "web", MARCH) == 1


@pytest.mark.usefixtures("local")
def test_an_empty_cache_is_looked_at_once(hub: TestHub) -> None:
    months = ("2025-01", "2025-02", "2025-03")
    visits(hub, "web", *({"ip": f"192.0.2.{month[-1]}", "datetime": f"{month}-15 12:00:00"} for month in months))
    with asked() as statements:
        assert hub.run("fill-geo", "--all") == 0
    assert column(hub, "web", "ipcountry") == ["FR"] * 3
    assert sum("FROM" in statement and "ipgeo_cache" in statement for statement in statements) == 2
