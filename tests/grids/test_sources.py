"""What the grids read of the databases, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.calendar import Clock
from hzmetrics.grids.sources import LoginRows, stored_logins
from hzmetrics.snapshots import Snapshots
from hzmetrics.store.tables.metrics import userlogin
from tests.conftest import TestHub
from tests.statements import read_whole

TIMES = (
    "0000-00-00 00:00:00",
    "2024-12-31 23:59:59",
    "2025-06-01 12:00:00",
    "2026-01-01 00:00:00",
    "2027-02-03 00:00:00",
)


def test_logins_of_other_years_than_those_that_are_over_are_found_in_the_index(
    make_hub: Callable[[str], TestHub],
) -> None:
    hub = make_hub("sqlite")
    with hub.store.metrics.begin() as connection:
        rows = [{"datetime": time, "user": "ann", "uidNumber": 1, "ip": "", "action": "login"} for time in TIMES]
        connection.execute(sa.insert(userlogin), rows)
    with read_whole("userlogin") as found:
        settings = replace(hub.settings, clock=Clock.parse("2026-03-10"))
        first = next(stored_logins(hub.store, Snapshots(hub.store, settings, "")))
        assert isinstance(first, LoginRows)
        assert isinstance(first.logins, pa.RecordBatchReader)
        times = first.logins.read_all()["datetime"].to_pylist()
    assert sorted(times) == [TIMES[0], *TIMES[3:]]
    assert found == []
