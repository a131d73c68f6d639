"""Activity scores of many users: what `activity` costs, a sampling run, and the ticks between two.

    python -m benchmarks.activity [--users 100000] [--recent 100000] [--times 52] [--socket MARIADB.sock]

A hub with so many accounts, of which so many were active within the year that samples are kept, and a sample of every
account at so many times of that year. Every command runs in a process of its own, as cron runs it; the sampler's share
is what a tick with a due run takes longer than one with `[activity] enabled = no`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pymysql
import sqlalchemy as sa

from benchmarks import environment_with
from hzmetrics import config
from hzmetrics.calendar import epoch, utc
from hzmetrics.store import Store
from hzmetrics.store.live_state import remember
from hzmetrics.store.schema import create_metrics

NOW = epoch("2026-05-19T09:25:00Z")
DAY = 86_400
SITE = "bench_activity"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--recent", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=52)
    parser.add_argument("--socket", help="of a MariaDB server; without it SQLite")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        environment = make_hub(Path(scratch), arguments.socket)
        filling = multiprocessing.Process(
            target=fill, args=(environment, arguments.users, arguments.recent, arguments.times)
        )
        filling.start()  # elsewhere: a child's memory is counted from that of the process which starts it
        filling.join()
        print(f"{arguments.users} users, {arguments.recent} recent, {arguments.users * arguments.times} samples")
        measure("tick, sums computed again", environment, NOW, "tick")
        off = {**environment, "HZMETRICS_ACTIVITY_ENABLED": "no", "HZMETRICS_ACTIVE_USERS_ENABLED": "no"}
        for run in range(1, 4):
            measure("tick, activity off", off, NOW + 600 * run, "tick")
            measure("tick, sampling", environment, NOW + 600 * run, "tick")
            measure("tick, nothing due", environment, NOW + 600 * run + 300, "tick")
        measure("active users, counted", environment, NOW + 2100, "active-users", "update", "--force")
        for command in (["activity"], ["activity", "show", "--json"], ["activity", "show", "--json", "--derived"]):
            measure(" ".join(command), environment, NOW + 2100, *command)
        if arguments.socket:
            drop(arguments.socket)


def make_hub(root: Path, socket: str | None) -> dict[str, str]:
    """An invented hub; its environment."""
    (root / "hubroot/app/site/stats/maps").mkdir(parents=True)
    db = f"sqlite = {root}/db"
    if socket:
        drop(socket)
        with pymysql.connect(unix_socket=socket, user="root") as server, server.cursor() as cursor:
            for side in ("hub", "metrics"):
                cursor.execute(f"CREATE DATABASE {SITE}_{side} CHARACTER SET utf8mb3")
        db = f"host = localhost\nsocket = {socket}\nuser = root\nhub_db = {SITE}_hub\nmetrics_db = {SITE}_metrics"
    configuration = root / "hzmetrics.conf"
    configuration.write_text(
        f"[hub]\nsite = {SITE}\nhub_dir = {root}/hubroot\n[db]\n{db}\n[activity]\nretention_days = 365\n"
    )
    own = {
        "HZMETRICS_CONFIG": str(configuration),
        "HZMETRICS_HOME": str(root / "home"),
        "HZMETRICS_LOG": str(root / "log"),
        "HZMETRICS_LOG_ROOT": str(root / "logs"),
    }
    return environment_with(own)


def drop(socket: str) -> None:
    with pymysql.connect(unix_socket=socket, user="root") as server, server.cursor() as cursor:
        for side in ("hub", "metrics"):
            cursor.execute(f"DROP DATABASE IF EXISTS {SITE}_{side}")


def fill(environment: dict[str, str], users: int, recent: int, times: int) -> None:
    """Accounts, tool sessions and samples."""
    import pyarrow as pa

    from hzmetrics.activity.monitor import LAST_RUN
    from hzmetrics.store.tables.live import activity_samples, capability_state, user_last_event

    settings = config.load(environment=environment)
    store = Store(settings)
    if store.hub.is_mariadb:
        with store.hub.begin() as connection:
            store.hub_tables.metadata.create_all(connection)
        create_metrics(store.metrics, settings.prefix)
    names = [f"user{number:06d}" for number in range(users)]
    with store.hub.begin() as connection:
        accounts = {"username": pa.array(names), "block": pa.array([0] * users), "approved": pa.array([1] * users)}
        store.hub.append(connection, store.hub_tables.users, pa.table(accounts))
        starts = [utc(NOW - 3600 - number * 300 * DAY // recent)[:19].replace("T", " ") for number in range(recent)]
        sessions = {
            "username": pa.array(names[:recent]),
            "start": pa.array(starts),
            "walltime": pa.array([60] * recent),
        }
        store.hub.append(connection, store.hub_tables.sessionlog, pa.table(sessions))
    for number in range(times):
        time = utc(NOW - 300 - number * 364 * DAY // times)
        rows = pa.table({
            "username": pa.array(names),
            "timestamp": pa.array([time] * users),
            "is_active": pa.array([(one + number) % 3 == 0 for one in range(users)]).cast(pa.int64()),
        })  # fmt: skip
        with store.metrics.begin() as connection:
            store.metrics.append(connection, activity_samples, rows)
    logins = {
        "username": names[:recent],
        "event": ["login"] * recent,
        "time": [f"{one.replace(' ', 'T')}Z" for one in starts],
    }
    with store.metrics.begin() as connection:
        store.metrics.append(connection, user_last_event, pa.table(logins))
        connection.execute(sa.delete(capability_state).where(capability_state.c.name == LAST_RUN))
        remember(connection, LAST_RUN, utc(NOW - 600))
    store.close()


def measure(what: str, environment: dict[str, str], now: int, *command: str) -> None:
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "hzmetrics", *command],
        env={**environment, "HZMETRICS_NOW": utc(now)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode:
        raise SystemExit(f"{what} ended with {process.returncode}")
    seconds, cpu, memory = time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    print(f"{what:<34}{seconds:6.2f} s elapsed {cpu:6.2f} s CPU {memory:6.0f} MB", flush=True)


if __name__ == "__main__":
    main()
