"""An invented history of a hub in the proportions of real ones, written into its databases in columns.

    python -m benchmarks.history --months 24 --sessions 400000 DIRECTORY

Every month has as many sessions as the others. Measured on a hub of middling size: 113 requests come on 100 sessions,
16 of 100 requests are downloads; 23 logins come on 1,000 sessions, from 570 addresses; 13 of 1,000 sessions start a
tool, and a tool session runs two jobs. Half of the visitors of a month are those of the month before.

The requests of the last month belong to no session yet.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.calendar import Month
from hzmetrics.engine import Engine
from hzmetrics.store import Store
from hzmetrics.store.database import Database
from hzmetrics.store.tables.metrics import (
    domainclass,
    metadata,
    profiles_copy,
    sessionlog_metrics,
    toolstart,
    userlogin,
    web,
    webhits,
    websessions,
)

LAST = Month(2026, 5)
"""The newest month."""

TOOLS = 150
RESOURCES = 5_000
DOMAINS = 4_000

BATCH = 50_000
"""Rows written at a time."""


class Size(NamedTuple):
    """How much history there is."""

    months: int
    sessions: int
    """A month."""

    @property
    def visitors(self) -> int:
        """Distinct addresses of a month."""
        return self.sessions * 2 // 5

    @property
    def accounts(self) -> int:
        return max(1, self.sessions // 20)


def write_history(store: Store, size: Size) -> None:
    """Fill empty databases; the last month without sessions. Raises StoreError."""
    tables, profiles = store.hub_tables, profiles_copy(store.prefix)
    with Engine() as engine, _unindexed(store.metrics, metadata), _unindexed(store.hub, tables.metadata):
        rows = engine.connection
        for macro in _MACROS:
            rows.execute(macro)

        def write(database: Database, table: sa.Table, query: str) -> None:
            found = rows.sql(query).to_arrow_reader(BATCH)
            with database.begin() as connection:
                for batch in found:
                    database.append(connection, table, pa.Table.from_batches([batch]))

        write(store.metrics, domainclass, _DOMAIN_CLASSES)
        write(store.metrics, profiles, _profiles(size))
        write(store.hub, tables.xprofiles, _profiles(size))
        write(store.hub, tables.users, _users(size))
        write(store.hub, tables.user_profiles, _user_profiles(size))
        write(store.hub, tables.resources, _RESOURCES)
        write(store.hub, tables.resource_assoc, _RESOURCE_PARTS)
        write(store.hub, tables.tool_version, _TOOL_VERSIONS)
        for number in range(size.months):
            month = LAST.plus(number + 1 - size.months)
            rows.execute(f"CREATE OR REPLACE TABLE visits AS {_visits(size, number, month)}")
            rows.execute("CREATE OR REPLACE TABLE runs AS SELECT * FROM visits WHERE jobs > 0")
            if month != LAST:
                write(store.metrics, websessions, _SESSIONS)
            write(store.metrics, web, _requests("NULL" if month == LAST else "id"))
            write(store.metrics, webhits, _HITS)
            write(store.metrics, userlogin, _logins(size))
            write(store.metrics, toolstart, _TOOL_STARTS)
            write(store.metrics, sessionlog_metrics, _SESSIONLOG_COPY)
            write(store.hub, tables.sessionlog, _SESSIONLOG)
            write(store.hub, tables.joblog, _JOBS)


@contextmanager
def _unindexed(database: Database, metadata: sa.MetaData) -> Iterator[None]:
    """Without its indexes, which are made again at the end: that is faster where rows are many."""
    indexes = [index for table in metadata.sorted_tables for index in table.indexes]
    with database.begin() as connection:
        for index in indexes:
            index.drop(connection)
    yield
    with database.begin() as connection:
        for index in indexes:
            index.create(connection)


_MACROS = (
    # a number in a range that two numbers decide
    "CREATE TEMP MACRO pick(i, salt, size) AS (hash(i, salt) % greatest(size, 1))::BIGINT",
    "CREATE TEMP MACRO as_time(t) AS strftime(t, '%Y-%m-%d %H:%M:%S')",
    "CREATE TEMP MACRO address(v) AS concat_ws('.', 20 + v // 16777216, v // 65536 % 256, v // 256 % 256, v % 256)",
    "CREATE TEMP MACRO address_host(v) AS CASE WHEN v % 3 = 0 THEN '?' ELSE "
    f"concat('host', v, '.site', v % {DOMAINS}, '.example.org') END",
    "CREATE TEMP MACRO address_domain(v) AS CASE WHEN v % 3 = 0 THEN '?' ELSE "
    f"concat('site', v % {DOMAINS}, '.org') END",
    "CREATE TEMP MACRO country(v) AS ['US', 'US', 'DE', 'JP', 'BR', 'IN', '-'][v % 7 + 1]",
    "CREATE TEMP MACRO organisation(v) AS ['university', 'industry', 'universitystaff', 'government', ''][v % 5 + 1]",
)


def _visits(size: Size, number: int, month: Month) -> str:
    """The sessions of a month, and what else happened in each."""
    first = number * size.sessions
    seconds = (month.plus(1).first_day - month.first_day).days * 86_400
    return f"""
        SELECT
            id, TIMESTAMP '{month.start}' + to_seconds(second) AS begun, v,
            CASE WHEN pick(id, 2, 4) = 0 THEN 900 + pick(id, 3, 5000) ELSE pick(id, 3, 900) END AS duration,
            CASE WHEN pick(id, 4, 1000) < 13 THEN 1 ELSE 0 END AS jobs
        FROM (
            SELECT
                i + {first + 1} AS id,
                i * {seconds} // {size.sessions} AS second,
                {number * size.visitors // 2} + pick(i + {first}, 1, {size.visitors}) AS v
            FROM range({size.sessions}) AS t(i)
        )
        ORDER BY id"""


_SESSIONS = """
    SELECT
        id, as_time(begun) AS datetime, country(v) AS ipcountry, address(v) AS ip, address_host(v) AS host,
        address_domain(v) AS domain, duration, jobs, 0 AS webevents
    FROM visits"""


def _requests(session: str) -> str:
    return f"""
        SELECT
            {session} AS sessionid, as_time(begun + to_seconds(n * duration)) AS datetime, country(v) AS ipcountry,
            CASE
                WHEN pick(id, 5 + n, 100) < 16 THEN '/resources/' || r || '/download/slides_' || r || '.pdf'
                WHEN r % 20 = 0 THEN '/topics/Subject' || r || '?page=' || n
                ELSE '/site/resources/2019/07/0' || r || '/slides_' || r || '.pdf'
            END AS content,
            'Mozilla/5.0 (X11; Linux x86_64)' AS useragent, address(v) AS ip, address_host(v) AS host,
            address_domain(v) AS domain, CASE WHEN pick(id, 5 + n, 100) < 16 THEN 1 ELSE 0 END AS dnload
        FROM (
            SELECT
                *, pick(id, 8, {RESOURCES}) AS r,
                unnest(CASE WHEN pick(id, 7, 100) < 13 THEN [0, 1] ELSE [0] END) AS n
            FROM visits
        )"""


_HITS = """
    SELECT as_time(date_trunc('day', begun)) AS datetime, count(*) AS hits FROM visits GROUP BY ALL ORDER BY ALL"""


def _logins(size: Size) -> str:
    return f"""
        SELECT
            as_time(begun) AS datetime, 'user' || u AS "user", u AS "uidNumber", address(v) AS ip,
            CASE WHEN jobs > 0 THEN 'simulation' ELSE 'login' END AS action
        FROM (SELECT *, pick(id, 10, {size.accounts}) AS u FROM visits WHERE pick(v, 9, 1000) < 23)"""


_RUN = """
    SELECT
        id, as_time(begun + to_seconds(60)) AS start, 'user' || pick(v, 11, 20000) AS "user", address(v) AS ip,
        address_host(v) AS host, address_domain(v) AS domain, country(pick(v, 12, 7)) AS countryresident,
        organisation(pick(v, 13, 5)) AS orgtype, 'tool' || id % 150 || '_r' || id % 5 AS tool,
        pick(id, 14, 100000) / 8.0 AS walltime, pick(id, 15, 40000) / 7.0 AS viewtime,
        pick(id, 16, 20000) / 9.0 AS cputime
    FROM runs"""

_TOOL_STARTS = f"""
    SELECT
        id AS sessionid, start AS datetime, orgtype, countryresident, countryresident AS countrycitizen, 1 AS success,
        ip, host, "user", tool, domain, walltime, cputime
    FROM ({_RUN})"""

_SESSIONLOG = f"""
    SELECT
        id AS sessnum, "user" AS username, ip AS remoteip, start, tool AS appname, walltime, viewtime, cputime
    FROM ({_RUN})"""

_SESSIONLOG_COPY = f"""
    SELECT
        id, id AS sessnum, "user", ip, start, tool AS appname, host, domain, orgtype, countryresident,
        countryresident AS countrycitizen
    FROM ({_RUN})"""

_JOBS = f"""
    SELECT
        id AS sessnum, job, 0 AS superjob, ['application', 'simulation', '[waiting]'][1 + job] AS event, start,
        walltime / 3 AS walltime, cputime / 3 AS cputime, 1 + id % 8 AS ncpus, 'venue' || id % 3 AS venue
    FROM ({_RUN}), (SELECT unnest([0, 1, 2]) AS job)"""


_DOMAIN_CLASSES = f"""
    SELECT 'site' || i || '.org' AS domain, [1, 2, 3, 4, 6][i % 5 + 1] AS class FROM range({DOMAINS}) AS t(i)"""


def _profiles(size: Size) -> str:
    return f"""
        SELECT
            i + 1 AS "uidNumber", 'user' || i AS username, 1 AS "emailConfirmed",
            as_time(TIMESTAMP '2012-01-01' + to_hours(i)) AS "registerDate",
            organisation(pick(i, 17, 5)) AS orgtype, country(pick(i, 18, 7)) AS countryresident
        FROM range({size.accounts}) AS t(i)"""


def _users(size: Size) -> str:
    return f"SELECT i + 1 AS id, 'user' || i AS username FROM range({size.accounts}) AS t(i)"


def _user_profiles(size: Size) -> str:
    return f"""
        SELECT
            i + 1 AS user_id, profile_key,
            CASE profile_key WHEN 'orgtype' THEN organisation(pick(i, 17, 5)) ELSE country(pick(i, 18, 7)) END
                AS profile_value
        FROM
            range({size.accounts}) AS t(i),
            (SELECT unnest(['orgtype', 'countryresident', 'countryorigin']) AS profile_key)"""


# tools, and other resources: a third of them parts of others
_RESOURCES = f"""
    SELECT
        i + 1 AS id, 'Tool ' || i AS title, 7 AS type, 1 AS published, 1 AS standalone, 'tool' || i AS alias, '' AS path
    FROM range({TOOLS}) AS t(i)
    UNION ALL
    SELECT
        10000 + i, 'Resource ' || i, 30 + i % 10, 1, (i % 3 > 0)::INT, '',
        CASE WHEN i % 20 = 0 THEN '/topics/Subject' || i ELSE '2019/07/0' || i || '/slides_' || i || '.pdf' END
    FROM range({RESOURCES}) AS t(i)"""

_RESOURCE_PARTS = f"""
    SELECT 10000 + i // 3 AS parent_id, 10000 + i AS child_id FROM range({RESOURCES}) AS t(i) WHERE i % 3 = 0"""

_TOOL_VERSIONS = f"""
    SELECT 'tool' || i AS toolname, 'tool' || i || '_r' || v AS instance
    FROM range({TOOLS}) AS t(i), range(5) AS u(v)"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--sessions", type=int, default=400_000, help="a month")
    options = parser.parse_args()
    begun = time.perf_counter()
    settings = config.build(config.Source(sections={"db": {"sqlite": str(options.directory)}}))
    store = Store(settings)
    write_history(store, Size(options.months, options.sessions))
    store.close()
    print(f"{options.directory}: {options.months} months of {options.sessions:,} sessions"
          f" in {time.perf_counter() - begun:.0f} s")  # fmt: skip


if __name__ == "__main__":
    main()
