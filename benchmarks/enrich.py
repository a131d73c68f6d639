"""Enrichment of a month of visits: seconds a step, and the ratio to the row-by-row implementation it replaces.

    python -m benchmarks.enrich [--rows 300000] [--addresses 30000] [--filters 120] [--socket MARIADB.sock]

The ratios hold for the default sizes: they compare with 45, 10, 44 and 124 seconds, measured with such data on two
cores. The resolver is a process of this machine.
"""

from __future__ import annotations

import argparse
import datetime as dt
import logging
import multiprocessing
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import numpy as np
import pyarrow as pa
import pymysql
import sqlalchemy as sa

from benchmarks import environment_with
from hzmetrics import config
from hzmetrics.calendar import DateSpan
from hzmetrics.demo import maxmind
from hzmetrics.enrich.bots import clean_bots
from hzmetrics.enrich.dns import resolve_dns
from hzmetrics.enrich.domains import fill_domain
from hzmetrics.enrich.geo import fill_ipcountry
from hzmetrics.store import Store
from hzmetrics.store.schema import create_hub, create_metrics
from hzmetrics.store.tables.metrics import exclude_list, web

MARCH = DateSpan.parse("2025-03")
FIRST = IPv4Address("20.0.0.0")


def answer(port: multiprocessing.Queue[int]) -> None:
    """A resolver with a name for every address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        listener.bind(("127.0.0.1", 0))
        port.put(listener.getsockname()[1])
        while True:
            query, sender = listener.recvfrom(512)
            question = query[12 : query.index(b"\0", 12) + 5]
            labels = b"\4host" + question[: question.index(b"\7in-addr")] + b"\7example\3edu\0"
            record = b"\xc0\x0c\0\x0c\0\1\0\0\0\x3c" + len(labels).to_bytes(2) + labels
            listener.sendto(query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + question + record, sender)


def configuration(server: str | None, folder: Path, port: int) -> str:
    db = f"sqlite = {folder}"
    if server:
        with pymysql.connect(unix_socket=server, user="root") as connection, connection.cursor() as cursor:
            for side in ("hub", "metrics"):
                cursor.execute(f"DROP DATABASE IF EXISTS hzbench_enrich_{side}")
                cursor.execute(f"CREATE DATABASE hzbench_enrich_{side} CHARACTER SET utf8mb3")
        db = f"socket = {server}\nuser = root\nhub_db = hzbench_enrich_hub\nmetrics_db = hzbench_enrich_metrics"
    return f"[db]\n{db}\n[dns]\nnameserver = 127.0.0.1:{port}\n[geoip]\ndatabase = {folder / 'city.mmdb'}\n"


def month(rows: int, addresses: int) -> pa.Table:
    """Requests of March 2025 in time order; some addresses come often, most seldom."""
    random = np.random.default_rng(7)
    which = (random.power(0.4, rows) * addresses).astype(int)
    which[:addresses] = np.arange(addresses)
    random.shuffle(which)
    seconds = np.sort(random.integers(0, 31 * 86400, rows))
    start = dt.datetime(2025, 3, 1)
    return pa.table(
        {
            "id": pa.array(range(1, rows + 1), pa.int64()),
            "datetime": [f"{start + dt.timedelta(seconds=int(second)):%Y-%m-%d %H:%M:%S}" for second in seconds],
            "content": [f"/resources/{number % 4000}/about" for number in range(rows)],
            "referrer": ["https://hub.example.org/resources"] * rows,
            "useragent": ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"] * rows,
            "ip": [str(FIRST + int(number)) for number in which],
        }
    )


def prepare(store: Store, rows: pa.Table, filters: int) -> None:
    with store.metrics.begin() as connection:
        store.metrics.append(connection, web, rows)
        kinds = [("host", f"crawl-{n}.%") for n in range(filters // 2)]
        kinds += [("domain", f"bots{n}.example") for n in range(filters - len(kinds))]
        connection.execute(sa.insert(exclude_list), [{"type": kind, "filter": text} for kind, text in kinds])
        if store.metrics.is_mariadb:
            connection.exec_driver_sql("ANALYZE TABLE web")


def forget_countries(store: Store) -> None:
    with store.metrics.begin() as connection:
        connection.execute(sa.update(web).values(ipcountry=None))


def fill_cache(store: Store, addresses: int) -> None:
    table = store.hub_tables.metrics_ipgeo_cache
    with store.hub.begin() as connection:
        connection.execute(
            sa.insert(table),
            [
                {"ip": int(FIRST) + number, "countrySHORT": "FR", "lookup_datetime": "2037-01-01 00:00:00"}
                for number in range(addresses)
            ],
        )


def measure(what: str, replaced: float, step: Callable[[], int]) -> None:
    begun = time.perf_counter()
    rows = step()
    seconds = time.perf_counter() - begun
    print(f"{what}: {rows:,} rows, {seconds:.2f} s, {replaced / seconds:.0f} times as fast", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--addresses", type=int, default=30_000)
    parser.add_argument("--filters", type=int, default=120)
    parser.add_argument("--socket", help="socket of a MariaDB server; without it, SQLite")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    port: multiprocessing.Queue[int] = multiprocessing.Queue()
    server = multiprocessing.Process(target=answer, args=(port,), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        maxmind.write(
            folder / "city.mmdb",
            [
                (f"20.0.{n}.0/24", maxmind.place("DE", "Germany", "Bavaria", f"Town {n}", 48.0, 11.5))
                for n in range(256)
            ],
        )
        file = folder / "hub.conf"
        file.write_text(configuration(options.socket, folder, port.get()))
        settings = config.load(file, environment_with({}))
        store = Store(settings)
        create_hub(store.hub, store.hub_tables.metadata)
        create_metrics(store.metrics, store.prefix)
        prepare(store, month(options.rows, options.addresses), options.filters)
        without = replace(settings, geoip=type(settings.geoip)(settings.source, database=None))

        measure("resolve-dns", 45, lambda: resolve_dns(store, settings, "metrics", "web", MARCH))
        measure("fill-domain", 10, lambda: fill_domain(store, settings, "metrics", "web", MARCH))
        measure("fill-ipcountry, local database", 44, lambda: fill_ipcountry(store, settings, "metrics", "web", MARCH))
        forget_countries(store)
        fill_cache(store, options.addresses)
        measure("fill-ipcountry, cache", 44, lambda: fill_ipcountry(store, without, "metrics", "web", MARCH))
        measure(f"clean-bots, {options.filters} filters", 124, lambda: clean_bots(store, settings, "web", MARCH))
        store.close()
    server.terminate()


if __name__ == "__main__":
    main()
