"""The pages in a real browser, from files and from a web server with a strict policy."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from hzmetrics.publish import numbers, report
from hzmetrics.publish.figures.definitions import FIGURES, PERIODS
from tests.chromium import quiet
from tests.publish.conftest import HOSTILE, INCOMPLETE, MONTHS, NEWEST, ONLINE, Published, cell

pytestmark = [pytest.mark.integration, pytest.mark.browser]

POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'"
PAGES = (
    "index.html",
    f"months/{NEWEST}.html",
    "months/index.html",
    "tools/index.html",
    "tools/1.html",
    "tools/50.html",
    "resources/index.html",
    "resources/450.html",
    "online.html",
    "online-map.html",
    "embed.html#data=tools/1&chart=users",
    "about.html",
    "traffic/pages.html",
    "traffic/browsers.html",
    "traffic/hours.html",
    f"traffic/{NEWEST}.html",
)


class Handler(SimpleHTTPRequestHandler):
    """A web server that allows pages nothing but their own files."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="module")
def addresses(published: Published) -> Iterator[dict[str, str]]:
    """Where the site is: its directory, and a web server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(published.directory.parent)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {"file": published.directory.as_uri(), "http": f"http://127.0.0.1:{server.server_port}/usage"}
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("way", ["file", "http"])
def test_every_kind_of_page_loads_and_draws(way: str, browser: Browser, addresses: dict[str, str]) -> None:
    with quiet(browser) as page:
        for name in PAGES:
            page.goto(f"{addresses[way]}/{name}")
            page.wait_for_load_state("networkidle")
            if name.startswith("online"):
                assert page.locator("#map circle").count() == 3
            charts = page.locator("figure.chart").count()
            assert page.locator("figure.chart .drawing > svg").count() == charts, name
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, name


@pytest.mark.parametrize("width", [360, 2560])
def test_no_page_is_wider_than_the_screen(width: int, browser: Browser, addresses: dict[str, str]) -> None:
    with quiet(browser, viewport={"width": width, "height": 800}) as page:
        for name in (
            "index.html",
            f"months/{NEWEST}.html",
            "tools/index.html",
            "tools/55.html",
            f"traffic/{NEWEST}.html",
        ):
            page.goto(f"{addresses['file']}/{name}")
            page.wait_for_timeout(50)
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, name


def test_no_table_is_cut_off_on_paper(browser: Browser, addresses: dict[str, str]) -> None:
    with quiet(browser, viewport={"width": 673, "height": 1000}) as page:  # A4 without its margins
        page.emulate_media(media="print")
        for name in (
            "index.html",
            f"months/{NEWEST}.html",
            "tools/index.html",
            "tools/55.html",
            "resources/index.html",
        ):
            page.goto(f"{addresses['file']}/{name}")
            page.evaluate("dispatchEvent(new Event('beforeprint'))")
            cut = page.locator(".scroll").evaluate_all(
                "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent.slice(0, 80))"
            )
            assert cut == [], name


def test_the_numbers_of_the_overview_are_the_cells(browser: Browser, addresses: dict[str, str]) -> None:
    with quiet(browser) as page:
        page.goto(f"{addresses['file']}/index.html")
        for place, period in ((0, 1), (26, 12), (13, 14), (20, 3), (25, 0), (26, 13)):
            page.select_option("[name=month]", str(MONTHS[place]))
            page.select_option("[name=period]", str(period))
            name = next(one.title for one in PERIODS if one.code == period).lower()
            page.wait_for_function(
                "([text]) => document.getElementById('when').textContent.startsWith(text)",
                arg=[f"{numbers.month_name(MONTHS[place])}, {name}"],
            )
            shown = page.eval_on_selector_all(
                "[data-key]:not([data-change]):not([data-at])",
                "all => all.map(one => [one.dataset.key, one.textContent])",
            )
            assert len(shown) >= 25
            for key, text in shown:
                assert text == numbers.shown(cell(key, period, place), FIGURES[key].column_unit), (key, period, place)
            drawn = page.eval_on_selector_all(
                "#curve tbody td", "all => all.map(one => +(one.dataset.v ?? one.textContent))"
            )
            assert drawn == [cell("user.1.1", period, one) for one in range(len(MONTHS))]


def test_the_numbers_of_a_month_are_the_cells(browser: Browser, addresses: dict[str, str]) -> None:
    with quiet(browser, java_script_enabled=False) as page:
        page.goto(f"{addresses['file']}/index.html")
        page.get_by_role("link", name="All its periods").click()
        found = page.locator("tr[data-key]").evaluate_all(
            "all => all.map(row => [row.dataset.key, [...row.cells].slice(1).map(one => one.textContent)])"
        )
        assert len(found) == len(FIGURES)
        for key, texts in found:
            values = [cell(key, period.code, len(MONTHS) - 1) for period in PERIODS]
            assert texts == [numbers.shown(value, FIGURES[key].column_unit) for value in values]


def test_scripts_write_numbers_as_the_pages_do(browser: Browser, addresses: dict[str, str]) -> None:
    seconds = [*range(0, 500_000, 90), 0.5, 90.5, 1000 / 3]
    pairs = [(value, before) for before in (8, 16, 200, 7) for value in range(0, 600, 3)]
    with quiet(browser) as page:
        page.goto(f"{addresses['file']}/index.html")
        for unit in ("seconds", "minutes", "hours"):
            shown = page.evaluate("([all, unit]) => all.map(one => hzmetrics.shown(one, unit))", [seconds, unit])
            assert shown == [numbers.shown(value, unit) for value in seconds]
        changes = page.evaluate("all => all.map(one => hzmetrics.change(...one))", pairs)
        assert changes == [numbers.change(*pair) for pair in pairs]
        shares = page.evaluate("all => all.map(one => hzmetrics.share(...one))", pairs)
        assert shares == [numbers.share(*pair) for pair in pairs]


def test_a_view_is_a_link_and_survives_a_reload(browser: Browser, addresses: dict[str, str]) -> None:
    with quiet(browser) as page:
        page.goto(f"{addresses['file']}/index.html")
        page.select_option("[name=month]", str(INCOMPLETE))
        page.select_option("[name=period]", "12")
        page.select_option("#group", "6")
        page.locator('.card[data-figure="misc.5.1"] .draw').click()
        page.wait_for_function("location.hash.includes('misc.5.1')")
        address = page.url
    with quiet(browser) as page:
        page.goto(address)
        page.wait_for_selector("#when .mark")
        page.reload()
        page.wait_for_selector("#when .mark")
        assert page.locator("#when").inner_text().startswith("March 2026, 12 months")
        assert page.locator("#curve .name").inner_text() == "Visits"
        value = page.locator('#residence [data-part="4"] td').first.inner_text()
        assert value == f"{cell('user.6.4', 12, MONTHS.index(INCOMPLETE)):,}"


def test_periods_that_begin_before_the_data_are_not_compared(browser: Browser, addresses: dict[str, str]) -> None:
    note = "(data from August 2024 on)"
    with quiet(browser) as page:
        page.goto(f"{addresses['file']}/index.html#month={MONTHS[14]}&period=12")
        change = page.locator('[data-change=year][data-key="user.1.1"]')
        year_ago = page.locator('[data-at=year][data-key="misc.5.1"]')
        heading = page.locator("#when")
        expect(heading).to_have_text("October 2025, 12 months")
        expect(change).to_have_text("– vs. a year ago")
        expect(year_ago).to_have_text("–")
        page.select_option("[name=month]", str(NEWEST))
        expect(change).to_contain_text("+")
        expect(year_ago).to_have_text(f"{cell('misc.5.1', 12, 14):,}")
        page.select_option("[name=month]", str(MONTHS[5]))
        expect(heading).to_have_text(f"January 2025, 12 months {note}")
        page.select_option("[name=period]", "0")
        expect(heading).to_have_text("January 2025, year to date")
        page.select_option("[name=month]", str(MONTHS[4]))
        expect(heading).to_have_text(f"December 2024, year to date {note}")
        page.select_option("[name=period]", "14")
        expect(heading).to_have_text("December 2024, all time")


def given(published: Published) -> dict[str, Any]:
    """What the overview is given of the months."""
    text = (published.directory / "data/overview-1.js").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text.partition(", ")[2].removesuffix(");\n"))
    return found


def give(page: Page, data: dict[str, Any]) -> None:
    """Give the overview something else."""
    script = f'hzmetrics.give("data/overview-1", {json.dumps(data)});'
    page.route("**/data/overview-1.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))


@pytest.mark.parametrize("factor", [1, 10**5, 10**9])
def test_large_numbers_fit_their_cards(
    factor: int, browser: Browser, addresses: dict[str, str], published: Published
) -> None:
    data = given(published)
    large = {
        key: [value * factor if isinstance(value, int) else value for value in values]
        for key, values in data["series"].items()
    }
    shown = f"{cell('user.1.1', 1, len(MONTHS) - 1) * factor:,}"
    with quiet(browser) as page:
        give(page, data | {"series": large})
        page.goto(f"{addresses['http']}/index.html")
        expect(page.locator(".card .value").first).to_have_text(shown)
        for width in (320, 360, 480, 640, 641, 768, 1024, 1280, 1440, 1920, 2560):
            page.set_viewport_size({"width": width, "height": 900})
            cut = page.locator(".card").evaluate_all(
                "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.innerText)"
            )
            assert cut == [], width


def test_months_are_sorted_by_time(browser: Browser, addresses: dict[str, str]) -> None:
    with quiet(browser) as page:
        page.goto(f"{addresses['file']}/months/index.html")
        heads = page.locator("tbody th a")
        names = [numbers.month_name(month) for month in MONTHS]
        page.locator("thead button").first.click()
        assert heads.all_inner_texts() == names
        page.locator("thead button").first.click()
        assert heads.all_inner_texts() == names[::-1]


def test_a_curve_does_not_lead_over_months_without_data(browser: Browser, addresses: dict[str, str]) -> None:
    parts = "figure => [...figure.querySelectorAll('svg path')].map(one => one.getAttribute('d').split('M').length - 1)"
    with quiet(browser) as page:
        page.goto(f"{addresses['file']}/tools/1.html")
        figure = page.locator("#users")
        assert set(figure.evaluate(parts)) == {1}
        figure.evaluate("figure => { figure.querySelector('tbody').rows[9].remove(); hzmetrics.charts.draw(figure); }")
        assert figure.evaluate(parts).count(2) == 2  # the line and the area


def test_a_long_word_leaves_room_for_the_numbers_of_a_report(
    browser: Browser, published: Published, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    with path.open("wb") as file:
        report.write(report.build(published.store, published.settings, None, 12), "html", file)
    with quiet(browser) as page:
        page.goto(path.as_uri())
        assert page.locator("#tools th").filter(has_text="x" * 100).count() == 1
        for media, width in (("screen", 1280), ("print", 673)):
            page.emulate_media(media=media)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 1000})
            cut = page.locator("#tools .scroll, #resources .scroll").evaluate_all(
                "all => all.filter(one => one.scrollWidth > one.clientWidth).length"
            )
            assert cut == 0, media


def test_months_are_stepped_through_to_the_last(browser: Browser, addresses: dict[str, str]) -> None:
    with quiet(browser) as page:
        page.goto(f"{addresses['file']}/index.html#month={MONTHS[1]}")
        earlier = page.get_by_role("button", name="Earlier")
        expect(earlier).to_be_enabled()
        earlier.click()
        expect(page.locator("#when")).to_contain_text(numbers.month_name(MONTHS[0]))
        expect(earlier).to_be_disabled()
        page.get_by_role("button", name="Later").click()
        expect(earlier).to_be_enabled()


def test_lists_are_sorted_and_searched_as_a_whole(browser: Browser, addresses: dict[str, str]) -> None:
    with quiet(browser) as page:
        page.goto(f"{addresses['file']}/tools/index.html")
        rows = page.locator("section:not([hidden]) tbody tr:not([hidden])")
        assert rows.count() == 30 + len(HOSTILE)
        page.get_by_role("button", name="Runs").click()
        most = rows.first.locator("td").nth(1).inner_text()
        page.get_by_role("button", name="Runs").click()
        assert rows.last.locator("td").nth(1).inner_text() == most
        assert rows.first.locator("th").inner_text().startswith("Tool 1 ")
        page.get_by_label("Search").fill("TOOL 29")
        assert rows.count() == 1
        assert page.locator("#found").inner_text() == f"1 of {30 + len(HOSTILE)}"
        page.get_by_role("tab", name="All time").click()
        assert rows.count() == 1
        page.get_by_label("Search").fill("<script>")
        assert rows.locator("a").first.inner_text() == HOSTILE[0]


def test_the_curve_of_a_tool_can_be_zoomed(browser: Browser, addresses: dict[str, str]) -> None:
    with quiet(browser) as page:
        page.goto(f"{addresses['file']}/tools/1.html")
        figure = page.locator("#users")
        drawing = figure.locator("svg").first
        before = drawing.inner_html()
        box = drawing.bounding_box()
        assert box
        page.mouse.move(box["x"] + 120, box["y"] + 100)
        page.mouse.down()
        page.mouse.move(box["x"] + 260, box["y"] + 120, steps=4)
        page.mouse.up()
        assert figure.locator("svg").first.inner_html() != before
        figure.get_by_role("button", name="All", exact=True).click()
        figure.get_by_role("button", name="1 year").click()
        figure.get_by_label("Period").select_option("2")
        assert figure.locator("svg").count() >= 1


@pytest.mark.parametrize("way", ["file", "http"])
def test_another_page_can_frame_each_kind_of_chart(
    way: str, browser: Browser, addresses: dict[str, str], tmp_path: Path
) -> None:
    charts = [
        ("index.html#period=12&figure=misc.5.1", "#curve", "Visits, 12 months", len(MONTHS)),
        (
            f"index.html#month={INCOMPLETE}&period=12&group=6",
            "#residence",
            "Where they live: registered users, March 2026, 12 months",
            4,
        ),
        ("tools/1.html", "#simulations", "Tool 1: Runs", len(MONTHS)),
        ("tools/1.html", "#domains-12", "Tool 1: Domains, 12 months", 4),
        ("resources/450.html", "#users-450", f"{HOSTILE[0]}: Users", len(MONTHS)),
        ("online.html", "#places", "Who is online", 4),
    ]
    snippets = []
    with quiet(browser) as page:
        for name, chart, _, _ in charts:
            page.goto(f"{addresses[way]}/{name}")
            page.locator(chart).get_by_role("button", name="Embed").click()
            snippets.append(page.locator(f"{chart} textarea").input_value())
    assert 'title="Visits, 12 months · Overview · nano"' in snippets[0]
    assert 'title="Where they live: registered users, March 2026, 12 months · Overview · nano"' in snippets[1]
    framing = tmp_path / "framing.html"
    framing.write_text(f"<!doctype html><title>Framing</title>{''.join(snippets)}", encoding="utf-8")
    with quiet(browser) as page:
        page.goto(framing.as_uri())
        for place, (_, _, title, rows) in enumerate(charts):
            frame = page.frame_locator(f"iframe >> nth={place}")
            frame.locator(".drawing > svg").first.wait_for()
            assert frame.locator("h1").inner_text() == title
            assert frame.locator("tbody tr").count() == rows
            assert not frame.locator(".top").is_visible()


def test_a_frame_can_show_the_month_that_is_not_over(
    browser: Browser, addresses: dict[str, str], published: Published
) -> None:
    values = {"user.1.3": 3, "user.1.4": 1, "user.1.5": 1, "user.1.6": 0}
    with quiet(browser) as page:
        give(page, given(published) | {"running": {"month": "2026-11", "values": values}})
        address = f"{addresses['http']}/embed.html#data=data/overview-1&chart=residence&month"
        page.goto(f"{address}=2026-11")
        expect(page.locator("h1")).to_have_text("Where they live: users, November 2026, month (provisional)")
        assert page.locator("tbody td").all_text_contents() == ["3", "1", "1", "0"]
        page.goto("about:blank")
        page.goto(f"{address}=2026-12")
        page.wait_for_selector("text=There is no such chart")


def test_a_frame_shows_nothing_of_another_host(browser: Browser, addresses: dict[str, str]) -> None:
    with quiet(browser) as page:
        for data in ("//host.example/x", "../x", "https://host.example/x", "data/overview-1"):
            page.goto("about:blank")
            page.goto(f"{addresses['http']}/embed.html#data={data}&chart=moon")
            page.wait_for_selector("text=There is no such chart")


def test_a_list_of_another_span_is_drawn_when_it_is_chosen(browser: Browser, addresses: dict[str, str]) -> None:
    with quiet(browser) as page:
        page.goto(f"{addresses['file']}/traffic/pages.html")
        assert page.locator("#pages-year").is_visible() and not page.locator("#pages-all").is_visible()
        page.get_by_role("tab", name="All time").click()
        row = page.locator("#pages-all tbody tr").filter(has_text="/guide").locator("td")
        assert row.all_inner_texts() == ["9", "81"]
        width = page.evaluate("document.querySelector('#pages-all svg').clientWidth")
        assert width > 600
        address = page.url
        page.locator("#pages-all").get_by_role("button", name="Embed").click()
        assert "data=traffic%2Fpages&amp;chart=pages-all" in page.locator("#pages-all textarea").input_value()
    with quiet(browser) as page:
        page.goto(address)
        assert page.locator("#pages-all").is_visible()
        for data, chart, rows in (("pages", "pages-month", 17), (str(NEWEST), "hours", 24)):
            page.goto("about:blank")
            page.goto(f"{addresses['http']}/embed.html#data=traffic/{data}&chart={chart}")
            page.wait_for_selector("figure svg rect")
            assert page.locator("figure tbody tr").count() == rows


def test_the_lists_of_each_month_are_links_away_without_scripts(browser: Browser, addresses: dict[str, str]) -> None:
    with quiet(browser, java_script_enabled=False) as page:
        page.goto(f"{addresses['file']}/index.html")
        page.get_by_role("link", name="Hours").click()
        assert page.locator("section table").count() == 3
        page.get_by_role("link", name="September 2026").click()
        page.locator("#hours summary").click()
        assert page.locator("#hours tbody tr").nth(9).locator("td").nth(5).inner_text() == "9"
        assert page.locator("#browsers tbody tr").first.inner_text().split() == ["Firefox", "9", "36"]


def test_the_map_is_refreshed_while_it_is_open(browser: Browser, addresses: dict[str, str]) -> None:
    newer = {**ONLINE, "generated": "2026-11-20T12:00:00+00:00", "elsewhere": {"users": 40, "guests": 1, "bots": 0}}
    with quiet(browser) as page:
        page.route("**/whoisonline.json", lambda route: route.fulfill(json=newer))
        page.goto(f"{addresses['http']}/online.html")
        page.wait_for_function("document.getElementById('total-0').textContent === '46'")
        sizes = page.locator("#map circle").evaluate_all("all => all.map(one => +one.getAttribute('r'))")
        assert len(sizes) == 3 and sizes[0] > sizes[2] > 3
        assert page.locator("#generated").inner_text() == "2026-11-20 12:00:00 UTC"
        rows = page.locator("#places tbody tr").all_inner_texts()
        assert [row.split("\t") for row in rows] == [
            [f"{HOSTILE[0]}, Germany", "0", "7", "1"], ["Kenya", "3", "2", "2"],
            ["West Lafayette, Indiana, United States", "2", "3", "0"], ["elsewhere", "41", "1", "0"],
        ]  # fmt: skip


def test_definitions_are_shown_on_focus_and_dismissed(browser: Browser, addresses: dict[str, str]) -> None:
    with quiet(browser) as page:
        page.goto(f"{addresses['file']}/index.html")
        term = page.locator(".card .term").first
        tip = term.locator("[role=tooltip]")
        assert not tip.is_visible()
        term.locator("button").focus()
        assert tip.is_visible() and "Registered users" in tip.inner_text()
        page.keyboard.press("Escape")
        assert not tip.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(scheme: str, browser: Browser, addresses: dict[str, str]) -> None:
    script = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    with quiet(browser, color_scheme=scheme) as page:
        for name in (
            "index.html",
            "tools/1.html",
            "traffic/hours.html",
            "embed.html#data=tools/1&chart=users",
            *(("tools/index.html", "about.html", "online.html", "traffic/pages.html") if scheme == "light" else ()),
        ):
            page.goto(f"{addresses['file']}/{name}")
            page.wait_for_timeout(100)
            page.evaluate(script)
            found = page.evaluate("tags => axe.run(document, {runOnly: tags, preload: false})", tags)
            problems = [
                (one["id"], node["html"][:200], node["failureSummary"][:300])
                for one in found["violations"]
                for node in one["nodes"][:2]
            ]
            assert problems == [], name


def test_a_printed_page_shows_the_tables_of_its_charts(browser: Browser, addresses: dict[str, str]) -> None:
    with quiet(browser) as page:
        page.goto(f"{addresses['file']}/tools/1.html")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        assert page.locator("#users tbody tr").count() == len(MONTHS)
        assert page.locator("#users tbody tr").first.is_visible()
        assert not page.locator(".links").first.is_visible()
