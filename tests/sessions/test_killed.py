"""Killed at any point and run again, sessions and summaries end in the tables of an undisturbed run."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from typing import Any

import pytest
import sqlalchemy as sa

from hzmetrics.store.tables import metrics
from tests.conftest import TestHub

PROGRAM = """
import sys
import hzmetrics.sessions.build
from hzmetrics.cli import main
hzmetrics.sessions.build.BATCH = 300
sys.exit(main(sys.argv[1:]))
"""
KILLS = 3
COMMANDS = {
    "logfix-session": (metrics.websessions, metrics.web, metrics.toolstart),
    "summarize-month": (
        metrics.summary_user_vals, metrics.summary_simusage_vals, metrics.summary_misc_vals, metrics.userlogin_lite
    ),
}  # fmt: skip
"""Each command and the tables it writes."""


def fill(hub: TestHub) -> None:
    chance = random.Random(20250601)
    rows = [
        {"id": n, "ip": f"192.0.2.{chance.randrange(200)}", "host": chance.choice(("?", "a.example", "b.example")),
         "datetime": f"2025-06-{chance.randrange(1, 31):02d} {chance.randrange(24):02d}:{chance.randrange(60):02d}:00"}
        for n in range(1, 3001)
    ]  # fmt: skip
    with hub.store.metrics.begin() as connection:
        for table in {table for tables in COMMANDS.values() for table in tables} | {metrics.userlogin}:
            connection.execute(sa.delete(table))
        connection.execute(sa.insert(metrics.web), [{**row, "dnload": n % 5 == 0} for n, row in enumerate(rows)])
        connection.execute(sa.insert(metrics.toolstart), [{**row, "success": 1, "user": "ann"} for row in rows[:300]])
        logins = [{"id": row["id"], "datetime": row["datetime"], "ip": row["ip"], "action": "login"} for row in rows]
        connection.execute(sa.insert(metrics.userlogin), [{**row, "user": f"u{row['id'] % 90}"} for row in logins])


def contents(hub: TestHub, tables: tuple[sa.Table, ...]) -> list[list[dict[str, Any]]]:
    found = [hub.store.metrics.read(sa.select(table)).to_pylist() for table in tables]
    return [sorted(rows, key=lambda row: tuple(map(str, row.values()))) for rows in found]


def start(hub: TestHub, command: str) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-c", PROGRAM, command, "2025-06"]
    return subprocess.Popen(arguments, env={**os.environ, **hub.environment}, stderr=subprocess.DEVNULL)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_killed_and_run_again(hub: TestHub, command: str) -> None:
    tables = COMMANDS[command]
    fill(hub)
    if command == "summarize-month":
        assert hub.run("logfix-session", "2025-06") == 0
    begun = time.monotonic()
    assert start(hub, command).wait() == 0
    seconds = time.monotonic() - begun
    undisturbed = contents(hub, tables)
    assert all(undisturbed)
    chance = random.Random(7)
    for _ in range(KILLS):
        if command == "logfix-session":
            fill(hub)
        else:
            with hub.store.metrics.begin() as connection:
                for table in tables[:3]:
                    connection.execute(sa.delete(table))
        for _ in range(2):
            process = start(hub, command)
            time.sleep(seconds * chance.uniform(0.4, 1))
            process.kill()
            process.wait()
            if command == "summarize-month":
                assert contents(hub, tables[:3]) in (undisturbed[:3], [[], [], []])
        assert start(hub, command).wait() == 0
        assert contents(hub, tables) == undisturbed
