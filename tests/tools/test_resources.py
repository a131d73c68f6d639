"""Users of resources equal a naive reading of spec 40 §7, and the matching of URLs equals the database's own."""

from __future__ import annotations

import contextvars
import random
from collections.abc import Callable
from contextlib import nullcontext

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hzmetrics.calendar import Month
from hzmetrics.engine import Engine
from hzmetrics.pipeline.run import keeping
from hzmetrics.snapshots import remove_all
from hzmetrics.store.database import Database
from hzmetrics.store.tables import metrics
from hzmetrics.tools import resources, rules, visitors
from tests.conftest import TestHub
from tests.statements import asked
from tests.tools import naive
from tests.tools.hubs import Row, fill, stored

PATHS = st.one_of(
    st.sampled_from([
        "", " ", "77", "8", "9/", "000/x", "2018/03/00417/slides.pdf", "2018/03/00417/viewer.swf", "2018/viewer.swf",
        "2018/03/00417/Viewer.swf", "2018/0_/viewer.swf", "my docs/a.pdf", "/groups/abc", "/topics/", "/topics/a_b",
        "/topics/my plan", "/Topics/x", "/topics/50%", "/topics/back\\", "/topics/b\\_c", "/topics/é", "/resources/",
        "/site", "/resources/300", "/local/a b", "/site/resources/77", "lm/unit1/sub/page.html", "lm/a.b/c", "lm/x/.b",
        "lm/x/y.", "lm//y.z", "lm/a b/c.d", "lm/u_/x.y", "http://example.org/x", "HTTPD/x.pdf", " http://x",
        "viewer.swf", "3viewer.swf",
    ]),
    st.lists(st.sampled_from([*"07aé//. _%\\", "lm/", "/topics/"]), max_size=8).map("".join),
)  # fmt: skip
TIMES = [
    "0000-00-00 00:00:00", "1994-12-31 23:59:59", "1995-01-01 00:00:00", "2025-05-31 23:59:59", "2025-06-01 00:00:00",
    "2026-02-00 00:00:00", "2026-04-30 23:59:59", "2026-05-01 00:00:00", "2026-05-31 23:59:59", "2026-06-01 00:00:00",
]  # fmt: skip
TAILS = st.sampled_from(["", "", "", " ", "?q=1", "/x", "%", "x"])


def urls_of(path: str) -> list[str]:
    """URLs that the patterns of a path may match, or only just not."""
    p = path.replace(" ", "%20")
    folder, _, last = p.rpartition("/")
    number = folder.rpartition("/")[2].lstrip("0")
    near = [p, p.upper(), p.replace("_", "x"), p.replace("\\", ""), p.replace("%", "--"), folder + "/", path, p[:-1]]
    return [*near, *("/site/resources/" + text for text in near), f"/resources/{number}/download/{last}"]


@st.composite
def hubs(draw: st.DrawFn) -> dict[str, list[Row]]:
    paths = draw(st.lists(PATHS, min_size=1, max_size=8))
    number = st.integers(1, len(paths) + 2)
    edges = draw(st.lists(st.tuples(number, number), max_size=12))
    flag = st.sampled_from([0, 1, 1, 1, 2])
    url = st.sampled_from(sorted({url for path in paths for url in urls_of(path)}))
    ip = st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::a", "2001:DB8::A"])
    host = st.sampled_from([None, "", "?", "h.example.net", "H.Example.net ", "hé"])
    request = st.tuples(st.sampled_from(TIMES), ip, host, st.builds(str.__add__, url, TAILS))
    return {
        "resources": [
            {
                "id": i,
                "path": path,
                "type": draw(st.sampled_from([7, 39, 40])),
                "published": draw(flag),
                "standalone": draw(flag),
            }
            for i, path in enumerate(paths, 1)
        ],
        "resource_assoc": [{"parent_id": parent, "child_id": child} for parent, child in edges],
        "web": [
            {"datetime": t, "ip": ip, "host": host, "content": content}
            for t, ip, host, content in draw(st.lists(request, max_size=25))
        ],
    }


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables=hubs())
def test_equal_the_naive_reading(hub: TestHub, tables: dict[str, list[Row]]) -> None:
    """From the rows, and from the snapshots that the first time has left."""
    fill(hub, tables)
    for _ in range(2):
        resources.andmore_usage(hub.store, hub.settings, Month(2026, 5))
        found = {(row["resid"], row["restype"], row["period"]): row["users"] for row in stored(hub, "resource_stats")}
        assert found == naive.resource_users(tables, 2026, 5)


RESOURCE = {"type": 39, "published": 1, "standalone": 1}


@pytest.mark.slow
def test_a_run_reads_months_again_that_changed(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    load = Engine.load
    monkeypatch.setattr(Engine, "load", lambda self, name, rows: (read.append(name), load(self, name, rows))[1])

    def users(change: Callable[[], None], kept: bool) -> list[int]:
        with visitors.kept() if kept else nullcontext():
            for _ in range(2):
                resources.andmore_usage(hub.store, hub.settings, Month(2026, 5))
            read.clear()
            change()
            resources.andmore_usage(hub.store, hub.settings, Month(2026, 5))
        return [row["users"] for row in stored(hub, "resource_stats")]

    def request(month: int, ip: str, host: str | None = "?") -> Row:
        return {"datetime": f"2026-{month:02}-10 10:00:00", "ip": ip, "host": host, "content": "/site/resources/a/b"}

    def execute(statement: sa.Executable, database: Database = hub.store.metrics) -> None:
        with database.begin() as connection:
            connection.execute(statement)

    def write(how: Callable[[sa.Connection, sa.Table, pa.Table], int], row: Row) -> None:
        with hub.store.metrics.begin() as connection:
            how(connection, table, pa.Table.from_pylist([row]))

    append, delete = hub.store.metrics.append, hub.store.metrics.delete
    table, roots = metrics.web, hub.store.hub_tables.resources
    changes = {
        "nothing": (lambda: None, 0),
        "a new request": (lambda: write(append, request(4, "192.0.2.8")), 1),
        "one of another month": (lambda: write(append, request(6, "192.0.2.8")), 0),
        "one gone": (lambda: write(delete, request(5, "192.0.2.1")), 1),
        "another path": (lambda: execute(sa.update(roots).values(path="c/d"), hub.store.hub), 0),
    }
    for change, times in changes.values():
        fill(hub, {"resources": [{"id": 1, "path": "a/b", **RESOURCE}],
                   "web": [request(4, "192.0.2.1"), request(5, "192.0.2.1"), request(5, "192.0.2.2")]})  # fmt: skip
        found = users(change, kept=True)
        assert read.count("requests") == times
        assert found == users(change, kept=False)
    fill(hub, {"resources": [{"id": 1, "path": "a/b", **RESOURCE}], "web": [request(5, "192.0.2.1", None)]})
    assert users(lambda: execute(sa.update(table).values(host="?")), kept=True) == [1, 1, 1]


def test_a_run_counts_requests_of_no_month_again(hub: TestHub) -> None:
    request = {"datetime": "2026-04-10 10:00:00", "ip": "192.0.2.1", "host": "?", "content": "/site/resources/a/b"}
    fill(hub, {"resources": [{"id": 1, "path": "a/b", **RESOURCE}], "web": [request]})
    with keeping():
        with asked() as first:
            resources.andmore_usage(hub.store, hub.settings, Month(2026, 5))
        with asked() as second:
            resources.andmore_usage(hub.store, hub.settings, Month(2026, 5))
    counts = [[one for one in statements if "count(" in one and "FROM web" in one] for statements in (first, second)]
    assert [bool(found) for found in counts] == [True, False]


def test_requests_without_a_month_are_of_january(hub: TestHub) -> None:
    old = {"datetime": "2026-00-00 10:00:00", "ip": "192.0.2.1", "host": "?", "content": "/site/resources/a/b"}
    fill(hub, {"resources": [{"id": 1, "path": "a/b", **RESOURCE}], "web": [old]})
    new = {**old, "datetime": "2026-01-20 10:00:00", "ip": "192.0.2.2"}
    with visitors.kept():
        for _ in range(2):
            resources.andmore_usage(hub.store, hub.settings, Month(2026, 2))
        with hub.store.metrics.begin() as connection:
            hub.store.metrics.append(connection, metrics.web, pa.Table.from_pylist([new]))
        resources.andmore_usage(hub.store, hub.settings, Month(2026, 2))
    users = {row["period"]: row["users"] for row in stored(hub, "resource_stats")}
    assert (users[12], users[14]) == (2, 2)


@pytest.mark.parametrize("seed", range(6))
def test_months_of_a_run_are_counted_as_they_would_be_alone(hub: TestHub, seed: int) -> None:
    chance = random.Random(seed)
    names, database = ("datetime", "ip", "host", "content"), hub.store.metrics
    first = Month(2025, 1)

    def some(number: int) -> pa.Table:
        rows = [
            (f"{first.plus(chance.randrange(20))}-10 10:00:00", f"192.0.2.{chance.randrange(6)}",
             chance.choice([None, "", "?", "?", "a.example"]), f"/site/resources/{chance.choice('ab')}")
            for _ in range(number)
        ]  # fmt: skip
        return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))

    def users(month: Month) -> list[Row]:
        resources.andmore_usage(hub.store, hub.settings, month)
        return [row for row in stored(hub, "resource_stats") if row["datetime"] == month.start]

    fill(hub, {"resources": [{"id": number, "path": path, **RESOURCE} for number, path in enumerate("ab", 1)]})
    with visitors.kept():
        for number in range(20):
            month = first.plus(number if seed % 2 else chance.randrange(1, 20))
            with database.begin() as connection:
                if chance.random() < 0.4:
                    database.append(connection, metrics.web, some(4))
                if chance.random() < 0.2:
                    database.delete(connection, metrics.web, some(1).select(["datetime", "ip"]))
            together = users(month)
            if chance.random() < 0.5:
                remove_all(hub.settings)
            alone = contextvars.Context().run(users, month)
            assert together == alone and (together or not number)
        with visitors.visitors() as seen:
            files = [path.name[:7] for path in seen.directory.iterdir() if path.name.startswith("202")]
        assert len(files) == len(set(files))


def test_a_month_read_again_with_the_same_rows_changes_no_other(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = [
        {"datetime": f"2026-0{month}-10 10:00:00", "ip": "192.0.2.1", "host": host, "content": "/site/resources/a/b"}
        for month in (2, 3, 4)
        for host in ("?", "" if month == 2 else "?")
    ]
    fill(hub, {"resources": [{"id": 1, "path": "a/b", **RESOURCE}], "web": requests})
    made, save = [], Engine.save
    monkeypatch.setattr(Engine, "save", lambda self, name, path: (made.append(name), save(self, name, path))[1])
    with visitors.kept():
        for month in (4, 5):
            resources.andmore_usage(hub.store, hub.settings, Month(2026, month))
    of_month = ["month_requests", "root_visitors"]
    assert made == [*of_month * 3, "new_visitors", *of_month]


def requests(urls: list[str]) -> pa.Table:
    """The requests of a month, for some URLs."""
    columns = {"visitor": pa.array([1] * len(urls), pa.uint64()), "month": pa.array(["2025-01"] * len(urls))}
    return pa.table({**columns, "content": pa.array(urls, pa.string())})


def matches(path: str, urls: list[str]) -> list[bool]:
    """Which of `urls` a published resource with `path` counts, as the models see it."""
    with Engine(rules.PACKAGE) as engine:
        root = {"id": [1], "type": [39], "path": [path], "published": [1], "standalone": [1]}
        engine.register("resources", pa.table(root))
        engine.register(
            "resource_assoc", pa.table({"parent_id": pa.array([], pa.int64()), "child_id": pa.array([], pa.int64())})
        )
        engine.register("grouped_requests", requests(urls))
        counted = set(engine.table("url_roots")["content"].to_pylist())
    return [url in counted for url in urls]


@pytest.mark.parametrize(
    ("path", "counted", "not_counted"),
    [
        ("2018/03/00417/slides.pdf",
         ["/site/resources/2018/03/00417/slides.pdf", "/resources/417/download/SLIDES.pdf "],
         ["/resources/00417/download/slides.pdf", "/resources/417/download/slides.pdf?x=1"]),
        ("2018/03/00417/viewer.swf", ["/Site/resources/2018/03/00417/x.xml?a=b"], ["/site/resources/2018/03/00417"]),
        ("2018/03/00417/Viewer.swf", ["/resources/417/download/viewer.swf"], ["/site/resources/2018/03/00417/x.xml"]),
        ("77", ["/site/resources/77", "/resources//download/77"], ["/resources/77"]),
        ("9/", ["/site/resources/9/", "/resources/9/download/"], ["/site/resources/9"]),
        ("8", ["/site/resources/8"], ["/resources//download/8"]),
        ("my docs/a.pdf", ["/site/resources/my%20docs/a.pdf"], ["/site/resources/my docs/a.pdf"]),
        ("/groups/abc", ["/site/resources//groups/abc"], ["/groups/abc"]),
        ("/topics/a_b", ["/topics/a_b", "/TOPICS/A-B?q=1", "/topics/aXbc", "/topics/aéb"], ["/topics/ab"]),
        ("/topics/my plan", ["/topics/my%20plan", "/topics/my/deep/20plan/x"], ["/topics/my plan"]),
        ("/topics/a\\_b", ["/topics/a_bc"], ["/topics/aXb", "/topics/a\\_b"]),
        ("/topics/a\\", ["/topics/a%"], ["/topics/a", "/topics/a%x", "/topics/a\\"]),
        ("/topics/", ["/site/resources//topics/"], ["/topics/x"]),
        ("/topics/é", ["/topics/Ex"], ["/topics/"]),
        ("lm/unit1/sub/page.html", ["lm/unit1/sub/", "LM/unit1/sub/x/y"], ["/lm/unit1/sub/x", "lm/unit1/su"]),
        ("lm//y.z", ["/site/resources/lm//y.z"], ["lm//y.z"]),
        ("lm/x/.b", ["/site/resources/lm/x/.b"], ["lm/x/"]),
        ("HttpD/x.pdf", [], ["/site/resources/HttpD/x.pdf"]),
    ],
)  # fmt: skip
def test_urls_of_a_path(path: str, counted: list[str], not_counted: list[str]) -> None:
    assert matches(path, [*counted, *not_counted]) == [True] * len(counted) + [False] * len(not_counted)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(paths=st.lists(st.text("ab/", min_size=1, max_size=5), min_size=1, max_size=12), url=st.text("ab/", max_size=7))
def test_nested_prefixes(paths: list[str], url: str) -> None:
    with Engine(rules.PACKAGE) as engine:
        roots = {"root": list(range(len(paths))), "head": [path.upper() for path in paths]}
        patterns = pa.table({**roots, "pattern": pa.array([None] * len(paths), pa.string())})
        engine.register("prefix_patterns", patterns)
        engine.register(
            "exact_patterns", pa.table({"root": pa.array([], pa.int64()), "key": pa.array([], pa.string())})
        )
        engine.register("grouped_requests", requests([url]))
        found = sorted(engine.table("url_roots")["root"].to_pylist())
    assert found == [number for number, path in enumerate(paths) if url.startswith(path)]


TEXT = st.text(st.sampled_from("aAéßÉ_%\\ 0/.☃"), max_size=8)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tail=TEXT.filter(bool), urls=st.lists(TEXT, min_size=1, max_size=8))
def test_prefixes_match_as_the_server_matches(hub: TestHub, tail: str, urls: list[str]) -> None:
    if hub.kind != "mariadb":
        pytest.skip("asks the server")
    path, contents = "/topics/" + tail, ["/topics/" + url for url in dict.fromkeys(urls)]
    like = "SELECT %s LIKE CONCAT(REPLACE(%s, ' ', '%%20'), '%%')"
    with hub.store.hub.connect() as connection:
        expected = [connection.exec_driver_sql(like, (url, path)).scalar() == 1 for url in contents]
    assert matches(path, contents) == expected
