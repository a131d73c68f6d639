"""Sessions: how long `logfix-session` takes for a month, and against a walk over the rows in Python.

    python -m benchmarks.sessions --rows 375000 --socket /run/mysqld/mysqld.sock

Without --socket on SQLite. The databases made for it are dropped afterwards.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pymysql
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.calendar import Month
from hzmetrics.engine import Engine
from hzmetrics.sessions.build import build_sessions, read_requests, read_tool_starts, session_engine
from hzmetrics.store import Store
from hzmetrics.store.schema import create_metrics
from hzmetrics.store.tables.metrics import toolstart, web

MONTH = Month(2025, 7)
TOOL_STARTS = 5_000


@contextmanager
def bench_hub(socket: str | None) -> Iterator[tuple[Store, config.Settings]]:
    """An empty hub on MariaDB or SQLite, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        names = {f"{side}_db": f"hzbench_{os.getpid()}_{side}" for side in ("hub", "metrics")}
        database = {"host": "localhost", "socket": socket, "user": "root", **names} if socket else {"sqlite": folder}
        sections = {"hub": {"site": "bench"}, "db": database}
        settings = config.build(config.Source(sections=sections, environment={"HZMETRICS_HOME": folder}))
        if socket:
            with pymysql.connect(unix_socket=socket, user="root") as server, server.cursor() as cursor:
                for name in names.values():
                    cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb3")
        store = Store(settings)
        try:
            if socket:
                with store.hub.begin() as connection:
                    store.hub_tables.metadata.create_all(connection)
                create_metrics(store.metrics, settings.prefix)
            yield store, settings
        finally:
            store.close()
            if socket:
                with pymysql.connect(unix_socket=socket, user="root") as server, server.cursor() as cursor:
                    for name in names.values():
                        cursor.execute(f"DROP DATABASE IF EXISTS {name}")


def invent(sql: str) -> pa.Table:
    with Engine() as engine:
        return engine.query(sql)


def requests(rows: int) -> pa.Table:
    """A month of requests, nearly each from a visitor of its own."""
    return invent(
        f"""
        SELECT i + 1 AS id,
            strftime(TIMESTAMP '2025-07-01' + to_seconds(i * 2678400 // {rows}), '%Y-%m-%d %H:%M:%S') AS datetime,
            concat_ws('.', 10 + v % 90, v // 90 % 256, v // 23040 % 256, v % 251) AS ip,
            CASE WHEN v % 3 = 0 THEN '?' ELSE concat('host', v, '.site', v % 4000, '.example.org') END AS host,
            CASE WHEN v % 3 = 0 THEN '?' ELSE concat('site', v % 4000, '.example.org') END AS domain,
            '/resources/' || i % 900 AS content, 'Mozilla/5.0 (X11; Linux x86_64)' AS useragent,
            CASE WHEN i % 12 = 0 THEN 1 ELSE 0 END AS dnload
        FROM (SELECT i, (hash(i) % ({rows} * 10))::BIGINT AS v FROM range({rows}) AS t(i))
        """
    )


def tool_starts() -> pa.Table:
    return invent(
        f"""
        SELECT
            strftime(TIMESTAMP '2025-07-01' + to_seconds(i * 2678400 // {TOOL_STARTS}), '%Y-%m-%d %X') AS datetime,
            1 AS success, concat_ws('.', 10 + v % 90, v // 90 % 256, v // 23040 % 256, v % 251) AS ip,
            CASE WHEN v % 3 = 0 THEN '?' ELSE concat('host', v, '.site', v % 4000, '.example.org') END AS host,
            'user' || v % 300 AS "user", 'tool' AS tool,
            CASE v % 4 WHEN 0 THEN 'US' WHEN 1 THEN 'DE' ELSE '' END AS countryresident,
            CASE v % 3 WHEN 0 THEN 'industry' ELSE 'university' END AS orgtype
        FROM (SELECT i, (hash(i) % 3750000)::BIGINT AS v FROM range({TOOL_STARTS}) AS t(i))
        """
    )


def walk(rows: list[dict[str, object]]) -> int:
    """The sessions that a walk over sorted rows cuts, one row at a time."""
    rows.sort(key=lambda row: (row["ip"], row["host"], row["datetime"]))
    sessions, ip, t = 0, None, 0
    for row in rows:
        moment = int(str(row["t"]))
        if row["ip"] != ip or moment - t > 1800:
            sessions += 1
        ip, t = row["ip"], moment
    return sessions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=375_000)
    parser.add_argument("--socket")
    options = parser.parse_args()
    with bench_hub(options.socket) as (store, settings):
        with store.metrics.begin() as connection:
            store.metrics.append(connection, web, requests(options.rows))
            store.metrics.append(connection, toolstart, tool_starts())
        begun = time.perf_counter()
        candidates, tools = read_requests(store, MONTH).read_all(), read_tool_starts(store, MONTH)
        read = time.perf_counter()
        with session_engine(settings, MONTH, candidates, tools) as engine:
            matches = engine.table("tool_start_matches").num_rows
        computed = time.perf_counter()
        walk(candidates.to_pylist())
        walked = time.perf_counter()
        sessions = build_sessions(store, settings, MONTH)
        total = time.perf_counter() - walked
        stamped = store.metrics.scalar(sa.select(sa.func.count()).where(web.c.sessionid.is_not(None)))
    print(f"{options.rows:,} rows: {sessions:,} sessions, {stamped:,} rows stamped, {matches:,} tool starts matched")
    print(f"read {read - begun:.2f} s, computed {computed - read:.2f} s, all with writing {total:.2f} s")
    print(f"a bare walk in Python, without tool starts and values: {walked - computed:.2f} s,"
          f" {(walked - computed) / (computed - read):.1f} times the computing here")  # fmt: skip


if __name__ == "__main__":
    main()
