"""What a run does, decided from facts before anything is done (spec 60 §2, §5 to §7). Nothing here reads or writes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from hzmetrics.calendar import PERIODS, Month
from hzmetrics.pipeline.facts import Facts
from hzmetrics.store import state
from hzmetrics.store.state import Left


@dataclass(frozen=True)
class Remember:
    """Remember state keys together."""

    values: Mapping[str, str]


@dataclass(frozen=True)
class Lower:
    """Set a month key to `month`, if it is absent or later."""

    key: str
    month: Month


@dataclass(frozen=True)
class ImportDay:
    """Import the files of a day. `marks`: its first committed row makes its month one to reset, and later ones due."""

    day: dt.date
    marks: bool = False


@dataclass(frozen=True)
class Reset:
    """Remove what was derived from the month's rows. The month stays unfinished until it is summarized."""

    month: Month
    marks: bool
    """Whether the later months have to be redone as well."""


@dataclass(frozen=True)
class Begin:
    """Remember what is left to do for a month, before it is done."""

    month: Month
    left: Left


@dataclass(frozen=True)
class AnalyzeToday:
    """The daily analysis of the current month, without sessions. Done once a day."""

    today: dt.date


@dataclass(frozen=True)
class Analyze:
    """The analysis of a month that is over, sessions included."""

    month: Month


@dataclass(frozen=True)
class Summarize:
    month: Month
    periods: tuple[int, ...] = PERIODS


@dataclass(frozen=True)
class Finish:
    """The month has all its periods: nothing is left to do for it."""

    month: Month


@dataclass(frozen=True)
class Settle:
    """The month is out of the backlog: drop its dirty mark. What is left of it is its summary, or nothing."""

    month: Month
    is_whole: bool = False
    """Whether all periods are there."""


@dataclass(frozen=True)
class ClosePrevious:
    """Decide, with the rows just imported, whether the previous month can be closed."""


Action = (
    Remember | Lower | ImportDay | Begin | Reset | AnalyzeToday | Analyze | Summarize | Finish | Settle | ClosePrevious
)


@dataclass(frozen=True)
class Unit:
    """One unit of work: its actions in order. `is_last`: a normal unit, after which no run goes on."""

    mode: Literal["normal", "catchup", "rebuild"]
    what: str
    """The branch taken, in words."""
    actions: tuple[Action, ...]
    month: Month | None = None
    is_last: bool = False


def next_unit(facts: Facts) -> Unit:
    """The unit of work that a run with these facts does."""
    match facts.state.mode:
        case "normal" if facts.backlog:
            return _leave_normal({state.MODE: "catchup"}, catchup(facts))
        case "normal" if facts.unsummarized:
            return _leave_normal(_walk_from(facts), _sweep(facts))
        case "catchup":
            return catchup(facts)
        case "rebuild":
            return rebuild(facts)
        case _:
            return normal(facts)


def _leave_normal(values: Mapping[str, str], unit: Unit) -> Unit:
    """The first unit of another mode, in the run that finds it."""
    return replace(unit, what=f"{unit.what} (the mode was normal)", actions=(Remember(values), *unit.actions))


def normal(facts: Facts) -> Unit:
    """The days of the current month, the daily analysis, the closing of the previous month (spec 60 §5)."""
    actions: list[Action] = [ImportDay(day) for day in facts.pending_days(facts.current)]
    if facts.state.analyzed != facts.today.isoformat():
        actions.append(AnalyzeToday(facts.today))
    return Unit("normal", "daily work", (*actions, ClosePrevious()), facts.current, is_last=True)


def close_previous(facts: Facts) -> tuple[Action, ...]:
    """The previous month, whole, once it is complete and if nothing has summarized it yet."""
    month = facts.previous
    if month in facts.summarized or not facts.is_complete(month):
        return ()
    return Begin(month, Left.ANALYSIS), *_all_periods(month)


def _all_periods(month: Month) -> tuple[Action, ...]:
    return Analyze(month), Summarize(month), Finish(month)


def catchup(facts: Facts) -> Unit:
    """The oldest backlog month; without one, the change to rebuild (spec 60 §6)."""
    if not facts.backlog:
        return Unit("catchup", "the backlog is empty, the next run starts to rebuild", (Remember(_walk_from(facts)),))
    month = facts.backlog[0]
    actions: list[Action] = [Lower(state.CATCHUP_STARTED, month)]
    what, is_whole = "no rows and no files, only its mark is removed", True
    if facts.has_source(month) or facts.has_data(month):
        what, work = _work_on(facts, month)
        periods = _catchup_periods(facts, month)
        is_whole = periods == PERIODS
        actions += [*work, Begin(month, Left.ANALYSIS), Analyze(month), Summarize(month, periods)]
    return Unit("catchup", what, (*actions, Settle(month, is_whole)), month)


def _work_on(facts: Facts, month: Month) -> tuple[str, list[Action]]:
    """The branch of spec 60 §6 that a month with files or rows takes, up to its analysis."""
    left = facts.unfinished.get(month)
    redo = month in facts.dirty or left is Left.RESET
    if facts.has_source(month):
        imports: list[Action] = [ImportDay(day, marks=True) for day in facts.pending_days(month)]
        if facts.has_data(month):
            return "import, then redo from its rows", [*imports, Reset(month, marks=False)]
        return "import", imports
    if redo or facts.has_orphans(month):
        return "redo from its rows", [Reset(month, marks=True)]
    return "finish its analysis" if month in facts.summarized else "summarize for the first time", []


def _catchup_periods(facts: Facts, month: Month) -> tuple[int, ...]:
    """Period 1, because the walk computes the others; all of them before the history floor, where no walk comes."""
    return PERIODS if facts.state.floor and month < facts.state.floor else (1,)


def _walk_from(facts: Facts) -> dict[str, str]:
    """Rebuild, from the cascade origin on; published history before the floor is not recomputed (spec 70 §8.1)."""
    origin = max(facts.state.cascade_from or facts.current.plus(1), facts.plausible.first)
    if facts.state.floor:
        origin = max(origin, facts.state.floor)
    return {state.MODE: "rebuild", state.CURSOR: str(origin)}


def walk_cursor(facts: Facts) -> Month | None:
    """The month the walk of rebuild is at; None when it is over (spec 60 §7)."""
    cursor = facts.state.cursor or facts.state.catchup_started
    cursor = max(cursor, facts.plausible.first) if cursor else None
    return cursor if cursor and cursor <= facts.previous else None


def rebuild(facts: Facts) -> Unit:
    """One month of the walk, one of the sweep, or the end and a normal unit (spec 60 §7)."""
    month = walk_cursor(facts)
    if month:
        return Unit(
            "rebuild",
            "walk (every month gets all periods again)",
            (Begin(month, Left.SUMMARY), *_all_periods(month), Remember({state.CURSOR: str(month.plus(1))})),
            month,
        )
    if to_sweep(facts):
        return _sweep(facts)
    day = normal(facts)
    end = Remember({state.MODE: "normal", state.CASCADE_FROM: ""})
    return Unit("normal", "daily work (rebuild is over)", (end, *day.actions), day.month, is_last=True)


def _sweep(facts: Facts) -> Unit:
    month = to_sweep(facts)[0]
    actions = (Begin(month, Left.SUMMARY), *_all_periods(month))
    return Unit("rebuild", "sweep (months that lack periods, or whose periods lack rows)", actions, month)


def to_sweep(facts: Facts) -> tuple[Month, ...]:
    """The months that the sweep of rebuild is about, ascending (spec 60 §7)."""
    return tuple(sorted({*facts.incomplete, *facts.unsummarized}))


def units_left(facts: Facts) -> int:
    """How many units are left until a normal one is done, as far as can be seen now."""
    if facts.state.mode == "rebuild":
        cursor = walk_cursor(facts)
        ahead = _months_until(cursor, facts) if cursor else 0
        swept = sum(1 for month in to_sweep(facts) if not cursor or month < cursor)
        return ahead + swept + 1
    if not facts.backlog or facts.state.mode not in ("normal", "catchup"):
        if facts.state.mode == "normal" and not facts.unsummarized:
            return 1
        return (1 if facts.state.mode == "normal" else 2) + len(to_sweep(facts))
    first = max(min(facts.backlog[0], facts.state.cascade_from or facts.backlog[0]), facts.plausible.first)
    return len(facts.backlog) + 1 + _months_until(first, facts) + 1


def _months_until(first: Month, facts: Facts) -> int:
    return sum(1 for _ in first.through(facts.previous))
