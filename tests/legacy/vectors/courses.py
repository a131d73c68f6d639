"""Courses (spec 86): raw text in, the document of a report out."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pyarrow as pa

from hzmetrics.config.schema import STUDENT
from hzmetrics.courses import reports
from hzmetrics.courses.blocks import blocks
from hzmetrics.courses.copy import NO_LINES, PACKAGE, rows_of
from hzmetrics.courses.progress import COUNTS, EVENTS
from hzmetrics.courses.settings import CourseRules
from hzmetrics.engine import Engine
from hzmetrics.logs.patterns import Pattern


def rows(text: str, kind: str) -> pa.Table:
    lines = [block.lines for block in blocks(io.BytesIO(text.encode()), 0, 1)]
    return rows_of(pa.concat_tables(lines or [NO_LINES]), kind)[0]


def counted(given: dict[str, Any]) -> Engine:
    config = given.get("config", {})
    rules = CourseRules(
        student_pattern=Pattern(config.get("student_pattern", STUDENT)),
        staff=frozenset(config.get("staff", [])),
        strip_extensions=config.get("strip_extensions", False),
        grain_hours=config.get("grain_hours", 6),
    )
    engine = Engine(PACKAGE)
    engine.register("events", rows(given["events_raw"], EVENTS))
    reports.count_opens(engine, rules, dt.datetime(2026, 1, 1))
    return engine


def daily(given: dict[str, Any]) -> reports.Document:
    with counted(given) as engine:
        return reports.daily(engine)


def usage(given: dict[str, Any]) -> reports.Document:
    with counted(given) as engine:
        return reports.usage(engine)


def counts(given: dict[str, Any]) -> reports.Document:
    return reports.counts(rows(given["counts_raw"], COUNTS))


KINDS = {"daily": daily, "usage": usage, "counts": counts}
