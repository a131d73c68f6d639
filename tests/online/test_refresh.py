"""A refresh from the CMS's sessions to the documents: real databases, name servers and address files."""

import http.server
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa

from hzmetrics.demo import maxmind
from hzmetrics.online import refresh
from hzmetrics.online.refresh import map_age
from tests.conftest import TestHub
from tests.enrich.dns_server import NO_NAME, DnsServer, Reply, name, serve, silent_address

NOW = "2026-07-01T12:00:00Z"
SECONDS = 1782907200
LAFAYETTE = maxmind.place("US", "United States", "Indiana", "West Lafayette", 40.4259, -86.9081)
ZURICH = maxmind.place("CH", "Switzerland", "Zürich", "Zürich", 47.3667, 8.55)


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with serve(DnsServer()) as running:
        yield running


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", NOW)


@pytest.fixture
def online(hub: TestHub, server: DnsServer) -> TestHub:
    """A hub with a name server and an address database of its own."""
    file = hub.root / "city.mmdb"
    maxmind.write(file, [("192.0.2.0/25", LAFAYETTE), ("2001:db8::/32", ZURICH), ("198.51.100.0/24", {"city": {}})])
    configure(hub, server.address, file)
    return hub


def configure(hub: TestHub, nameserver: str, database: Path | None = None) -> None:
    base = hub.configuration.read_text().partition("\n[dns]")[0]
    geoip = f"\n[geoip]\ndatabase = {database}\n" if database else ""
    hub.configuration.write_text(f"{base}\n[dns]\nnameserver = {nameserver}\ntimeout = 0.5\n{geoip}")


def session(session_id: str, ip: str | None, age: int = 0, **columns: Any) -> dict[str, Any]:
    row = {"session_id": session_id, "ip": ip, "time": str(SECONDS - age), "username": "", "guest": 1, "userid": 0}
    return row | columns


def visit(hub: TestHub, *sessions: dict[str, Any]) -> None:
    table = hub.store.hub_tables.session
    with hub.store.hub.begin() as connection:
        connection.execute(sa.delete(table))
        for row in sessions:
            connection.execute(sa.insert(table), row)


def visitors(hub: TestHub) -> dict[str, Any]:
    return {row.session_id: row for row in hub.store.hub.rows(sa.select(hub.store.hub_tables.session_geo))}


def maps(hub: TestHub) -> Path:
    return hub.root / "hubroot/app/site/stats/maps"


def markers(hub: TestHub) -> list[dict[str, str]]:
    document = ElementTree.parse(maps(hub) / "whoisonline.xml").getroot()
    return [marker.attrib for marker in document]


def test_visitors_are_named_and_placed(online: TestHub, server: DnsServer) -> None:
    server.replies["192.0.2.1"] = name("PC1.Lab.Purdue.edu")
    server.replies["2001:db8::7"] = name("v6.uzh.ch")
    visit(
        online,
        session("a", "192.0.2.1", username="ann", guest=0, userid=7),
        session("b", "192.0.2.2"),
        session("c", "2001:db8::7"),
        session("d", "203.0.113.9"),
        session("e", "198.51.100.1"),
        session("f", "::ffff:192.0.2.1"),
    )
    assert online.run("whoisonline") == 0
    rows = visitors(online)
    assert (rows["a"].host, rows["a"].domain) == ("PC1.Lab.Purdue.edu", "Purdue.edu")
    assert (rows["b"].host, rows["b"].domain) == ("192.0.2.2", "(unknown)")
    assert (rows["c"].host, rows["c"].ipCITY) == ("v6.uzh.ch", "Zürich")
    assert (rows["d"].countrySHORT, rows["d"].ipLATITUDE, rows["d"].ipLONGITUDE) == ("-", 0.0, 0.0)
    assert rows["e"].countrySHORT == "-"
    assert (rows["f"].host, rows["f"].ipCITY) == ("PC1.Lab.Purdue.edu", "West Lafayette")
    assert [marker["info"] for marker in markers(online)] == [
        "_b_West Lafayette, Indiana, US_bb__hr__b_Purdue.edu_bb__br_ - Users: 1_br_ - Guests: 1"
        "_br__b_(unknown)_bb__br_ - Guests: 1",
        "_b_Zürich, Zürich, CH_bb__hr__b_uzh.ch_bb__br_ - Guests: 1",
    ]
    summary = json.loads((maps(online) / "whoisonline.json").read_text())
    assert [(place["city"], place["users"], place["guests"]) for place in summary["places"]] == [
        ("West Lafayette", 1, 2),
        ("Zürich", 0, 1),
    ]
    assert summary["elsewhere"] == {"users": 0, "guests": 2, "bots": 0}


def test_nobody_is_asked_for_twice(online: TestHub, server: DnsServer) -> None:
    visit(online, session("a", "192.0.2.1"), session("b", "192.0.2.1", username="bob"))
    assert online.run("whoisonline") == 0
    document = (maps(online) / "whoisonline.xml").read_bytes()
    before = visitors(online)
    assert online.run("whoisonline") == 0
    assert server.questions("192.0.2.1") == 1
    assert visitors(online) == before
    assert (maps(online) / "whoisonline.xml").read_bytes() == document


def test_a_session_is_first_seen_once_an_hour(online: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    visit(
        online,
        session("a", "192.0.2.1", age=3000),
        session("b", "192.0.2.2", age=3600),
        session("c", "192.0.2.3", 3599),
    )
    assert online.run("whoisonline") == 0
    assert visitors(online).keys() == {"a", "c"}
    monkeypatch.setenv("HZMETRICS_NOW", "2026-07-01T12:10:00Z")
    visit(online, session("a", "192.0.2.1", age=-600, username="ann", guest=0))
    assert online.run("whoisonline") == 0
    assert (visitors(online)["a"].username, visitors(online)["a"].time) == ("", str(SECONDS - 3000))
    monkeypatch.setenv("HZMETRICS_NOW", "2026-07-01T12:10:01Z")
    assert online.run("whoisonline") == 0
    assert (visitors(online)["a"].username, visitors(online)["a"].time) == ("ann", str(SECONDS + 600))
    assert visitors(online)["a"].ipCITY == "West Lafayette"


def test_one_bad_row_hides_nobody(online: TestHub, server: DnsServer) -> None:
    server.replies["192.0.2.1"] = name(r"\027[2J\"<b>&\007.<script>.example")
    visit(
        online,
        session("a", "192.0.2.1", username='"><x y=\x1b[31m'),
        session("b", "not an address", time="soon"),
        session("c", "2001:db8:85a3:8", time=""),
        session("d", "999.1.1.1"),
        session("e", None),
        session("f", ""),
        session("g", "192.0.2.9", guest=None, userid=None, username=None),
        session("h", "192.0.2.10", time="99999999999999"),
        session("i", "192.0.2.11", guest=200),
        session("j", "192.0.2.12", time=None),
        session("k", "192.0.2.13", time="17829072x"),
        session("Ünïcode ✓", "192.0.2.14"),
    )
    assert online.run("whoisonline") == 0
    assert visitors(online).keys() == {"a", "d", "e", "f", "g", "h", "i", "Ünïcode ✓"}
    (marker,) = markers(online)
    assert marker["info"].startswith("_b_West Lafayette, Indiana, US_bb__hr__b_<script>.example_bb_")
    assert visitors(online)["i"].guest == 127


def test_addresses_and_names_are_cut_to_the_hubs_columns(online: TestHub, server: DnsServer) -> None:
    if online.kind == "mariadb":
        with online.store.hub.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE jos_session_geo MODIFY ip VARCHAR(15), MODIFY username VARCHAR(5)")
    long = ".".join(["x" * 60] * 3)
    server.replies["2001:db8:1:2:3:4:5:6"] = name(f"{long}.example")
    visit(online, session("a", "2001:db8:1:2:3:4:5:6", username="Zoë Zz" if online.kind == "mariadb" else "\U0001f600"))
    for _ in range(2):
        assert online.run("whoisonline") == 0
        row = visitors(online)["a"]
        assert row.host == long[:128]
        assert row.ipCITY == "Zürich"
        if online.kind == "mariadb":
            assert (row.ip, row.username) == ("2001:db8:1:2:3:", "Zoë Z")
        else:
            assert (row.ip, row.username) == ("2001:db8:1:2:3:4:5:6", "????")
        assert len(markers(online)) == 1
    assert server.questions("2001:db8:1:2:3:4:5:6") == 1


@pytest.mark.parametrize("mood", ["nobody listens", "silent", "refuses", "lies"])
def test_a_broken_resolver_costs_only_names(
    online: TestHub, server: DnsServer, mood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "LOOKUP_BUDGET", 1.0)
    server.default = {"refuses": Reply(rcode=5), "lies": Reply(garbage=True)}.get(mood, Reply(drop=-1))
    configure(online, silent_address() if mood == "nobody listens" else server.address, online.root / "city.mmdb")
    visit(online, *(session(f"s{n}", f"192.0.2.{n}") for n in range(1, 120)))
    begun = time.monotonic()
    assert online.run("whoisonline") == 0
    assert time.monotonic() - begun < 3
    assert {row.host for row in visitors(online).values()} == {f"192.0.2.{n}" for n in range(1, 120)}
    assert "Guests: 119" in markers(online)[0]["info"]


def test_names_that_come_too_late_are_given_up(
    online: TestHub, server: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "LOOKUP_BUDGET", 0.6)
    server.default = Reply([("PTR", "late.example.")], delay=30)
    server.replies["192.0.2.1"] = name("quick.example")
    visit(online, session("a", "192.0.2.1"), session("b", "192.0.2.2"))
    begun = time.monotonic()
    assert online.run("whoisonline") == 0
    assert time.monotonic() - begun < 2
    assert [row.host for row in visitors(online).values()] == ["quick.example", "192.0.2.2"]


def test_an_unusable_name_server_setting(online: TestHub) -> None:
    configure(online, "ns.example", online.root / "city.mmdb")
    visit(online, session("a", "192.0.2.1"))
    assert online.run("whoisonline") == 0
    assert visitors(online)["a"].host == "192.0.2.1"
    assert len(markers(online)) == 1


@pytest.mark.parametrize("damage", ["missing", "no database", "cut", "records", "not configured"])
def test_a_broken_address_database_costs_only_places(
    online: TestHub, damage: str, capsys: pytest.CaptureFixture[str], server: DnsServer
) -> None:
    file = online.root / "city.mmdb"
    content = file.read_bytes()
    match damage:
        case "missing":
            file.unlink()
        case "no database":
            file.write_bytes(b"nothing of the kind" * 100)
        case "cut":
            file.write_bytes(content[: len(content) // 2])
        case "records":
            file.write_bytes(content.replace(b"United States", b"\xff" * 13))
        case "not configured":
            configure(online, server.address)
    cache = online.store.hub_tables.metrics_ipgeo_cache
    with online.store.hub.begin() as connection:
        connection.execute(
            sa.insert(cache),
            {
                "ip": 0x01020304, "countrySHORT": "FR", "countryLONG": "France", "ipREGION": "", "ipCITY": "-",
                "ipLATITUDE": 48.85, "ipLONGITUDE": 2.35, "lookup_datetime": "2026-04-02 00:00:00",
            },
        )  # fmt: skip
    visit(online, session("a", "192.0.2.1"), session("b", "1.2.3.4"), session("c", "2001:db8::1"))
    assert online.run("whoisonline") == 0
    rows = visitors(online)
    assert (rows["a"].ipCITY, rows["a"].ipLATITUDE) == ("-", 0.0)
    assert (rows["b"].ipREGION, rows["b"].ipCITY) == ("", "-")
    assert rows["c"].ipCITY == ("Zürich" if damage == "records" else "-")
    assert markers(online)[-1]["info"] == "_b_-, , FR_bb__hr__b_(unknown)_bb__br_ - Guests: 1"
    is_silent = damage in ("not configured", "missing")  # `status` says that the file is missing
    assert ("city.mmdb" in capsys.readouterr().err) is not is_silent


def test_the_cache_counts_for_90_days_and_may_hold_anything(online: TestHub) -> None:
    cache = online.store.hub_tables.metrics_ipgeo_cache
    entry = {"countrySHORT": "FR", "countryLONG": "F", "ipREGION": "R", "ipCITY": "C"}
    with online.store.hub.begin() as connection:
        for number, day, latitude in ((1, "2026-04-02", 1.5), (2, "2026-04-01", 2.5), (3, "2030-01-01", None)):
            connection.execute(
                sa.insert(cache),
                entry | {"ip": 0x64400000 + number, "ipLATITUDE": latitude, "ipLONGITUDE": latitude,
                         "lookup_datetime": f"{day} 12:00:00"},
            )  # fmt: skip
    visit(online, *(session(f"s{n}", f"100.64.0.{n}") for n in (1, 2, 3)), session("s4", "255.255.255.255"))
    assert online.run("whoisonline") == 0
    rows = visitors(online)
    assert [rows[f"s{n}"].ipLATITUDE for n in (1, 2, 3, 4)] == [1.5, 0.0, None, 0.0]
    assert [marker["lat"] for marker in markers(online)] == ["1.5"]


class Service(http.server.BaseHTTPRequestHandler):
    """The remote address service: knows 203.0.113.x, is slow for .9 and has no country for .8."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        number = parse_qs(urlsplit(self.path).query)["n_ip"][0]
        self.asked.append(number)
        last = int(number) & 255
        time.sleep(30 if last == 9 else 0)
        code = "" if last == 8 else "NZ"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(
            f"<answer><status>_SUCCESS_</status><ipset><n_ip>{number}</n_ip><countryCode>{code}</countryCode>"
            f"<city>Town {last}</city><lat>-41.5</lat><long>174.5</long></ipset></answer>".encode()
        )

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def test_the_remote_service_is_asked_last(online: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "LOOKUP_BUDGET", 2.0)
    monkeypatch.setattr("hzmetrics.enrich.ipinfo.ENDPOINTS", ())
    monkeypatch.setattr(Service, "asked", [])
    service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    with online.configuration.open("a") as file:
        file.write(f"url = http://127.0.0.1:{service.server_port}\n")
    visit(online, *(session(f"s{n}", f"203.0.113.{n}") for n in (7, 8, 9)), session("s1", "192.0.2.1"))
    begun = time.monotonic()
    assert online.run("whoisonline") == 0
    assert time.monotonic() - begun < 6
    rows = visitors(online)
    assert [rows[f"s{n}"].ipCITY for n in (1, 7, 8, 9)] == ["West Lafayette", "Town 7", "-", "-"]
    assert [marker["lat"] for marker in markers(online)] == ["-41.5", "40.4259"]
    visit(online, session("t", "203.0.113.7", username="bob"))
    assert online.run("whoisonline") == 0
    service.shutdown()
    assert sorted(Service.asked) == [str(0xCB007100 + n) for n in (7, 8, 9)]


@pytest.mark.parametrize("table", ["metrics_ipgeo_cache", "session", "session_geo"])
def test_a_missing_hub_table(online: TestHub, table: str) -> None:
    visit(online, session("a", "192.0.2.1"))
    maps(online).joinpath("whoisonline.xml").write_text("old")
    with online.store.hub.begin() as connection:
        getattr(online.store.hub_tables, table).drop(connection)
    optional = table == "metrics_ipgeo_cache" or online.kind == "sqlite"  # where what is missing is made
    assert online.run("whoisonline") == (0 if optional else 1)
    assert (maps(online) / "whoisonline.xml").read_text().startswith("<markers>" if optional else "old")


def test_without_the_metrics_database_nobody_is_a_robot(online: TestHub) -> None:
    text = online.configuration.read_text()
    online.configuration.write_text("\n".join(line for line in text.splitlines() if not line.startswith("metrics_db")))
    visit(online, session("a", "192.0.2.1"))
    assert online.run("whoisonline") == 0
    assert markers(online)[0]["bot"] == "0"


def test_no_map_directory(online: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    maps(online).rmdir()
    visit(online, session("a", "192.0.2.1"))
    assert online.run("whoisonline") == 2
    assert online.run("whoisonline", "--dry-run") == 2
    assert "app/site/stats/maps" in capsys.readouterr().err
    assert not visitors(online)
    assert map_age(online.settings) is None


def test_a_dry_run_touches_nothing(online: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    visit(online, session("a", "192.0.2.1"))
    assert online.run("whoisonline", "--dry-run") == 0
    told = capsys.readouterr()
    assert "jos_session_geo" in told.err
    assert "whoisonline.xml" in told.err
    assert told.out == ""
    assert not visitors(online)
    assert not list(maps(online).iterdir())


def test_an_unwritable_document(online: TestHub) -> None:
    (maps(online) / "whoisonline.xml").mkdir()
    visit(online, session("a", "192.0.2.1"))
    assert online.run("whoisonline") == 1
    assert visitors(online)["a"].ipCITY == "West Lafayette"


def test_mode_and_age_of_the_map(online: TestHub) -> None:
    document = maps(online) / "whoisonline.xml"
    assert map_age(online.settings) is None
    document.write_text("old")
    document.chmod(0o660)
    os.utime(document, (time.time() - 7200,) * 2)
    age = map_age(online.settings)
    assert age is not None
    assert 7199 < age.total_seconds() < 7300
    assert online.run("whoisonline") == 0
    assert document.stat().st_mode & 0o777 == 0o660
    age = map_age(online.settings)
    assert age is not None
    assert age.total_seconds() < 100


def test_robots(online: TestHub, server: DnsServer) -> None:
    server.replies["192.0.2.1"] = name("x1.crawl.example")
    with online.store.metrics.begin() as connection:
        connection.exec_driver_sql("INSERT INTO exclude_list (filter, type) VALUES ('Crawl.Example ', 'domain')")
    visit(online, session("a", "192.0.2.1"), session("b", "192.0.2.2", username="bob", guest=0))
    assert online.run("whoisonline") == 0
    (marker,) = markers(online)
    assert marker["bot"] == "1"
    assert "_b_crawl.example_bb__br_ - Bots: 1_br__b_(unknown)_bb__br_ - Users: 1" in marker["info"]


def test_show(online: TestHub, server: DnsServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.default = NO_NAME
    visit(
        online,
        session("a", "192.0.2.1", username="ann\x1b[2J", guest=0),
        session("b", "192.0.2.2"),
        session("c", "203.0.113.1", username="cy", guest=0),
    )
    assert online.run("whoisonline") == 0
    capsys.readouterr()
    assert online.run("whoisonline", "--show") == 0
    shown = capsys.readouterr().out
    assert "West Lafayette, Indiana, US" in shown
    assert "unknown" in shown
    assert "ann" not in shown
    assert online.run("whoisonline", "--show", "--names") == 0
    shown = capsys.readouterr().out
    assert r"ann\x1b[2J" in shown
    assert "\x1b" not in shown
    assert online.run("whoisonline", "--show", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["places"][0]["users"] == 1
    assert "names" not in document["places"][0]
    assert document["map_age_seconds"] < 100
    assert online.run("whoisonline", "--show", "--json", "--names") == 0
    assert json.loads(capsys.readouterr().out)["elsewhere"]["names"] == ["cy"]
    assert online.run("whoisonline", "--json") == 0
    assert json.loads(capsys.readouterr().out)["visitors"] == 3
    assert online.run("whoisonline", "--names") == 2
    assert online.run("whoisonline", "--show", "--dry-run") == 2
