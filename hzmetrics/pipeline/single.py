"""Single steps by hand: what each leaves undone is remembered, so that the next runs do it (spec 60 §10.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hzmetrics.calendar import DateSpan, Month, month_of
from hzmetrics.enrich import rows
from hzmetrics.pipeline import unfinished
from hzmetrics.pipeline.run import make_state_table
from hzmetrics.store import state
from hzmetrics.store.tables.metrics import toolstart, web, websessions
from hzmetrics.store.types import is_empty

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.pipeline.steps import Step
    from hzmetrics.store import Store

LOOK_UPS = frozenset({"resolve-dns", "fill-domain", "fill-ipcountry"})


def run_step(store: Store, settings: Settings, step: Step, dry_run: bool = False) -> None:
    """Run one step. Raises what the step raises."""
    with nullcontext() if dry_run else _remembering(store, settings, step):
        step.run(store, settings, dry_run)


def completing(store: Store, settings: Settings, span: DateSpan, dry_run: bool) -> AbstractContextManager[None]:
    """Around a completion of all tables."""
    if dry_run:
        return nullcontext()
    make_state_table(store)
    return _watching(store, settings, rows.TABLES.values(), span)


def counting(
    store: Store, settings: Settings, months: Collection[Month], dry_run: bool
) -> AbstractContextManager[None]:
    """Around a new count of the hits of some months, which leaves nothing undone."""
    if dry_run:
        return nullcontext()
    make_state_table(store)
    return unfinished.meanwhile(store, settings, months)


def _remembering(store: Store, settings: Settings, step: Step) -> AbstractContextManager[None]:
    make_state_table(store)
    match step.name, step.arguments:
        case "summarize-month", (Month() as month,):
            return unfinished.summary(store, settings, month, is_whole=False)
        case "rebuild-webhits", _:
            return counting(store, settings, [Month.parse(str(step.options["month"]))], dry_run=False)
        case "logfix-session", (Month() as month,):
            state.refuse_anonymised(store, month)
            return _watching(store, settings, (web, websessions, toolstart), DateSpan.of(month))
        case "clear-orphan-stamps", (span,):
            return _watching(store, settings, (web, toolstart), _span(settings, span))
        case "clean-bots", (str(table), span):
            return _watching(store, settings, [rows.TABLES[table]], _span(settings, span))
        case name, ("metrics", str(table), span) if name in LOOK_UPS and table in rows.TABLES:
            return _watching(store, settings, [rows.TABLES[table]], _span(settings, span))
    return nullcontext()


def _span(settings: Settings, span: object) -> DateSpan:
    """The dates of a step; a step without dates takes this month, or the last days."""
    if isinstance(span, DateSpan):
        return span
    clock = settings.clock
    return DateSpan(min(clock.month.first_day, clock.today - 7 * rows.DAY), clock.today + dt.timedelta(days=1))


@contextmanager
def _watching(store: Store, settings: Settings, tables: Collection[sa.Table], span: DateSpan) -> Iterator[None]:
    """Around a step that completes, removes or groups rows of a span: remember the months in which it changed any."""
    before = _counts(store, tables, span)

    def changed() -> frozenset[Month]:
        return frozenset(month for month, _ in before.items() ^ _counts(store, tables, span).items())

    with unfinished.meanwhile(store, settings, before.keys(), changed):
        yield


COMPLETED = ("host", "domain", "ipcountry", "sessionid")
"""The columns that steps fill in, or empty."""


def _counts(store: Store, tables: Collection[sa.Table], span: DateSpan) -> dict[Month, tuple[int, ...]]:
    """By month, how many rows some tables have, and how many of them have a value in each column that is filled in."""
    found: dict[Month, list[int]] = {}
    for place, table in enumerate(tables):
        month = sa.func.substr(rows.moment(table), 1, 7)
        columns = [table.c[name] for name in COMPLETED if name in table.c]
        filled = [sa.func.count(sa.case((sa.not_(is_empty(column)), 1))) for column in columns]
        query = (
            sa.select(month, sa.func.count(), *filled)
            .where(rows.within(rows.moment(table), span.window))
            .group_by(month)
        )
        for row in store.metrics.rows(query):
            if one := month_of(row[0]):
                found.setdefault(one, []).extend([place, *row[1:]])
    return {month: tuple(numbers) for month, numbers in found.items()}
