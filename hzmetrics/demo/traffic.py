"""One day of the invented hub: visits, the requests and logins they make, and the tools they run.

People come at office hours, read a handful of pages, each with its style sheets and pictures, download files, search,
log in and start tools. Search engines and scrapers read page after page at any hour; a monitor looks in every five
minutes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.demo.proportions import Proportions
from hzmetrics.demo.world import MONITOR, TOOLS, Numbers, World, epoch

GUEST, MEMBER, CRAWLER, SCRAPER, WATCH = range(5)
"""The kinds of visits, as in `Kinds`."""

TOOL_USERS = 0.45
"""Share of the members' visits that start a tool."""

BY_HOUR = np.array([3, 2, 2, 2, 2, 3, 4, 6, 9, 12, 13, 12, 11, 12, 13, 13, 12, 10, 8, 8, 8, 7, 6, 4], float)
"""How many people come in each hour, as weights."""

CRAWLERS = (
    ("Mozilla/5.0 (compatible; Seeklybot/2.1; +https://seekly.example/bot)", 5),
    ("Mozilla/5.0 (compatible; PagewalkSpider/1.0; +https://pagewalk.example/about)", 4),
    ("zoekmeester-crawler/3.2", 3),
    ("python-requests/2.32.3", 1),
    ("curl/8.8.0", 1),
)
"""The user agents of search engines and scripts, with weights."""

WATCHER, WATCHER_ACCOUNT = "hub-monitor/1.0 (curl)", "hubstatus"

HOST = "https://hub.example"
"""The address of the hub in referrers."""

WORDS = (
    "graphene",
    "mosfet",
    "phonon",
    "laser",
    "diode",
    "membrane",
    "catalyst",
    "plasma",
    "polymer",
    "sensor",
    "spin",
)


@dataclass(frozen=True)
class Day:
    """What happened on a day, in columns; times are seconds since midnight, in order."""

    date: dt.date
    requests: pa.Table
    """time, ip, method, url, status, size, referrer, agent, uid (`-` for guests), session, component, view, item."""
    logins: pa.Table
    """time, uid, user, ip, action: what the CMS writes of its accounts."""
    tool_sessions: pa.Table
    """user, ip, start (unix seconds of the wall clock), tool, walltime, viewtime, cputime, runs."""


@dataclass(frozen=True)
class Pages:
    """The addresses that can be asked for, in columns, and how much each is asked for by people and by machines."""

    url: pa.Array
    component: pa.Array
    view: pa.Array
    item: pa.Array
    size: Numbers
    by_people: npt.NDArray[np.float64]
    by_machines: npt.NDArray[np.float64]
    assets: Numbers
    """Which of them are loaded with a page."""
    login: int
    robots: int
    tool: Numbers
    """The page that starts each tool."""


def day(world: World, pages: Pages, date: dt.date, lines: float) -> Day:
    """What happens on `date`, about `lines` log lines of it. Called again with the same, it gives the same day."""
    rng = world.rng(1, date.toordinal())
    proportions = world.proportions
    kind, start = _visits(rng, proportions, lines)
    progress = (date - world.first).days / max(1, (world.last - world.first).days)
    account = np.where(kind == MEMBER, _members(rng, world, date, len(kind)), -1)
    address = _origins(rng, world, kind, account, progress)
    agent = _agents(rng, proportions, kind)
    session = pa.array([f"{n:016x}" for n in rng.integers(1 << 60, 1 << 63, len(kind)).tolist()], pa.string())

    count = np.clip(rng.geometric(1 / np.array(proportions.pages)[kind]), 1, 80)
    visit = np.repeat(np.arange(len(kind)), count)
    nth = np.arange(len(visit)) - np.repeat(np.cumsum(count) - count, count)
    is_person = (kind <= MEMBER)[visit]
    time = start[visit] + _elapsed(rng, nth, is_person, visit)
    page = _chosen_pages(rng, pages, kind[visit], nth, is_person)
    tool_visit, tool = _tool_starts(rng, kind)
    page[_last_of(visit, count)[tool_visit]] = pages.tool[tool]

    asset_of = np.repeat(np.flatnonzero(is_person), rng.poisson(proportions.assets, int(is_person.sum())))
    request_visit = np.concatenate([visit, visit[asset_of]])
    request_page = np.concatenate([page, rng.choice(pages.assets, len(asset_of))])
    request_time = np.concatenate([time, time[asset_of] + rng.integers(0, 3, len(asset_of))])
    is_asset = np.arange(len(request_visit)) >= len(visit)
    referrer = pa.concat_arrays(
        [
            _referrers(rng, pages, page, nth, is_person),
            pc.binary_join_element_wise(HOST, pages.url.take(pa.array(page[asset_of])), ""),
        ]
    )

    order = np.argsort(request_time, kind="stable")
    order = order[request_time[order] < 86400]
    page_of = pa.array(request_page[order])
    visit_of = pa.array(request_visit[order])
    uid = np.where(account >= 0, world.accounts.uid[account], 0)
    size = (pages.size[request_page[order]] * rng.lognormal(0, 0.3, len(order))).astype(np.int64) + 1
    requests = pa.table(
        {
            "time": request_time[order],
            "ip": pa.array([*world.addresses.ip, MONITOR]).take(pa.array(address)).take(visit_of),
            "method": pa.array(["GET", "POST", "HEAD"]).take(pa.array(rng.choice(3, len(order), p=(0.96, 0.03, 0.01)))),
            "url": pages.url.take(page_of),
            "status": _statuses(rng, is_asset[order]),
            "size": size,
            "referrer": referrer.take(pa.array(order)),
            "agent": agent.take(visit_of),
            "uid": pc.if_else(pc.equal(pa.array(uid), 0), "-", pa.array(uid).cast(pa.string())).take(visit_of),
            "session": session.take(visit_of),
            "component": pages.component.take(page_of),
            "view": pages.view.take(page_of),
            "item": pages.item.take(page_of),
        }
    )
    return Day(
        date,
        requests,
        _logins(rng, world, kind, start, account, address, tool_visit),
        _tool_sessions(rng, world, date, account, address, start, tool_visit, tool),
    )


def known_pages(world: World) -> Pages:
    """The pages of a world."""
    rows: list[tuple[str, str, str, str, int, float, float]] = [
        ("/", "com_content", "front", "-", 24_000, 60, 30),
        ("/about", "com_content", "article", "7", 15_000, 6, 4),
        ("/resources", "com_resources", "intro", "-", 30_000, 15, 8),
        ("/resources/tools", "com_resources", "browse", "tools", 34_000, 14, 6),
        ("/kb/faq", "com_kb", "article", "faq", 18_000, 5, 3),
        ("/members/myaccount", "com_members", "profile", "-", 22_000, 6, 0),
        ("/events/2019/05", "com_events", "browse", "-", 12_000, 1, 15),
        ("/citations/browse?start=40", "com_citations", "browse", "-", 40_000, 1, 20),
        ("/register", "com_members", "register", "-", 9_000, 4, 4),
        ("/api/v1/status", "com_api", "-", "-", 300, 3, 0),
        ("/administrator/index.php", "com_login", "-", "-", 4_000, 1, 1),
    ]
    login = len(rows)
    rows.append(("/login", "com_users", "login", "-", 8_000, 0, 2))
    robots = len(rows)
    rows.append(("/robots.txt", "-", "-", "-", 400, 0, 0))
    rows += [(f"/search?terms={word}", "com_search", "results", "-", 26_000, 2.5, 2) for word in WORDS]
    rows += [(f"/resources/browse?tag={word}", "com_resources", "browse", word, 30_000, 1, 12) for word in WORDS]
    for n in range(1, world.proportions.listed):
        for word in WORDS:
            query, browsed = f"{word}&start={20 * n}&limit=20", ("com_resources", "browse", word)
            rows.append((f"/search?terms={query}", "com_search", "results", "-", 26_000, 1 / n, 1 / n))
            rows.append((f"/resources/browse?tag={query}", *browsed, 30_000, 0.5 / n, 6 / n))
    for rank, resource in enumerate(world.resources, 1):
        interest = 160 / (rank + 4)
        rows.append((f"/resources/{resource.id}", "com_resources", "view", str(resource.id), 28_000, interest, 6))
        if resource.path:
            item = (str(resource.id), 900_000, interest / 4, 0.4)
            rows.append((resource.download, "com_resources", "download", *item))
    tools = []
    for rank, (alias, _) in enumerate(TOOLS, 1):
        rows.append((f"/resources/{alias}", "com_resources", "view", alias, 27_000, 60 / (rank + 2), 4))
        tools.append(len(rows))
        rows.append((f"/tools/{alias}/invoke", "com_tools", "invoke", alias, 11_000, 0, 0))
    first_asset = len(rows)
    rows += [
        (f"/app/templates/hub/{name}", "-", "-", "-", 20_000, 0, 0)
        for name in ("css/main.css", "css/print.css?v=4", "js/hub.js", "js/tabs.js", "img/logo.png", "img/banner.jpg")
    ]
    rows += [(f"/core/assets/icons/{name}.svg", "-", "-", "-", 1_500, 0, 0) for name in WORDS[:6]]
    return Pages(
        pa.array([row[0] for row in rows]),
        pa.array([row[1] for row in rows]),
        pa.array([row[2] for row in rows]),
        pa.array([row[3] for row in rows]),
        np.array([row[4] for row in rows]),
        _cumulated([row[5] for row in rows]),
        _cumulated([row[6] for row in rows]),
        np.arange(first_asset, len(rows)),
        login,
        robots,
        np.array(tools),
    )


def _cumulated(weights: Sequence[float]) -> npt.NDArray[np.float64]:
    """The chance of each page or one before it."""
    total = np.cumsum(weights, dtype=np.float64)
    share: npt.NDArray[np.float64] = total / total[-1]
    return share


def _visits(rng: np.random.Generator, proportions: Proportions, lines: float) -> tuple[Numbers, Numbers]:
    """Kind and start of each visit of a day."""
    kinds, starts = [], []
    for kind, (share, pages) in enumerate(zip(proportions.share, proportions.pages, strict=True)):
        of_a_visit = pages * (1 + proportions.assets if kind <= MEMBER else 1)
        number = int(rng.poisson(lines * share / of_a_visit))
        if kind == WATCH:
            start = np.arange(number) * 86400 // max(1, number)
        elif kind <= MEMBER:
            hours = rng.choice(24, number, p=BY_HOUR / BY_HOUR.sum())
            start = hours * 3600 + rng.integers(0, 3600, number)
        else:
            start = rng.integers(0, 86400, number)
        kinds.append(np.full(number, kind))
        starts.append(start)
    return np.concatenate(kinds), np.concatenate(starts)


def _members(rng: np.random.Generator, world: World, date: dt.date, count: int) -> Numbers:
    """Accounts that log in: those that are registered by then, the newer the more often."""
    known = int(np.searchsorted(world.accounts.registered, epoch(date)))
    chosen: Numbers = (known * (1 - rng.random(count) ** 1.6)).astype(np.int64)
    return chosen.clip(0, known - 1)


def _origins(rng: np.random.Generator, world: World, kind: Numbers, account: Numbers, progress: float) -> Numbers:
    """The address each visit comes from. Guests are new ones and, more and more, those who came before."""
    people = len(world.visitors)
    newest = 0.25 + 0.75 * progress
    fresh = people * np.clip(newest - 0.2 * rng.random(len(kind)), 0, 1)
    known = people * newest * rng.random(len(kind)) ** 2
    guests = np.where(rng.random(len(kind)) < 0.6, fresh, known).astype(np.int64).clip(0, people - 1)
    return np.select(
        [kind == MEMBER, kind == CRAWLER, kind == SCRAPER, kind == WATCH],
        [
            world.accounts.home[account],
            rng.choice(world.crawlers, len(kind)),
            rng.choice(world.scrapers, len(kind)),
            np.full(len(kind), len(world.addresses.ip)),
        ],
        world.visitors[guests],
    )


def _agents(rng: np.random.Generator, proportions: Proportions, kind: Numbers) -> pa.Array:
    """The user agent of each visit."""
    names = [name for name, _ in (*proportions.browsers, *CRAWLERS)]
    browser = _chosen(rng, [weight for _, weight in proportions.browsers], len(kind))
    crawler = _chosen(rng, [weight for _, weight in CRAWLERS], len(kind)) + len(proportions.browsers)
    chosen = np.select([kind == CRAWLER, kind == WATCH], [crawler, np.full(len(kind), len(names))], browser)
    return pa.array([*names, WATCHER]).take(pa.array(chosen))


def _chosen(rng: np.random.Generator, weights: Sequence[float], count: int) -> Numbers:
    """Positions in `weights`, each as often as it weighs."""
    return np.searchsorted(_cumulated(weights), rng.random(count))


def _elapsed(rng: np.random.Generator, nth: Numbers, is_person: npt.NDArray[np.bool_], visit: Numbers) -> Numbers:
    """Seconds from a visit's start to each of its pages: people read, machines go on."""
    gap = np.where(is_person, rng.lognormal(4.4, 1.2, len(nth)).clip(2, 1700), rng.exponential(6, len(nth)))
    gap[nth == 0] = 0
    total = np.cumsum(gap)
    first = np.flatnonzero(nth == 0)
    elapsed: Numbers = (total - total[first][visit]).astype(np.int64)
    return elapsed


def _chosen_pages(
    rng: np.random.Generator, pages: Pages, kind: Numbers, nth: Numbers, is_person: npt.NDArray[np.bool_]
) -> Numbers:
    """Which page each request asks for."""
    chance = rng.random(len(kind))
    page = np.where(is_person, np.searchsorted(pages.by_people, chance), np.searchsorted(pages.by_machines, chance))
    page[(kind == MEMBER) & (nth == 0)] = pages.login
    page[(kind == CRAWLER) & (nth == 0)] = pages.robots
    page[kind == WATCH] = 0
    return page


def _last_of(visit: Numbers, count: Numbers) -> Numbers:
    """The row of each visit's last page."""
    return np.cumsum(count) - 1


def _tool_starts(rng: np.random.Generator, kind: Numbers) -> tuple[Numbers, Numbers]:
    """The visits that start a tool, and which."""
    members = np.flatnonzero(kind == MEMBER)
    visits = members[rng.random(len(members)) < TOOL_USERS]
    return visits, _chosen(rng, [1 / (rank + 1.5) for rank in range(len(TOOLS))], len(visits))


def _referrers(
    rng: np.random.Generator, pages: Pages, page: Numbers, nth: Numbers, is_person: npt.NDArray[np.bool_]
) -> pa.Array:
    """People come from somewhere and go on from the page before; machines do not say."""
    before = pc.binary_join_element_wise(HOST, pages.url.take(pa.array(np.roll(page, 1))), "")
    sources = pa.array(["-", "https://seekly.example/", "https://news.example/nano", "https://course.example/ece606"])
    entry = sources.take(pa.array(rng.choice(4, len(page), p=(0.5, 0.35, 0.05, 0.1))))
    return pc.if_else(pa.array(is_person), pc.if_else(pa.array(nth == 0), entry, before), "-")


def _statuses(rng: np.random.Generator, is_asset: npt.NDArray[np.bool_]) -> pa.Array:
    """Most is found; browsers keep pictures."""
    codes = pa.array(["200", "304", "404", "301", "500"])
    pages = rng.choice(5, len(is_asset), p=(0.93, 0.02, 0.03, 0.018, 0.002))
    assets = rng.choice(5, len(is_asset), p=(0.6, 0.39, 0.01, 0.0, 0.0))
    return codes.take(pa.array(np.where(is_asset, assets, pages)))


def _logins(
    rng: np.random.Generator,
    world: World,
    kind: Numbers,
    start: Numbers,
    account: Numbers,
    address: Numbers,
    tool_visit: Numbers,
) -> pa.Table:
    """What the CMS writes: logins, some refused at first, some ended; a line when a tool starts; the monitor's own."""
    members = np.flatnonzero(kind == MEMBER)
    ended = members[rng.random(len(members)) < 0.4]
    refused = members[rng.random(len(members)) < 0.05]
    events = [(refused, 0, "invalid"), (members, 4, "login"), (tool_visit, 60, "simulation"), (ended, 900, "logout")]
    visit = np.concatenate([visits for visits, _, _ in events])
    time = np.concatenate([start[visits] + later for visits, later, _ in events])
    action = [action for visits, _, action in events for _ in visits]
    watch = np.arange(24) * 3600 + 17
    order = np.argsort(np.concatenate([time, watch]), kind="stable")
    order = order[np.concatenate([time, watch])[order] < 86400]
    who = pa.array(account[visit])
    table = pa.table(
        {
            "time": np.concatenate([time, watch]),
            "uid": pa.concat_arrays([pa.array(world.accounts.uid).take(who), pa.array(np.full(24, 999))]),
            "user": pa.concat_arrays([pa.array(world.accounts.username).take(who), pa.array([WATCHER_ACCOUNT] * 24)]),
            "ip": pa.concat_arrays(
                [pa.array(world.addresses.ip).take(pa.array(address[visit])), pa.array([MONITOR] * 24)]
            ),
            "action": pa.array([*action, *["login"] * 24]),
        }
    )
    return table.take(pa.array(order))


def _tool_sessions(
    rng: np.random.Generator,
    world: World,
    date: dt.date,
    account: Numbers,
    address: Numbers,
    start: Numbers,
    visit: Numbers,
    tool: Numbers,
) -> pa.Table:
    """The sessions of the tools. One in six comes over IPv6."""
    count = len(visit)
    owners = world.addresses.organization[address[visit]].tolist()
    over6 = (rng.random(count) < 1 / 6).tolist()
    ips = [
        f"{world.organizations[owner].prefix6}::{number + 1:x}" if six else world.addresses.ip[number]
        for owner, six, number in zip(owners, over6, address[visit].tolist(), strict=True)
    ]
    walltime = rng.exponential(2400, count).clip(20, 6 * 86400)
    return pa.table(
        {
            "user": pa.array(world.accounts.username).take(pa.array(account[visit])),
            "ip": pa.array(ips, pa.string()),
            "start": epoch(date) + np.minimum(start[visit] + 60, 86399),
            "tool": pa.array([alias for alias, _ in TOOLS]).take(pa.array(tool)),
            "walltime": walltime,
            "viewtime": walltime * rng.uniform(0.2, 0.9, count),
            "cputime": rng.lognormal(3.5, 2, count).clip(0.2, 2e5),
            "runs": rng.poisson(2.2, count),
        }
    )
