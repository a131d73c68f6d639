"""Snapshots change no number: they are made anew when their months change, and whatever happens to their files."""

from __future__ import annotations

import errno
import logging
import os
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from hzmetrics import snapshots
from hzmetrics.calendar import Month, Window
from hzmetrics.errors import StoreUnavailable
from hzmetrics.grids.comparison import differences
from hzmetrics.grids.summarize import GRIDS, summarize_month
from hzmetrics.health.status import look
from hzmetrics.snapshots import directory
from hzmetrics.store import state
from hzmetrics.store.tables.metrics import domainclass, userlogin, web, websessions
from tests.conftest import TestHub
from tests.statements import asked, whole_counts

OLD = (Month(2022, 5), Month(2023, 4), Month(2023, 12))
"""Months of years that no window of the last month cuts."""
RECENT = (Month(2025, 3), Month(2025, 4), Month(2025, 5))
LAST = RECENT[-1]
ALL = Window(OLD[0].start, LAST.stop)
SPANS = [
    "2022",
    "2022-05",
    "2022-logins",
    "2023",
    "2023-04",
    "2023-12",
    "2023-logins",
    *map(str, RECENT),
    "2025-logins",
]


@pytest.fixture
def summarized(hub: TestHub) -> TestHub:
    """A hub with six months of sessions, downloads and logins, the last one summarized."""
    sessions = [
        {"id": 10 * place + n, "datetime": f"{month}-0{n + 1} 10:00:00", "ip": f"192.0.{place}.{n}",
         "host": f"h{n}.example", "domain": "example", "ipcountry": "US", "duration": 600 * n, "jobs": 0}
        for place, month in enumerate((*OLD, *RECENT)) for n in range(4)
    ]  # fmt: skip
    requests = [
        {"id": one["id"] + 1, "sessionid": one["id"], "datetime": one["datetime"], "ip": one["ip"], "dnload": 1}
        for one in sessions
    ]
    requests[11]["datetime"] = "2024-01-01 10:00:00"  # a session of 2023 with a download of the next year
    logins = [
        {"id": one["id"] + 1, "datetime": one["datetime"], "user": f"user{one['id'] % 7}",
         "ip": f"203.0.113.{one['id']}", "action": "login"}
        for one in sessions if one["id"] % 2
    ]  # fmt: skip
    logins[0]["datetime"] = "0000-00-00 00:00:00"
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.insert(websessions), sessions)
        connection.execute(sa.insert(web), requests)
        connection.execute(sa.insert(userlogin), logins)
    summarize_month(hub.store, hub.settings, LAST)
    return hub


def kept(hub: TestHub) -> dict[str, Path]:
    """The snapshots by month or year."""
    found = sorted(directory(hub.settings).iterdir())
    by_span = {path.name.partition(".")[0]: path for path in found}
    assert len(by_span) == len(found)
    return by_span


def cells(hub: TestHub) -> list[Any]:
    """The cells of the last month as they are computed now."""
    summarize_month(hub.store, hub.settings, LAST)
    return sorted(str(row) for grid in GRIDS.values() for row in hub.store.metrics.rows(sa.select(grid)))


def cells_without(hub: TestHub) -> list[Any]:
    """The same without snapshots."""
    for path in kept(hub).values():
        path.unlink()
    return cells(hub)


def test_months_and_years_that_are_over_are_read_from_snapshots(
    summarized: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept(summarized)
    assert sorted(before) == SPANS
    assert {path.stat().st_mode & 0o777 for path in before.values()} == {0o600}
    assert directory(summarized.settings).stat().st_mode & 0o777 == 0o700
    with monkeypatch.context() as context:
        context.setattr("hzmetrics.grids.sources.month_rows", None)
        context.setattr("hzmetrics.grids.sources.year_of_logins", None)
        found = cells(summarized)
    assert kept(summarized) == before
    assert found == cells_without(summarized)


def test_the_running_month_has_none_and_the_logins_of_its_year_neither(
    summarized: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells_without(summarized)
    monkeypatch.setenv("HZMETRICS_NOW", "2025-05-20T10:00:00")
    for path in kept(summarized).values():
        path.unlink()
    assert summarized.run("summarize-month", "2025-05") == 0
    assert sorted(kept(summarized)) == SPANS[:-2]


def bulk_update(hub: TestHub, first: int) -> None:
    rows = pa.table({"id": [first + 1], "ipcountry": ["DE"]})
    with hub.store.metrics.begin() as connection:
        hub.store.metrics.update(connection, websessions, rows, ["id"])


def bulk_stamp(hub: TestHub, first: int) -> None:
    rows = pa.table({"id": [first + 2], "sessionid": pa.nulls(1, pa.int64())})
    with hub.store.metrics.begin() as connection:
        hub.store.metrics.update(connection, web, rows, ["id"])


def bulk_stamp_anew(hub: TestHub, first: int) -> None:
    rows = pa.table({"id": [2], "sessionid": [first + 2]})
    with hub.store.metrics.begin() as connection:
        hub.store.metrics.update(connection, web, rows, ["id"])


def bulk_delete(hub: TestHub, first: int) -> None:
    with hub.store.metrics.begin() as connection:
        hub.store.metrics.delete(connection, websessions, pa.table({"id": [first + 2]}))


def bulk_delete_request(hub: TestHub, first: int) -> None:
    with hub.store.metrics.begin() as connection:
        hub.store.metrics.delete(connection, web, pa.table({"id": [first + 2]}))


def insert_by_hand(hub: TestHub, first: int) -> None:
    month = (*OLD, *RECENT)[first // 10]
    row = {"id": 99, "datetime": f"{month}-20 10:00:00", "ip": "198.51.100.1", "host": "new", "duration": 60, "jobs": 0}
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.insert(websessions), [row])


def delete_by_hand(hub: TestHub, first: int) -> None:
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.delete(websessions).where(websessions.c.id == first + 2))


def delete_request_by_hand(hub: TestHub, first: int) -> None:
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.delete(web).where(web.c.id == first + 2))


def insert_login(hub: TestHub, first: int) -> None:
    row = {"datetime": "2023-07-01 00:00:00", "user": "new", "ip": "198.51.100.1", "action": "Simulation"}
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.insert(userlogin), [row])


def move_login(hub: TestHub, first: int) -> None:
    """As many logins as before, of which one is another."""
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.delete(userlogin).where(userlogin.c.id == first + 2))
    insert_login(hub, first)


def bulk_append_login(hub: TestHub, first: int) -> None:
    row = {"id": 99, "datetime": "2023-07-01 00:00:00", "user": "new", "ip": "198.51.100.1", "action": "login"}
    with hub.store.metrics.begin() as connection:
        hub.store.metrics.append(connection, userlogin, pa.Table.from_pylist([row]))


def bulk_append_session(hub: TestHub, first: int) -> None:
    row = {"id": 99, "datetime": f"{RECENT[1]}-20 10:00:00", "ip": "198.51.100.1", "host": "new", "duration": 60}
    with hub.store.metrics.begin() as connection:
        hub.store.metrics.append(connection, websessions, pa.Table.from_pylist([row | {"jobs": 0}]))


def bulk_update_login(hub: TestHub, first: int) -> None:
    rows = pa.table({"id": [first + 2], "user": ["new"]})
    with hub.store.metrics.begin() as connection:
        hub.store.metrics.update(connection, userlogin, rows, ["id"])


CHANGES = (
    bulk_update,
    bulk_stamp,
    bulk_stamp_anew,
    bulk_delete,
    bulk_delete_request,
    insert_by_hand,
    delete_by_hand,
    delete_request_by_hand,
)
BY_HAND = (insert_by_hand, delete_by_hand, delete_request_by_hand)
IN_OLD_YEAR = (bulk_update, insert_by_hand, delete_request_by_hand)
OF_LOGINS = (insert_login, move_login)
OF_A_RUN = (*(one for one in CHANGES if one not in BY_HAND), bulk_append_session, bulk_append_login, bulk_update_login)


@pytest.mark.parametrize(
    ("change", "first"), [*((change, 40) for change in CHANGES), *((change, 10) for change in IN_OLD_YEAR)]
)
def test_a_changed_month_is_made_anew(summarized: TestHub, change: Any, first: int) -> None:
    before, old = kept(summarized), cells(summarized)
    change(summarized, first)
    found = cells(summarized)
    assert found != old
    after = kept(summarized)
    changed = {"2025-04"} if first == 40 else {"2023", "2023-04"}
    if change not in BY_HAND:  # the revision of a month is that of its logins too
        changed.add("2025-logins" if first == 40 else "2023-logins")
    if change is bulk_stamp_anew:  # a session of 2022 loses its download
        changed |= {"2022", "2022-05", "2022-logins"}
    assert {span for span in SPANS if after[span] != before[span]} == changed
    assert found == cells_without(summarized)


@pytest.mark.parametrize("change", OF_LOGINS)
def test_a_year_of_logins_that_changes_is_made_anew(summarized: TestHub, change: Any) -> None:
    before, old = kept(summarized), cells(summarized)
    change(summarized, 10)
    found = cells(summarized)
    assert found != old
    after = kept(summarized)
    assert {span for span in SPANS if after[span] != before[span]} == {"2023-logins"}
    assert found == cells_without(summarized)


@pytest.mark.parametrize("are_there", [True, False])
def test_a_run_counts_rows_once(summarized: TestHub, are_there: bool) -> None:
    with asked() as alone:
        old = cells(summarized)
    assert sorted(whole_counts(alone)) == ["userlogin", "userlogin", "web", "websessions"]
    with snapshots.kept():
        if not are_there:
            assert cells_without(summarized) == old
        with asked() as first:
            assert cells(summarized) == old
        with asked() as second:
            assert cells(summarized) == old
    assert sorted(whole_counts(first)) == (sorted(whole_counts(alone)) if are_there else [])
    assert [statement for statement in second if statement.startswith(("SELECT count(", "SELECT coalesce("))] == []
    with asked() as alone_again:
        assert cells(summarized) == old
    assert sorted(whole_counts(alone_again)) == sorted(whole_counts(alone))


def test_all_logins_are_counted_before_those_of_each_year(summarized: TestHub) -> None:
    with asked() as statements:
        cells(summarized)
    counts = [one for one in statements if one.startswith("SELECT count(") and "FROM userlogin" in one]
    assert len(counts) == 4  # all of them, and those before, between and after the three years


@pytest.mark.parametrize("change", OF_A_RUN)
def test_a_run_sees_what_it_changes(summarized: TestHub, change: Any) -> None:
    with snapshots.kept():
        old = cells(summarized)
        change(summarized, 10)
        with asked() as statements:
            found = cells(summarized)
        assert found != old
        assert whole_counts(statements) == []
        assert cells(summarized) == found
    assert found == cells_without(summarized)


def test_logins_that_a_command_changes_are_read_anew(summarized: TestHub) -> None:
    old = cells(summarized)
    bulk_update_login(summarized, 10)
    found = cells(summarized)
    assert found != old
    assert found == cells_without(summarized)


def test_logins_edited_by_hand_are_found_and_declared(summarized: TestHub) -> None:
    with summarized.store.metrics.begin() as connection:
        connection.execute(sa.update(userlogin).where(userlogin.c.id == 12).values(user="new"))
    month = Month(2023, 12)
    assert list(differences(summarized.store, summarized.settings, ALL)) == [("userlogin", month, 2)]
    with summarized.store.metrics.begin() as connection:
        state.add_dirty_months(connection, [month])
    found = cells(summarized)
    assert list(differences(summarized.store, summarized.settings, ALL)) == []
    assert found == cells_without(summarized)


@pytest.mark.parametrize("first", [10, 40])
def test_values_edited_by_hand_are_found_and_declared(summarized: TestHub, first: int) -> None:
    month = (*OLD, *RECENT)[first // 10]
    with summarized.store.metrics.begin() as connection:
        connection.execute(sa.update(websessions).where(websessions.c.id == first + 1).values(duration=5000))
    assert list(differences(summarized.store, summarized.settings, ALL)) == [("websessions", month, 2)]
    with summarized.store.metrics.begin() as connection:
        state.add_dirty_months(connection, [month])
    found = cells(summarized)
    assert list(differences(summarized.store, summarized.settings, ALL)) == []
    assert found == cells_without(summarized)


def test_values_edited_by_hand_are_found_where_only_the_year_has_a_snapshot(summarized: TestHub) -> None:
    with summarized.store.metrics.begin() as connection:
        connection.execute(sa.update(websessions).where(websessions.c.id == 21).values(duration=5000))
    for month in OLD:
        kept(summarized)[str(month)].unlink()
    assert list(differences(summarized.store, summarized.settings, ALL)) == [("websessions", OLD[1], 2)]


def test_years_that_a_window_cuts_are_read_by_month(summarized: TestHub) -> None:
    """The windows of a month of 2023 need its year by month, and find those that the last summary kept."""
    before = kept(summarized)
    anchor = Month(2023, 12)
    assert summarized.run("summarize-month", str(anchor)) == 0
    assert kept(summarized) == before
    rows = {name: summarized.store.metrics.rows(sa.select(grid)) for name, grid in GRIDS.items()}
    for path in kept(summarized).values():
        path.unlink()
    assert summarized.run("summarize-month", str(anchor)) == 0
    assert sorted(kept(summarized)) == [span for span in SPANS if span not in ("2023", *map(str, RECENT))]
    for name, grid in GRIDS.items():
        assert sorted(map(str, summarized.store.metrics.rows(sa.select(grid)))) == sorted(map(str, rows[name]))


def test_rows_inserted_into_a_later_month_leave_those_of_earlier_ones(summarized: TestHub) -> None:
    before = kept(summarized)
    insert_by_hand(summarized, 40)
    assert summarized.run("summarize-month", str(OLD[-1])) == 0
    assert kept(summarized) == before


def test_a_transaction_without_effect_leaves_the_snapshot(summarized: TestHub) -> None:
    before = kept(summarized)
    with pytest.raises(ZeroDivisionError), summarized.store.metrics.begin() as connection:
        summarized.store.metrics.delete(connection, websessions, pa.table({"id": [42]}))
        _ = 1 / 0
    with summarized.store.metrics.begin() as connection:
        connection.execute(sa.select(websessions.c.id))
    cells(summarized)
    assert kept(summarized) == before


@pytest.mark.parametrize("content", [b"", b"PAR1", None])
def test_a_damaged_file_is_made_anew(
    summarized: TestHub, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    before, old = kept(summarized), cells(summarized)
    path = before["2025-04"]
    whole = path.read_bytes()
    path.write_bytes(bytes([whole[0], whole[1] ^ 1]) + whole[2:] if content is None else content)
    with caplog.at_level(logging.WARNING):
        assert cells(summarized) == old
    assert "is damaged" in caplog.text
    after = kept(summarized)
    assert [path.name[:24] for path in after.values()] == [path.name[:24] for path in before.values()]
    assert after["2025-04"].read_bytes()[:4] == b"PAR1"


def test_a_file_with_a_name_that_none_has_is_no_snapshot(summarized: TestHub) -> None:
    before = cells(summarized)
    for path in directory(summarized.settings).glob("*.parquet"):
        span, fingerprint, counts, *rest = path.name.split(".")
        other = counts.split("-")[0] if "-" in counts else f"{counts}-{counts}"
        path.rename(path.with_name(".".join([span, fingerprint, other, *rest])))

    assert cells(summarized) == before


def test_where_none_can_be_written_it_goes_on(summarized: TestHub, caplog: pytest.LogCaptureFixture) -> None:
    old = cells_without(summarized)
    for path in kept(summarized).values():
        path.unlink()
    directory(summarized.settings).rmdir()
    directory(summarized.settings).write_text("no directory")
    with caplog.at_level(logging.WARNING):
        assert cells(summarized) == old
    assert caplog.text.count("snapshots cannot be kept") == 1
    assert any("snapshots cannot be kept" in line for line in look(summarized.store, summarized.settings).warnings)
    directory(summarized.settings).unlink()
    assert cells(summarized) == old
    assert not any("snapshots" in line for line in look(summarized.store, summarized.settings).warnings)


def test_where_open_files_are_not_shown_rows_are_read(
    summarized: TestHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = cells(summarized)
    monkeypatch.setattr(snapshots, "OPEN_FILES", tmp_path / "absent")
    assert cells(summarized) == old
    assert cells(summarized) == old


def test_rows_moved_by_hand_show(summarized: TestHub) -> None:
    """All rows together are as many as before, and so are those without a snapshot."""
    with summarized.store.metrics.begin() as connection:
        late = sa.update(websessions).where(websessions.c.id == 11)
        connection.execute(late.values(datetime="2025-05-20 10:00:00"))
        connection.execute(sa.delete(websessions).where(websessions.c.id == 33))
    found = cells(summarized)
    assert found == cells_without(summarized)


SETTLED_FILES = [f"2023-settled_{name}" for name in ("addresses", "domains", "totals", "visitors")]


def return_later(hub: TestHub) -> None:
    """A visitor of 2022 comes again."""
    row = {"id": 99, "datetime": f"{RECENT[1]}-20 10:00:00", "ip": "192.0.0.3", "host": "h3.example", "duration": 1800}
    with hub.store.metrics.begin() as connection:
        hub.store.metrics.append(connection, websessions, pa.Table.from_pylist([row | {"jobs": 0}]))


def log_in_later(hub: TestHub) -> None:
    """Somebody logs in from the address of a visitor of 2022."""
    row = {"id": 99, "datetime": f"{RECENT[2]}-20 10:00:00", "user": "new", "ip": "192.0.0.3", "action": "login"}
    with hub.store.metrics.begin() as connection:
        hub.store.metrics.append(connection, userlogin, pa.Table.from_pylist([row]))


def class_domain(hub: TestHub) -> None:
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.insert(domainclass).values(domain="example", **{"class": 2}))


SETTLED_CHANGES = (
    return_later,
    log_in_later,
    class_domain,
    *(partial(change, first=10) for change in (bulk_update, bulk_delete, insert_by_hand, insert_login)),
)


@pytest.fixture
def settled(summarized: TestHub, monkeypatch: pytest.MonkeyPatch) -> TestHub:
    """The same hub, its settled years counted by themselves."""
    monkeypatch.setattr("hzmetrics.grids.sources.FEWEST", 0)
    cells(summarized)
    return summarized


def cells_of_all(hub: TestHub) -> list[Any]:
    """The cells of the last month, all years counted together."""
    with pytest.MonkeyPatch.context() as context:
        context.setattr("hzmetrics.grids.sources.FEWEST", 1_000)
        return cells(hub)


def test_settled_years_are_counted_once(settled: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept(settled)
    assert sorted(before) == sorted([*SPANS, *SETTLED_FILES])
    with monkeypatch.context() as context:
        context.setattr("hzmetrics.snapshots.Snapshot.keep", None)
        found = cells(settled)
    assert found == cells_of_all(settled)
    assert kept(settled) == before


@pytest.mark.parametrize("change", SETTLED_CHANGES, ids=lambda change: getattr(change, "func", change).__name__)
def test_what_later_months_and_changes_make_of_settled_years(settled: TestHub, change: Any) -> None:
    before, old = kept(settled), cells(settled)
    change(settled)
    found = cells(settled)
    assert found != old
    assert found == cells_of_all(settled)
    after = kept(settled)
    are_kept = change in (return_later, log_in_later)
    assert [after[name] == before[name] for name in SETTLED_FILES] == [are_kept] * len(SETTLED_FILES)


def test_damaged_counts_of_settled_years_are_made_anew(settled: TestHub, caplog: pytest.LogCaptureFixture) -> None:
    before, old = kept(settled), cells(settled)
    whole = before[SETTLED_FILES[0]].read_bytes()
    before[SETTLED_FILES[0]].write_bytes(whole[:-9])
    with caplog.at_level(logging.WARNING):
        assert cells(settled) == old
    assert "is damaged" in caplog.text
    assert kept(settled)[SETTLED_FILES[0]].read_bytes() == whole


def test_without_snapshots_settled_years_are_counted_all_the_same(settled: TestHub) -> None:
    old = cells(settled)
    snapshots.remove_all(settled.settings)
    directory(settled.settings).rmdir()
    directory(settled.settings).write_text("no directory")
    assert cells(settled) == old


def test_a_full_temporary_directory_is_told(settled: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    old = cells(settled)
    snapshots.remove_all(settled.settings)

    def write(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with (
        monkeypatch.context() as context,
        pytest.raises(StoreUnavailable, match="temporary directory"),
    ):
        context.setattr("hzmetrics.grids.counting.pq.write_table", write)
        cells(settled)
    assert cells(settled) == old
