"""The pages of a fleet: links, figures, and a real browser."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from hzmetrics.calendar import Month
from hzmetrics.engine.runner import Here
from hzmetrics.fleet import figures, pages
from hzmetrics.fleet.definition import Fleet
from hzmetrics.fleet.settings import of_run
from hzmetrics.publish import numbers
from hzmetrics.publish.figures.definitions import HITS, VISITS
from tests.chromium import quiet
from tests.fleet.conftest import CELLS, Invented, cell

pytestmark = pytest.mark.integration

APRIL = Month(2024, 4)


@pytest.fixture(scope="module")
def published(invented: Invented, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    fleet = dataclasses.replace(invented.fleet, pages=tmp_path_factory.mktemp("pages") / "fleet")
    assert publish(fleet) > 0
    assert publish(fleet) == 0
    yield fleet.pages


def publish(fleet: Fleet) -> int:
    return pages.publish(fleet, figures.read(fleet, Here()), of_run(fleet), Here())


class Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


def test_every_link_leads_to_a_file(published: Path) -> None:
    texts = {path: path.read_text() for path in published.rglob("*.html")}
    assert {str(path.relative_to(published)) for path in texts}.issuperset(
        {"index.html", "sums/index.html", "hubs/alpha/months/2024-03.html", "hubs/beta/index.html"}
    )
    assert not (published / "hubs/gamma").exists() and not (published / "hubs/never").exists()
    outside = set()
    for path, text in texts.items():
        assert "/secret" not in text and "<b>Hub" not in text
        for link in Links(text).found:
            if link.startswith("http"):
                outside.add(link)
            elif not link.startswith("#"):
                assert (path.parent / link.partition("#")[0]).is_file(), (path, link)
    assert outside == {"https://gamma.example/usage"}


def test_data_beside_the_page_are_the_cells(published: Path) -> None:
    hubs = json.loads((published / "data/hubs.json").read_text())
    assert [one["visits"] for one in hubs] == [None, *(cell(n, VISITS.key, APRIL, 12) for n in ("beta", "gamma")), None]
    months = json.loads((published / "data/months.json").read_text())
    hits = {(row["month"], row["hub"]): row["value"] for row in months if row["figure"] == HITS.title}
    of_hubs = {(str(m), name): cell(name, HITS.key, m, 1) for name, of_name in CELLS.items() for m in of_name}
    assert {key: value for key, value in hits.items() if key[1]} == of_hubs
    assert hits["2024-02", ""] == sum(of_hubs["2024-02", name] or 0 for name in ("alpha", "beta"))


def test_only_what_changes_is_written_anew(published: Path, invented: Invented) -> None:
    fleet = dataclasses.replace(invented.fleet, pages=published, hubs=invented.fleet.hubs[1:])
    before = (published / "hubs/beta/index.html").stat().st_ino
    assert publish(fleet) > 0
    assert not (published / "hubs/alpha").exists()
    assert (published / "hubs/beta/index.html").stat().st_ino == before
    assert publish(dataclasses.replace(invented.fleet, pages=published)) > 0
    assert (published / "hubs/alpha/index.html").exists()


@pytest.mark.browser
def test_the_pages_in_a_browser(published: Path, browser: Browser) -> None:
    with quiet(browser, viewport={"width": 1280, "height": 900}) as page:
        page.goto((published / "index.html").as_uri())
        page.wait_for_load_state("networkidle")
        assert page.locator("figure.chart .drawing > svg").count() == page.locator("figure.chart").count() == 3
        assert page.locator("#hubs tbody tr").count() == 4
        assert page.locator("#hubs .remarks").count() == 2
        script = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
        page.evaluate(script)
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
        assert page.evaluate("tags => axe.run(document, {runOnly: tags, preload: false})", tags)["violations"] == []
        chooser = page.get_by_role("combobox", name="Hub").first
        assert chooser.locator("option").all_text_contents()[0] == "All hubs"
        chooser.select_option(label="beta")
        assert "beta" in chooser.locator("option:checked").text_content()  # type: ignore[operator]
        page.get_by_role("link", name="All sums, of every month and period").click()
        page.wait_for_function("document.getElementById('when').textContent.startsWith('April 2024')")
        shown = page.locator(f".card[data-figure='{VISITS.key}'] .value").text_content()
        assert shown == numbers.shown(sum(cell(n, VISITS.key, APRIL, 1) or 0 for n in ("beta", "gamma")), "count")
        change = page.locator(f".card[data-figure='{VISITS.key}'] [data-change=before]").text_content()
        assert change and change.startswith("–"), "the sum of March is over another hub"
        assert page.locator("#when .mark").text_content() == "2 of 3 hubs"
        page.get_by_role("link", name="All hubs").click()
        page.get_by_role("link", name="beta").click()
        assert "these figures are of 2024-05-02" in page.locator("main .note").first.text_content()  # type: ignore[operator]


@pytest.mark.browser
def test_the_page_fits_screens_and_paper(published: Path, browser: Browser) -> None:
    for width, medium in ((360, "screen"), (2560, "screen"), (673, "print")):
        with quiet(browser, viewport={"width": width, "height": 900}, java_script_enabled=width != 360) as page:
            page.emulate_media(media=medium)  # type: ignore[arg-type]
            page.goto((published / "index.html").as_uri())
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(wide) <= 0, width
