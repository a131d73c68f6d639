"""Small files are judged together, ahead of their import: each becomes what it becomes by itself."""

from __future__ import annotations

import datetime as dt
import gzip
import random
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.ingest import readers as reading
from hzmetrics.ingest import sources
from hzmetrics.ingest.access import AccessLog
from hzmetrics.ingest.imports import DayReport, import_day
from hzmetrics.ingest.log_file import LogFile
from hzmetrics.ingest.readers import Readers
from hzmetrics.pipeline.facts import Facts
from hzmetrics.pipeline.run import run
from hzmetrics.pipeline.work import Work
from hzmetrics.store.tables import metrics
from tests.conftest import TestHub
from tests.ingest.test_imports import TABLES, access_line, ledger, write
from tests.logs.lines import mutated

DAYS = [dt.date(2025, 7, day) for day in range(1, 7)]

AGENTS = [
    "Mozilla/5.0", "FooBot/1", "foobot/1", "searchtool spider", "curl/8", "-", "bot " + "é" * 200, "MSIE 7.0",
    "old bot",
]  # fmt: skip
"""People and bots: two that are one under the collation, one that is none after all, one longer than its column."""


def files(hub: TestHub, chance: random.Random) -> None:
    """Logs of some days: plain lines, broken ones, blank ones; on one day no access log, on one no line."""
    for day in DAYS:
        number = 0 if day.day == 3 else chance.randrange(1, 30)
        lines = [
            chance.choice([access_line(n, agent=chance.choice(AGENTS), day=day.day), f"{mutated(chance)}\n", "\n"])
            for n in range(number)
        ]
        logins = [f"2025-07-0{day.day} 10:00:0{chance.randrange(4)} 1 [ann] 192.0.2.1 login\n" for _ in range(number)]
        if day.day != 4:
            write(hub, f"parity-access.log-{day:%Y%m%d}{chance.choice(['', '.gz'])}", "".join(lines))
        write(hub, f"cmsauth.log-{day:%Y%m%d}", "".join([*logins, "nothing\n"]), "hubzero/daily")


def imported(
    hub: TestHub, readers: Readers | None, before: Callable[[dt.date], None] = lambda day: None
) -> dict[str, Any]:
    """What the tables hold once all days are imported; they start with a bot that is none after all."""
    with hub.store.metrics.begin() as connection:
        for table in (*TABLES, metrics.exclude_list):
            connection.execute(sa.delete(table))
        connection.execute(
            sa.insert(metrics.bot_useragents), [{"useragent": "My SearchTool"}, {"useragent": "old bot"}]
        )
    for day in DAYS:
        before(day)
        import_day(hub.store, hub.settings, day, readers=readers)
    return {table.name: [tuple(row) for row in hub.store.metrics.rows(shown(table))] for table in TABLES}


def shown(table: sa.Table) -> sa.Select[Any]:
    """The rows of a table in order, but for their numbers and the time of the import."""
    hidden = ("id", "pk_start", "pk_end", "imported_at")
    return sa.select(*(column for column in table.c if column.name not in hidden)).order_by(*list(table.c)[:1])


def judged_alone(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A list that gets an element for each file that is judged by itself."""
    found: list[bool] = []
    begin = LogFile.begin

    def noted(self: Any, rules: Any, logs: int = 1) -> None:
        found.extend([True] if logs == 1 else [])
        begin(self, rules, logs)

    monkeypatch.setattr(LogFile, "begin", noted)
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("small", [reading.SMALL, 5_000], ids=["one group", "several groups"])
def test_files_judged_together_become_what_each_becomes_alone(
    seed: int, small: int, make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SMALL", small)
    hub = make_hub("sqlite")
    files(hub, random.Random(seed))
    alone = imported(hub, None)
    assert alone["web"] and alone["userlogin"]
    files(hub, random.Random(seed))
    found = judged_alone(monkeypatch)
    with closing(Readers(hub.settings)) as readers:
        assert imported(hub, readers) == alone
    assert len(found) <= 4  # the engines are made; the first bots remove what is none, so the files after are new


def test_changed_filters_and_files_are_heeded(hub: TestHub) -> None:
    def change(day: dt.date) -> None:
        if day.day == 2:
            with hub.store.metrics.begin() as connection:
                connection.execute(sa.insert(metrics.exclude_list), {"filter": "curl", "type": "useragent"})
        if day.day == 5:
            write(hub, "parity-access.log-20250705", access_line(7, day=5, url="/another"))

    def plain() -> None:
        for day in DAYS:
            lines = [access_line(n, agent=agent, day=day.day) for n, agent in enumerate(("curl/8", "Mozilla/5.0"))]
            write(hub, f"parity-access.log-{day:%Y%m%d}", "".join(lines))

    plain()
    alone = imported(hub, None, change)
    plain()
    with closing(Readers(hub.settings)) as readers:
        assert imported(hub, readers, change) == alone
    assert sum("/another" in row for row in alone["web"]) == 1


def test_a_file_that_cannot_be_read_or_is_large_does_not_disturb_the_others(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SMALL", 2000)
    for day in DAYS:
        lines = "".join(access_line(n, day=day.day) for n in range(40 if day.day == 4 else 3))
        write(hub, f"parity-access.log-{day:%Y%m%d}", lines)
    write(hub, "parity-access.log-20250702", gzip.compress(b"cut off" * 1000)[:-20])
    with closing(Readers(hub.settings)) as readers:
        reports: list[DayReport] = [import_day(hub.store, hub.settings, day, readers=readers) for day in DAYS]
    assert [len(report.failed) for report in reports] == [0, 1, 0, 0, 0, 0]
    assert [report.rows for report in reports] == [3, 0, 3, 40, 3, 3]
    assert [name for name, *_ in ledger(hub)] == [f"parity-access.log-2025070{n}" for n in (1, 3, 4, 5, 6)]


def test_the_next_month_is_judged_ahead_and_completed_in_its_turn(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = months_judged(monkeypatch)
    days = [dt.date(2025, 7, 30), dt.date(2025, 7, 31), dt.date(2025, 8, 1), dt.date(2025, 8, 2)]
    for day in days:
        line = access_line(day.day).replace("2025-07-01", f"{day}")
        write(hub, f"parity-access.log-{day:%Y%m%d}", line)
    with closing(Readers(hub.settings)) as readers:
        for day in days:
            if day.month == 8:
                wait_for(lambda: "2025-08" in judged)

            def complete(rows: pa.Table, month: str = f"{day:%Y-%m}") -> pa.Table:
                return rows.append_column("host", pa.repeat(month, len(rows)))

            expected = [source for source in sources.pending(hub.settings) if source.date >= day]
            import_day(hub.store, hub.settings, day, readers=readers, files=expected, complete=complete)
    assert judged == ["2025-07", "2025-08"]
    web = metrics.web.c
    rows = hub.store.metrics.rows(sa.select(web.datetime, web.host).order_by(web.id))
    assert [(row.datetime[:7], row.host) for row in rows] == [(f"{day:%Y-%m}", f"{day:%Y-%m}") for day in days]


@pytest.mark.parametrize("every", [True, False], ids=["the whole backlog", "one unit"])
def test_a_run_that_goes_on_judges_ahead_while_it_analyzes(
    every: bool, make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = months_judged(monkeypatch)
    hub = make_hub("sqlite")
    for day in (dt.date(2025, 5, 30), dt.date(2025, 6, 1)):
        line = access_line(day.day).replace("2025-07-01", f"{day}")
        write(hub, f"parity-access.log-{day:%Y%m%d}", line)
    seen: list[list[str]] = []
    analyze = Work.analyze

    def noted(self: Work, month: Month, known: Facts) -> None:
        if every and not seen:
            wait_for(lambda: "2025-06" in judged)
        seen.append(list(judged))
        analyze(self, month, known)

    monkeypatch.setattr(Work, "analyze", noted)
    run(hub.store, hub.settings, every=every)
    assert seen[0] == (["2025-05", "2025-06"] if every else ["2025-05"])
    assert judged == seen[0]


def months_judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that gets the month of each group of access logs that has been judged."""
    found: list[str] = []
    judge = AccessLog.judge

    def noted(self: Any, rules: Any, logs: Any) -> Any:
        judged = list(judge(self, rules, logs))
        found.extend(sorted({month for one in judged for month in one.tally.months}))
        return iter(judged)

    monkeypatch.setattr(AccessLog, "judge", noted)
    return found


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something holds, for half a minute at most."""
    until = time.monotonic() + 30
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
