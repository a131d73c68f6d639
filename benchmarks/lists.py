"""How long the lists of what visitors ask for take: `python -m benchmarks.lists [--requests 10000000 --months 24]`.

Requests of a site are invented in SQLite, eight a visit, and all lists are made of them: of each month, twelve and all.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import duckdb

from hzmetrics import config, memory
from hzmetrics.calendar import Month
from hzmetrics.config.source import Source
from hzmetrics.publish.figures import traffic
from hzmetrics.store import Store
from hzmetrics.store.tables.metrics import web

LAST = Month(2026, 10)

REQUESTS = """
    WITH requests AS (SELECT i, i // 8 AS visit, i % 8 AS step, hash(i // 8 + $first) AS h FROM range($requests) t(i))
    SELECT
        (i + 1 + $first)::BIGINT AS id,
        date_trunc('second', $start::TIMESTAMP + to_seconds(visit * 8 * 2400000.0 / $requests + 40 * step))::VARCHAR
            AS datetime,
        concat_ws('.', 1 + h % 50, h // 50 % 250, h // 12500 % 48, 7) AS ip,
        ['US', 'DE', '-', 'FR', 'IN'][1 + (h % 5)::BIGINT] AS ipcountry,
        CASE
            WHEN random() < 0.3 THEN '/blog/post-' || (random() * random() * 300)::INT
            WHEN random() < 0.5
                THEN '/item/' || (random() * random() * 60000)::INT || '?source=' || (random() * 1000)::INT
            ELSE '/'
        END AS content,
        CASE
            WHEN step > 0 THEN 'https://www.example.org/blog/post-' || (random() * 300)::INT
            WHEN h % 3 = 0 THEN '-'
            ELSE 'https://site' || h // 7 % 5000 || '.example/'
        END AS referrer,
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/'
            || (100 + h // 11 % 30) || '.0.' || h // 13 % 90 || '.0 Safari/537.36' AS useragent
    FROM requests
"""


def fill(store: Store, months: list[Month], requests: int) -> None:
    """Write invented requests, as many in each month."""
    engine = duckdb.connect()
    for place, month in enumerate(months):
        count = requests // len(months)
        values = {"first": place * count, "requests": count, "start": month.start}
        with store.metrics.begin() as connection:
            store.metrics.append(connection, web, engine.execute(REQUESTS, values).to_arrow_table())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000_000)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--megabytes", type=int, default=1000, help="what the engine may use")
    options = parser.parse_args()
    memory.set_limit(options.megabytes * memory.MB)
    months = list(LAST.plus(1 - options.months).through(LAST))
    with tempfile.TemporaryDirectory() as root:
        sections = {"db": {"sqlite": root}, "logs": {"files": f"{root}/access.log"}}
        settings = config.build(Source(Path(root) / "conf", sections, environment={"HZMETRICS_HOME": root}))
        store = Store(settings)
        fill(store, months, options.requests)
        spans = [*((month, month) for month in months), (months[-12:][0], LAST), (months[0], LAST)]
        wall, processor = time.perf_counter(), time.process_time()
        found = traffic.read(store, settings, months, spans, min_users=5)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        store.close()
    visitors = sum(part.visitors or 0 for part in found[-1].lists["browsers"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"{options.requests:,} requests of {visitors:,} visitors in {options.months} months:")
    print(f"{wall:.0f} s, {processor:.0f} s of processor time, {peak:,.0f} MB")


if __name__ == "__main__":
    main()
