"""The kept sums of weights against the definition of the score."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from hzmetrics.activity import monitor, owners, weights
from hzmetrics.activity.settings import Scoring
from hzmetrics.store import Store
from hzmetrics.store.tables.live import activity_samples, activity_users, activity_weights, capability_state
from hzmetrics.users.user import User
from tests.conftest import TestHub
from tests.users.invented import DAY, HOUR, NOW, Invented, assert_weights, samples, settings

NAMES = ("ann", "bob", "B", "b")

runs = st.lists(
    st.tuples(
        st.sampled_from((600, 1200, 3 * HOUR, DAY, 3 * DAY, 9 * DAY)),
        st.dictionaries(st.sampled_from(NAMES), st.booleans(), max_size=4),
    ),
    min_size=1,
    max_size=12,
)
deeds = st.dictionaries(
    st.integers(0, 11), st.sampled_from(("reset", "delete", "rename", "again", "half-life")), max_size=4
)


def empty(store: Store) -> None:
    with store.metrics.begin() as connection:
        for table in (activity_samples, activity_users, activity_weights, capability_state):
            connection.execute(sa.delete(table))


@examples(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs=runs, deeds=deeds, half_life=st.sampled_from((1, 24, 72, 168)), base=st.sampled_from(("samples", "window")))
def test_kept_sums_equal_the_definition(
    hub: TestHub, runs: list[tuple[int, dict[str, bool]]], deeds: dict[int, str], half_life: int, base: str
) -> None:
    empty(hub.store)
    now = NOW
    for number, (pause, people) in enumerate(runs):
        now += pause
        scoring = Scoring(half_life=half_life, score_base=base, retention_days=7)
        users = [User(name, last_activity=now if is_active else None) for name, is_active in people.items()]
        source = Invented(users, knows_the_past=False)
        monitor.sample(hub.store, settings(scoring), source, now, force=True)
        match deeds.get(number):
            case "reset":
                monitor.reset(hub.store)
            case "delete":
                owners.delete(hub.store, "ann")
            case "rename":
                owners.rename(hub.store, "bob", "B")
            case "again":
                source.people = [User(name, last_activity=now) for name in NAMES]
                monitor.sample(hub.store, settings(scoring), source, now, force=True)
            case "half-life":
                half_life = half_life % 168 + 1
        scoring = Scoring(half_life=half_life, score_base=base, retention_days=7)
        assert_weights(hub.store, scoring, now, now + 2 * HOUR, now + 5 * DAY)


def test_sums_are_kept_and_used(hub: TestHub) -> None:
    scoring = Scoring()
    for run in range(3):
        source = Invented([User("ann", last_activity=NOW), User("bob")], knows_the_past=False)
        monitor.sample(hub.store, settings(scoring), source, NOW + 600 * run)
    rows = hub.store.metrics.rows(sa.select(activity_weights).order_by(activity_weights.c.username))
    assert [(row.username, row.active_samples, row.samples) for row in rows] == [("ann", 3, 3), ("bob", 0, 3)]
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.delete(activity_samples).where(activity_samples.c.username == "ann"))
    assert weights.read(hub.store, scoring, NOW + 1200)["ann"].samples == 3


@pytest.mark.parametrize("table", [activity_weights, activity_samples, capability_state], ids=lambda table: table.name)
def test_emptied_tables_are_noticed(hub: TestHub, table: sa.Table) -> None:
    scoring = Scoring()
    source = Invented([User("ann", last_activity=NOW), User("bob")], knows_the_past=False)
    monitor.sample(hub.store, settings(scoring), source, NOW)
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.delete(table))
    assert_weights(hub.store, scoring, NOW)
    monitor.sample(hub.store, settings(scoring), source, NOW + 600)
    assert_weights(hub.store, scoring, NOW + 600)


def test_clock_set_back_reads_the_samples(hub: TestHub) -> None:
    scoring = Scoring()
    source = Invented([User("ann", last_activity=NOW), User("bob")], knows_the_past=False)
    monitor.sample(hub.store, settings(scoring), source, NOW)
    assert_weights(hub.store, scoring, NOW - HOUR)
    assert weights.read(hub.store, scoring, NOW - HOUR)["ann"].total == 1.0


def test_origin_moves_before_numbers_overflow(hub: TestHub) -> None:
    scoring = Scoring(half_life=1, retention_days=2)
    now = NOW
    for run in range(24):  # the origin moves every eleventh day
        now += DAY
        source = Invented([User("ann", last_activity=now if run % 2 else None)], knows_the_past=False)
        monitor.sample(hub.store, settings(scoring), source, now)
        assert_weights(hub.store, scoring, now)
    basis = weights.prepare(hub.store, scoring, now)
    assert now - basis.origin <= (weights.FARTHEST + 24) * HOUR


def test_levels_count_the_raw_scores(hub: TestHub) -> None:
    people = [User("ann", last_activity=NOW), User("bob"), User("cyd", last_activity=NOW - HOUR)]
    monitor.sample(hub.store, settings(), Invented(people, knows_the_past=False), NOW)
    later = [User("ann", last_activity=NOW + DAY), User("bob"), User("cyd", last_activity=NOW)]
    monitor.sample(hub.store, settings(), Invented(later, knows_the_past=False), NOW + DAY)
    basis = weights.prepare(hub.store, Scoring(), NOW + DAY)
    assert weights.levels(hub.store, basis, Scoring(), NOW + DAY) == {
        "very-high": 1, "high": 0, "normal": 1, "low": 0, "very-low": 0, "none": 1,
    }  # fmt: skip
    window = weights.levels(hub.store, basis, Scoring(score_base="window"), NOW + DAY)
    assert window == {"very-high": 0, "high": 0, "normal": 0, "low": 0, "very-low": 0, "none": 3}


def test_many_missed_runs_are_added_up_anew(hub: TestHub) -> None:
    source = Invented([User("ann", last_activity=NOW)], past={"ann": [NOW - DAY, NOW]})
    monitor.sample(hub.store, settings(), source, NOW - 2 * DAY)
    monitor.sample(hub.store, settings(), source, NOW)
    assert len(samples(hub.store)["ann"]) > weights.MOST_TIMES
    assert_weights(hub.store, Scoring(), NOW)
    assert hub.store.metrics.scalar(sa.select(activity_weights.c.samples)) == len(samples(hub.store)["ann"])
