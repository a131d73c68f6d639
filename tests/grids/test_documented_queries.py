"""The queries of docs/usage-tables.md run, and give rows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.grids.summarize import GRIDS, summarize_month
from hzmetrics.store.tables import metrics
from tests.conftest import TestHub

DOCUMENT = Path(__file__).parents[2] / "docs" / "usage-tables.md"
QUERIES = re.findall(r"```sql\n(.*?);\n```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("kind", [pytest.param("mariadb", marks=pytest.mark.mariadb)], indirect=True)
def test_documented_queries_give_rows(hub: TestHub) -> None:
    with hub.store.metrics.begin() as connection:
        run = {"datetime": "2024-12-03 10:00:00", "user": "ann", "success": 1, "countryresident": "US", "orgtype": ""}
        connection.execute(sa.insert(metrics.toolstart), [run, {**run, "datetime": "2025-07-03 10:00:00"}])
    for month in (Month(2025, 7), Month(2025, 9)):
        assert summarize_month(hub.store, hub.settings, month) > 77 * 6
    assert len(QUERIES) >= 4
    for query in QUERIES:
        if "INTO" not in query and any(table.name in query for table in GRIDS.values()):
            assert hub.store.metrics.rows(sa.text(query)), query
