"""How long the statistics of tools and resources take on an invented hub of a given size. Prints, asserts nothing.

    python benchmarks/tools.py --socket /run/mysqld/mysqld.sock
    python benchmarks/tools.py --sqlite /tmp/bench --rows 200000

The two databases on the server are called hzmetrics_bench_*; they are dropped before and after.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pymysql

from hzmetrics import config
from hzmetrics.calendar import Month
from hzmetrics.store import Store
from hzmetrics.store.schema import create_metrics
from hzmetrics.store.tables.metrics import sessionlog_metrics, web
from hzmetrics.tools.resources import andmore_usage
from hzmetrics.tools.stats import gen_tool_stats
from hzmetrics.tools.toplists import gen_tool_toplists
from hzmetrics.tools.tops import gen_tool_tops

MONTH = Month(2026, 5)
DATABASES = ("hzmetrics_bench_hub", "hzmetrics_bench_metrics")
BATCH = 500_000
"""Web rows written at a time."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--socket", help="of a MariaDB server on which root may create databases")
    where.add_argument("--sqlite", type=Path, metavar="DIRECTORY", help="made, and removed afterwards")
    parser.add_argument("--tools", type=int, default=150)
    parser.add_argument("--sessions", type=int, default=60_000)
    parser.add_argument("--jobs", type=int, default=120_000)
    parser.add_argument("--resources", type=int, default=5_000)
    parser.add_argument("--rows", type=int, default=2_000_000, help="web rows of the month")
    size = parser.parse_args()

    settings = prepare(size)
    store = Store(settings)
    try:
        if size.socket:
            with store.hub.begin() as connection:
                store.hub_tables.metadata.create_all(connection)
        create_metrics(store.metrics, settings.prefix)
        timed("filling the databases", lambda: fill(store, size))
        print(f"{size.tools:,} tools, {size.sessions:,} tool sessions, {size.jobs:,} jobs")
        timed("gen-tool-stats", lambda: gen_tool_stats(store, settings, MONTH))
        timed("gen-tool-stats again", lambda: gen_tool_stats(store, settings, MONTH))
        timed("gen-tool-tops", lambda: gen_tool_tops(store, settings, MONTH))
        timed("gen-tool-toplists", lambda: gen_tool_toplists(store, settings, MONTH))
        print(f"{size.resources:,} resources, {size.rows:,} web rows")
        timed("andmore-usage", lambda: andmore_usage(store, settings, MONTH))
    finally:
        store.close()
        remove(size)


def timed(name: str, work: Callable[[], object]) -> None:
    begun = time.monotonic()
    work()
    print(f"  {name:<24}{time.monotonic() - begun:8.2f} s")


def prepare(size: argparse.Namespace) -> config.Settings:
    remove(size)
    if size.sqlite:
        size.sqlite.mkdir(parents=True)
        return config.build(config.Source(sections={"db": {"sqlite": str(size.sqlite)}}))
    with pymysql.connect(unix_socket=size.socket, user="root") as server, server.cursor() as cursor:
        for name in DATABASES:
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb3")
    hub, metrics = DATABASES
    databases = {"socket": size.socket, "user": "root", "hub_db": hub, "metrics_db": metrics}
    return config.build(config.Source(sections={"db": databases}))


def remove(size: argparse.Namespace) -> None:
    if size.sqlite:
        shutil.rmtree(size.sqlite, ignore_errors=True)
        return
    with pymysql.connect(unix_socket=size.socket, user="root") as server, server.cursor() as cursor:
        for name in DATABASES:
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")


def fill(store: Store, size: argparse.Namespace) -> None:
    """Tools with five versions each, sessions over three years, resources of every kind, a month of requests."""
    hub, metrics, tables = store.hub, store.metrics, store.hub_tables
    with duckdb.connect() as engine:
        engine.sql(f"CREATE TABLE sessions AS {sessions(size)}")
        for database, table, query in (
            (hub, tables.resources, tools(size)),
            (hub, tables.resources, resources(size)),
            (hub, tables.resource_assoc, parts(size)),
            (hub, tables.tool_version, versions(size)),
            (hub, tables.sessionlog, "SELECT sessnum, username, start, appname, walltime, viewtime FROM sessions"),
            (hub, tables.joblog, jobs(size)),
            (metrics, sessionlog_metrics, SESSIONLOG_METRICS),
            *((metrics, web, requests(size, first)) for first in range(0, size.rows, BATCH)),
        ):
            with database.begin() as connection:
                database.append(connection, table, engine.sql(query).to_arrow_table())


def tools(size: argparse.Namespace) -> str:
    return f"""
        SELECT i + 1 AS id, 'Tool ' || i AS title, 7 AS type, 1 AS published, 1 AS standalone, 'tool' || i AS alias
        FROM range({size.tools}) AS t(i)"""


def versions(size: argparse.Namespace) -> str:
    return f"""
        SELECT 'tool' || i AS toolname, 'tool' || i || '_r' || v AS instance
        FROM range({size.tools}) AS t(i), range(5) AS u(v)"""


def sessions(size: argparse.Namespace) -> str:
    return f"""
        SELECT
            i + 1 AS sessnum,
            'user' || hash(i) % ({size.sessions} // 10) AS username,
            {moment("2023-06-01", 94_600_000)} AS start,
            'tool' || i % {size.tools} || '_r' || i % 5 AS appname,
            hash(i, 2) % 10000 / 1.0 AS walltime,
            hash(i, 3) % 5000 / 2.0 AS viewtime,
            'd' || hash(i, 4) % 500 || '.example.edu' AS domain,
            ['US', 'DE', 'IN', 'BR', ''][1 + i % 5] AS countryresident
        FROM range({size.sessions}) AS t(i)"""


SESSIONLOG_METRICS = 'SELECT sessnum, username AS "user", start, appname, domain, countryresident FROM sessions'


def jobs(size: argparse.Namespace) -> str:
    return f"""
        SELECT
            i % {size.sessions} + 1 AS sessnum,
            i // {size.sessions} AS job,
            ['[waiting]', 'application', 'simulation', 'simulation', 'simulation'][1 + i % 5] AS event,
            hash(i) % 100 / 1.0 AS walltime,
            hash(i, 2) % 400 / 2.0 AS cputime,
            i % 8 AS ncpus
        FROM range({size.jobs}) AS t(i)"""


def resources(size: argparse.Namespace) -> str:
    return f"""
        SELECT
            10000 + i AS id,
            'Resource ' || i AS title,
            30 + i % 10 AS type,
            1 AS published,
            (i % 3 > 0)::INT AS standalone,
            CASE i % 20
                WHEN 0 THEN '/topics/Subject' || i
                WHEN 1 THEN 'lm/unit ' || i || '/index.html'
                WHEN 2 THEN '/resources/' || i
                WHEN 3 THEN '2018/03/0' || i || '/viewer.swf'
                WHEN 4 THEN 'http://example.org/' || i
                ELSE '2019/07/0' || i || '/slides_' || i || '.pdf'
            END AS path
        FROM range({size.resources}) AS t(i)"""


def parts(size: argparse.Namespace) -> str:
    return f"""
        SELECT 10000 + i // 3 AS parent_id, 10000 + i AS child_id
        FROM range({size.resources}) AS t(i)
        WHERE i % 3 = 0"""


def requests(size: argparse.Namespace, first: int) -> str:
    return f"""
        SELECT
            {moment("2026-05-01", 2_678_000)} AS datetime,
            '192.0.' || n // 250 % 250 || '.' || n % 250 AS ip,
            'h' || n || '.example.net' AS host,
            CASE
                WHEN i % 4 = 0 THEN '/members/' || r || '/profile'
                WHEN r % 20 = 0 THEN '/topics/Subject' || r || '?page=' || i % 50
                WHEN r % 20 = 1 THEN 'lm/unit%20' || r || '/page' || i % 50 || '.html'
                WHEN r % 20 = 2 THEN '/resources/' || r
                WHEN r % 20 = 3 THEN '/site/resources/2018/03/0' || r || '/data/' || i % 50 || '.xml'
                WHEN i % 3 = 0 THEN '/resources/' || r || '/download/slides_' || r || '.pdf'
                ELSE '/site/resources/2019/07/0' || r || '/slides_' || r || '.pdf'
            END AS content
        FROM (
            SELECT i, hash(i, 2) % 100000 AS n, hash(i, 3) % {size.resources} AS r
            FROM range({first}, {min(first + BATCH, size.rows)}) AS t(i)
        )"""


def moment(first_day: str, seconds: int) -> str:
    """A time that `i` decides, within `seconds` of a day's midnight."""
    return f"strftime(TIMESTAMP '{first_day}' + INTERVAL 1 SECOND * (hash(i) % {seconds})::BIGINT, '%Y-%m-%d %H:%M:%S')"


if __name__ == "__main__":
    main()
