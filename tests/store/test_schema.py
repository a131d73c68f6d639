"""Databases get their tables when they are first needed, and keep their version (spec 70 §8, spec 65 §8)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from hzmetrics import lock
from hzmetrics.errors import StoreError
from hzmetrics.installation.adoption import apply, inventory
from hzmetrics.store import schema, version
from hzmetrics.store.tables import metrics
from tests.conftest import TestHub


def test_the_revisions_are_those_of_alembic() -> None:
    configuration = Config()
    configuration.set_main_option("script_location", "hzmetrics:store/migrations")
    scripts = ScriptDirectory.from_config(configuration)
    assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == version.REVISIONS


def test_a_new_database_is_stamped_and_ready(hub: TestHub) -> None:
    found = inventory.read(hub.store.metrics)
    assert found.version == version.HEAD
    assert apply.is_ready(found, hub.settings.prefix)
    assert {step.number for step in apply.pending(hub.store, hub.settings)} == {8}
    assert hub.run("migrate", "--apply") == 0
    assert apply.pending(hub.store, hub.settings) == []
    assert hub.store.metrics.scalar(sa.select(metrics.alembic_version.c.version_num)) == version.HEAD


def test_doubled_cells_fold_on_both_stores(hub: TestHub) -> None:
    grid = metrics.summary_misc_vals
    cell = {"rowid": 7, "colid": 1, "datetime": "2025-07-00 00:00:00", "period": 1, "valfmt": 6}
    with hub.store.metrics.begin() as connection:
        rows = [{**cell, "value": value} for value in ("2 users", "3 users", "3 users")]
        connection.execute(sa.insert(grid), [*rows, {**cell, "rowid": 8, "value": "4"}])
    assert hub.run("migrate", "--apply") == 0
    kept = hub.store.metrics.rows(sa.select(grid.c.rowid, grid.c.value).order_by(grid.c.rowid))
    assert [tuple(row) for row in kept] == [(7, "3 users"), (8, "4")]
    replaced = hub.store.metrics.rows(sa.select(metrics.replaced_cells.c.grid, metrics.replaced_cells.c.value))
    assert [tuple(row) for row in replaced] == [(grid.name, "2 users")]
    with pytest.raises(StoreError), hub.store.metrics.begin() as connection:
        connection.execute(sa.insert(grid), {**cell, "value": "5 users"})


def test_sqlite_files_are_made_by_many_processes_at_once(make_hub: Callable[[str], TestHub]) -> None:
    hub = make_hub("sqlite")
    script = (
        "import sys; from hzmetrics import config; from hzmetrics.store import Store; "
        "store = Store(config.load()); print(len(store.metrics.table_names), len(store.hub.table_names))"
    )
    for _ in range(3):
        makers = [
            subprocess.Popen(
                [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=hub.environment
            )
            for _ in range(3)
        ]
        answers = {maker.communicate() for maker in makers}
        assert {maker.returncode for maker in makers} == {0}, answers
        assert len(answers) == 1
        for file in (hub.root / "db").iterdir():
            file.unlink()


def test_a_migration_lock_file_on_sqlite(make_hub: Callable[[str], TestHub]) -> None:
    hub = make_hub("sqlite")
    assert hub.run("init") == 0
    with lock.hold(hub.settings, lock.MIGRATE):
        assert hub.run("migrate", "--apply") == 1
    assert hub.run("migrate", "--apply") == 0


def test_importing_needs_transactional_tables(make_hub: Callable[[str], TestHub], kind: str) -> None:
    hub = make_hub(kind)
    schema.require_transactional(hub.store)
    if kind == "mariadb":
        with hub.store.metrics.connect() as connection:
            connection.exec_driver_sql("ALTER TABLE webhits ENGINE=MyISAM")
        with pytest.raises(StoreError, match=r"webhits \(MyISAM\).*hzmetrics migrate --apply"):
            schema.require_transactional(hub.store)
        with hub.store.metrics.connect() as connection:
            connection.exec_driver_sql("DROP TABLE userlogin")
        with pytest.raises(StoreError, match="userlogin is missing; run: hzmetrics init"):
            schema.require_transactional(hub.store)


def test_a_sqlite_file_that_is_none(make_hub: Callable[[str], TestHub], capsys: pytest.CaptureFixture[str]) -> None:
    hub = make_hub("sqlite")
    path = Path(hub.root / "db/metrics.db")
    path.parent.mkdir()
    path.write_bytes(b"no database at all, only some words that fill the first page" * 20)
    assert hub.run("migrate") == 1
    error = capsys.readouterr().err
    assert str(path) in error and "not a database" in error and "Traceback" not in error
