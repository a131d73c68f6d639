"""A fleet whose cells are invented: what is shown of it can be computed here in another way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hzmetrics.calendar import PERIODS, Month
from hzmetrics.fleet import definition
from hzmetrics.fleet.definition import Fleet, Hub
from hzmetrics.fleet.state import State
from hzmetrics.lake.manifest import Manifest
from hzmetrics.lake.place import Place
from hzmetrics.publish.figures.definitions import FIGURES
from tests.chromium import browser, chromium  # noqa: F401

HOSTILE = "<b>Hub</b> & '\"=1+1"
CELLS = {
    "alpha": {Month(2024, 1): 100, Month(2024, 2): 110, Month(2024, 3): 120},
    "beta": {Month(2024, 2): 7, Month(2024, 4): 9},
    "gamma": {Month(2024, 4): 1000},
}
"""By hub and month: the number from which all its cells are made."""
FROM_LOGS = "beta"
"""The hub without users and tools."""
TOML = f"""
title = "All of them"
directory = "made"
[[hubs]]
name = "alpha"
title = '''{HOSTILE}'''
lake = "a"
[[hubs]]
name = "beta"
lake = "b"
[[hubs]]
name = "gamma"
lake = "c"
url = "https://gamma.example/usage"
[[hubs]]
name = "never"
lake = "d"
"""


def is_left_out(name: str, key: str) -> bool:
    """Whether a hub has no such cell."""
    return name == FROM_LOGS and (
        key.startswith(("simusage.", "user.1.", "user.2.", "user.6.")) or key in ("misc.6.1", "misc.7.1")
    )


def cell(name: str, key: str, month: Month, period: int) -> int | None:
    """The value of a cell; None: there is none."""
    number = CELLS[name].get(month)
    grid, row, column = key.split(".")
    if number is None or is_left_out(name, key):
        return None
    return number * (1 + PERIODS.index(period)) + 10 * int(row) + int(column) + len(grid)


def manifest_of(name: str) -> Manifest:
    months = tuple(CELLS[name])
    return Manifest(
        source="logs",
        has_hub=name != FROM_LOGS,
        hub=name,
        time_zone="America/Chicago" if name == "gamma" else "UTC",
        corrections=("all-days",) if name == "beta" else ("all-days", "half-up"),
        names="plain",
        key="",
        buckets=1,
        through=months[-1],
        months=months,
        missing=(),
        exported="2024-05-02T00:00:00Z",
        is_complete=True,
    )


def write(fleet: Fleet, hub: Hub) -> None:
    """Write the cells of a hub, as a run leaves them."""
    place = Place(fleet.results(hub))
    for month in CELLS[hub.name]:
        rows = [
            (*key.split("."), period, "" if key == "simusage.3.1" else str(value))
            for key in FIGURES
            for period in PERIODS
            if (value := cell(hub.name, key, month, period)) is not None
        ]
        grid, row, column, periods, values = map(list, zip(*rows, strict=True))
        numbers = {"rowid": map(int, row), "colid": map(int, column), "period": periods}
        place.cells(month).parent.mkdir(parents=True)
        columns = {name: pa.array(list(of_name), pa.int32()) for name, of_name in numbers.items()}
        pq.write_table(pa.table({"grid": grid, **columns, "value": values}), place.cells(month))
    manifest_of(hub.name).write(place.root)
    failure = "/secret/place is damaged" if hub.name == "beta" else ""
    State(succeeded="2024-05-02T10:00:00Z", tried="2024-05-03T10:00:00Z", failure=failure).write(place.root)


@dataclass(frozen=True)
class Invented:
    file: Path
    fleet: Fleet


@pytest.fixture(scope="session")
def invented(tmp_path_factory: pytest.TempPathFactory) -> Invented:
    """A fleet that no test changes."""
    file = tmp_path_factory.mktemp("fleet") / "hubs.toml"
    file.write_text(TOML, encoding="utf-8")
    fleet = definition.read(file)
    for hub in fleet.hubs:
        if hub.name in CELLS:
            write(fleet, hub)
    return Invented(file, fleet)
