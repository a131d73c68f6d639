"""Transactions side by side leave a prefix, whatever happens (spec 30 §9)."""

from __future__ import annotations

from functools import partial

import pytest
import sqlalchemy as sa

from hzmetrics.store.in_order import commit_in_order
from hzmetrics.store.tables.metrics import webhits
from tests.conftest import TestHub


def put(number: int, fails: int, connection: sa.Connection) -> int:
    connection.execute(sa.insert(webhits).values(datetime="2025-07-01 00:00:00", hits=number))
    if number == fails:
        raise KeyError(number)
    return number


def stored(hub: TestHub) -> list[int]:
    return [row.hits for row in hub.store.metrics.rows(sa.select(webhits.c.hits).order_by(webhits.c.hits))]


def test_all_are_committed_and_their_results_come_in_order(hub: TestHub) -> None:
    assert list(commit_in_order(hub.store.metrics, (partial(put, number, -1) for number in range(9)))) == list(range(9))
    assert stored(hub) == list(range(9))


@pytest.mark.parametrize("fails", [0, 1, 4, 8])
def test_after_a_failure_nothing_later_is_committed(hub: TestHub, fails: int) -> None:
    with pytest.raises(KeyError):
        list(commit_in_order(hub.store.metrics, (partial(put, number, fails) for number in range(9))))
    assert stored(hub) == list(range(fails))
