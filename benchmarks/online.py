"""Who is online: what the first refresh of many visitors costs, and the next one, in which nothing is new.

    python benchmarks/online.py [--sessions 5000] [--addresses 2000] [--socket MARIADB.sock]

Runs `hzmetrics whoisonline` as cron does, in processes of its own, against a resolver that answers in 1 ms. Prints wall
and CPU seconds and the memory of each run.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from ipaddress import IPv4Address
from pathlib import Path
from typing import cast

import pymysql
import sqlalchemy as sa

from benchmarks import environment_with
from hzmetrics import config
from hzmetrics.demo import maxmind
from hzmetrics.store import Store
from hzmetrics.store.schema import create_metrics

DELAY = 0.001
"""Seconds until the resolver answers."""


class Resolver(asyncio.DatagramProtocol):
    """Answers every question with one PTR record."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        asyncio.get_running_loop().call_later(DELAY, self.answer, data, sender)

    def answer(self, query: bytes, sender: tuple[str, int]) -> None:
        labels = [f"pc{query[12 + 1 :][:3].decode(errors='replace').strip()}", "campus", f"u{query[13] % 40}", "edu"]
        name = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
        question = query[12 : query.index(b"\0", 12) + 5]
        record = b"\xc0\x0c\0\x0c\0\x01\0\0\0\x3c" + len(name).to_bytes(2) + name
        header = query[:2] + b"\x81\x80\0\x01\0\x01\0\0\0\0"
        self.transport.sendto(header + question + record, sender)


def resolve(port: multiprocessing.Queue[int]) -> None:
    async def serve() -> None:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Resolver, local_addr=("127.0.0.1", 0))
        port.put(transport.get_extra_info("sockname")[1])
        await asyncio.Event().wait()

    asyncio.run(serve())


def database(socket: str | None, folder: Path) -> str:
    if socket is None:
        return f"sqlite = {folder}"
    with pymysql.connect(unix_socket=socket, user="root") as server, server.cursor() as cursor:
        for side in ("hub", "metrics"):
            cursor.execute(f"DROP DATABASE IF EXISTS hzbench_{side}")
            cursor.execute(f"CREATE DATABASE hzbench_{side} CHARACTER SET utf8mb3")
    return f"socket = {socket}\nuser = root\nhub_db = hzbench_hub\nmetrics_db = hzbench_metrics"


def fill(store: Store, sessions: int, addresses: int) -> None:
    now = int(time.time())
    with store.hub.begin() as connection:
        store.hub_tables.metadata.create_all(connection)
        connection.execute(
            sa.insert(store.hub_tables.session),
            [
                {
                    "session_id": f"{number * 2654435761 % (1 << 32):08x}{number:024x}",
                    "ip": str(IPv4Address("100.64.0.0") + number % addresses),
                    "time": str(now - number % 1500),
                    "username": f"user{number}" if number % 3 == 0 or number >= addresses else "",
                    "guest": 0 if number % 3 == 0 or number >= addresses else 1,
                    "userid": number,
                }
                for number in range(sessions)
            ],
        )
    create_metrics(store.metrics, store.prefix)


def measure(what: str, environment: dict[str, str]) -> None:
    begun = time.monotonic()
    child = subprocess.Popen([sys.executable, "-m", "hzmetrics", "whoisonline"], env=environment)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - begun
    cpu = usage.ru_utime + usage.ru_stime
    assert status == 0
    print(f"{what}: {wall:.2f} s, {cpu:.2f} s CPU, {usage.ru_maxrss / 1024:.0f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=5000)
    parser.add_argument("--addresses", type=int, default=2000)
    parser.add_argument("--socket", help="socket of a MariaDB server; without it, SQLite")
    options = parser.parse_args()
    port: multiprocessing.Queue[int] = multiprocessing.Queue()
    resolver = multiprocessing.Process(target=resolve, args=(port,), daemon=True)
    resolver.start()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "site/stats/maps").mkdir(parents=True)
        networks = [
            (f"100.64.{n}.0/24", maxmind.place("US", "United States", "Indiana", f"Town {n}", 40 + n / 10, -86.0))
            for n in range(256)
        ]
        maxmind.write(folder / "city.mmdb", networks)
        file = folder / "hub.conf"
        file.write_text(
            f"[hub]\nsite = bench\nhub_dir = {folder}\n[db]\n{database(options.socket, folder)}\n"
            f"[dns]\nnameserver = 127.0.0.1:{port.get()}\n[geoip]\ndatabase = {folder / 'city.mmdb'}\n"
        )
        own = {
            "HZMETRICS_CONFIG": str(file),
            "HZMETRICS_HOME": str(folder / "home"),
            "HZMETRICS_LOG": str(folder / "log.txt"),
        }
        environment = environment_with(own)
        store = Store(config.load(file, environment))
        fill(store, options.sessions, options.addresses)
        store.close()
        measure(f"{options.sessions} sessions, {options.addresses} new addresses", environment)
        for _ in range(2):
            measure("nothing new", environment)
    resolver.terminate()


if __name__ == "__main__":
    main()
