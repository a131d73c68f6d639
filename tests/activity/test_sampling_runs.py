"""Sampling runs on both stores."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

from hzmetrics.activity import monitor, owners
from hzmetrics.activity.settings import Scoring
from hzmetrics.calendar import utc
from hzmetrics.errors import HzmetricsError
from hzmetrics.store.live_state import remember
from hzmetrics.store.tables.live import (
    activity_samples,
    activity_users,
    activity_volumes,
    capability_state,
    user_events,
    user_last_event,
)
from hzmetrics.users.user import User
from tests.conftest import TestHub
from tests.users.invented import DAY, HOUR, NOW, Invented, assert_weights, samples, settings

ANN = User("ann", server_active=True, last_activity=NOW - 3600)
BOB = User("bob", server_active=True, last_activity=NOW - 3601)
CYD = User("cyd")


def states(hub: TestHub) -> dict[str, tuple[int, str | None]]:
    rows = hub.store.metrics.rows(sa.select(activity_users))
    return {row.username: (row.server_active, row.last_activity) for row in rows}


def test_a_run_samples_everybody_and_counts(hub: TestHub) -> None:
    counts = monitor.sample(hub.store, settings(), Invented([ANN, BOB, CYD]), NOW)
    assert counts == {"total": 3, "active": 1, "inactive": 1, "offline": 1}
    assert samples(hub.store) == {"ann": {NOW: 1}, "bob": {NOW: 0}, "cyd": {NOW: 0}}
    assert states(hub) == {"ann": (1, utc(NOW - 3600)), "bob": (1, utc(NOW - 3601)), "cyd": (0, None)}


def test_recent_only_samples_who_was_active_in_the_window(hub: TestHub) -> None:
    people = [
        User("edge", last_activity=NOW - 7 * DAY), User("old", last_activity=NOW - 7 * DAY - 1),
        User("running", server_active=True), CYD,
    ]  # fmt: skip
    counts = monitor.sample(hub.store, settings(sample_users="recent"), Invented(people), NOW)
    assert counts is not None and counts["total"] == 4
    assert set(samples(hub.store)) == {"edge", "running"}
    assert set(states(hub)) == {"edge", "old", "running"}


def test_due_by_the_interval_less_the_jitter_of_cron(hub: TestHub) -> None:
    source = Invented([ANN])
    assert monitor.sample(hub.store, settings(), source, NOW)
    assert monitor.sample(hub.store, settings(), source, NOW + 569) is None
    assert monitor.sample(hub.store, settings(), source, NOW + 570)
    assert monitor.sample(hub.store, settings(), source, NOW + 571) is None
    assert monitor.sample(hub.store, settings(), source, NOW + 571, force=True)
    assert list(samples(hub.store)["ann"]) == [NOW, NOW + 570, NOW + 571]


def test_second_sample_of_a_second_keeps_the_larger_flag(hub: TestHub) -> None:
    source = Invented([User("ann"), User("bob", last_activity=NOW)], knows_the_past=False)
    monitor.sample(hub.store, settings(), source, NOW)
    source.people = [User("ann", last_activity=NOW), User("bob"), CYD]
    monitor.sample(hub.store, settings(), source, NOW, force=True)
    assert samples(hub.store) == {"ann": {NOW: 1}, "bob": {NOW: 1}, "cyd": {NOW: 0}}
    assert_weights(hub.store, Scoring(), NOW)


def test_a_run_while_the_clock_was_ahead_blocks_nothing(hub: TestHub, caplog: pytest.LogCaptureFixture) -> None:
    def run(now: int, force: bool = False) -> bool:
        source = Invented([User("ann", last_activity=now)], {"ann": [NOW]})
        return monitor.sample(hub.store, settings(), source, now, force) is not None

    logger = logging.getLogger("hzmetrics")
    logger.addHandler(caplog.handler)
    try:
        assert run(NOW + DAY)
        assert not run(NOW)
        assert not run(NOW + 300)
        assert run(NOW + 600)
    finally:
        logger.removeHandler(caplog.handler)
    assert len({id(record) for record in caplog.records if record.levelname == "WARNING"}) == 1
    assert not run(NOW + 300), "no run is due while the clock is only a little behind the last one"
    assert run(NOW + 300, force=True)
    assert run(NOW + DAY)
    times = samples(hub.store)["ann"]
    assert sorted(times)[:3] == [NOW + 300, NOW + 600, NOW + 1500] and len(times) == 3 + 141
    assert monitor.reset(hub.store) == len(times)
    assert run(NOW)


def test_missed_runs_are_filled_in_where_the_past_is_known(hub: TestHub) -> None:
    past = {"ann": [NOW + 900], "bob": [NOW - 10_000, NOW + 2900], "cyd": []}
    source = Invented([User("ann", last_activity=NOW + 900), BOB, CYD], past)
    monitor.sample(hub.store, settings(), source, NOW)
    monitor.sample(hub.store, settings(), source, NOW + 3300)
    found = samples(hub.store)
    # the run at 3000 s is not 300 s before this one, so it is not filled in
    assert found["ann"] == {NOW: 1, NOW + 1200: 1, NOW + 1800: 1, NOW + 2400: 1, NOW + 3300: 1}
    assert found["bob"] == {NOW: 0} | dict.fromkeys((NOW + 600, NOW + 1200, NOW + 1800, NOW + 2400), 0) | {
        NOW + 3300: 0
    }
    assert found["cyd"] == {NOW: 0, NOW + 3300: 0}
    assert_weights(hub.store, Scoring(), NOW + 3300)


def test_missed_runs_of_a_source_of_the_present_stay_missed(hub: TestHub) -> None:
    source = Invented([ANN], {"ann": [NOW]}, knows_the_past=False)
    monitor.sample(hub.store, settings(), source, NOW)
    monitor.sample(hub.store, settings(), source, NOW + DAY)
    assert list(samples(hub.store)["ann"]) == [NOW, NOW + DAY]


def test_retention_deletes_samples_of_all_users_and_old_events(hub: TestHub) -> None:
    source = Invented([ANN, BOB], knows_the_past=False)
    with hub.store.metrics.begin() as connection:
        for days in (35, 36):
            connection.execute(
                sa.insert(user_events).values(username="ann", time=utc(NOW + 7 * DAY - days * DAY), event="login")
            )
    monitor.sample(hub.store, settings(), source, NOW - 600)
    monitor.sample(hub.store, settings(), source, NOW)
    source.people = [ANN]
    monitor.sample(hub.store, settings(), source, NOW + 7 * DAY)
    assert samples(hub.store) == {"ann": {NOW: 1, NOW + 7 * DAY: 0}, "bob": {NOW: 0}}
    assert set(states(hub)) == {"ann"}
    assert len(hub.store.metrics.rows(sa.select(user_events))) == 1


def test_between_runs_only_running_servers_are_looked_at(hub: TestHub) -> None:
    source = Invented([ANN, User("bob", last_activity=NOW), CYD])
    monitor.sample(hub.store, settings(), source, NOW)
    source.people = [User("cyd", server_active=True, last_activity=NOW + 60, time_remaining_seconds=90)]
    assert monitor.sample(hub.store, settings(), source, NOW + 60) is None
    assert states(hub) == {"ann": (0, utc(NOW - 3600)), "bob": (0, utc(NOW)), "cyd": (1, utc(NOW + 60))}


def test_show_lists_known_users_by_state_and_score(hub: TestHub) -> None:
    idle = User("abe", last_activity=NOW - DAY)
    monitor.sample(hub.store, settings(sample_users="recent"), Invented([CYD, idle, BOB, ANN]), NOW)
    document = monitor.show(hub.store, settings(), NOW, derived=True)
    assert [row["username"] for row in document["users"]] == ["ann", "bob", "abe"]
    assert document["sampling_status"] == "3 samples for 3 users"
    assert document["users"][0]["derived"]["status"] == "Active"
    assert document["users"][0]["activity_score"] == 100.0
    assert document["users"][0]["derived"]["tooltip"] == "Not enough data (0h of 24h collected)"


def test_rename_keeps_the_active_sample_of_a_clash(hub: TestHub) -> None:
    source = Invented([User("old", last_activity=NOW), User("new")], knows_the_past=False)
    monitor.sample(hub.store, settings(), source, NOW)
    source.people = [User("old"), User("new", last_activity=NOW + 600)]
    monitor.sample(hub.store, settings(), source, NOW + 600)
    source.people = [User("old")]
    monitor.sample(hub.store, settings(), source, NOW + 1200)
    with hub.store.metrics.begin() as connection:
        for name, moment in (("old", NOW), ("new", NOW - 5)):
            connection.execute(sa.insert(user_last_event).values(username=name, event="login", time=utc(moment)))
            connection.execute(sa.insert(user_events).values(username=name, event="login", time=utc(NOW)))
            connection.execute(
                sa.insert(activity_volumes).values(username=name, volume="home", size_mb=1, updated=utc(moment))
            )
    assert owners.rename(hub.store, "old", "new") > 0
    assert samples(hub.store) == {"new": {NOW: 1, NOW + 600: 1, NOW + 1200: 0}}
    assert [tuple(row) for row in hub.store.metrics.rows(sa.select(user_last_event))] == [("new", "login", utc(NOW))]
    assert len(hub.store.metrics.rows(sa.select(user_events))) == 1
    assert_weights(hub.store, Scoring(), NOW + 1200)
    assert owners.rename(hub.store, "old", "new") == 0


def test_delete_removes_every_row_of_a_user(hub: TestHub) -> None:
    monitor.sample(hub.store, settings(), Invented([ANN, User("Ann")]), NOW)
    assert owners.delete(hub.store, "ann") == 2
    assert set(samples(hub.store)) == set(states(hub)) == {"Ann"}
    assert owners.delete(hub.store, "ann") == 0


def test_what_logs_tell_of_a_user_goes_and_moves_whatever_the_case(hub: TestHub) -> None:
    def logged() -> list[tuple[str, str]]:
        tables = (user_events, user_last_event)
        return [(table.name, row.username) for table in tables for row in hub.store.metrics.rows(sa.select(table))]

    with hub.store.metrics.begin() as connection:
        for table in (user_events, user_last_event):
            connection.execute(sa.insert(table).values(username="ann", event="login", time=utc(NOW)))
    assert owners.rename(hub.store, "Ann", "ANN") == 2 and len(logged()) == 2
    assert owners.rename(hub.store, "Ann", "Bob") == 2
    assert logged() == [("user_events", "bob"), ("user_last_event", "bob")]
    assert owners.delete(hub.store, "Bob") == 2 and logged() == []


def test_reset_deletes_all_samples(hub: TestHub) -> None:
    monitor.sample(hub.store, settings(), Invented([ANN, BOB]), NOW)
    assert monitor.reset(hub.store) == 2
    assert samples(hub.store) == {}
    assert monitor.show(hub.store, settings(), NOW, derived=True)["sampling_status"] == "No samples yet"


def test_backfill_fills_gaps_once(hub: TestHub) -> None:
    source = Invented([ANN], {"ann": [NOW - 5000], "bob": [NOW - 100]})
    monitor.sample(hub.store, settings(), source, NOW)
    added = monitor.backfill(hub.store, settings(), source, NOW - 6000, NOW)
    found = samples(hub.store)
    assert added == len(found["ann"]) - 1 == 8  # every 600 s from the first instant on
    assert found["ann"][NOW - 4800] == 1 and found["ann"][NOW - 600] == 0
    assert set(found) == {"ann"}
    assert_weights(hub.store, Scoring(), NOW)
    assert monitor.backfill(hub.store, settings(), source, NOW - 6000, NOW) == 0
    monitor.sample(hub.store, settings(), source, NOW + 577)
    assert monitor.backfill(hub.store, settings(), source, NOW - 6000, NOW + 577) == 0
    source.knows_the_past = False
    with pytest.raises(HzmetricsError, match="knows only the present"):
        monitor.backfill(hub.store, settings(), source, NOW - 6000, NOW)


def test_emptied_tables_are_filled_again(hub: TestHub) -> None:
    source = Invented([ANN, BOB], knows_the_past=False)
    monitor.sample(hub.store, settings(), source, NOW)
    with hub.store.metrics.begin() as connection:
        for table in (activity_samples, activity_users, capability_state):
            connection.execute(sa.delete(table))
    monitor.sample(hub.store, settings(), source, NOW + 600)
    assert_weights(hub.store, Scoring(), NOW + 600)
    assert len(states(hub)) == 2


KILLED = """
import sys
sys.path.insert(0, {root!r})
from hzmetrics import config
from hzmetrics.activity import monitor
from hzmetrics.users.user import User
from hzmetrics.store import Store
from tests.users.invented import NOW, Invented, settings
store = Store(config.load())
people = [User(f"user{{number}}", last_activity=NOW) for number in range(3000)]
print("go", flush=True)
for run in range(1, 1000):
    monitor.sample(store, settings(), Invented(people, knows_the_past=False), NOW + 600 * run)
"""


@pytest.mark.parametrize("delay", [0.15, 0.4])
def test_killed_runs_lose_and_repeat_nothing(hub: TestHub, delay: float) -> None:
    monitor.sample(hub.store, settings(), Invented([ANN]), NOW)
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))  # noqa: PTH120
    child = subprocess.Popen([sys.executable, "-c", KILLED.format(root=root)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    time.sleep(delay)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    last = monitor.last_sampled(hub.store)
    assert last is not None
    found = samples(hub.store)
    runs = {moment for times in found.values() for moment in times}
    assert max(runs) == last
    for run in runs - {NOW}:  # each run is there as a whole
        assert sum(run in times for times in found.values()) == 3000
    assert_weights(hub.store, Scoring(), last)
    monitor.sample(hub.store, settings(), Invented([ANN]), last + 600)
    assert_weights(hub.store, Scoring(), last + 600)


def test_a_run_that_is_remembered_by_nobody_is_due(hub: TestHub) -> None:
    with hub.store.metrics.begin() as connection:
        remember(connection, monitor.LAST_RUN, utc(NOW - HOUR))
    assert monitor.sample(hub.store, settings(), Invented([ANN]), NOW)
