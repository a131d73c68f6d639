"""What a run keeps of our own tables is read again after it has written them (spec 60 §8.6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.calendar import PERIODS, Clock, DateSpan, Month
from hzmetrics.pipeline import decide, facts, stages
from hzmetrics.pipeline.changes import Changes
from hzmetrics.pipeline.inputs import inputs
from hzmetrics.pipeline.run import make_state_table
from hzmetrics.pipeline.steps import Step
from hzmetrics.pipeline.work import Work
from hzmetrics.store import copies
from hzmetrics.store.tables.metrics import sessionlog_metrics, summary_simusage_vals, toolstart
from tests.conftest import TestHub
from tests.enrich.dns_server import DnsServer, name, serve
from tests.enrich.tables import put
from tests.pipeline.compared import ComparedCopies

MONTHS = FEBRUARY, MARCH, APRIL = Month(2026, 2), Month(2026, 3), Month(2026, 4)
NOW = Clock(dt.datetime(2026, 5, 19, 9, 30).astimezone(), fixed=True)
ADDRESS = "198.51.100.1"
RUNS = (
    (1, "user1", "2026-02-10 12:00:00"),
    (2, "user2", "2026-03-10 12:00:00"),
    (3, "user3", "2026-04-10 12:00:00"),
    (4, "user1", "2026-05-15 12:00:00"),
)
"""Of the tool: number of the session, user, time."""
SESSIONS, STARTS = ("metrics", "sessionlog_metrics"), ("metrics", "toolstart")


@pytest.fixture
def settings(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[config.Settings]:
    """The settings of a hub with a tool that somebody else runs each month; the first one comes back after 94 days.

    Copies are compared with their tables.
    """
    hub_tables = hub.store.hub_tables

    def fill(table: sa.Table, *rows: dict[str, Any]) -> None:
        put(hub.store.hub, table, *rows)

    make_state_table(hub.store)
    fill(hub_tables.resources, {"id": 1, "title": "Tool", "type": 7, "alias": "tool", "published": 1, "standalone": 1})
    for number in (1, 2, 3):
        fill(hub_tables.users, {"id": number, "username": f"user{number}"})
        fill(hub_tables.user_profiles, {"user_id": number, "profile_key": "orgtype", "profile_value": "industry"})
    for number, person, time in RUNS:
        fill(hub_tables.sessionlog, {"sessnum": number, "username": person, "remoteip": ADDRESS, "start": time,
                                     "appname": "tool", "exechost": "", "walltime": 1, "viewtime": 1})  # fmt: skip
        fill(hub_tables.joblog, {"sessnum": number, "job": 1, "event": "application", "venue": "", "start": time,
                                 "walltime": 1, "cputime": 1})  # fmt: skip
    monkeypatch.setattr(copies, "Copies", ComparedCopies)
    with serve(DnsServer({ADDRESS: name("h1.example.org")})) as server:
        asked = {"HZMETRICS_DNS_NAMESERVER": server.address, "HZMETRICS_DNS_TIMEOUT": "0.3"}
        yield config.load(environment={**hub.environment, **asked}, time=NOW)


def number_of(hub: TestHub, table: sa.Table) -> int:
    """The rows of a table, as they are or in a copy."""
    return int(copies.stream(hub.store.metrics, table, *copies.READ[table.name]).read_all().num_rows)


def test_each_step_that_writes_has_the_table_read_again(hub: TestHub, settings: config.Settings) -> None:
    changes = Changes(hub.store)
    steps = [
        (Step("import-hub-data"), 4),
        (Step("resolve-dns", (*SESSIONS, DateSpan.of(FEBRUARY))), 1),
        (Step("fill-domain", (*SESSIONS, DateSpan.of(FEBRUARY))), 1),
        (Step("resolve-dns", (*SESSIONS, DateSpan.of(MARCH)), shortcuts=stages.WITH_DOMAINS), 1),
        (Step("fill-user-info", (*SESSIONS, DateSpan.of(MARCH))), 4),
        (Step("middleware-wall"), 4),
        (Step("fill-user-info", (*STARTS, DateSpan.of(MARCH))), 4),
    ]
    with copies.kept():
        assert (number_of(hub, sessionlog_metrics), number_of(hub, toolstart)) == (0, 0)
        for step, written in steps:
            assert step.run(hub.store, settings, through=changes.run) == written
            number_of(hub, sessionlog_metrics)
            number_of(hub, toolstart)
        assert (number_of(hub, sessionlog_metrics), number_of(hub, toolstart)) == (4, 4)


def test_what_a_step_wrote_before_it_failed_is_read(hub: TestHub, settings: config.Settings) -> None:
    def fail() -> int:
        put(hub.store.metrics, toolstart, {"datetime": "2026-03-10 12:00:00", "success": 1, "ip": "", "tool": ""})
        raise KeyboardInterrupt

    with copies.kept():
        assert number_of(hub, toolstart) == 0
        with pytest.raises(KeyboardInterrupt):
            Changes(hub.store).run(Step("middleware-wall"), fail)
        assert number_of(hub, toolstart) == 1


def test_a_run_of_months_counts_what_it_writes(hub: TestHub, settings: config.Settings) -> None:
    work = Work(hub.store, settings, is_single=False)
    with copies.kept():
        work.changes.begin_unit()
        for month in MONTHS:
            known = facts.gather(hub.store, settings)
            work.do(decide.Analyze(month), known)
            work.do(decide.Summarize(month, PERIODS), known)
    stats, lists = hub.store.hub_tables.resource_stats_tools.c, hub.store.hub_tables.resource_stats_tools_topvals.c
    domains = sa.select(stats.datetime, lists.name, lists.value).where(
        stats.id == lists.id, stats.period == 1, lists.top == 2, lists.rank == 1
    )
    assert sorted(map(tuple, hub.store.hub.rows(domains))) == [(month.key, "example.org", 1) for month in MONTHS]
    cells = summary_simusage_vals.c
    users = sa.select(cells.datetime, cells.rowid, cells.value).where(cells.rowid.in_((1, 10)), cells.period == 14)
    expected = [(month.key, *cell) for number, month in enumerate(MONTHS, 1) for cell in ((1, number), (10, 0))]
    assert sorted(map(tuple, hub.store.metrics.rows(users))) == expected


def test_steps_that_always_run_write_none_of_these_tables() -> None:
    parts = (*stages.analysis(MARCH, sessions=True), stages.summary(MARCH))
    undeclared = {step.name for part in parts for step in part.steps if inputs(step) is None}
    assert undeclared == {"rebuild-webhits", "summarize-month", "andmore-usage"}
