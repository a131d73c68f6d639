"""Grids: how long `summarize-month` takes for six periods, and against asking the server for a few cells one by one.

    python -m benchmarks.grids --rows 375000 --months 1 --socket /run/mysqld/mysqld.sock

Without --socket on SQLite. `--months` puts as many months of sessions before the one that is summarised.
"""

from __future__ import annotations

import argparse
import resource
import time

import pyarrow as pa
import sqlalchemy as sa

from benchmarks.sessions import MONTH, bench_hub, invent, requests, tool_starts
from hzmetrics.calendar import PERIODS
from hzmetrics.grids.summarize import summarize_month
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.tables.metrics import toolstart, userlogin, userlogin_lite, web, websessions

LOGINS = 20_000


def sessions(rows: int, months: int) -> pa.Table:
    """Sessions of the last months, made as `requests` are."""
    return invent(
        f"""
        SELECT i + 1 AS id,
            strftime(TIMESTAMP '2025-08-01' - to_seconds(i * 2678400 // {rows} + 1), '%Y-%m-%d %X') AS datetime,
            concat_ws('.', 10 + v % 90, v // 90 % 256, v // 23040 % 256, v % 251) AS ip,
            CASE WHEN v % 3 = 0 THEN '?' ELSE concat('host', v, '.site', v % 4000, '.example.org') END AS host,
            CASE WHEN v % 3 = 0 THEN '?' ELSE concat('site', v % 4000, '.example.org') END AS domain,
            ['US', 'DE', 'JP', 'BR', '-'][v % 5 + 1] AS ipcountry,
            CASE WHEN v % 7 = 0 THEN 1200 ELSE v % 900 END AS duration,
            CASE WHEN v % 100 = 0 THEN 1 ELSE 0 END AS jobs
        FROM (SELECT i, (hash(i) % ({rows} * 10))::BIGINT AS v FROM range({rows * months}) AS t(i))
        """
    )


def logins() -> pa.Table:
    return invent(
        f"""
        SELECT i + 1 AS id,
            strftime(TIMESTAMP '2025-08-01' - to_seconds(i * 31536000 // {LOGINS} + 1), '%Y-%m-%d %X') AS datetime,
            'user' || v % 3000 AS "user", v % 3000 AS uidNumber, 'login' AS action,
            concat_ws('.', 10 + v % 90, v // 90 % 256, v // 23040 % 256, v % 251) AS ip
        FROM (SELECT i, (hash(i) % 3750000)::BIGINT AS v FROM range({LOGINS}) AS t(i))
        """
    )


def one_by_one(store: Store) -> int:
    """Row 7 column 1 and misc row 4, one query a period; the number of cells."""
    s, login = websessions.c, userlogin_lite.c
    with store.metrics.connect() as connection:
        for code in PERIODS:
            window = MONTH.period(code)
            inside = (s.datetime > window.start, s.datetime < window.stop)
            visitors = sa.select(s.ip, s.host).where(*inside, sa.or_(s.duration >= 0, s.jobs > 0)).distinct()
            connection.execute(sa.select(sa.func.count()).select_from(visitors.subquery())).scalar()
            known = sa.select(login.ip).where(login.datetime > window.start, login.datetime < window.stop)
            guests = (
                sa.select(s.ip, s.host).where(*inside, s.jobs == 0, s.duration >= 900, s.ip.not_in(known)).distinct()
            )
            connection.execute(sa.select(sa.func.count()).select_from(guests.subquery())).scalar()
    return 2 * len(PERIODS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=375_000, help="requests, and sessions, a month")
    parser.add_argument("--months", type=int, default=1)
    parser.add_argument("--socket")
    options = parser.parse_args()
    log.setLevel("WARNING")
    with bench_hub(options.socket) as (store, settings):
        stamped = requests(options.rows)
        stamped = stamped.append_column("sessionid", stamped["id"])
        with store.metrics.begin() as connection:
            for table, rows in (
                (web, stamped), (toolstart, tool_starts()), (userlogin, logins()),
                (websessions, sessions(options.rows, options.months)),
            ):  # fmt: skip
                store.metrics.append(connection, table, rows)
        begun = time.perf_counter()
        cells = summarize_month(store, settings, MONTH)
        seconds = time.perf_counter() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        begun = time.perf_counter()
        asked = one_by_one(store)
        one = (time.perf_counter() - begun) / asked
    print(f"{options.rows * options.months:,} sessions: {cells} cells in {seconds:.2f} s, peak memory {peak:.1f} GB")
    print(f"asked one by one: {one:.3f} s a cell of {asked}, {one / (seconds / cells):.0f} times a cell here")


if __name__ == "__main__":
    main()
