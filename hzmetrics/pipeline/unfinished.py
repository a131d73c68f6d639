"""What is left to do for each month: remembered before its work begins, forgotten when the last step has committed.

Nothing infers from rows or cells that a month is finished (spec 60 §10.3). A month on which later ones depend stays
with them: their long periods count its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hzmetrics.calendar import Month, Months, month_of
from hzmetrics.grids.state import is_fully_summarized
from hzmetrics.store import state
from hzmetrics.store.state import Left, State
from hzmetrics.store.tables.metrics import summary_user_vals, websessions

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.ingest.imports import OnRows
    from hzmetrics.store import Store


def rows_change(connection: sa.Connection, months: Collection[Month], settings: Settings) -> None:
    """Remember, in the transaction that changes rows of some months, that these and later ones are to be redone.

    An anonymised month cannot be; the later ones still can.
    """
    remembered = state.recall(connection)
    first = first_month(remembered, settings.plausible_months)
    for month in months:
        if month < first or month not in settings.plausible_months:
            continue
        left = Left.RESET if _has_sessions(connection, month) else Left.ANALYSIS
        itself = {} if remembered.is_anonymised(month) else {month: left}
        state.leave(connection, itself | _later(connection, settings, month))


def on_rows(settings: Settings, month: Month) -> OnRows:
    """What an import of a file of `month` calls with its rows: the month of the file's name is the one to be redone."""
    return lambda connection, _: rows_change(connection, [month], settings)


def begin(store: Store, settings: Settings, month: Month) -> None:
    """Remember, before the analysis of a month, that it and the summaries of later months are to be done."""
    with store.metrics.begin() as connection:
        state.leave(connection, {month: Left.ANALYSIS} | _later(connection, settings, month))


def finish(store: Store, settings: Settings, month: Month, *, is_reset: bool = False) -> None:
    """Forget a month whose last step has committed, as far as it is finished.

    A month that had to be reset and was not stays. So does one that is not over: its rows are still arriving. While an
    earlier month waits for its analysis, the summary is left to do.
    """
    with store.metrics.begin() as connection:
        first = first_month(state.recall(connection), settings.plausible_months)
        state.change_unfinished(connection, lambda left: finished(left, month, settings.clock.month, first, is_reset))


def first_month(remembered: State, plausible: Months) -> Month:
    """The first month that a run may take: a plausible one that is not anonymised."""
    return max(plausible.first, remembered.anonymised_before or plausible.first)


def finished(
    left: dict[Month, Left], month: Month, current: Month, first: Month, is_reset: bool = False
) -> dict[Month, Left]:
    """What is left to do after all steps of a month. No month waits for one before `first`."""
    if month >= current:
        return left | {month: Left.RESET}
    if left.get(month) is Left.RESET and not is_reset:
        return left
    rest = {other: what for other, what in left.items() if other != month}
    waited_for = {other: what for other, what in rest.items() if other >= first}
    return rest | {month: Left.SUMMARY} if waits(month, waited_for) else rest


def waits(month: Month, left: Mapping[Month, Left]) -> bool:
    """Whether an earlier month has to be analyzed before the long periods of this one can be right."""
    return any(other < month and what > Left.SUMMARY for other, what in left.items())


@contextmanager
def summary(store: Store, settings: Settings, month: Month, *, is_whole: bool = True) -> Iterator[None]:
    """Around a summary without an analysis: remember it meanwhile, and afterwards what it leaves undone.

    `is_whole`: it writes all periods and the figures of resources. A month that was never summarized before is left to
    its analysis: nobody has seen to its sessions.
    """
    was_whole = is_fully_summarized(store, month)
    with store.metrics.begin() as connection:
        before = state.recall(connection).unfinished
        is_new = not _with_cells(connection, summary_user_vals.c.datetime == month.key)
        state.leave(connection, {month: Left.ANALYSIS if is_new else Left.SUMMARY})
    yield
    if is_new or before.get(month, Left.SUMMARY) > Left.SUMMARY:
        return
    if is_whole:
        finish(store, settings, month)
    elif was_whole and month not in before:
        forget(store, [month])


@contextmanager
def meanwhile(
    store: Store, settings: Settings, months: Collection[Month], changed: Callable[[], Collection[Month]] = lambda: ()
) -> Iterator[None]:
    """Around a step: remember that rows of some months may change, and afterwards only those of `changed`."""
    with store.metrics.begin() as connection:
        before = state.recall(connection).unfinished
        rows_change(connection, months, settings)
    yield
    with store.metrics.begin() as connection:
        state.change_unfinished(connection, lambda _: before)
        rows_change(connection, changed(), settings)


def forget(store: Store, months: Collection[Month]) -> None:
    """Forget months for which nothing is left to do."""
    with store.metrics.begin() as connection:
        state.change_unfinished(connection, lambda left: {m: what for m, what in left.items() if m not in months})


def _has_sessions(connection: sa.Connection, month: Month) -> bool:
    time = websessions.c.datetime
    query = sa.select(websessions.c.id).where(time >= month.start, time < month.stop).limit(1)
    return connection.execute(query).first() is not None


def _later(connection: sa.Connection, settings: Settings, month: Month) -> dict[Month, Left]:
    """The closed months after `month` that have cells: their long periods count its rows.

    Published history before the floor stays as it is (spec 70 §8.1).
    """
    time, floor = summary_user_vals.c.datetime, state.recall(connection).floor
    found = _with_cells(connection, sa.and_(time > month.key, time < settings.clock.month.key))
    return {later: Left.SUMMARY for later in found if not floor or later >= floor}


def _with_cells(connection: sa.Connection, which: sa.ColumnElement[bool]) -> frozenset[Month]:
    """The months that have cells of period 1 in the user grid, of those at times that `which` selects."""
    grid = summary_user_vals.c
    times = connection.execute(sa.select(grid.datetime).distinct().where(grid.period == 1, which)).scalars()
    return frozenset(filter(None, map(month_of, times)))
