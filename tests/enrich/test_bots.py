"""Rows of bots are deleted by domain and by host, and no others (spec 20 §6)."""

import pytest
import sqlalchemy as sa

from hzmetrics.store.tables.metrics import exclude_list, web
from tests.conftest import TestHub
from tests.enrich.tables import put, visits


def left(hub: TestHub) -> list[int]:
    return [row[0] for row in hub.store.metrics.rows(sa.select(web.c.id).order_by(web.c.id))]


HOSTS = [
    *("a.bot.example", "A.BOT.EXAMPLE", "xa.bot.example.org", "bot1", "bot12", "botß", "100%", "1000", "a\\", "José"),
    *("blank ", "", "?", "é_x", None),
]
DOMAINS = {"h1": "domain.example", "h2": "DOMAIN.example ", "h3": "sub.domain.example", "h4": "  ", "h5": None}

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
    ("domain", "Domain.example"): ["h1", "h2"],
    ("domain", ""): ["h4"],
    ("ip", "%"): [],
    ("url", "a\\"): [],
}
"""The hosts of the rows that each filter, type and text, deletes."""


def test_filters(hub: TestHub) -> None:
    rows = [{"host": host, "domain": "d"} for host in HOSTS]
    rows += [{"host": host, "domain": domain} for host, domain in DOMAINS.items()]
    for (kind, text), deleted in DELETED.items():
        with hub.store.metrics.begin() as connection:
            connection.execute(sa.delete(web))
            connection.execute(sa.delete(exclude_list))
        visits(hub, "web", *rows)
        put(hub.store.metrics, exclude_list, {"filter": text, "type": kind})
        assert hub.run("clean-bots", "web", "2025-03", "--dry-run") == 0
        assert len(left(hub)) == len(rows)
        assert hub.run("clean-bots", "web", "2025-03") == 0
        remaining = left(hub)
        gone = [row["host"] for number, row in enumerate(rows, 1) if number not in remaining]
        assert gone == deleted, (kind, text)


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
