"""What visitors ask for, from where, when and with what: lists of months, read when a month has changed."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.calendar import Clock, Month
from hzmetrics.publish.figures import traffic
from hzmetrics.publish.figures.traffic import Part, Traffic
from hzmetrics.publish.publishing import publish
from hzmetrics.store.tables.metrics import summary_misc_vals, web
from tests.conftest import TestHub
from tests.publish.conftest import FIREFOX, MONTHS, NEWEST, Published, fill, fill_requests

pytestmark = pytest.mark.integration

BEFORE = MONTHS[-2]


def ask(hub: TestHub, *requests: tuple[str, int, str, str]) -> None:
    """Write requests: time, number of the visitor, path and referrer."""
    with hub.store.metrics.begin() as connection:
        connection.execute(
            sa.insert(web),
            [
                {"datetime": time, "ip": f"198.51.100.{who}", "host": "?", "ipcountry": "DE", "content": path,
                 "referrer": referrer, "useragent": FIREFOX}
                for time, who, path, referrer in requests
            ],
        )  # fmt: skip


def wanting(hub: TestHub) -> config.Settings:
    """The settings of a hub that wants such pages."""
    with hub.configuration.open("a", encoding="utf-8") as file:
        file.write("\n[publish]\ntraffic = yes\n")
    return config.load(hub.configuration)


def read(hub: TestHub, months: list[Month], min_users: int = 1) -> Traffic:
    return traffic.read(hub.store, hub.settings, months, [(months[0], months[-1])], min_users)[0]


def lists(directory: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((directory / f"traffic/{name}.json").read_text(encoding="utf-8"))
    return found


def test_visitors_of_several_months_are_counted_once(hub: TestHub) -> None:
    ask(
        hub,
        ("2026-09-05 10:00:00", 1, "/guide?page=1", "https://www.search.example/?q=ann"),
        ("2026-10-05 23:00:00", 1, "/guide/", "-"),
        ("2026-10-06 00:30:00", 2, "/guide", "https://search.example/"),
        ("2026-10-06 00:31:00", 2, "/", "https://www.site.example/guide"),
        ("2026-11-01 00:00:00", 3, "/guide", "-"),
    )
    found = read(hub, [BEFORE, NEWEST])
    assert found.lists == {
        "pages": [Part("/guide", 2, 3), Part("/", 1, 1)],
        "referrers": [Part("search.example", 2, 2), Part("no referrer", 1, 1)],
        "countries": [Part("Germany", 2, 4)],
        "browsers": [Part("Firefox", 2, 4)],
        "systems": [Part("Linux", 2, 4)],
    }
    assert {(day, hour) for day, views in enumerate(found.hours) for hour, count in enumerate(views) if count} == {
        (5, 10), (0, 23), (1, 0),
    }  # fmt: skip
    assert read(hub, [NEWEST]).lists["referrers"] == [Part("no referrer", 1, 1), Part("search.example", 1, 1)]


def test_names_of_few_visitors_are_other_and_few_others_are_no_number(hub: TestHub) -> None:
    paths = [(1, "/a"), (2, "/a"), (3, "/a"), (1, "/b"), (2, "/b"), (1, "/c"), (3, "/d")]
    ask(hub, *((f"2026-10-05 10:00:0{place}", who, path, "-") for place, (who, path) in enumerate(paths)))
    assert read(hub, [NEWEST], 2).lists["pages"] == [Part("/a", 3, 3), Part("/b", 2, 2), Part("other", 2, 2)]
    assert read(hub, [NEWEST], 3).lists["pages"] == [Part("/a", 3, 3), Part("other", 3, 4)]
    assert read(hub, [NEWEST], 4).lists["pages"] == [Part("other", None, None)]


def test_a_month_without_requests_has_empty_lists(hub: TestHub) -> None:
    found = read(hub, [NEWEST])
    assert set(map(tuple, found.lists.values())) == {()}
    assert sum(map(sum, found.hours)) == 0


def test_lists_are_those_of_their_span(published: Published) -> None:
    rows = [row for row in lists(published.directory, "pages") if row["name"] == "/guide"]
    assert [(row["first_month"], row["last_month"], row["visitors"], row["page_views"]) for row in rows] == [
        ("2025-11", str(NEWEST), 9, 54), (str(NEWEST), str(NEWEST), 9, 27), (str(MONTHS[0]), str(NEWEST), 9, 81),
    ]  # fmt: skip
    assert {row["name"]: row["visitors"] for row in lists(published.directory, "referrers")} == {
        "mail.example": 9, "no referrer": 9, "search.example": 9, "unknown": 9, "other": None,
    }  # fmt: skip
    of_month = lists(published.directory, str(NEWEST))
    hours = {row["name"]: row["page_views"] for row in of_month if row["list"] == "hours"}
    assert len(hours) == 7 * 24
    assert (hours["Monday 00:00"], hours["Monday 23:00"], hours["Tuesday 00:00"]) == (27, 3, 0)


def test_requests_are_read_only_when_a_month_was_counted_with_another_result(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(hub.store)
    fill_requests(hub.store, [NEWEST], visitors=5)
    directory, settings = hub.root / "usage", wanting(hub)
    publish(hub.store, settings, directory)
    shown = (directory / "traffic/pages.html").read_bytes()
    with monkeypatch.context() as context:
        context.setattr(traffic, "read", lambda *arguments: 1 / 0)
        assert publish(hub.store, settings, directory).written == 0

    ask(hub, *((f"{NEWEST}-06 10:00:00", who, "/new", "-") for who in range(9)))
    with hub.store.metrics.begin() as connection:
        cell = summary_misc_vals.c
        of_cell = sa.and_(cell.datetime == NEWEST.key, cell.period == 1, cell.rowid == 8)
        connection.execute(summary_misc_vals.update().where(of_cell).values(value="12345"))
    before = (directory / f"traffic/{BEFORE}.html").stat().st_ino
    publish(hub.store, settings, directory)
    assert (directory / "traffic/pages.html").read_bytes() != shown
    assert {row["name"]: row["visitors"] for row in lists(directory, str(NEWEST))}["/new"] == 9
    assert (directory / f"traffic/{BEFORE}.html").stat().st_ino == before


def test_the_running_month_has_a_page_that_says_so(hub: TestHub) -> None:
    settings = dataclasses.replace(wanting(hub), clock=Clock.parse("2026-11-20T12:00:00"))
    directory = hub.root / "usage"
    ask(hub, *((f"2026-11-05 10:00:0{who}", who, "/guide", "-") for who in range(5)))
    publish(hub.store, settings, directory)
    assert "November 2026 (to date)" in (directory / "traffic/pages.html").read_text(encoding="utf-8")
    assert "provisional" in (directory / "traffic/2026-11.html").read_text(encoding="utf-8")
    assert [(row["name"], row["visitors"]) for row in lists(directory, "pages")] == [("/guide", 5)]
    fill(hub.store)
    publish(hub.store, settings, directory)
    assert lists(directory, "pages") == []
    spans = {one["period"]: (one["first_month"], one["last_month"]) for one in lists(directory, "hours")}
    assert spans == {12: (str(MONTHS[-12]), str(NEWEST)), 1: (str(NEWEST),) * 2, 14: (str(MONTHS[0]), str(NEWEST))}
    assert "2026-11.html" in (directory / "traffic/pages.html").read_text(encoding="utf-8")


def test_a_hub_has_no_such_pages_unless_it_wants_them(hub: TestHub) -> None:
    fill(hub.store)
    directory = hub.root / "usage"
    publish(hub.store, hub.settings, directory)
    assert not (directory / "traffic").exists()
    assert "What visitors ask for" not in (directory / "about.html").read_text(encoding="utf-8")
