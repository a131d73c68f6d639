"""Rows of a stretch of time are the same, however they are found."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
import sqlalchemy as sa

from hzmetrics.store.by_number import SPREAD, by_number, outside
from hzmetrics.store.tables.metrics import web
from tests.conftest import TestHub

JUNE = sa.and_(web.c.datetime >= "2025-06-01 00:00:00", web.c.datetime < "2025-07-01 00:00:00")
IPS = sa.select(web.c.id, web.c.ip)


def put(hub: TestHub, months: dict[int, int]) -> None:
    """Write a row of each number, in a month."""
    rows = [
        {"id": number, "datetime": f"2025-{month:02d}-15 12:00:00", "ip": f"192.0.2.{number % 9}"}
        for number, month in months.items()
    ]
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.insert(web), rows)


def found(hub: TestHub, query: sa.Select[tuple[int, str]]) -> pa.Table:
    return hub.store.metrics.read(query).sort_by("id")


@pytest.mark.parametrize("seed", range(5))
def test_rows_are_those_of_the_stretch(hub: TestHub, seed: int) -> None:
    chance = random.Random(seed)
    numbers = sorted(chance.sample(range(1, 400), 60))
    put(hub, {number: min(max(5 + number // 130 + chance.choice([-1, 0, 0, 1]), 1), 12) for number in numbers})
    expected = found(hub, IPS.where(JUNE))
    assert expected.num_rows
    assert found(hub, by_number(hub.store.metrics, IPS, web, JUNE)) == expected
    for after in (numbers[5], numbers[40]):
        newer = found(hub, IPS.where(JUNE, web.c.id > after))
        assert found(hub, by_number(hub.store.metrics, IPS, web, JUNE, after)) == newer


def test_neighbours_are_looked_for_between_the_first_and_the_last(hub: TestHub) -> None:
    put(hub, {1: 5, 11: 6, 13: 6, 15: 7, 19: 6, 20: 7})
    query = str(by_number(hub.store.metrics, IPS, web, JUNE).compile(compile_kwargs={"literal_binds": True}))
    assert "web.id BETWEEN 11 AND 19" in query


def test_rows_far_apart_are_found_by_their_time(hub: TestHub) -> None:
    put(hub, {1: 6, 1 + 2 * SPREAD: 6, 3: 7})
    assert str(by_number(hub.store.metrics, IPS, web, JUNE)) == str(IPS.where(JUNE))


def test_there_may_be_none(hub: TestHub) -> None:
    assert found(hub, by_number(hub.store.metrics, IPS, web, JUNE)).num_rows == 0


@pytest.mark.parametrize("seed", range(5))
def test_rows_outside_are_all_others(hub: TestHub, seed: int) -> None:
    chance = random.Random(seed)
    numbers = sorted(chance.sample(range(1, 400), 60))
    put(hub, {number: min(max(5 + number // 130 + chance.choice([-1, 0, 0, 1]), 1), 12) for number in numbers})
    summer = web.c.datetime.between("2025-05-01 00:00:00", "2025-08-01 00:00:00")
    for within, inner in ((JUNE, JUNE), (summer, JUNE)):
        others = found(hub, IPS.where(sa.not_(within)))
        assert others.num_rows
        assert found(hub, IPS.where(outside(hub.store.metrics, web, within, inner))) == others


def test_rows_outside_are_known_by_their_number_where_no_other_is_between(hub: TestHub) -> None:
    put(hub, {1: 5, 11: 6, 13: 6, 15: 7, 19: 6, 20: 7})
    summer = web.c.datetime >= "2025-06-01 00:00:00"
    for within, is_known in ((summer, True), (JUNE, False)):
        condition = outside(hub.store.metrics, web, within, JUNE).compile(compile_kwargs={"literal_binds": True})
        assert ("web.id NOT BETWEEN 11 AND 19" in str(condition)) == is_known
    assert str(outside(hub.store.metrics, web, summer, web.c.id < 0)) == str(sa.not_(summer))
