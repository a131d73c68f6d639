"""A hub whose numbers are known, with titles and names that want to be more than text, and its site."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.calendar import Clock, Month
from hzmetrics.config.source import Source
from hzmetrics.publish.figures.definitions import FIGURES, PERIODS
from hzmetrics.publish.figures.overview import GRIDS
from hzmetrics.publish.publishing import publish
from hzmetrics.store import Store, state
from hzmetrics.store.tables.metrics import web
from tests.chromium import browser, chromium  # noqa: F401

MONTHS = list(Month(2024, 8).through(Month(2026, 10)))
NEWEST = MONTHS[-1]
INCOMPLETE = Month(2026, 3)

HOSTILE = (
    "<script>alert(1)</script>",
    "]]><img src=x onerror=alert(2)>",
    "{{ 7*7 }} ${alert(3)}",
    "\u202etxt.exe \u2066left",
    '" onmouseover="alert(4)',
    "x" * 250,
    "=cmd|' /C calc'!A0",
)
"""Titles of tools and resources."""

TELLING = (
    "ann@example.org",
    "192.0.2.17",
    "dsl-192-0-2-17.isp.example",
    "2001:db8::17",
    "tiny.example",
    "annlee",
    "Tiny Town",
)
"""Domains that lead to a person, one of three people, the name of a user, and the place of one who is online."""

TELLING_PATHS = (
    "/user/annlee/cv", "/members/annlee", "/~annlee", "/lost/ann@example.org", "/lost/ann%40example.org",
    "/%75ser/annlee", "/reset/9f86d081884c7d659a2feaa0c55ad015", "/whois/192.0.2.17", "/whois/2001:db8::17",
    "/search?who=annlee", "/search%3Fwho=annlee", "/who=annlee", "https://annlee:secret@example.org/", "/page#annlee",
    "/tel/+49-171-1234567",
)  # fmt: skip
"""Paths that lead to a person, asked for by many."""

TELLING_REFERRERS = (
    "https://annlee@mail.example/inbox?to=ann@example.org", "http://192.0.2.17/annlee", "http://[2001:db8::17]/",
    "https://dsl-192-0-2-17.isp.example/", "https://9f86d081884c7d659a2feaa0c55ad015.cdn.example/", "annlee", "http://annlee/",
)  # fmt: skip

TOLD = (*TELLING, "annlee", "secret", "9f86d081884c7d659a2feaa0c55ad015", "1234567", "/tiny", "tiny-browser")
"""What must not be found anywhere in the site."""

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

ONLINE = {
    "generated": "2026-11-20T11:55:00+00:00",
    "places": [
        {"latitude": 40.4, "longitude": -86.9, "city": "West Lafayette", "region": "Indiana", "country": "US",
         "users": 2, "guests": 3, "bots": 0},
        {"latitude": 41.1, "longitude": -85.1, "city": "Tiny Town", "region": "Indiana", "country": "US",
         "users": 1, "guests": 0, "bots": 0},
        {"latitude": -1.3, "longitude": 36.8, "city": "Nairobi", "region": "-", "country": "KE",
         "users": 3, "guests": 1, "bots": 0},
        {"latitude": -4.0, "longitude": 39.7, "city": "Mombasa", "region": "-", "country": "KE",
         "users": 0, "guests": 1, "bots": 2},
        {"latitude": 52.5, "longitude": 13.4, "city": HOSTILE[0], "region": "-", "country": "DE",
         "users": 0, "guests": 7, "bots": 1},
    ],
    "elsewhere": {"users": 0, "guests": 1, "bots": 0},
}  # fmt: skip
"""The document of the map."""


def cell(key: str, period: int, place: int) -> int | str:
    """The value of a figure in the month of that place: each is another one, but with the first month data begin."""
    grid, row, column = key.split(".")
    period = period if place else 1
    if key == "misc.7.1":
        return f"{place + period} users on {MONTHS[place]}-07"
    return (place + 1) * 1000 + period * 37 + int(row) * 5 + 12 - int(column) + len(grid)


def fill(store: Store) -> None:
    """Write the numbers."""
    for grid, table in GRIDS.items():
        rows = [
            (int(key.split(".")[1]), int(key.split(".")[2]), month.key, period.code, cell(key, period.code, place), 1)
            for key in FIGURES
            if key.startswith(f"{grid}.")
            for period in PERIODS
            for place, month in enumerate(MONTHS)
        ]
        names = ("rowid", "colid", "datetime", "period", "value", "valfmt")
        columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        if grid == "misc":
            columns["value"] = list(map(str, columns["value"]))
        with store.metrics.begin() as connection:
            store.metrics.append(connection, table, pa.table(columns))
    with store.metrics.begin() as connection:
        state.add_dirty_months(connection, [INCOMPLETE])
        state.put(connection, {state.CORRECTIONS: "all-days,ipv6", state.CORRECTED_SINCE: '{"ipv6": "2025-02-03"}'})
    tables = store.hub_tables
    tools = [*range(1, 31), *range(50, 50 + len(HOSTILE))]
    others = [*range(400, 440), *range(450, 450 + len(HOSTILE))]
    titles = {**{n: f"Tool {n}" for n in range(1, 31)}, **{n: f"Resource {n}" for n in range(400, 440)}}
    titles |= {50 + n: text for n, text in enumerate(HOSTILE)} | {450 + n: text for n, text in enumerate(HOSTILE)}
    ones = [1] * (len(tools) + len(others))
    resources: dict[str, Any] = {
        "id": [*tools, *others], "type": [7] * len(tools) + [1] * len(others),
        "title": [titles[number] for number in (*tools, *others)],
        "alias": [f"tool{number}" for number in tools] + [""] * len(others),
        "published": ones, "standalone": ones,
    }  # fmt: skip
    stats = [
        (tool, 7, month.key, period.code, tool * 10 + place, tool * 60.5)
        for tool in tools
        for place, month in enumerate(MONTHS)
        for period in PERIODS
    ]
    users = [
        (other, 1, month.start, period, other + place + period)
        for other in others
        for place, month in enumerate(MONTHS)
        for period in (1, 12, 14)
    ]
    keys = ("resid", "restype", "datetime", "period")
    of_tools = dict(zip((*keys, "number", "seconds"), map(list, zip(*stats, strict=True)), strict=True))
    numbers, seconds = of_tools.pop("number"), of_tools.pop("seconds")
    of_tools |= dict.fromkeys(("users", "sessions", "simulations", "jobs"), numbers)
    of_tools |= {f"{kind}_{name}": seconds for kind in ("tot", "avg") for name in ("wall", "cpu", "view", "wait")}
    with store.hub.begin() as connection:
        store.hub.append(connection, tables.resources, pa.table(resources))
        store.hub.append(connection, tables.resource_stats_tools, pa.table(of_tools))
        of_others = dict(zip((*keys, "users"), map(list, zip(*users, strict=True)), strict=True))
        store.hub.append(connection, tables.resource_stats, pa.table(of_others))
    row = tables.resource_stats_tools.c
    (first,) = store.hub.rows(sa.select(row.id).where(row.resid == 1, row.datetime == NEWEST.key, row.period == 12))
    parts = [(1, "United States", 40), (1, "Kenya", 3), (2, "purdue.edu", 20), (2, "<b>bold.example</b>", 9)]
    parts += [(2, name, 3 if name == "tiny.example" else 30) for name in TELLING[:5]]
    with store.hub.begin() as connection:
        connection.execute(
            sa.insert(tables.resource_stats_tools_topvals),
            [
                {"id": first.id, "top": top, "rank": rank, "name": name, "value": value}
                for rank, (top, name, value) in enumerate(parts, 1)
            ],
        )


def fill_requests(store: Store, months: Sequence[Month], visitors: int = 9) -> None:
    """Write requests of some months: in each, so many visitors ask for ordinary, hostile and telling paths."""
    paths = [
        "/",
        "/guide?page=2",
        "/guide/",
        *TELLING_PATHS,
        *(f"/{text}" for text in HOSTILE),
        quote(f"/{HOSTILE[0]}"),
    ]
    referrers = ["-", "https://www.search.example/", *TELLING_REFERRERS, *HOSTILE]
    agents = [FIREFOX, *HOSTILE, "annlee/1.0 (ann@example.org)"]
    rows = [
        (
            f"{month}-05 {place * 5 // 6:02d}:{place * 50 % 60:02d}:00",
            f"198.51.100.{who}",
            path,
            referrer,
            agents[place % len(agents)],
        )
        for month in months
        for who in range(visitors)
        for place, (path, referrer) in enumerate(zip_longest(paths, referrers, fillvalue="/"))
    ]
    rows += [
        (f"{month}-05 00:10:00", f"198.51.100.{who}", "/guide", "https://www.nano.example/", FIREFOX)
        for month in months
        for who in range(visitors)
    ]
    rows += [
        (f"{month}-05 23:00:00", f"203.0.113.{who}", "/tiny", "https://tiny.example/", "tiny-browser")
        for month in months
        for who in range(3)
    ]
    names = ("datetime", "ip", "content", "referrer", "useragent")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    columns["ipcountry"] = ["DE" if ip.startswith("198") else "FR" for ip in columns["ip"]]
    columns["id"] = list(range(1, len(rows) + 1))
    with store.metrics.begin() as connection:
        store.metrics.append(connection, web, pa.table(columns))


@dataclass(frozen=True)
class Published:
    """A site, and the hub that it shows."""

    settings: config.Settings
    store: Store
    directory: Path


def make(root: Path) -> Published:
    """A hub in SQLite with its site."""
    sections = {
        "hub": {"site": "nano", "hub_dir": str(root)},
        "db": {"sqlite": str(root / "db")},
        "publish": {"dir": str(root / "site/usage"), "traffic": "yes"},
    }
    clock = Clock.parse("2026-11-20T12:00:00")
    settings = config.build(Source(root / "conf", sections, environment={"HZMETRICS_HOME": str(root / "home")}), clock)
    store = Store(settings)
    fill(store)
    fill_requests(store, [MONTHS[5], MONTHS[-2], NEWEST])
    (root / "site/stats/maps").mkdir(parents=True)
    (root / "site/stats/maps/whoisonline.json").write_text(json.dumps(ONLINE), encoding="utf-8")
    publish(store, settings)
    return Published(settings, store, root / "site/usage")


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """A site that no test changes."""
    made = make(tmp_path_factory.mktemp("site"))
    yield made
    made.store.close()
