"""The rows of `grouped_sessions` and `grouped_logins`: files of months and years, made where they are not kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from hzmetrics.calendar import Year
from hzmetrics.engine import Engine
from hzmetrics.grids.sources import LoginRows, MonthRows, Rows, YearRows
from hzmetrics.scratch import Scratch
from hzmetrics.snapshots import path_of


def grouped(engine: Engine, held: ExitStack, rows: Iterable[Rows]) -> list[str]:
    """The files of `grouped_sessions` or `grouped_logins` that hold some sessions or logins.

    `held` keeps them readable: those of snapshots are read as they were opened, whatever becomes of their names.
    """
    return list(_files(engine, held, rows))


def _files(engine: Engine, held: ExitStack, spans: Iterable[Rows]) -> Iterator[str]:
    made = Path(held.enter_context(Scratch()))
    for number, rows in enumerate(spans):
        if not isinstance(rows, MonthRows | YearRows | LoginRows):
            yield path_of(held.enter_context(rows))
            continue
        path = made / f"{number}.parquet"
        if isinstance(rows, MonthRows):
            make_month(engine, rows, path)
        elif isinstance(rows, LoginRows):
            make_logins(engine, rows, path)
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


def make_logins(engine: Engine, rows: LoginRows, path: Path) -> None:
    """Write the `grouped_logins` of logins to a file."""
    engine.load("userlogin_lite", rows.logins)
    engine.save("grouped_logins", path)
