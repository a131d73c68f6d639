"""Steps that would find no row are not called, and rows that lack something are completed (spec 60 §8.6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from pkgutil import resolve_name
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.calendar import Clock, Month
from hzmetrics.demo import maxmind
from hzmetrics.pipeline import facts, gaps, run, steps
from hzmetrics.pipeline.run import make_state_table
from hzmetrics.pipeline.steps import Step
from hzmetrics.pipeline.work import Work
from hzmetrics.store import Store
from hzmetrics.store.tables.metrics import dns_cache, web, websessions
from tests.conftest import TestHub
from tests.enrich.dns_server import DnsServer, name, serve
from tests.enrich.tables import put
from tests.pipeline.scenario import write_files

FEBRUARY, MARCH, APRIL = Month(2026, 2), Month(2026, 3), Month(2026, 4)
NOW = Clock(dt.datetime(2026, 5, 19, 9, 30).astimezone(), fixed=True)
PUBLIC, NAMELESS = "198.51.100.1", "198.51.100.2"
MIDDLE, DAY_BEFORE, NEXT = "2026-03-10 12:00:00", "2026-02-28 12:00:00", "2026-04-01 00:00:00"
TIMES = ("2026-02-10 12:00:00", DAY_BEFORE, MIDDLE, NEXT, "2026-04-10 12:00:00")
"""Of the requests, two each: of an address with a name, and of one without. Two are in the margins of March."""
Rows = dict[str, list[tuple[Any, ...]]]


def steps_of(*tables: str) -> set[str]:
    """The steps on March that look for rows to complete."""
    enriching = ("resolve-dns", "fill-domain", "fill-ipcountry")
    sessions = {"logfix-session 2026-03"} if "web" in tables else set()
    return {f"{step} metrics {table} 2026-03" for table in tables for step in enriching} | sessions


ALL = steps_of("web", "websessions")


@pytest.fixture
def settings(hub: TestHub) -> Iterator[config.Settings]:
    """The settings of a hub with a name server and countries, whose requests of three months are completed."""
    countries = hub.root / "city.mmdb"
    maxmind.write(countries, [("198.51.100.0/24", maxmind.place("DE", "Country", "", "", 1, 2))])
    with hub.configuration.open("a") as file:
        file.write(f"[geoip]\ndatabase = {countries}\n[metrics]\ncorrections = last-session\n")
    make_state_table(hub.store)
    visits = [{"datetime": time, "ipcountry": "DE", **known} for time in TIMES for known in (
        {"ip": PUBLIC, "host": "h1.example.org", "domain": "example.org"}, {"ip": NAMELESS, "host": "?", "domain": "?"},
    )]  # fmt: skip
    put(hub.store.metrics, web, *({"sessionid": n, "content": "/", **visit} for n, visit in enumerate(visits, 1)))
    put(hub.store.metrics, websessions, *({"id": n, "duration": 0, "jobs": 0, "webevents": 0, **visit}
                                          for n, visit in enumerate(visits, 1)))  # fmt: skip
    with serve(DnsServer({PUBLIC: name("h1.example.org")})) as server:
        asked = {"HZMETRICS_DNS_NAMESERVER": server.address, "HZMETRICS_DNS_TIMEOUT": "0.3"}
        yield config.load(environment={**hub.environment, **asked}, time=NOW)


def analyze(store: Store, settings: config.Settings, month: Month, work: Work | None = None) -> None:
    """The analysis of a month as a run does it."""
    (work or Work(store, settings)).analyze(month, facts.gather(store, settings))


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps whose functions are called, as command lines."""
    found: list[str] = []
    lines = {function: name for name, function in steps.FUNCTIONS.items()}

    def noting(function: str) -> Callable[..., int]:
        def call(store: Store, settings: config.Settings, *arguments: object, **options: object) -> int:
            found.append(str(Step(lines[function], arguments)))
            written: int = resolve_name(function)(store, settings, *arguments, **options)
            return written

        return call

    monkeypatch.setattr(steps, "resolve_name", noting)
    return found


def rows(hub: TestHub) -> Rows:
    """The requests and the sessions."""
    return {
        table.name: [tuple(row) for row in hub.store.metrics.rows(sa.select(table).order_by(table.c.id))]
        for table in (web, websessions)
    }


def edit(hub: TestHub, table: sa.Table, time: str, **values: str | int | None) -> None:
    with hub.store.metrics.begin() as connection:
        assert connection.execute(sa.update(table).where(table.c.datetime == time).values(**values)).rowcount == 2


def test_no_step_that_would_find_no_row_is_called(hub: TestHub, settings: config.Settings, called: list[str]) -> None:
    before = rows(hub)
    analyze(hub.store, settings, MARCH)
    assert not ALL & set(called)
    assert {"clean-bots web 2026-03", "resolve-dns metrics toolstart 2026-03"} <= set(called)
    assert rows(hub) == before


MIDDLE, DAY_BEFORE, NEXT = "2026-03-10 12:00:00", "2026-02-28 12:00:00", "2026-04-01 00:00:00"


WEB, SESSIONS = steps_of("web"), steps_of("websessions")
COUNTRIES, SESSIONS_COUNTRIES = {"fill-ipcountry metrics web 2026-03"}, {"fill-ipcountry metrics websessions 2026-03"}
DOMAINS, SESSIONS_DOMAINS = {"fill-domain metrics web 2026-03"}, {"fill-domain metrics websessions 2026-03"}
BUILDING = {"logfix-session 2026-03"}
"""It reads hosts and domains, so it runs after they are written."""


@pytest.mark.parametrize(
    ("table", "time", "emptied", "needed"),
    [
        (web, MIDDLE, ["host"], WEB - COUNTRIES),
        (web, MIDDLE, ["domain"], DOMAINS | BUILDING),
        (web, MIDDLE, ["ipcountry"], COUNTRIES),
        (web, MIDDLE, ["host", "domain", "ipcountry"], WEB),
        (web, DAY_BEFORE, ["domain"], DOMAINS | BUILDING),
        (web, DAY_BEFORE, ["ipcountry"], COUNTRIES),
        (web, NEXT, ["ipcountry"], COUNTRIES),
        (websessions, MIDDLE, ["host"], SESSIONS - SESSIONS_COUNTRIES),
        (websessions, DAY_BEFORE, ["domain"], SESSIONS_DOMAINS),
        (websessions, NEXT, ["ipcountry"], SESSIONS_COUNTRIES),
    ],
)
def test_what_is_emptied_by_hand_is_filled_again(
    hub: TestHub,
    settings: config.Settings,
    called: list[str],
    table: sa.Table,
    time: str,
    emptied: Sequence[str],
    needed: set[str],
) -> None:
    before = rows(hub)
    edit(hub, table, time, **dict.fromkeys(emptied, ""))
    analyze(hub.store, settings, MARCH)
    assert rows(hub) == before
    assert ALL & set(called) == needed


@pytest.mark.parametrize("session", [None, 0])
def test_requests_that_lost_their_session_get_one(
    hub: TestHub, settings: config.Settings, called: list[str], session: int | None
) -> None:
    last = max(row[0] for row in rows(hub)["websessions"])
    edit(hub, web, MIDDLE, sessionid=session)
    analyze(hub.store, settings, MARCH)
    found = hub.store.metrics.rows(sa.select(web.c.sessionid).where(web.c.datetime == MIDDLE))
    assert sorted(row.sessionid for row in found) == [last + 1, last + 2]
    assert ALL & set(called) == BUILDING | SESSIONS


def test_a_request_outside_all_windows_of_sessions_is_not_looked_for(
    hub: TestHub, settings: config.Settings, called: list[str]
) -> None:
    put(hub.store.metrics, web, {"datetime": "2026-03-08 12:00:00", "ip": PUBLIC, "content": "/", "host": "?",
                                 "domain": "?", "ipcountry": "-"})  # fmt: skip
    assert "all-days" not in settings.corrections
    analyze(hub.store, settings, MARCH)
    assert "logfix-session 2026-03" not in called


def test_nothing_is_asked_twice(
    hub: TestHub, settings: config.Settings, called: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    without_rows = gaps.without_rows

    def noting(store: Store, settings: config.Settings, month: Month, steps: Sequence[Step]) -> list[Step]:
        asked.append([str(step) for step in steps if str(step) in ALL])
        return without_rows(store, settings, month, steps)

    monkeypatch.setattr(gaps, "without_rows", noting)
    work = Work(hub.store, settings)
    analyze(hub.store, settings, MARCH, work)
    work.changes.begin_unit()
    analyze(hub.store, settings, MARCH, work)
    assert [sorted(some) for some in asked] == [sorted(ALL), []]
    edit(hub, web, MIDDLE, ipcountry="")
    work.changes.imported([MARCH])
    analyze(hub.store, settings, MARCH, work)
    assert sorted(asked[-1]) == sorted(WEB)
    assert ALL & set(called) == {"fill-ipcountry metrics web 2026-03"}


def test_the_daily_analysis_asks_nothing(
    hub: TestHub, settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> list[Step]:
        raise AssertionError

    monkeypatch.setattr(gaps, "without_rows", refuse)
    Work(hub.store, settings).analyze_today(dt.date(2026, 4, 19))


@pytest.mark.slow
def test_a_rebuild_fills_again_what_was_emptied_by_hand(
    hub: TestHub, settings: config.Settings, called: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:30:00")
    monkeypatch.setenv("HZMETRICS_DNS_NAMESERVER", settings.dns.nameserver)
    assert hub.run("run", "--all") == 0
    before = rows(hub)
    for table, time, column in ((web, MIDDLE, "host"), (web, DAY_BEFORE, "domain"), (websessions, NEXT, "ipcountry")):
        edit(hub, table, time, **{column: ""})
    called.clear()
    assert hub.run("rebuild-from", "2026-02") == 0
    assert hub.run("run", "--all") == 0
    assert rows(hub) == before
    assert "resolve-dns metrics web 2026-03" in called
    assert "resolve-dns metrics web 2026-02" not in called


@pytest.mark.parametrize("table", [web, websessions], ids=str)
@pytest.mark.parametrize("is_written", [True, False])
def test_other_rows_of_addresses_that_were_written_with_their_country_get_it(
    hub: TestHub, settings: config.Settings, table: sa.Table, is_written: bool
) -> None:
    old = {"id": 99, "datetime": "2026-01-05 12:00:00", "ip": PUBLIC, "host": "?", "domain": "?", "ipcountry": ""}
    put(hub.store.metrics, table, {**old, **({"content": "/"} if table is web else {"duration": 0})})
    work = Work(hub.store, settings)
    if is_written:
        written = pa.table({"datetime": [MIDDLE], "ip": [PUBLIC]})
        if table is web:
            work.addresses.complete_requests(MARCH, written)
        else:
            work.addresses.complete_sessions(MARCH, written.append_column("ipcountry", pa.array([""])))
    analyze(hub.store, settings, MARCH, work)
    country = hub.store.metrics.scalar(sa.select(table.c.ipcountry).where(table.c.id == 99))
    assert country == ("DE" if is_written else "")


def test_a_request_that_is_complete_when_it_is_imported_needs_no_step(
    hub: TestHub, settings: config.Settings, called: list[str]
) -> None:
    asked = {"ip": "10.7.0.1", "host": "gate.example.org", "asked_at": "2026-05-10 00:00:00"}
    put(hub.store.metrics, dns_cache, asked)
    write_files(hub, {"httpd/daily/parity-access.log-20260311": {"lines": ["2026-03-11"]}})
    assert run.run(hub.store, settings, every=True) == 0
    assert not steps_of("web") - {"logfix-session 2026-03"} & set(called)
    places = sa.select(web.c.host, web.c.domain, web.c.ipcountry).where(web.c.ip == "10.7.0.1")
    assert list(map(tuple, hub.store.metrics.rows(places))) == [("gate.example.org", "example.org", "-")]
