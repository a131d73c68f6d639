"""Every case on every store ends in the same rows. One case alone: `pytest tests/legacy -k NAME`."""

from __future__ import annotations

import difflib
import shutil

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import sqlalchemy as sa

from hzmetrics.store.connections import SESSION
from hzmetrics.store.database import Database
from hzmetrics.store.tables import metrics
from hzmetrics.store.types import Wallclock
from tests.conftest import TestHub
from tests.legacy.case import HERE, SIDES, Case, all_cases, read, stored


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.folder.name)
def test_case(case: Case, hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    load(hub, case)
    logs = hub.root / "logs"
    if (case.folder / "logs").is_dir():
        shutil.copytree(case.folder / "logs", logs)
    monkeypatch.chdir(hub.root)
    for name, value in case.environment.items():
        monkeypatch.setenv(name, value)
    for step, code in zip(case.steps, case.exits, strict=True):
        arguments = [word.replace("{logs}", str(logs)).replace("{scratch}", str(hub.root)) for word in step]
        assert hub.run(*arguments) == code, " ".join(step)
    differences = [line for key in case.rules for line in difference(hub, case, *key)]
    assert not differences, "\n".join(differences)


def load(hub: TestHub, case: Case) -> None:
    """Fill the databases with the case's first rows; every other table is empty."""
    if hub.kind == "mariadb":
        _make_hub_as_the_cms_does(hub.store.hub, hub.store.hub_tables.metadata)
    profiles = metrics.profiles_copy(hub.store.prefix)
    tables = {
        "hub": hub.store.hub_tables.metadata.tables,
        "metrics": {**metrics.metadata.tables, profiles.name: profiles},
    }
    for side in SIDES:
        database: Database = getattr(hub.store, side)
        with database.begin() as connection:
            for table in tables[side].values():
                connection.execute(sa.delete(table))
            for name, path in case.inputs(side).items():
                table = tables[side][name]
                database.append(connection, table, _with_midnights(table, read(path)))


def _with_midnights(table: sa.Table, rows: pa.Table) -> pa.Table:
    """A day alone in a column of times is its midnight."""
    times = [name for name in rows.column_names if isinstance(table.c[name].type, Wallclock)]
    for name in times:
        days = pc.equal(pc.utf8_length(rows[name]), 10)
        midnights = pc.binary_join_element_wise(rows[name], "00:00:00", " ")
        rows = rows.set_column(rows.column_names.index(name), name, pc.if_else(days, midnights, rows[name]))
    return rows


def difference(hub: TestHub, case: Case, side: str, table: str) -> list[str]:
    """What is stored against what is expected, as a unified diff; empty when they agree."""
    database: Database = getattr(hub.store, side)
    with database.connect() as connection:
        found = stored(connection, table, case.rules[side, table])
    name = f"{side}.{table}"
    return list(
        difflib.unified_diff(case.expected(side, table), found, f"{name} expected", f"{name} found", "", "", 0, "")
    )


def _make_hub_as_the_cms_does(hub: Database, ours: sa.MetaData) -> None:
    """Replace our hub tables by the CMS's own, with its engines, types and keys."""
    with hub.begin() as connection:
        ours.drop_all(connection)
        connection.exec_driver_sql("SET SESSION sql_mode = ''")
        for statement in (HERE / "hub_schema.sql").read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
        connection.exec_driver_sql(SESSION)
