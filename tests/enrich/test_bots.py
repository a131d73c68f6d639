"""Rows of bots are deleted by domain and by host, and no others (spec 20 §6)."""

import datetime as dt

import pyarrow as pa
import pytest
import sqlalchemy as sa

from hzmetrics.calendar import DateSpan
from hzmetrics.engine import Engine
from hzmetrics.enrich import bots
from hzmetrics.store.tables.metrics import exclude_list, web
from tests.conftest import TestHub
from tests.enrich.tables import put, visits
from tests.statements import asked

MARCH = DateSpan(dt.date(2025, 3, 1), dt.date(2025, 4, 1))


def left(hub: TestHub) -> list[int]:
    return [row[0] for row in hub.store.metrics.rows(sa.select(web.c.id).order_by(web.c.id))]


HOSTS = [
    *("a.bot.example", "A.BOT.EXAMPLE", "xa.bot.example.org", "bot1", "bot12", "botß", "100%", "1000", "a\\", "José"),
    *("blank ", "", "?", "é_x", None),
]
DOMAINS = {
    "h1": "domain.example",
    "h2": "DOMAIN.example ",
    "h3": "sub.domain.example",
    "h4": "  ",
    "h5": None,
    "h6": "Domaín.example",
    "h7": "ω.example",
    "h8": "a\\b'c",
}

DELETED = {
    ("host", "%.bot.example"): ["a.bot.example", "A.BOT.EXAMPLE"],
    ("HOST", "bot_"): ["bot1", "botß"],
    ("host", "100\\%"): ["100%"],
    ("host", "a\\"): ["a\\"],
    ("host", "a\\\\"): ["a\\"],
    ("host", "jose"): ["José"],
    ("host", "botS"): ["botß"],
    ("host", "blank"): [],
    ("host", "blank "): ["blank "],
    ("host", ""): [""],
    ("host", "?"): ["?"],
    ("host", "%"): [host for host in [*HOSTS, *DOMAINS] if host is not None],
    ("domain", "%"): [],
    ("host", "JÓS_"): ["José"],
    ("host", "bót_"): ["bot1", "botß"],
    ("host", "%.b\\ot.ex%"): ["a.bot.example", "A.BOT.EXAMPLE", "xa.bot.example.org"],
    ("host", "1\\0\\00"): ["1000"],
    ("domain", "Domain.example"): ["h1", "h2", "h6"],
    ("Domain ", "dömain.example "): ["h1", "h2", "h6"],
    ("domain", "Ω.example"): ["h7"],
    ("domain", "A\\B'C"): ["h8"],
    ("domain", ""): ["h4"],
    ("ip", "%"): [],
    ("url", "a\\"): [],
}
"""The hosts of the rows that each filter, type and text, deletes."""


@pytest.mark.parametrize("others", [0, bots.HOSTS], ids=["alone", "with others"])
def test_filters(hub: TestHub, others: int) -> None:
    rows = [{"host": host, "domain": "d"} for host in HOSTS]
    rows += [{"host": host, "domain": domain} for host, domain in DOMAINS.items()]
    beside = [{"filter": f"other{number}", "type": kind} for number in range(others) for kind in ("host", "domain")]
    for (kind, text), deleted in DELETED.items():
        with hub.store.metrics.begin() as connection:
            connection.execute(sa.delete(web))
            connection.execute(sa.delete(exclude_list))
        visits(hub, "web", *rows)
        put(hub.store.metrics, exclude_list, {"filter": text, "type": kind}, *beside)
        assert bots.clean_bots(hub.store, hub.settings, "web", MARCH, dry_run=True) == len(deleted)
        assert len(left(hub)) == len(rows)
        assert bots.clean_bots(hub.store, hub.settings, "web", MARCH) == len(deleted)
        remaining = left(hub)
        gone = [row["host"] for number, row in enumerate(rows, 1) if number not in remaining]
        assert gone == deleted, (kind, text)


def test_filters_of_both_kinds(hub: TestHub) -> None:
    put(
        hub.store.metrics,
        exclude_list,
        {"filter": "%.bot.example", "type": "host"},
        {"filter": "spider.example", "type": "domain"},
        {"filter": "crawl-_", "type": "host"},
    )
    visits(
        hub,
        "web",
        {"host": "a.bot.example", "domain": "bot.example"},
        {"host": "a.spider.example", "domain": "spider.example"},
        {"host": "spider.example", "domain": "%.bot.example"},
        {"host": "crawl-1", "domain": None},
        {"host": None, "domain": "Spider.example"},
        {"host": None, "domain": None},
    )
    assert bots.clean_bots(hub.store, hub.settings, "web", MARCH) == 4
    assert left(hub) == [3, 6]


def test_rows_that_were_clean_before_stay(hub: TestHub) -> None:
    put(hub.store.metrics, exclude_list, {"filter": "bot", "type": "host"}, {"filter": "bot", "type": "domain"})
    visits(hub, "web", *[{"host": "bot"}, {"host": None, "domain": "bot"}] * 3)
    assert bots.clean_bots(hub.store, hub.settings, "web", MARCH, after=3) == 3
    assert left(hub) == [1, 2, 3]


def test_nothing_is_read_without_filters(hub: TestHub) -> None:
    put(hub.store.metrics, exclude_list, {"filter": "bot", "type": "ip"})
    visits(hub, "web", {"host": "bot", "domain": "bot"})
    with asked() as statements:
        for dry_run in (True, False):
            assert bots.clean_bots(hub.store, hub.settings, "web", MARCH, dry_run=dry_run) == 0
    assert not [statement for statement in statements if "FROM web" in statement]
    assert left(hub) == [1]


def test_few_rows_are_read(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    put(hub.store.metrics, exclude_list, {"filter": "bot%", "type": "host"}, {"filter": "b.example", "type": "domain"})
    visits(hub, "web", {"host": "bot1"}, {"host": "a", "domain": "B.example "}, {"host": "a", "domain": "c"}, {})
    read = []
    load = Engine.load

    def see(engine: Engine, name: str, relation: pa.RecordBatchReader) -> None:
        found = relation.read_all()
        read.extend(found["id"].to_pylist())
        load(engine, name, found)

    monkeypatch.setattr(Engine, "load", see)
    assert bots.clean_bots(hub.store, hub.settings, "web", MARCH) == 2
    assert read == [1, 2]


def test_windows(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2025-03-10")
    put(hub.store.metrics, exclude_list, {"filter": "bot", "type": "host"})
    times = [
        "0000-00-00 00:00:00",
        "2025-02-28 00:00:00",
        "2025-02-28 00:00:01",
        "2025-03-11 00:00:00",
        "2025-03-11 00:00:01",
        "2025-04-01 00:00:00",
        "2025-04-01 00:00:01",
    ]
    visits(hub, "web", *({"host": "bot", "datetime": time} for time in times))
    assert hub.run("clean-bots", "web") == 0
    assert left(hub) == [1, 2, 5, 6, 7]
    assert hub.run("clean-bots", "web", "2025-03") == 0
    assert left(hub) == [1, 2, 7]
    for words in (["--all"], ["2025-03.."], ["..2025-03"], [".."], ["2025-3-1-1"]):
        assert hub.run("clean-bots", "web", *words) == 2
    assert hub.run("clean-bots", "toolstart", "2025-03") == 2
    assert left(hub) == [1, 2, 7]
