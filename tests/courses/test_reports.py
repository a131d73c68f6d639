"""The reports against a direct transcription of their definitions (spec 86 §4), on random courses."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections import Counter
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hzmetrics.courses import reports
from hzmetrics.courses.blocks import blocks
from hzmetrics.courses.copy import PACKAGE, rows_of
from hzmetrics.courses.progress import COUNTS, EVENTS
from hzmetrics.courses.settings import CourseRules
from hzmetrics.engine import Engine
from hzmetrics.logs.patterns import Pattern

Event = tuple[dt.datetime, str, str, str]
START = dt.datetime(2026, 1, 11, 20)
RULES = CourseRules(student_pattern=Pattern("s"), staff=frozenset({"s9"}), strip_extensions=True)

EVENTS_OF_A_COURSE = st.lists(
    st.tuples(
        st.integers(0, 200_000).map(lambda seconds: START + dt.timedelta(seconds=seconds // 1800 * 1800)),
        st.sampled_from(["s1", "s2", "s3", "s9", "teacher"]),
        st.sampled_from(["a.ipynb", "a", "b.md.ipynb", "b.md", ".py", "é"]),
        st.sampled_from(["running", "created", "killing"]),
    ),
    max_size=25,
)


def documents(events: list[Event]) -> tuple[Any, Any]:
    table = pa.table(
        {
            "position": pa.array(range(len(events)), pa.int64()),
            "time": pa.array([event[0] for event in events], pa.timestamp("us")),
            "student": pa.array([event[1] for event in events], pa.string()),
            "notebook": pa.array([event[2] for event in events], pa.string()),
            "action": pa.array([event[3] for event in events], pa.string()),
        }
    )
    with Engine(PACKAGE) as engine:
        engine.register("events", table)
        reports.count_opens(engine, RULES, dt.datetime(2026, 2, 1))
        return reports.daily(engine), reports.usage(engine)


def counted(events: list[Event]) -> list[tuple[dt.datetime, str, str]]:
    return sorted(
        (
            (time, student, re.sub(r"(.)\.(ipynb|md|py)$", r"\1", notebook))
            for time, student, notebook, action in events
            if action != "killing" and student.startswith("s") and student != "s9"
        ),
        key=lambda event: event[0],
    )


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(EVENTS_OF_A_COURSE)
def test_daily(events: list[Event]) -> None:
    document, _ = documents(events)
    days: dict[str, dict[str, set[str]]] = {}
    seen: set[str] = set()
    points: list[tuple[str, int, int]] = []
    students: set[str] = set()
    notebooks: set[str] = set()
    for time, student, notebook in counted(events):
        day = days.setdefault(f"{time:%Y-%m-%d} 23:59:59", {"s": set(), "n": set(), "new s": set(), "new n": set()})
        day["s"].add(student)
        day["n"].add(notebook)
        if f"s {student}" not in seen:
            day["new s"].add(student)
        if f"n {notebook}" not in seen:
            day["new n"].add(notebook)
        seen |= {f"s {student}", f"n {notebook}"}
        students.add(student)
        notebooks.add(notebook)
        point = (f"{time:%Y-%m-%dT%H:%M:%S}", len(students), len(notebooks))
        if not points or point[1:] != points[-1][1:]:
            points.append(point)
        last = point
    if days:
        points.append(last)
    assert document["daily"] == {
        "timestamps": list(days),
        "unique_students": [len(day["s"]) for day in days.values()],
        "unique_notebooks": [len(day["n"]) for day in days.values()],
        "new_students": [len(day["new s"]) for day in days.values()],
        "new_notebooks": [len(day["new n"]) for day in days.values()],
    }
    assert list(zip(*document["events"].values(), strict=True)) == points


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(EVENTS_OF_A_COURSE)
def test_usage(events: list[Event]) -> None:
    _, document = documents(events)
    opens = counted(events)
    cells = Counter((student, notebook) for _, student, notebook in opens)
    totals = Counter(student for _, student, _ in opens)
    notebooks = sorted({notebook for _, _, notebook in opens})
    steps: dict[str, list[list[Any]]] = {}
    opened: set[tuple[str, str]] = set()
    origin, grain = dt.datetime(2017, 1, 1), dt.timedelta(hours=6)
    for time, student, notebook in opens:
        opened.add((student, notebook))
        step = origin + ((time - origin) // grain + 1) * grain
        steps[f"{step:%Y-%m-%dT%H:%M:%S}"] = [list(pair) for pair in sorted(Counter(n for _, n in opened).items())]
    order = sorted(totals, key=lambda student: (totals[student], student))
    assert document == {
        "nbnotebooks": len(notebooks),
        "nbstudents": len(totals),
        "nbstudents_per_notebook": [list(pair) for pair in sorted(Counter(n for _, n in cells).items())],
        "nbstudents_per_notebook_animated": steps,
        "nbstudents_per_nbnotebooks": [
            list(pair) for pair in sorted(Counter(Counter(s for s, _ in cells).values()).items())
        ],
        "heatmap": {
            "x": notebooks,
            "y": order,
            "z": [[cells.get((student, notebook)) for notebook in notebooks] for student in order],
            "zmin": min(cells.values(), default=0),
            "zmax": max(cells.values(), default=0),
        },
    }


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.text(st.sampled_from("a0 \t\v:-T2\x1c\u00a0\u0085é%\r")) | st.just("2026-01-12T08:00:00 c s n running 80"),
        max_size=12,
    ),
    st.integers(1, 40),
)
def test_event_lines_are_read_as_a_plain_split_reads_them(lines: list[str], size: int) -> None:
    data = "".join(f"{line}\n" for line in lines).encode()
    events: list[tuple[int, str]] = []
    bad: list[int] = []
    for block in blocks(io.BytesIO(data), 0, 1, size):
        rows, numbers = rows_of(block.lines, EVENTS)
        events += zip(rows["position"].to_pylist(), rows["student"].to_pylist(), strict=True)
        bad += numbers
    expected, expected_bad = [], []
    for number, line in enumerate(data.decode().split("\n")[:-1], 1):
        fields = line.split()
        if len(fields) == 6 and fields[0] == "2026-01-12T08:00:00":
            expected.append((number, fields[2]))
        elif fields:
            expected_bad.append(number)
    assert (events, bad) == (expected, expected_bad)


@pytest.mark.parametrize("kind", [EVENTS, COUNTS])
def test_a_time_that_no_clock_shows_is_none(kind: str) -> None:
    times = ["2026-01-12T24:00:00", "2026-01-12T23:59:60", "2026-02-29T00:00:00", "0000-12-31T00:00:00"]
    rest = " c s n running 80\n" if kind == EVENTS else " 1\n"
    (block,) = blocks(io.BytesIO("".join(time + rest for time in [*times, "0001-01-01T00:00:00"]).encode()), 0, 1)
    rows, bad = rows_of(block.lines, kind)
    assert (rows["position"].to_pylist(), bad) == ([5], [1, 2, 3, 4])


def test_names_that_earlier_versions_wrote_as_in_a_url_are_the_same_names() -> None:
    names = [
        ("s%40example.org", "my%20a.ipynb"),
        ("s@example.org", "my%20%61.ipynb"),
        ("s%2541", "100%"),
        ("s%2541", "%e9"),
    ]
    daily, usage = documents([(START, student, notebook, "opened") for student, notebook in names])
    assert daily["events"]["total_students"][-1] == 2
    assert usage["heatmap"]["y"] == ["s%2541", "s@example.org"]
    assert usage["heatmap"]["x"] == ["100%", "my%20a", "\N{REPLACEMENT CHARACTER}"]
