"""The daily analysis of a month that goes on: what each step spends on a new day, beside a month and years of tools.

    python -m benchmarks.daily [--socket MARIADB.sock] [--requests 375000] [--years 10] [--sessions 60000]

The 27 days before are analyzed first. `--requests` are those of the 28 days: of 988,000 lines about so many are kept.
`--sessions` are the tool sessions of a year; each runs two jobs. Core-seconds are those of this program and of the
server, which says as well how many rows it read. Without a socket on SQLite. The resolver is a process of this machine.
"""

from __future__ import annotations

import argparse
import datetime as dt
import logging
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from benchmarks.enrich import answer
from benchmarks.ingest import fresh_databases
from hzmetrics import config
from hzmetrics.calendar import Clock
from hzmetrics.demo import maxmind
from hzmetrics.engine import Engine
from hzmetrics.log import log
from hzmetrics.pipeline.run import make_state_table
from hzmetrics.pipeline.steps import Step
from hzmetrics.pipeline.work import Work
from hzmetrics.store import Store, copies
from hzmetrics.store.database import Database
from hzmetrics.store.schema import create_hub, create_metrics
from hzmetrics.store.tables.metrics import profiles_copy, sessionlog_metrics, toolstart, web, webhits

TODAY = dt.date(2026, 5, 28)
ADDRESSES = 31_000
ACCOUNTS = 20_000
TOOLS = 150


class Spent(NamedTuple):
    """Core-seconds of the program and of the server, and the rows that it read, until now or between two moments."""

    program: float
    server: float
    rows: int

    def since(self, before: Spent) -> Spent:
        return Spent(self.program - before.program, self.server - before.server, self.rows - before.rows)

    def __str__(self) -> str:
        return f"{self.program:>12.2f}{self.server:>12.2f}{self.rows:>14,}"


def spent(database: Database) -> Spent:
    """What has been spent until now."""
    if not database.is_mariadb:
        return Spent(time.process_time(), 0, 0)
    process = Path(str(database.scalar(sa.text("SELECT @@pid_file")))).read_text().strip()
    user, system = Path("/proc", process, "stat").read_text().rpartition(")")[2].split()[11:13]
    ((_, rows),) = database.rows(sa.text("SHOW GLOBAL STATUS LIKE 'Rows_read'"))
    return Spent(time.process_time(), (int(user) + int(system)) / os.sysconf("SC_CLK_TCK"), int(rows))


class Hub:
    """The invented hub, whose rows come day by day. It holds open an engine."""

    def __init__(self, store: Store, requests: int, years: int, sessions: int) -> None:
        self.store = store
        self.requests = requests // TODAY.day
        self.sessions = sessions / 365
        self.first = TODAY.replace(year=TODAY.year - years, day=1)
        self.engine = Engine()
        for macro in _MACROS:
            self.engine.connection.execute(macro)

    def begin(self) -> None:
        """The tools and accounts, and all that happened until yesterday, with all that is known of it."""
        metrics, tables = self.store.metrics, self.store.hub_tables
        self._invent(self.first, TODAY)
        self._write(self.store.hub, tables.resources, _RESOURCES)
        self._write(self.store.hub, tables.tool_version, _TOOL_VERSIONS)
        self._write(self.store.hub, tables.users, _USERS)
        self._write(self.store.hub, tables.user_profiles, _USER_PROFILES)
        self._write(self.store.hub, tables.xprofiles, _PROFILES)
        self._write(metrics, profiles_copy(self.store.prefix), _PROFILES)
        self._write(metrics, sessionlog_metrics, _SESSIONS_COPIED)
        self._write(metrics, toolstart, _TOOL_STARTS)
        self._write(metrics, web, f"SELECT * EXCLUDE (a), {_KNOWN} FROM requests")
        self._write_hub()

    def a_day_comes(self) -> None:
        """Today's rows, of which nothing is known."""
        self._invent(TODAY, TODAY + dt.timedelta(1))
        self._write(self.store.metrics, web, "SELECT * EXCLUDE (a) FROM requests")
        self._write_hub()

    def _write_hub(self) -> None:
        self._write(self.store.hub, self.store.hub_tables.sessionlog, _SESSIONS)
        self._write(self.store.hub, self.store.hub_tables.joblog, _JOBS)
        self._write(self.store.metrics, webhits, _HITS)

    def _invent(self, start: dt.date, stop: dt.date) -> None:
        """The tool sessions between two days, and the requests of this month between them."""
        first, last = (int((day - self.first).days * self.sessions) + 1 for day in (start, stop))
        month = TODAY.replace(day=1)
        begin, end = ((max(day, month) - month).days * self.requests for day in (start, stop))
        self.engine.connection.execute(f"""
            CREATE OR REPLACE TEMP TABLE runs AS
            SELECT
                i AS sessnum, 'user' || hash(i) % {ACCOUNTS} AS username, (hash(i, 2) % {ADDRESSES})::BIGINT AS a,
                TIMESTAMP '{self.first}' + to_milliseconds((i * 86400000 / {self.sessions})::BIGINT) AS begun,
                concat('tool', i % {TOOLS}, '_r', i % 5) AS appname
            FROM range({first}, {last}) AS t(i)""")
        self.engine.connection.execute(f"""
            CREATE OR REPLACE TEMP TABLE requests AS
            SELECT
                i + 1 AS id, (hash(i) % {ADDRESSES} * (hash(i, 2) % 1000) // 1000)::BIGINT AS a, address(a) AS ip,
                as_time(TIMESTAMP '{month}' + to_milliseconds(i * 86400000 // {self.requests})) AS datetime,
                '/resources/' || hash(i, 3) % 5000 || '/about' AS content,
                'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36' AS useragent
            FROM range({begin}, {end}) AS t(i)""")

    def _write(self, database: Database, table: sa.Table, query: str) -> None:
        with database.begin() as connection:
            database.append(connection, table, self.engine.connection.sql(query).to_arrow_table())


_MACROS = (
    "CREATE TEMP MACRO as_time(t) AS strftime(t, '%Y-%m-%d %H:%M:%S')",
    "CREATE TEMP MACRO address(a) AS concat_ws('.', 20, 0, a // 256, a % 256)",
    "CREATE TEMP MACRO host(a) AS concat_ws('.', concat('host', a % 256), a // 256, 0, 20, 'example', 'edu')",
)

_RESOURCES = f"""
    SELECT i + 1 AS id, 'Tool ' || i AS title, 7 AS type, 1 AS published, 1 AS standalone, 'tool' || i AS alias
    FROM range({TOOLS}) AS t(i)"""
_TOOL_VERSIONS = f"""
    SELECT 'tool' || i AS toolname, 'tool' || i || '_r' || v AS instance
    FROM range({TOOLS}) AS t(i), range(5) AS u(v)"""
_USERS = f"SELECT i + 1 AS id, 'user' || i AS username FROM range({ACCOUNTS}) AS t(i)"
_USER_PROFILES = f"""
    SELECT
        i + 1 AS user_id, unnest(['countryorigin', 'countryresident', 'orgtype']) AS profile_key,
        unnest(['us', 'us', 'industry']) AS profile_value
    FROM range({ACCOUNTS}) AS t(i)"""
_PROFILES = f"""
    SELECT i + 1 AS "uidNumber", 'user' || i AS username, 1 AS "emailConfirmed", 'industry' AS orgtype
    FROM range({ACCOUNTS}) AS t(i)"""

_SESSIONS = """
    SELECT
        sessnum, username, address(a) AS remoteip, as_time(begun) AS start, 'host' AS exechost, appname,
        hash(sessnum, 3) % 9999 / 10 AS walltime, hash(sessnum, 4) % 999 / 10 AS viewtime
    FROM runs"""
_JOBS = """
    SELECT
        sessnum, job, ['application', 'simulation'][1 + job] AS event, as_time(begun + to_seconds(60 * job)) AS start,
        hash(sessnum, 5 + job) % 999 / 10 AS walltime, 1 + hash(sessnum, 7 + job) % 999 / 10 AS cputime, 1 AS ncpus
    FROM (SELECT *, unnest([0, 1]) AS job FROM runs)"""

_KNOWN = "host(a) AS host, 'example.edu' AS domain, 'DE' AS ipcountry"
_USER_KNOWN = "'US' AS countryresident, 'US' AS countrycitizen, 'INDUSTRY' AS orgtype"
_SESSIONS_COPIED = f"""
    SELECT
        sessnum AS id, sessnum, username AS "user", address(a) AS ip, as_time(begun) AS start, appname, {_KNOWN},
        {_USER_KNOWN}
    FROM runs"""
_TOOL_STARTS = f"""
    SELECT
        as_time(begun + to_seconds(60 * job)) AS datetime, username AS "user", address(a) AS ip, 1 AS success,
        appname AS tool, 'host' AS execunit, 10.0 AS walltime, 10.0 AS cputime, {_KNOWN}, {_USER_KNOWN}
    FROM (SELECT *, unnest([0, 1]) AS job FROM runs)"""
_HITS = """
    SELECT datetime[:10] || ' 00:00:00' AS datetime, count(*) AS hits FROM requests GROUP BY ALL ORDER BY ALL"""


def analyze(store: Store, settings: config.Settings, day: dt.date) -> list[tuple[Step, Spent, int]]:
    """Do the daily analysis of a day; what each step spent, and the rows that it wrote."""
    costs = []
    work = Work(store, settings)
    through = work.through
    assert through

    def measured(step: Step, function: Callable[[], int]) -> int:
        before = spent(store.metrics)
        rows = through(step, function)
        costs.append((step, spent(store.metrics).since(before), rows))
        return rows

    work.through = measured
    with copies.kept():
        work.analyze_today(day)
    return costs


def configuration(folder: Path, socket: str | None, port: int) -> config.Source:
    file = folder / "city.mmdb"
    maxmind.write(file, [("20.0.0.0/8", maxmind.place("DE", "Germany", "Bavaria", "Town", 48.0, 11.5))])
    sections = {
        "db": fresh_databases(socket) if socket else {"sqlite": str(folder)},
        "dns": {"nameserver": f"127.0.0.1:{port}"},
        "geoip": {"database": str(file)},
    }
    return config.Source(sections=sections, environment={"HZMETRICS_HOME": str(folder)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=375_000)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--sessions", type=int, default=60_000)
    parser.add_argument("--socket", help="of a MariaDB server")
    options = parser.parse_args()
    log.setLevel(logging.WARNING)
    port: multiprocessing.Queue[int] = multiprocessing.Queue()
    resolver = multiprocessing.Process(target=answer, args=(port,), daemon=True)
    resolver.start()
    with tempfile.TemporaryDirectory(prefix="hzmetrics-benchmark-") as folder:
        source = configuration(Path(folder), options.socket, port.get())
        settings = config.build(source, Clock(dt.datetime.combine(TODAY, dt.time(6))))
        with closing(Store(settings)) as store:
            create_metrics(store.metrics, store.prefix)
            create_hub(store.hub, store.hub_tables.metadata)
            make_state_table(store)
            hub = Hub(store, options.requests, options.years, options.sessions)
            hub.begin()
            yesterday = analyze(store, settings, TODAY - dt.timedelta(1))
            hub.a_day_comes()
            today = analyze(store, settings, TODAY)
    resolver.terminate()
    print(f"{'step':<45}{'core-s':>12}{'server':>12}{'rows read':>14}{'written':>10}")
    for step, cost, written in today:
        print(f"{step!s:<45}{cost}{written:>10,}")
    totals = (Spent(*map(sum, zip(*(cost for _, cost, _ in costs), strict=True))) for costs in (yesterday, today))
    for name, total in zip(("27 days, none analyzed before", "the new day"), totals, strict=True):
        print(f"{name:<45}{total}")


if __name__ == "__main__":
    main()
