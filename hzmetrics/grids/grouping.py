"""The relation `grouped_sessions`: files of months and of years, of which those not kept yet are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from hzmetrics.calendar import Year
from hzmetrics.engine import Engine
from hzmetrics.grids.snapshots import path_of
from hzmetrics.grids.sources import MonthRows, Rows, YearRows
from hzmetrics.scratch import Scratch


def group_sessions(engine: Engine, held: ExitStack, sessions: Iterable[Rows]) -> None:
    """Give the engine the relation `grouped_sessions`.

    `held` keeps its files readable: those of snapshots are read as they were opened, whatever becomes of their names.
    """
    paths = list(_files(engine, held, sessions))
    if paths:
        engine.register_parquet("grouped_sessions", paths)
    else:
        engine.create("grouped_sessions")


def _files(engine: Engine, held: ExitStack, sessions: Iterable[Rows]) -> Iterator[str]:
    """Where the engine finds the rows, in a file each."""
    made = Path(held.enter_context(Scratch()))
    for number, rows in enumerate(sessions):
        if not isinstance(rows, MonthRows | YearRows):
            yield path_of(held.enter_context(rows))
            continue
        path = made / f"{number}.parquet"
        if isinstance(rows, MonthRows):
            make_month(engine, rows, path)
        else:
            with ExitStack() as months:
                paths = list(_files(engine, months, rows.months))
                if not paths:  # its sessions have been deleted meanwhile
                    continue
                make_year(engine, rows.year, paths, path)
        if rows.snapshot:
            rows.snapshot.keep(path)
        yield str(path)


def make_month(engine: Engine, rows: MonthRows, path: Path) -> None:
    """Write the `month_sessions` of a month to a file."""
    engine.load("websessions", rows.sessions)
    engine.load("download_requests", rows.downloads)
    engine.save("month_sessions", path)


def make_year(engine: Engine, year: Year, months: Sequence[str], path: Path) -> None:
    """Write the `year_sessions` of a year to a file; `months`: the files of its months."""
    engine.register_parquet("grouped_sessions", months)
    engine.set_variable("year", str(year))
    engine.save("year_sessions", path)
