"""The pages in a real browser, served with their own strict policy."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from hzmetrics import config
from hzmetrics.config.source import Source
from hzmetrics.serve import copies
from hzmetrics.store import Store
from hzmetrics.store.tables.live import activity_samples, activity_users
from tests.chromium import quiet
from tests.conftest import TestHub
from tests.serve.invented import COURSE, FIRST, HOSTILE, NOW, OTHERS, fill, write_files
from tests.serve.running import ROOT, Running, running

pytestmark = [pytest.mark.integration, pytest.mark.browser]

expect.set_options(timeout=20_000)  # other tests may be running

PAGES = ("/activity", "/active-users", "/stats", "/courses", f"/staff/stats/{COURSE}", "/operations")
SECTIONS = {
    "hub": {"site": "nano"},
    "activity": {"enabled": "no", "resources_update_interval": "1"},
    "courses": {"student_pattern": "."},
    "events": {"max_upload_mb": "0"},
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The invented hub on SQLite."""
    root = tmp_path_factory.mktemp("pages")
    environment = {
        "HZMETRICS_HOME": str(root / "home"), "HZMETRICS_LOG": str(root / "log"), "HZMETRICS_NOW": NOW,
        "HZMETRICS_LOG_ROOT": str(root / "logs"),
    }  # fmt: skip
    settings = config.build(Source(root / "conf", SECTIONS, environment=environment))
    store = Store(settings)
    fill(store)
    write_files(root / "home", root / "log")
    with running(store, settings, root, trusted_proxies="127.0.0.1", admins="root", base_path="/adm") as started:
        yield started
    store.close()


@pytest.fixture
def page(browser: Browser, served: Running) -> Iterator[Page]:
    with quiet(browser, extra_http_headers=ROOT) as opened:
        yield opened


def names(page: Page) -> list[str]:
    return page.locator("#users tbody th").all_text_contents()


def cells(page: Page, table: str) -> list[list[str]]:
    """The texts of a table's rows."""
    script = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent.trim()))"
    found: list[list[str]] = page.locator(f"{table} tbody tr").evaluate_all(script)
    return found


def test_the_activity_page(page: Page, served: Running) -> None:
    page.goto(f"{served.url}/activity")
    expect(page.locator("#badge")).to_have_text(f"{OTHERS + 4} users (2 active, 2 idle, {OTHERS} offline)")
    expect(page.locator("#users tbody tr")).to_have_count(200)
    assert page.locator("#found").text_content() == f"the first 200 of {OTHERS + 4}"
    assert names(page)[:4] == ["Ann", "zoe", HOSTILE, "bob"]
    assert [row[3:8] for row in cells(page, "#users")[:4]] == [
        ["3.0%", "1.2 GB", "--", "Expiring...", "2 minutes ago"],
        ["12.5%", "512 MB", "1.5 GB", "1d 1h", "1 minute ago"],
        ["99.9%", "1024 MB", "--", "25m", "1 month ago"],
        ["0.0%", "8 MB", "10 MB", "3h 25m", "2 hours ago"],
    ]
    zoe, bob = page.locator("#users tbody tr").nth(1), page.locator("#users tbody tr").nth(3)
    assert zoe.locator("td").nth(4).get_attribute("title") == "cache: 600 MB\nhome: 900 MB"
    assert zoe.locator(".dot").get_attribute("title") == "Online (active)"
    assert bob.locator(".dot").get_attribute("title") == "Online (inactive)"
    assert [row.locator("td").nth(0).text_content() for row in (zoe, bob)] == ["✓", "✗"]
    assert bob.locator("[title='Not authorized']").count() == 1
    assert zoe.locator(".bar").get_attribute("title") == "Activity: 153% (more than 8h/day)"
    assert bob.locator(".bar").get_attribute("title") == "Not enough data (12h of 24h collected)"
    assert (zoe.locator(".lit").count(), bob.locator(".lit").count()) == (5, 5)
    assert zoe.locator(".lit").first.evaluate("one => getComputedStyle(one).backgroundColor") == "rgb(40, 167, 69)"
    titles = page.locator("#users thead button").evaluate_all("all => all.map(one => one.title)")
    assert len(titles) == 9 and all(titles) and "idle culler" in titles[6]


def test_users_are_sorted_over_all_of_them_in_three_states(page: Page, served: Running) -> None:
    page.goto(f"{served.url}/activity")
    expect(page.locator("#users tbody tr")).to_have_count(200)
    head = page.get_by_role("button", name="User")
    for first, order in (("zoe", "descending"), (HOSTILE, "ascending"), ("Ann", None)):
        head.click()
        expect(page.locator("#users tbody th").first).to_have_text(first)
        assert page.locator("th[data-column=username]").get_attribute("aria-sort") == order
    cpu = page.get_by_role("button", name="CPU")
    for wanted in ([HOSTILE, "zoe", "Ann", "bob"], ["bob", "Ann", "zoe", HOSTILE]):
        cpu.click()
        expect(page.locator("#users tbody th").first).to_have_text(wanted[0])
        assert names(page)[:5] == [*wanted, "user00000"]  # without a value: last, by name
    page.get_by_role("button", name="Show more").click()
    expect(page.locator("#users tbody tr")).to_have_count(OTHERS + 4)
    assert len(set(names(page))) == OTHERS + 4


def test_users_are_searched_over_all_of_them(page: Page, served: Running) -> None:
    page.goto(f"{served.url}/activity")
    page.fill("#search", "USER0049")
    expect(page.locator("#found")).to_have_text(f"6 of {OTHERS + 4}")
    assert names(page) == [f"user0049{number}" for number in range(6)]
    page.fill("#search", "<img")
    expect(page.locator("#users tbody tr")).to_have_count(1)
    page.fill("#search", "nobody")
    expect(page.locator("#users tbody tr")).to_have_count(0)


def test_a_refresh_keeps_the_place_the_order_and_the_focus(page: Page, served: Running) -> None:
    page.goto(f"{served.url}/activity")
    page.get_by_role("button", name="CPU").click()
    expect(page.locator("#users tbody th").first).to_have_text(HOSTILE)
    bar = page.locator("tr", has_text="zoe").locator(".bar")
    bar.focus()
    page.evaluate("scrollTo(0, 120)")
    user = activity_users.c
    busy = sa.update(activity_users).where(user.username == "zoe")
    try:
        with served.site.store.metrics.begin() as connection:
            connection.execute(busy.values(cpu_percent=100.0))
        expect(page.locator("#users tbody th").first).to_have_text("zoe")
        assert page.evaluate("[scrollY, document.activeElement.className]") == [120, "bar"]
    finally:
        with served.site.store.metrics.begin() as connection:
            connection.execute(busy.values(cpu_percent=12.45))


def test_the_events_page(page: Page, served: Running) -> None:
    page.goto(f"{served.url}/stats")
    expect(page.locator("#activity-level b")).to_have_text("yellow")
    expect(page.locator("#disk-level b")).to_have_text("green")
    expect(page.locator("#heat button")).to_have_count(168)
    assert page.locator("#week-title").text_content() == "Week 11 of 2026"
    hour = page.locator("#heat button").nth(23)
    assert hour.get_attribute("title") == "Mon 23:00: failed_logins 23, logouts 1; 1,023 MiB free"
    assert hour.evaluate("one => one.style.background") == "rgb(8, 29, 88)"
    assert page.locator("#heat button").nth(0).get_attribute("title") == "Mon 00:00: no events; 1,000 MiB free"
    assert [page.locator("#heat button").nth(at).get_attribute("class") for at in (36, 37)] == ["current", "future"]
    assert "no data" in (page.locator("#heat button").nth(24).get_attribute("title") or "")
    hour.focus()
    assert page.locator("#hour").text_content() == hour.get_attribute("title")
    page.get_by_role("button", name="Numbers").click()
    assert hour.inner_text() == "24"
    after = page.get_by_role("button", name="Week after")
    expect(after).to_be_disabled()
    assert float(after.evaluate("(button) => getComputedStyle(button).opacity")) < 1
    page.get_by_role("button", name="Week before").click()
    expect(page.locator("#week-title")).to_have_text("Week 10 of 2026")
    assert page.locator("#csv").get_attribute("href") == "/adm/admin/export/1"
    page.get_by_role("button", name="Week after").click()
    expect(page.locator("#week-title")).to_have_text("Week 11 of 2026")
    assert cells(page, "#anomalies") == [
        ["2026-03-10 11:58:30", "yellow", f"{HOSTILE} 7"],
        ["2026-03-09 10:01:00", "yellow", "none: the level fell from red"],
        ["2026-03-09 10:00:30", "red", "failed_logins 42, files 11"],
    ]
    assert [row[1:] for row in cells(page, "#memory")] == [
        ["2026-03-10 11:59:39", HOSTILE, "–"],
        ["2026-03-10 11:59:35", "failed_logins", "0.250 s"],
        ["2026-03-10 11:59:30", "successful_logins", "–"],
    ]


def test_the_page_of_a_course(page: Page, served: Running) -> None:
    page.goto(f"{served.url}/courses")
    page.get_by_role("link", name=COURSE).click()
    expect(page.locator("#step")).to_have_text("3/3")
    assert page.locator("details[open]").evaluate_all("all => all.map(one => one.id)") == ["animated"]
    expect(page.locator("#when")).to_have_text("2026-03-03 12:00:00")
    for name, step in (("First step", 1), ("Step back", 1), ("Step forward", 2), ("Last step", 3), ("Step forward", 3)):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.locator("#step")).to_have_text(f"{step}/3")
    page.locator("#slider").fill("2")
    expect(page.locator("#step")).to_have_text("2/3")
    page.get_by_role("button", name="First step").click()
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator("#step")).to_have_text("3/3")
    expect(page.get_by_role("button", name="Play", exact=True)).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("details.plot .drawing > :is(svg, figure, canvas)")).to_have_count(11)
    assert page.locator("#map summary").text_content() == "3 notebooks * 3 students map"
    assert page.locator("#per-notebook .note").text_content() == "number of students/3 per notebook"
    assert page.locator("#map canvas").evaluate("one => [one.width, one.height]") == [500, 500]
    page.locator("#map canvas").hover(position={"x": 490, "y": 20})
    expect(page.locator("#map .hour")).to_have_text("bob, week2/n 2.ipynb: never opened")
    page.get_by_role("button", name="Hide all").click()
    assert page.locator("details.plot[open]").count() == 0
    page.get_by_label("Pseudonyms").check()
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#export")).to_have_attribute("href", f"/adm/staff/stats/export/{COURSE}?anonymous=1")


def test_the_operations_page(page: Page, served: Running) -> None:
    page.goto(f"{served.url}/operations")
    expect(page.locator("#health")).to_contain_text("problem")
    expect(page.locator("#ledger tbody tr")).to_have_count(2)
    assert cells(page, "#ledger")[0][:3] == ["cmsauth.log 20260308'", "userlogin", "56"]
    page.fill("#search", "access")
    expect(page.locator("#ledger tbody tr")).to_have_count(1)
    assert page.locator("#ledger code").text_content() == "hzmetrics forget-import nano-access.log-20260308 --table web"
    page.select_option("#level", "ERROR")
    expect(page.locator("#log tbody tr")).to_have_count(1)
    assert cells(page, "#log") == [["2026-03-10 11:30:10", "ERROR", "cannot read <script>alert(1)</script>"]]
    expect(page.locator("#runs svg rect[fill]").first).to_be_attached()
    assert page.locator("#freshness tbody tr").count() >= 3
    page.get_by_role("button", name="Run doctor").click()
    expect(page.locator("#checks tbody tr").first).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Run audit").click()
    expect(page.locator("#checking")).not_to_contain_text("running", timeout=20_000)


def test_the_page_of_active_users(page: Page, served: Running) -> None:
    page.goto(f"{served.url}/active-users")
    expect(page.locator(".card .value")).to_have_text(["11", "60", "1,233"])
    expect(page.locator("#curve svg").last).to_be_visible()
    page.get_by_role("button", name="Week").click()
    page.get_by_text("Table of the last 48 hours").click()
    expect(page.locator("#table tbody tr")).to_have_count(48)


def test_a_page_can_be_one_file(browser: Browser, served: Running, tmp_path: Path) -> None:
    with quiet(browser) as page:
        for name, made in (
            ("activity", copies.activity(served.site.live)),
            ("events", copies.events(served.site.live)),
            ("course", copies.course(served.site.live, COURSE)),
        ):
            file = tmp_path / f"{name}.html"
            file.write_bytes(made)
            page.goto(file.as_uri())
            expect(
                page.locator({"activity": "#users tbody tr", "events": "#heat button", "course": "svg"}[name])
            ).to_have_count({"activity": OTHERS + 4, "events": 168, "course": 1}[name])
            expect(page.locator("#trouble")).to_be_hidden()
            assert page.get_by_role("button", name="Reset").count() == page.locator("header a:visible").count() - 1 == 0


def test_the_commands_write_pages_that_others_cannot_read(
    hub: TestHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", NOW)
    fill(hub.store, 3)
    write_files(hub.settings.paths.home, hub.root / "log.txt")
    for command in (["activity", "page"], ["events", "page"], ["courses", "page", COURSE]):
        output = tmp_path / f"{command[0]}.html"
        assert hub.run(*command, "--output", str(output)) == 0
        assert output.stat().st_mode & 0o777 == 0o640
        capsys.readouterr()
        assert hub.run(*command) == 0
        assert capsys.readouterr().out.splitlines() == output.read_text().splitlines()
        assert "<img src=x" not in output.read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(scheme: Any, browser: Browser, served: Running) -> None:
    script = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    with quiet(browser, color_scheme=scheme, extra_http_headers=ROOT) as page:
        for name in PAGES if scheme == "light" else ("/activity", "/stats"):
            page.goto(f"{served.url}{name}")
            page.wait_for_timeout(400)
            if COURSE in name:
                page.get_by_role("button", name="Show all").click()
            if name == "/activity":  # a few rows are enough
                page.fill("#search", "z")
                expect(page.locator("#users tbody tr")).to_have_count(1)
            page.evaluate(script)
            found = page.evaluate("tags => axe.run(document, {runOnly: tags, preload: false})", tags)
            problems = [
                (one["id"], node["html"][:200], node["failureSummary"][:300])
                for one in found["violations"]
                for node in one["nodes"][:2]
            ]
            assert problems == [], name


def test_no_page_is_wider_than_the_screen(browser: Browser, served: Running) -> None:
    with quiet(browser, viewport={"width": 360, "height": 800}, extra_http_headers=ROOT) as page:
        for name in PAGES:
            page.goto(f"{served.url}{name}")
            page.wait_for_timeout(300)
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, name


def test_a_reset_asks_first(browser: Browser, hub: TestHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And every page shows the same of a hub on MariaDB."""
    monkeypatch.setenv("HZMETRICS_NOW", NOW)
    fill(hub.store, 3)
    write_files(hub.settings.paths.home, hub.root / "log.txt")
    count = sa.select(sa.func.count()).select_from(activity_samples)
    options = {"trusted_proxies": "127.0.0.1", "admins": "root"}
    with (
        running(hub.store, hub.settings, tmp_path, **options) as server,
        quiet(browser, extra_http_headers=ROOT) as page,
    ):
        page.goto(f"{server.url}/activity")
        expect(page.locator("#users tbody tr")).to_have_count(len(FIRST) + 3)
        before = hub.store.metrics.scalar(count)
        page.get_by_role("button", name="Reset").click()
        page.get_by_role("button", name="Cancel").click()
        assert before > 0 and hub.store.metrics.scalar(count) == before
        page.get_by_role("button", name="Reset").click()
        page.get_by_role("button", name="Delete all samples").click()
        expect(page.locator("#samples")).to_have_text("No samples yet")
        assert hub.store.metrics.scalar(count) == 0
        for path in ("/stats", "/operations", "/active-users"):
            page.goto(f"{server.url}{path}")
            page.wait_for_load_state("networkidle") if path == "/active-users" else page.wait_for_timeout(500)
            expect(page.locator("#trouble")).to_be_hidden()
            expect(page.locator("main tbody tr").first).to_be_attached()
