"""The cells of a lake are those of the database: for any number of buckets, kind of names and runner."""

from __future__ import annotations

import dataclasses
import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hzmetrics.calendar import PERIODS, Month, Months
from hzmetrics.config import Settings
from hzmetrics.engine import runner
from hzmetrics.grids.logins import remake_userlogin_lite
from hzmetrics.grids.sources import History, base_relations, stored_logins, stored_sessions
from hzmetrics.grids.summarize import compute_cells
from hzmetrics.lake.export import export
from hzmetrics.lake.place import Place
from hzmetrics.lake.summarize import summarize
from hzmetrics.privacy import anonymise as anonymising
from hzmetrics.snapshots import Snapshots
from hzmetrics.store import pseudonyms
from hzmetrics.store.tables.metrics import anonymous_logins, pipeline_state
from tests.conftest import TestHub
from tests.grids.naive import Row
from tests.grids.test_cells import CORRECTIONS, MONTH, fill, hubs
from tests.legacy.case import Case, all_cases
from tests.legacy.test_cases import load

CASES = [case for case in all_cases() if case.folder.name.startswith("summary-")]
Values = dict[tuple[Any, ...], str]


def by_cell(rows: list[dict[str, Any]]) -> Values:
    return {(row["grid"], row["rowid"], row["colid"], row["period"], row["valfmt"]): row["value"] for row in rows}


def ordinary(hub: TestHub, chosen: Settings, month: Month) -> Values:
    """What the pipeline computes from the database."""
    remake_userlogin_lite(hub.store)
    key = pseudonyms.key(hub.store, chosen)
    relations = base_relations(hub.store, month, PERIODS)
    snapshots = Snapshots(hub.store, chosen, key)
    sessions, logins = stored_sessions(hub.store, snapshots, month, PERIODS), stored_logins(hub.store, snapshots)
    history = History(sessions, logins)
    return by_cell(compute_cells(chosen, month, relations, history, pseudonym_key=key).to_pylist())


def of_lake(root: Path, month: Month) -> Values:
    """What was computed from the files."""
    return by_cell(pq.ParquetFile(Place(root).cells(month)).read().to_pylist())


def anchors(case: Case) -> list[Month]:
    """The months that a recorded case summarizes."""
    words = {word for step in case.steps for word in step if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", word)}
    return sorted(map(Month.parse, words))


def named(name: str) -> Case:
    (found,) = (case for case in CASES if case.folder.name == name)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder.name)
def test_recorded_cases(case: Case, hub: TestHub) -> None:
    load(hub, case)
    root = hub.root / "lake"
    export(hub.store, hub.settings, root, Months(), (1, 2, 3)[CASES.index(case) % 3], plain=False)
    for month in anchors(case)[-3:]:
        summarize(root, Months(month, month), runner.Here())
        assert of_lake(root, month) == ordinary(hub, hub.settings, month), month


@pytest.mark.slow
def test_processes_compute_the_same_as_this_one(hub: TestHub) -> None:
    load(hub, named("summary-guests"))
    month = Month(2024, 8)
    found = []
    for workers, buckets in ((1, 2), (2, 2), (2, 7)):
        root = hub.root / f"lake{workers}{buckets}"
        export(hub.store, hub.settings, root, Months(), buckets, plain=False)
        with runner.opened(workers) as chosen:
            summarize(root, Months(month, month), chosen)
        found.append(Place(root).cells(month).read_bytes())
    assert found[0] == found[1] == found[2]
    assert of_lake(root, month) == ordinary(hub, hub.settings, month)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite"])
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(hubs(), st.sets(st.sampled_from(CORRECTIONS)), st.sampled_from((1, 2, 3, 7)), st.booleans(), st.booleans())
def test_random_hubs(
    hub: TestHub, tables: dict[str, list[Row]], names: set[str], buckets: int, plain: bool, is_anonymised: bool
) -> None:
    fill(hub, tables)
    with hub.store.metrics.begin() as connection:  # as it was before the last example
        connection.execute(sa.delete(pipeline_state))
        connection.execute(sa.delete(anonymous_logins))
    chosen = dataclasses.replace(hub.settings, corrections=frozenset(names))
    if is_anonymised and not plain:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(anonymising, "_refuse_unfinished", lambda *arguments: None)
            anonymising.anonymise(hub.store, chosen, Month(2024, 1), yes=True)
    root = hub.root / "lake"
    shutil.rmtree(root, ignore_errors=True)
    export(hub.store, chosen, root, Months(), buckets, plain)
    summarize(root, Months(MONTH, MONTH), runner.Here())
    assert of_lake(root, MONTH) == ordinary(hub, chosen, MONTH)
