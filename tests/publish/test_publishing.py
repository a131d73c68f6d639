"""The whole site from known tables: its files, its numbers, and what must not be in it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hzmetrics.engine import runner
from hzmetrics.publish import publishing
from hzmetrics.publish.figures import online
from hzmetrics.publish.figures.definitions import FIGURES, PERIODS
from hzmetrics.publish.publishing import publish
from hzmetrics.publish.site import MANIFEST
from hzmetrics.store.tables.metrics import summary_user_vals, web
from tests.conftest import TestHub
from tests.publish.conftest import HOSTILE, INCOMPLETE, MONTHS, NEWEST, TOLD, Published, cell, fill

pytestmark = pytest.mark.integration


def texts(directory: Path) -> Iterator[tuple[str, str]]:
    """The files of a site that are made of data."""
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.suffix in (".html", ".js", ".json", ".csv") and "assets" not in path.parts:
            yield str(path.relative_to(directory)), path.read_text(encoding="utf-8")


def files_of(directory: Path) -> dict[Path, object]:
    """All files of a site; of its manifest, what it says."""
    contents = {path.relative_to(directory): path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    return {name: json.loads(text) if name.name == MANIFEST else text for name, text in contents.items()}


def test_nothing_in_the_site_leads_to_a_person(published: Published) -> None:
    found = [(name, word) for name, text in texts(published.directory) for word in TOLD if word in text]
    assert found == []
    tool = json.loads((published.directory / "tools/1.json").read_text(encoding="utf-8"))
    assert tool["users"] == {
        "countries-12": [{"name": "United States", "users": 40}, {"name": "other", "users": None}],
        "domains-12": [
            {"name": "purdue.edu", "users": 20},
            {"name": "<b>bold.example</b>", "users": 9},
            {"name": "other", "users": None},
            {"name": "unknown", "users": 120},
        ],
    }


def test_titles_are_text(published: Published) -> None:
    for name, text in texts(published.directory):
        if name.endswith(".html"):
            assert "<script>alert" not in text and "<img" not in text and 'onmouseover="' not in text, name
            assert "\u202e" not in text and "\u2066" not in text, name
    assert "{{ 7*7 }}" in (published.directory / "tools/52.html").read_text(encoding="utf-8")
    listed = list(csv.reader((published.directory / "tools/tools.csv").open(encoding="utf-8")))
    assert f"'{HOSTILE[-1]}" in {row[2] for row in listed}


def test_the_data_are_the_cells(published: Published) -> None:
    for period in PERIODS:
        data = json.loads((published.directory / f"data/overview-{period.code}.json").read_text(encoding="utf-8"))
        assert data["months"] == list(map(str, MONTHS))
        assert data["incomplete"] == [str(INCOMPLETE)]
        assert data["series"].keys() == FIGURES.keys()
        for key, values in data["series"].items():
            assert values == [cell(key, period.code, place) for place in range(len(MONTHS))], key
    rows = list(csv.DictReader((published.directory / "data/overview-12.csv").open(encoding="utf-8")))
    assert len(rows) == len(FIGURES) * len(MONTHS)
    assert {(row["month"], row["figure"], row["group"]): row["value"] for row in rows}[
        str(NEWEST), "Asia", "Registered users"
    ] == str(cell("user.6.4", 12, len(MONTHS) - 1))


def test_headlines_have_the_size_of_their_numbers(published: Published) -> None:
    text = (published.directory / "index.html").read_text(encoding="utf-8")
    assert f'style="--letters: 6">{cell("user.1.1", 1, len(MONTHS) - 1):,}<' in text


def test_a_month_says_from_when_on_there_are_data(published: Published) -> None:
    for place, is_said in ((0, True), (10, True), (13, False), (26, False)):
        text = (published.directory / f"months/{MONTHS[place]}.html").read_text(encoding="utf-8")
        assert ("There are data from August 2024 on." in text) == is_said


def test_corrections_are_named_with_the_day_from_which_they_apply(published: Published) -> None:
    text = (published.directory / "about.html").read_text(encoding="utf-8")
    assert "all-days" in text and "ipv6" in text and "2025-02-03" in text
    assert "bot-tokens" not in text


def test_the_map_finds_newer_numbers_beside_the_pages(published: Published) -> None:
    text = (published.directory / "online.html").read_text(encoding="utf-8")
    assert 'data-source="../stats/maps/whoisonline.json"' in text
    assert "West Lafayette, Indiana, United States" in text
    assert text.count("2026-11-20 11:55:00 UTC") == 2


def test_places_of_few_people_are_one_with_their_country_or_elsewhere(published: Published) -> None:
    names = {"DE": "Germany", "KE": "Kenya", "US": "United States"}
    found = online.read(published.settings, names, published.directory, 5)
    assert found
    assert [(place.name, tuple(place.numbers.values())) for place in found.places] == [
        (f"{HOSTILE[0]}, Germany", (0, 7, 1)), ("Kenya", (3, 2, 2)),
        ("West Lafayette, Indiana, United States", (2, 3, 0)),
    ]  # fmt: skip
    assert tuple(found.elsewhere.values()) == (1, 1, 0)
    rows = list(csv.DictReader((published.directory / "data/online.csv").open(encoding="utf-8")))
    assert [row["place"] for row in rows] == [*(place.name for place in found.places), "elsewhere"]
    assert rows[1] | {"latitude": "", "longitude": ""} == {
        "place": "Kenya", "latitude": "", "longitude": "", "users": "3", "guests": "2", "bots": "2"
    }  # fmt: skip
    data = json.loads((published.directory / "data/online.json").read_text(encoding="utf-8"))
    assert (data["generated"], data["places"][-1]["users"]) == (found.generated, 1)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"generated": 1, "places": [{}], "elsewhere": {}}'])
def test_without_a_map_there_is_no_page_of_it(content: str, hub: TestHub) -> None:
    (hub.root / "hubroot/app/site/stats/maps/whoisonline.json").write_text(content, encoding="utf-8")
    directory = hub.root / "usage"
    assert hub.run("publish", "--dir", str(directory)) == 0
    assert not (directory / "online.html").exists()


def test_links_lead_to_files(published: Published) -> None:
    import re

    for name, text in texts(published.directory):
        if name.endswith(".html"):
            for target in re.findall(r'(?:href|src)="([^"#]+)', text):
                assert (published.directory / name).parent.joinpath(target).is_file(), (name, target)


def test_publishing_on_each_store(hub: TestHub) -> None:
    fill(hub.store)
    directory = hub.root / "usage"
    assert hub.run("publish", "--dir", str(directory)) == 0
    before = directory.resolve()
    assert publish(hub.store, hub.settings, directory).written == 0
    with hub.store.metrics.begin() as connection:
        changed = summary_user_vals.update().where(
            summary_user_vals.c.datetime == MONTHS[3].key,
            summary_user_vals.c.rowid == 3,
            summary_user_vals.c.colid == 1,
            summary_user_vals.c.period == 13,
        )
        connection.execute(changed.values(value=77))
    report = publish(hub.store, hub.settings, directory)
    assert directory.resolve() != before
    assert report.written == 6  # the month and the fiscal years, each with their data
    data = json.loads((directory / f"months/{MONTHS[3]}.json").read_text(encoding="utf-8"))
    assert [row["period_13"] for row in data["cells"] if row["cell"] == "user.3.1"] == [77]


@pytest.mark.slow
def test_tools_that_another_process_puts_in_are_the_same(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(hub.store)
    publish(hub.store, hub.settings, hub.root / "here")
    monkeypatch.setattr(publishing, "MANY", 1)
    beside = []
    monkeypatch.setattr(publishing, "beside", lambda task: beside.append(task) or runner.beside(task))
    report = publish(hub.store, hub.settings, hub.root / "beside")
    assert len(beside) == 1 and report.written == report.files
    assert files_of(hub.root / "beside") == files_of(hub.root / "here")
    assert publish(hub.store, hub.settings, hub.root / "beside").written == 0
    assert len(beside) == 1


def test_a_page_says_how_far_its_data_reach(hub: TestHub) -> None:
    def footers(request: str) -> set[str]:
        with hub.store.metrics.begin() as connection:
            connection.execute(web.insert().values(datetime=request, ip="192.0.2.1", content="/"))
        publish(hub.store, hub.settings, directory)
        names = (f"months/{NEWEST}.html", "tools/1.html", "about.html")
        return {re.findall(r"Data until (.*?), computed", (directory / name).read_text())[0] for name in names}

    fill(hub.store)
    directory = hub.root / "usage"
    assert footers("2026-10-05 23:00:00") == {"2026-10-05 23:00:00"}
    assert footers("2026-11-01 00:00:00") == {"the end of October 2026"}


def test_every_change_of_tools_and_resources_is_shown(hub: TestHub) -> None:
    fill(hub.store)
    tables, directory = hub.store.hub_tables, hub.root / "usage"
    tools, users, others = tables.resource_stats_tools, tables.resource_stats_tools_topvals, tables.resource_stats
    publish(hub.store, hub.settings, directory)
    changes = [
        (tools.update().where(tools.c.resid == 3, tools.c.period == 12).values(tot_cpu=1e6), "tools/3.csv", "1000000"),
        (users.update().where(users.c.name == "United States").values(name="Atlantis"), "tools/1.html", "Atlantis"),
        (
            others.update().where(others.c.resid == 401, others.c.period == 12).values(users=4711),
            "resources/401.html",
            "4,711",
        ),
        (
            tables.resources.update().where(tables.resources.c.id == 402).values(title="New"),
            "resources/402.html",
            "New",
        ),
        (others.delete().where(others.c.resid == 403), "resources/index.html", "All 46 resources"),
    ]
    for change, name, text in changes:
        assert text not in (directory / name).read_text(encoding="utf-8")
        with hub.store.hub.begin() as connection:
            connection.execute(change)
        assert publish(hub.store, hub.settings, directory).written
        assert text in (directory / name).read_text(encoding="utf-8")
    assert not (directory / "resources/403.html").exists()


def test_a_site_without_numbers_says_so(hub: TestHub) -> None:
    directory = hub.root / "usage"
    assert hub.run("publish", "--dir", str(directory)) == 0
    text = (directory / "index.html").read_text(encoding="utf-8")
    assert "No month has been summarized yet" in text
    assert "No data yet, computed" in text and "Data until" not in text


def test_without_a_directory_there_is_nothing_to_publish_to(hub: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert hub.run("publish") == 2
    assert "[publish] dir" in capsys.readouterr().err
