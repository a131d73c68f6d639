"""The reports on a course (spec 86 §4). Names, keys and shapes of the documents are those of the specification."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.courses.record import COUNTS, canonical
from hzmetrics.courses.settings import CourseRules
from hzmetrics.engine import Engine

Document = dict[str, Any]


def daily(engine: Engine) -> Document:
    """`courses daily`: figures of each day, and running totals (spec 86 §4.1)."""
    days = engine.table("days")
    totals = engine.table("running_totals")
    return {
        "daily": {
            "timestamps": days["timestamp"].to_pylist(),
            **{name: days[name].to_pylist() for name in days.column_names if name != "timestamp"},
        },
        "events": {
            "timestamps": totals["timestamp"].to_pylist(),
            "total_students": totals["total_students"].to_pylist(),
            "total_notebooks": totals["total_notebooks"].to_pylist(),
        },
    }


def usage(engine: Engine) -> Document:
    """`courses usage`: who opened what, and the map of students and notebooks (spec 86 §4.3)."""
    notebooks = engine.table("notebook_students")
    bounds = engine.query(
        "SELECT coalesce(min(opens), 0) AS low, coalesce(max(opens), 0) AS high FROM student_notebooks"
    )
    rows = engine.table("heat_map")
    return {
        "nbnotebooks": notebooks.num_rows,
        "nbstudents": rows.num_rows,
        "nbstudents_per_notebook": _pairs(notebooks),
        "nbstudents_per_notebook_animated": _by_step(engine.table("animation")),
        "nbstudents_per_nbnotebooks": _pairs(engine.table("notebook_numbers")),
        "heatmap": {
            "x": notebooks["notebook"].to_pylist(),
            "y": rows["student"].to_pylist(),
            "z": rows["opens"].to_pylist(),
            "zmin": bounds["low"][0].as_py(),
            "zmax": bounds["high"][0].as_py(),
        },
    }


def counts(rows: pa.Table) -> Document:
    """`courses counts`: each of the 18 values as a list, missing ones null. `rows`: columns time, vals.

    See spec 86 §4.2.
    """
    lines = [(values + [None] * len(COUNTS))[: len(COUNTS)] for values in rows["vals"].to_pylist()]
    columns = zip(*lines, strict=True) if lines else [()] * len(COUNTS)
    return {
        **{f"{name}s": list(values) for name, values in zip(COUNTS, columns, strict=True)},
        "timestamps": [time.isoformat() for time in rows["time"].to_pylist()],
    }


def opens_by_day(engine: Engine) -> Iterator[pa.Table]:
    """`courses export`: columns day, student, notebook, opens; a table a day, so that memory stays bounded."""
    engine.build("opens")
    days = engine.query("SELECT DISTINCT time::DATE AS day FROM opens ORDER BY day")["day"].to_pylist()
    for day in days:
        engine.register_values("wanted_day", {"day": day})
        yield engine.table("day_opens")


OPENS_COLUMNS = ("day", "student", "notebook", "opens")
"""The columns of `opens_by_day`."""


def sorted_opens(engine: Engine, name: Callable[[str], str] = str) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of `opens_by_day`, sorted, a list a day; `name` makes pseudonyms of students."""
    for rows in opens_by_day(engine):
        days, students, notebooks, opens = (column.to_pylist() for column in rows.columns)
        yield sorted(zip(days, map(name, students), notebooks, opens, strict=True))


def count_opens(engine: Engine, rules: CourseRules, now: dt.datetime) -> None:
    """Register which of the registered `events` of a course all reports count, and how; `now` is in UTC."""
    engine.function("canonical", canonical)
    engine.register("students", _students(engine, rules))
    since = now - dt.timedelta(days=rules.keep_days) if rules.keep_days else None
    values = {"strip_extensions": rules.strip_extensions, "grain_hours": rules.grain_hours, "since": since}
    engine.register_values("rules", values)


def _students(engine: Engine, rules: CourseRules) -> pa.Table:
    """The relation `students` of those who count."""
    written = engine.query("SELECT DISTINCT student FROM events")["student"].combine_chunks()
    names = pa.array(map(canonical, written.to_pylist()), pa.string())
    counts = pc.and_not(rules.student_pattern.begins(names), pc.is_in(names, pa.array(rules.staff, pa.string())))
    return pa.table({"student": written, "name": names}).filter(counts)


def _pairs(table: pa.Table) -> list[list[Any]]:
    return [list(pair) for pair in zip(*(column.to_pylist() for column in table.columns), strict=True)]


def _by_step(table: pa.Table) -> dict[str, list[list[Any]]]:
    steps: dict[str, list[list[Any]]] = {}
    columns = (table[name].to_pylist() for name in ("step", "notebook", "students"))
    for step, notebook, students in zip(*columns, strict=True):
        steps.setdefault(step, []).append([notebook, students])
    return steps
