"""The decisions of spec 60 §5 to §7, as data: facts in, steps out. What no recorded scenario shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hzmetrics.calendar import PERIODS, Month
from hzmetrics.pipeline import decide
from hzmetrics.pipeline.decide import Analyze, Begin, Finish, ImportDay, Lower, Reset, Settle, Summarize
from hzmetrics.pipeline.facts import Facts
from hzmetrics.pipeline.unfinished import finished
from hzmetrics.store.state import Left, State

TODAY = dt.date(2026, 5, 19)
FEBRUARY, MARCH, APRIL = (Month(2026, number) for number in (2, 3, 4))


def known(values: Mapping[str, str] | None = None, **facts: Any) -> Facts:
    return Facts(today=TODAY, state=State(values or {}), **facts)


def test_a_month_left_unfinished_is_backlog_and_takes_the_reset_branch() -> None:
    facts = known({"unfinished_months": "2026-03"}, months={"web": frozenset({MARCH})}, summarized=frozenset({MARCH}))
    unit = decide.next_unit(facts)
    assert unit.mode == "catchup"
    assert unit.actions[1:] == (
        Lower("catchup_started", MARCH),
        Reset(MARCH, marks=True),
        Begin(MARCH, Left.ANALYSIS),
        Analyze(MARCH),
        Summarize(MARCH, (1,)),
        Settle(MARCH),
    )


def test_an_interrupted_import_goes_on_and_resets() -> None:
    facts = known(
        {"mode": "catchup", "unfinished_months": "2026-03"},
        months={"web": frozenset({MARCH})},
        pending=frozenset({dt.date(2026, 3, 9)}),
    )
    assert decide.next_unit(facts).actions[1:3] == (
        ImportDay(dt.date(2026, 3, 9), marks=True),
        Reset(MARCH, marks=False),
    )


def test_history_before_the_floor_is_left_alone() -> None:
    facts = known(
        {"history_floor": "2026-03"},
        months={"web": frozenset({FEBRUARY})},
        partly_summarized=frozenset({FEBRUARY, APRIL}),
    )
    assert facts.backlog == ()
    assert facts.incomplete == (APRIL,)


def test_a_file_from_before_the_floor_redoes_its_month_whole_and_no_other_before_the_floor() -> None:
    late = known({"mode": "catchup", "history_floor": "2026-04"}, pending=frozenset({dt.date(2026, 2, 3)}))
    assert Summarize(FEBRUARY, PERIODS) in decide.next_unit(late).actions
    settled = known({"mode": "catchup", "history_floor": "2026-04", "rebuild_cascade_from": "2026-02"})
    assert decide.next_unit(settled).actions == (decide.Remember({"mode": "rebuild", "rebuild_cursor": "2026-04"}),)


def test_a_summary_that_is_left_leads_out_of_normal_mode_and_waits_for_earlier_months() -> None:
    left = known({"unfinished_months": "2026-03:summary,2026-04:summary"})
    unit = decide.next_unit(left)
    assert unit.actions == (
        decide.Remember({"mode": "rebuild", "rebuild_cursor": "2026-06"}),
        Begin(MARCH, Left.SUMMARY),
        Analyze(MARCH),
        Summarize(MARCH),
        Finish(MARCH),
    )
    waiting = known({"unfinished_months": "2026-02:analysis,2026-03:summary"})
    assert decide.next_unit(waiting).month == FEBRUARY
    assert waiting.unsummarized == ()
    assert finished(waiting.state.unfinished, MARCH, waiting.current, FEBRUARY) == waiting.state.unfinished
    assert finished({MARCH: Left.RESET}, MARCH, waiting.current, FEBRUARY) == {MARCH: Left.RESET}
    assert finished({MARCH: Left.RESET}, MARCH, waiting.current, FEBRUARY, is_reset=True) == {}
    assert finished({}, waiting.current, waiting.current, FEBRUARY) == {waiting.current: Left.RESET}


months = st.integers(-30, 3).map(lambda ahead: Month.of(TODAY).plus(ahead))
texts = st.one_of(st.just(""), months.map(str))


def written(left: Mapping[Month, Left]) -> str:
    return ",".join(f"{month}:{what.name.lower()}" for month, what in left.items())


@pytest.mark.slow
@settings(deadline=None)
@given(
    values=st.fixed_dictionaries(
        {},
        optional={
            "mode": st.sampled_from(["normal", "catchup", "rebuild", "limbo"]),
            "analyzed": st.sampled_from(["", "2026-05-18", "2026-05-19"]),
            "rebuild_cursor": texts,
            "rebuild_cascade_from": texts,
            "catchup_started": texts,
            "history_floor": texts,
            "dirty_months": st.sets(months, max_size=3).map(lambda found: ",".join(map(str, sorted(found)))),
            "unfinished_months": st.dictionaries(months, st.sampled_from(Left), max_size=3).map(
                lambda found: written(found)
            ),
        },
    ),
    pending=st.frozensets(months.map(lambda month: month.first_day), max_size=4),
    with_rows=st.frozensets(months, max_size=6),
    summarized=st.frozensets(months, max_size=6),
    partly=st.frozensets(months, max_size=3),
)
def test_every_run_gets_nearer_to_a_normal_unit(
    values: dict[str, str],
    pending: frozenset[dt.date],
    with_rows: frozenset[Month],
    summarized: frozenset[Month],
    partly: frozenset[Month],
) -> None:
    """Played on paper, with actions that all succeed, the pipeline comes to rest and nothing is left to do."""
    stored = dict(values)
    left = None
    for _ in range(200):
        facts = Facts(TODAY, State(stored), pending, frozenset(), {"web": with_rows}, summarized, partly)
        unit = decide.next_unit(facts)
        if stored.get("mode") == "rebuild" and left is not None:
            assert decide.units_left(facts) <= left - (not facts.state.unfinished)
        left = decide.units_left(facts) if stored.get("mode") == "rebuild" else None
        for action in unit.actions:
            match action:
                case decide.Remember(changes):
                    stored |= changes
                case decide.Lower(key, month):
                    stored[key] = min(filter(None, (stored.get(key), str(month))))
                case ImportDay(day, marks):
                    assert Month.of(day) <= facts.current
                    pending -= {day}
                    with_rows |= {Month.of(day)}
                    if marks:
                        cascade = stored.get("rebuild_cascade_from")
                        stored["rebuild_cascade_from"] = min(filter(None, (cascade, str(Month.of(day)))))
                case Summarize(month, periods):
                    summarized |= {month}
                    partly = partly - {month} if periods == PERIODS else partly | {month}
                case Begin(month, what):
                    known_left = State(stored).unfinished
                    stored["unfinished_months"] = written(known_left | {month: max(what, known_left.get(month, what))})
                case Finish(month):
                    stored["unfinished_months"] = written(
                        finished(State(stored).unfinished, month, facts.current, facts.plausible.first)
                    )
                case Settle(month, is_whole):
                    dirty = [item for item in stored.get("dirty_months", "").split(",") if item != str(month)]
                    stored["dirty_months"] = ",".join(dirty)
                    settled = State(stored).unfinished | {month: Left.SUMMARY}
                    if is_whole:
                        del settled[month]
                    stored["unfinished_months"] = written(settled)
        after = Facts(TODAY, State(stored), pending, frozenset(), {"web": with_rows}, summarized, partly)
        if unit.is_last and (stored.get("mode") == "limbo" or decide.next_unit(after).is_last):
            waiting = {after.previous} if not after.is_complete(after.previous) else set()  # it is closed when it is
            left_over = {month for month in after.state.unfinished if month < after.current} - waiting
            assert stored.get("mode") == "limbo" or not left_over
            return
    pytest.fail("the pipeline never comes to rest")
