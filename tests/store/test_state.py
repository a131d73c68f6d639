from __future__ import annotations

import pytest
import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.store import state
from hzmetrics.store.state import BadFile, Left, State, UnreadFile
from hzmetrics.store.tables.metrics import pipeline_state
from tests.conftest import TestHub


def month(text: str) -> Month:
    return Month.parse(text)


def test_a_database_without_state_is_in_normal_mode(hub: TestHub) -> None:
    found = state.read(hub.store)
    assert (found.mode, found.analyzed, found.cursor, found.dirty_months) == ("normal", "", None, frozenset())


def test_empty_text_is_a_mode_of_its_own() -> None:
    assert State({"mode": ""}).mode == ""


def test_several_keys_are_stored_together_and_replaced(hub: TestHub) -> None:
    state.write(hub.store, {"mode": "catchup", "analyzed": "2026-05-01"})
    state.write(hub.store, {"mode": "rebuild", "rebuild_cursor": "2026-04"})
    found = state.read(hub.store)
    assert (found.mode, found.analyzed, found.cursor) == ("rebuild", "2026-05-01", month("2026-04"))


def test_a_rewritten_key_says_when(hub: TestHub) -> None:
    state.write(hub.store, {"mode": "catchup"})
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.update(pipeline_state).values(updated_at="2020-01-01 00:00:00"))
    state.write(hub.store, {"mode": "rebuild"})
    assert str(hub.store.metrics.scalar(sa.select(pipeline_state.c.updated_at))) > "2026"


def test_dirty_months_are_a_sorted_set_and_stay_untouched_without_a_change(hub: TestHub) -> None:
    untidy = ",2026-02,,2025-01,2026-02,"
    state.write(hub.store, {"dirty_months": untidy})
    with hub.store.metrics.begin() as connection:
        state.add_dirty_months(connection, [month("2025-01")])
    assert state.read(hub.store).values["dirty_months"] == untidy
    with hub.store.metrics.begin() as connection:
        state.add_dirty_months(connection, [month("2024-12")])
    assert state.read(hub.store).values["dirty_months"] == "2024-12,2025-01,2026-02"
    with hub.store.metrics.begin() as connection:
        state.change_months(connection, "dirty_months", remove=[month("2025-01"), month("1999-01")])
    assert state.read(hub.store).dirty_months == {month("2024-12"), month("2026-02")}


def test_a_cut_off_month_is_ignored() -> None:
    assert State({"dirty_months": "2026-01,2026-0"}).dirty_months == {month("2026-01")}


def test_a_month_key_is_only_lowered(hub: TestHub) -> None:
    for text, expected in (("2026-03", "2026-03"), ("2026-05", "2026-03"), ("2025-12", "2025-12")):
        with hub.store.metrics.begin() as connection:
            state.lower_month(connection, "rebuild_cascade_from", month(text))
        assert str(state.read(hub.store).cascade_from) == expected


def test_bad_files_are_remembered_by_path(hub: TestHub) -> None:
    first = BadFile("/logs/a", 10, 1, "truncated")
    changed = BadFile("/logs/a", 11, 2, "truncated")
    other = BadFile("/logs/b", 1, 1, "unreadable")
    with hub.store.metrics.begin() as connection:
        state.remember_bad_files(connection, [first, other])
    with hub.store.metrics.begin() as connection:
        state.remember_bad_files(connection, [changed], forget=["/logs/b"])
    assert state.read(hub.store).bad_files == (changed,)


@pytest.mark.parametrize("value", ["[", '{"a": 1}', "[1]", '"text"', "7", '[{"path": "/logs/a"}]', '{"2026-1": 3}'])
def test_a_damaged_value_is_ignored_and_replaced(hub: TestHub, value: str) -> None:
    keys = ("bad_files", "unread_files", "corrected_since", "lookups_failing", "completed_requests")
    state.write(hub.store, dict.fromkeys(keys, value))
    found = state.read(hub.store)
    assert (found.bad_files, found.unread_files, found.lookups_failing) == ((), (), {})
    assert isinstance(found.corrected_since, dict)
    assert isinstance(found.completed_requests, dict)
    bad, unread = BadFile("/logs/a", 10, 1, "truncated"), UnreadFile("a", "web", "empty", "2026-05-01")
    with hub.store.metrics.begin() as connection:
        state.remember_bad_files(connection, [bad])
        state.remember_unread_file(connection, "a", "web", unread)
        state.remember_lookups(connection, {month("2026-03"): "2026-04-01T00:00:00"})
    found = state.read(hub.store)
    assert (found.bad_files, found.unread_files) == ((bad,), (unread,))
    assert found.lookups_failing == {month("2026-03"): "2026-04-01T00:00:00"}


def test_what_is_left_of_a_month_is_only_raised_until_it_is_done(hub: TestHub) -> None:
    march, april = month("2026-03"), month("2026-04")
    state.write(hub.store, {"unfinished_months": "2026-03"})  # as earlier versions wrote it
    assert state.read(hub.store).unfinished == {march: Left.RESET}
    with hub.store.metrics.begin() as connection:
        state.leave(connection, {march: Left.SUMMARY, april: Left.ANALYSIS})
    assert state.read(hub.store).values["unfinished_months"] == "2026-03,2026-04:analysis"
    with hub.store.metrics.begin() as connection:
        state.change_unfinished(connection, lambda left: {april: left[april]})
    assert state.read(hub.store).unfinished_before(month("2026-05")) == {"2026-04": "analysis"}
    with hub.store.metrics.begin() as connection:
        state.change_unfinished(connection, lambda left: {})
    assert "unfinished_months" not in state.read(hub.store).values


def test_what_a_later_version_leaves_is_ignored() -> None:
    assert State({"unfinished_months": "2026-03:dance,2026-04:summary"}).unfinished == {month("2026-04"): Left.SUMMARY}
