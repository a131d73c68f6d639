"""With the dimensions of a hub, a lake of its logs gives all the numbers of the hub."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from hzmetrics import files
from hzmetrics.calendar import Clock, Month, Months
from hzmetrics.config import Settings
from hzmetrics.demo import invention, run
from hzmetrics.demo.directory import Directory
from hzmetrics.demo.progress import Reporter
from hzmetrics.engine import runner
from hzmetrics.grids.summarize import GRIDS
from hzmetrics.lake import dimensions, tables
from hzmetrics.lake.export import export
from hzmetrics.lake.ingest import ingest
from hzmetrics.lake.place import Place
from hzmetrics.lake.sessions import make_sessions
from hzmetrics.lake.summarize import summarize
from hzmetrics.store import Store
from hzmetrics.store.tables.metrics import bot_useragents, dns_cache, toolstart, web
from tests.conftest import TestHub
from tests.lake.test_equality import of_lake

pytestmark = pytest.mark.integration

FIRST, LAST = Month(2026, 9), Month(2026, 10)
Hub = tuple[Settings, Store]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """An invented hub after the whole pipeline, which looked up names and countries."""
    directory = Directory(tmp_path_factory.mktemp("demo"))
    settings = directory.make(invention.sections(directory), Clock.parse("2026-11-20T12:00:00"))
    store = Store(settings)
    invention.invent(directory, settings, store, FIRST, LAST, 4_000, 3, Reporter())
    run.import_pending(store, settings, Reporter())
    run.analyze(store, settings, list(FIRST.through(LAST)), Reporter())
    yield settings, store
    store.close()


def logs(settings: Settings) -> list[Path]:
    return sorted((settings.paths.access_logs / "imported").iterdir())


def cells(store: Store, month: Month) -> dict[tuple[Any, ...], str]:
    return {
        (grid, row.rowid, row.colid, row.period, row.valfmt): str(row.value)
        for grid, table in GRIDS.items()
        for row in store.metrics.rows(sa.select(table).where(table.c.datetime == month.key))
    }


def test_a_lake_of_logs_with_dimensions_gives_the_cells_of_the_hub(demo: Hub, tmp_path: Path) -> None:
    settings, store = demo
    exported, made = tmp_path / "exported", tmp_path / "made"
    export(store, settings, exported, Months(), 3, False, private=True)
    here = runner.Here()
    ingest(settings, made, logs(settings), here, None, False, exported)
    for month in (FIRST, LAST):
        make_sessions(settings, made, Months(month, month), here)
    summarize(made, Months(FIRST, LAST), here)
    for month in (FIRST, LAST):
        expected = cells(store, month)
        assert of_lake(made, month) == expected
        assert len([value for value in expected.values() if value not in ("", "0")]) > 100
    for table in (*tables.BY_MONTH, *tables.BY_BUCKET):
        paths = sorted(path.relative_to(exported) for path in exported.glob(f"{table}/**/*.parquet"))
        assert paths
        assert all((made / path).read_bytes() == (exported / path).read_bytes() for path in paths), table
    private = [path for path in (*exported.rglob("*"), *made.rglob("*")) if "private" in path.parts and path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {files.SECRET}
    assert {stat.S_IMODE((root / "private").stat().st_mode) for root in (exported, made)} == {files.SECRET_DIRECTORY}


def test_private_tables_hold_the_latest_names_and_what_operators_declared(hub: TestHub) -> None:
    rows: list[tuple[sa.Table, list[dict[str, Any]]]] = [
        (web, [
            {"id": 1, "ip": "192.0.2.1", "host": "old.example.org", "domain": "example.org", "ipcountry": "DE"},
            {"id": 2, "ip": "192.0.2.1", "host": "new.example.net", "domain": "example.net", "ipcountry": None},
            {"id": 3, "ip": "192.0.2.2", "host": None, "domain": None, "ipcountry": None},
        ]),
        (dns_cache, [
            {"ip": ip, "host": "Cached.Example.Com", "asked_at": "2025-07-01 00:00:00"}
            for ip in ("192.0.2.2", "192.0.2.3")
        ]),
        (bot_useragents, [{"useragent": name} for name in ("Googlebot", "Intranet Checker")]),
        (toolstart, [{"id": number, "datetime": "2025-07-01 00:00:00", "success": number} for number in (1, 2)]),
    ]  # fmt: skip
    with hub.store.metrics.begin() as connection:
        for table, values in rows:
            times = {"datetime": "2025-07-01 00:00:00"} if table is web else {}
            connection.execute(sa.insert(table), [times | row for row in values])
    root = hub.root / "lake"
    assert hub.run("lake", "export", str(root), "--private") == 0
    found = {name: pq.ParquetFile(Place(root).dimension(name)).read().to_pylist() for name in dimensions.PRIVATE}
    assert [tuple(row.values()) for row in found["addresses"]] == [
        ("192.0.2.1", "new.example.net", "example.net", "DE"),
        ("192.0.2.2", None, None, None),
        ("192.0.2.3", "cached.example.com", "example.com", None),
    ]
    assert found["bot_useragents"] == [{"useragent": "Intranet Checker"}]
    assert [row["id"] for row in found["tool_starts"]] == [1]
