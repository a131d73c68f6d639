"""The reports on a course (spec 86 §4). Names, keys and shapes of the documents are those of the specification."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.courses.record import COUNTS, canonical
from hzmetrics.courses.settings import CourseRules
from hzmetrics.engine import Engine

Document = dict[str, Any]


def daily(engine: Engine) -> Document:
    """`courses daily`: figures of each day, and running totals (spec 86 §4.1)."""
    engine.models("hzmetrics.courses", ["firsts", "days", "totals"])
    days = engine.table("days")
    totals = engine.table("totals")
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
    engine.models("hzmetrics.courses", ["cells", "steps", "animation", "map_rows"])
    per_notebook = engine.query("SELECT notebook, count(*) AS n FROM cells GROUP BY notebook ORDER BY notebook")
    per_count = engine.query(
        "SELECT k, count(*) AS n FROM (SELECT count(*) AS k FROM cells GROUP BY student) GROUP BY k ORDER BY k"
    )
    bounds = engine.query("SELECT coalesce(min(opens), 0) AS low, coalesce(max(opens), 0) AS high FROM cells")
    rows = engine.table("map_rows")
    return {
        "nbnotebooks": per_notebook.num_rows,
        "nbstudents": rows.num_rows,
        "nbstudents_per_notebook": _pairs(per_notebook, "notebook", "n"),
        "nbstudents_per_notebook_animated": _by_step(engine.table("animation")),
        "nbstudents_per_nbnotebooks": _pairs(per_count, "k", "n"),
        "heatmap": {
            "x": per_notebook["notebook"].to_pylist(),
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
    days = engine.query("SELECT DISTINCT time::DATE AS day FROM opens ORDER BY day")["day"].to_pylist()
    for day in days:
        engine.register_values("wanted", {"day": day})
        engine.models("hzmetrics.courses", ["day_opens"])
        yield engine.table("day_opens")


def count_opens(engine: Engine, rules: CourseRules, now: dt.datetime) -> None:
    """Define `opens`, which all reports use, from the relation `events` of one course; `now` is in UTC."""
    engine.function("canonical", canonical)
    engine.register("students", _students(engine, rules))
    since = now - dt.timedelta(days=rules.keep_days) if rules.keep_days else None
    engine.register(
        "rules",
        pa.table(
            {
                "strip_extensions": [rules.strip_extensions],
                "grain_hours": [rules.grain_hours],
                "since": pa.array([since], pa.timestamp("us")),
            }
        ),
    )
    engine.run_script("hzmetrics.courses", "macros")
    engine.models("hzmetrics.courses", ["opens"])


def _students(engine: Engine, rules: CourseRules) -> pa.Table:
    """The relation `students` of those who count: the name in events, and the one form of it."""
    written = engine.query("SELECT DISTINCT student FROM events")["student"].combine_chunks()
    names = pa.array(map(canonical, written.to_pylist()), pa.string())
    counts = pc.and_not(rules.student_pattern.begins(names), pc.is_in(names, pa.array(rules.staff, pa.string())))
    return pa.table({"student": written, "name": names}).filter(counts)


def _pairs(table: pa.Table, first: str, second: str) -> list[list[Any]]:
    return [list(pair) for pair in zip(table[first].to_pylist(), table[second].to_pylist(), strict=True)]


def _by_step(table: pa.Table) -> dict[str, list[list[Any]]]:
    steps: dict[str, list[list[Any]]] = {}
    columns = (table[name].to_pylist() for name in ("step", "notebook", "students"))
    for step, notebook, students in zip(*columns, strict=True):
        steps.setdefault(step, []).append([notebook, students])
    return steps
