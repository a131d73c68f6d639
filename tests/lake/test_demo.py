"""The invented hub: its grids are the same when they come from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.cli import main
from hzmetrics.demo.directory import Directory
from hzmetrics.grids.summarize import GRIDS
from hzmetrics.store import Store


def grids(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    return {name: sorted(map(tuple, store.metrics.rows(sa.select(table)))) for name, table in GRIDS.items()}


@pytest.mark.slow
@pytest.mark.integration
def test_all_grids_of_the_demonstration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2026-11-20T12:00:00")
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--months", "2", "--lines", "3000", "--dir", "demo"]) == 0
    for variable, value in Directory(tmp_path / "demo").environment.items():
        monkeypatch.setenv(variable, value)
    store = Store(config.load(tmp_path / "demo/hzmetrics.conf"))
    expected = grids(store)
    assert main(["lake", "export", "lake", "--buckets", "3"]) == 0
    assert main(["lake", "summarize", "lake", "--workers", "2"]) == 0
    with store.metrics.begin() as connection:
        for table in GRIDS.values():
            connection.execute(sa.delete(table))
    assert main(["lake", "load", "lake"]) == 0
    assert grids(store) == expected
    assert len(expected["user"]) == 2 * 462
    store.close()
