"""The queries of docs/usage-tables.md run on both stores, and give the same rows."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.grids.summarize import summarize_month
from hzmetrics.store.tables import metrics
from tests.conftest import TestHub

DOCUMENT = Path(__file__).parents[2] / "docs" / "usage-tables.md"
QUERIES = re.findall(r"```sql\n(.*?);\n```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)


def test_documented_queries_give_rows(hub: TestHub) -> None:
    with hub.store.metrics.begin() as connection:
        run = {"datetime": "2024-12-03 10:00:00", "user": "ann", "success": 1, "countryresident": "US", "orgtype": ""}
        other = {**run, "user": "bob", "countryresident": "DE"}
        connection.execute(sa.insert(metrics.toolstart), [run, {**run, "datetime": "2025-07-03 10:00:00"}, other])
    for month in (Month(2025, 7), Month(2025, 9)):
        assert summarize_month(hub.store, hub.settings, month) > 77 * 6
    users, residence, simulation, newest = (hub.store.metrics.rows(sa.text(query)) for query in QUERIES)
    assert [row.value for row in users if row.month == "2025-07"].count(1) == 1
    parts = {row.colid: row.percent for row in residence if row.rowid == 2}
    assert parts == {3: Decimal(50), 4: 0, 5: Decimal(50), 6: 0}
    assert [tuple(row) for row in simulation] == [("2025", 2, 3, 0)]
    assert len(newest) == 8
