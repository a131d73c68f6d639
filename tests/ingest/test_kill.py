"""An import killed at any point and run again ends in the rows of an undisturbed one (spec 10 §10.2)."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hzmetrics.store.tables import metrics
from tests.conftest import TestHub
from tests.ingest.test_imports import access_line, write

PROGRAM = """
import sys
from hzmetrics.logs import reader
reader.CHUNK = 2**18
from hzmetrics.cli import main
sys.exit(main(sys.argv[1:]))
"""
"""The command line with small chunks, so that there are many of them to die between."""

KILLS = 6
DAYS = 2
TABLES = (metrics.web, metrics.webhits, metrics.userlogin, metrics.imported_sources, metrics.bot_useragents)
MAY_DIFFER = ("id", "pk_start", "pk_end", "imported_at")
"""Ids that a killed import had taken are not given again."""


def start(hub: TestHub) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "import", "--next"],
        env={**os.environ, **hub.environment},
        stderr=subprocess.DEVNULL,
    )


def fill(hub: TestHub) -> None:
    for day in range(1, DAYS + 1):
        agents = ("Mozilla/5.0", "Some bot", "Another bot")
        lines = (access_line(n, url=f"/{n}", agent=agents[n % 3 if n > 9000 else 0], day=day) for n in range(10_000))
        write(hub, f"parity-access.log-2025070{day}", "".join(lines))
        logins = (f"2025-07-0{day} 10:00:{n % 60:02d} {n} [u{n % 40}] 198.51.100.7 login\n" for n in range(3000))
        write(hub, f"cmsauth.log-2025070{day}", "".join(logins), "hubzero/daily")


def content(hub: TestHub) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    for table in TABLES:
        columns = [column for column in table.c if column.name not in MAY_DIFFER]
        order = [table.c.id] if "id" in table.c else columns
        found[table.name] = [tuple(row) for row in hub.store.metrics.rows(sa.select(*columns).order_by(*order))]
    return found


def places(hub: TestHub) -> list[str]:
    return sorted(str(path.relative_to(hub.root)) for path in Path(hub.root / "logs").rglob("*") if path.is_file())


@pytest.mark.slow
def test_a_killed_import_is_done_again_without_a_trace(hub: TestHub) -> None:
    fill(hub)
    begun = time.monotonic()
    assert start(hub).wait(300) == 0
    duration = time.monotonic() - begun
    undisturbed, put_away = content(hub), places(hub)
    assert len(undisturbed["web"]) > 10_000 * DAYS * 0.9

    with hub.store.metrics.begin() as connection:
        for table in TABLES:
            connection.execute(sa.delete(table))
    for path in put_away:
        (hub.root / path).unlink()
    fill(hub)
    chance = random.Random(7)
    for _ in range(KILLS):
        process = start(hub)
        time.sleep(duration * chance.uniform(0.2, 1.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert start(hub).wait(300) == 0
    assert content(hub) == undisturbed
    assert places(hub) == put_away
