"""What is known of the months is found in leaps: whatever the times, and at once on an old hub.

See spec 60 §3, spec 65 §7.
"""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
import sqlalchemy as sa

from hzmetrics.pipeline.facts import months_with_rows
from hzmetrics.store.tables import metrics
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
