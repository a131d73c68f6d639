"""What is known of the months is found in leaps: whatever the times, and at once on an old hub (60 §3, 65 §7)."""

from __future__ import annotations

import datetime as dt
import os
import resource
import subprocess
import sys
from itertools import product

import pyarrow as pa
import pytest
import sqlalchemy as sa

from hzmetrics.calendar import PERIODS, Month
from hzmetrics.grids.state import GRIDS
from hzmetrics.pipeline.facts import months_with_rows
from hzmetrics.store import metrics
from tests.conftest import TestHub

FIRST, TODAY = dt.date(2006, 1, 1), dt.date(2026, 5, 19)


@pytest.mark.parametrize("table", [metrics.web, metrics.userlogin, metrics.websessions, metrics.webhits])
def test_months_with_rows(hub: TestHub, table: sa.Table) -> None:
    times = [
        "0000-00-00 00:00:00", "0001-01-05 00:00:00", "2012-12-31 00:00:00", "2013-01-01 00:00:00",
        "2013-01-31 00:00:00", "2020-02-29 00:00:00", "9999-12-31 00:00:00",
    ]  # fmt: skip
    with hub.store.metrics.begin() as connection:
        columns = {"id": list(range(1, len(times) + 1))} if "id" in table.c else {}
        hub.store.metrics.append(connection, table, pa.table({**columns, "datetime": times}))
    found = [str(month) for month in sorted(months_with_rows(hub.store, table))]
    assert found == ["0001-01", "2012-12", "2013-01", "2020-02", "9999-12"]


@pytest.mark.slow
def test_the_status_of_twenty_years_is_there_at_once(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows, hits, a log and its ledger row every day; cells of all periods every month."""
    days = [FIRST + dt.timedelta(days=number) for number in range((TODAY - FIRST).days)]
    rows = pa.table({"id": range(1, len(days) + 1), "datetime": [f"{day} 10:00:00" for day in days]})
    logs = [f"parity-access.log-{day:%Y%m%d}.gz" for day in days]
    ledger = {"filename": logs, "target_table": ["web"] * len(days), "imported_at": rows["datetime"]}
    every = product(Month.of(FIRST).through(Month(2026, 4)), PERIODS, range(1, 11))
    months, periods, numbers = zip(*every, strict=True)
    cells = {"datetime": [month.key for month in months], "period": periods, "rowid": numbers, "colid": numbers}
    append = hub.store.metrics.append
    with hub.store.metrics.begin() as connection:
        for table in (metrics.web, metrics.userlogin, metrics.websessions):
            append(connection, table, rows)
        append(connection, metrics.webhits, rows.drop(["id"]))
        append(connection, metrics.imported_sources, pa.table(ledger))
        for grid in GRIDS:
            append(connection, grid, pa.table(cells))
    imported = hub.root / "logs/httpd/imported"
    imported.mkdir(parents=True)
    for log in logs:
        (imported / log).touch()
    monkeypatch.setenv("HZMETRICS_NOW", f"{TODAY}T09:25:00")
    command = [sys.executable, "-m", "hzmetrics", "status"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env={**os.environ, **hub.environment}, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    assert "2006  #     #" in done.stdout
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1
