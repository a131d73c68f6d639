"""Ranges of the ledger, corrected (spec 10 §12)."""

from hypothesis import given
from hypothesis import strategies as st

from hzmetrics.ingest.ledger import Record
from hzmetrics.ingest.repair import correct_ranges


def record(
    number: int, start: int | None, end: int | None, rows: int, origin: str = "importer", target: str = "web"
) -> Record:
    return Record(number, f"file {number}", target, start, end, rows, origin)


def corrected(entries: list[Record], largest: int, issued: int) -> list[tuple[int, int, int]]:
    plan = correct_ranges(entries, largest, issued)
    return [(correction.record.id, correction.start, correction.end) for correction in plan.corrections]


def test_wrong_ranges_are_derived_from_the_newest_id_back() -> None:
    entries = [record(1, 1, 3, 4), record(2, 1, 2, 5)]
    assert corrected(entries, 9, 9) == [(2, 5, 9), (1, 1, 4)]


def test_gaps_leave_right_ranges_alone() -> None:
    """A rolled-back import left 5 to 9 unused; the newest rows, 15 and 16, were deleted."""
    assert corrected([record(1, 1, 4, 4), record(2, 10, 14, 5)], 14, 16) == []


def test_a_range_of_requests_that_is_too_large_keeps_its_end() -> None:
    """Ids 21 to 25 are of an import that was rolled back; 36 and later have no rows."""
    entries = [record(1, 1, 10, 10), record(2, 8, 20, 10), record(3, 26, 38, 10)]
    assert corrected(entries, 35, 40) == [(3, 26, 35), (2, 11, 20)]


def test_a_range_of_logins_may_hold_more_ids_than_rows() -> None:
    assert corrected([record(1, 1, 10, 7, target="userlogin")], 10, 10) == []


def test_what_reaches_into_reconstructed_ranges_is_left() -> None:
    entries = [record(1, 1, 10, 10, "reconstruct"), record(2, 50, 53, 4), record(3, 60, 64, 5)]
    plan = correct_ranges(entries, 17, 17)
    assert [correction.record.id for correction in plan.corrections] == [3]
    assert plan.left == 1


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 5)), max_size=8), st.integers(0, 4))
def test_a_right_ledger_is_never_changed(files: list[tuple[int, int]], deleted: int) -> None:
    """Files of some rows with gaps before them, and newest ids without rows."""
    entries, last = [], 0
    for number, (rows, gap) in enumerate(files, 1):
        entries.append(record(number, last + gap + 1, last + gap + rows, rows))
        last += gap + rows
    assert corrected(entries, last, last + deleted) == []


def test_records_without_rows_do_not_count() -> None:
    assert corrected([record(1, None, None, 0), record(2, 1, 4, 4)], 4, 4) == []
