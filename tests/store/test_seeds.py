"""Reference rows go into tables that are completely empty, and nowhere else (spec 70 §3.4)."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.store.seeds import SEEDED, rows
from hzmetrics.store.tables import metrics
from tests.conftest import TestHub


def test_what_is_seeded() -> None:
    seeds = rows()
    assert set(seeds) == set(SEEDED)
    continents = {row["country"]: row["continent"] for row in seeds[metrics.country_continent]}
    names = {row["code"]: row["name"] for row in seeds[metrics.countries]}
    assert continents.keys() == names.keys()
    assert len(continents) == len(seeds[metrics.country_continent]) == 250
    assert all(len(code) == 2 and code.isupper() for code in continents)
    assert continents["UK"] == continents["GB"] == continents["DE"] == "EU"
    assert continents["CN"] == "AS" and names["UK"] == names["GB"]
    assert [row["id"] for row in seeds[metrics.summary_user]] == [1, 2, 3, 4, 6, 7, 8]
    assert [row["id"] for row in seeds[metrics.summary_simusage]] == list(range(1, 11))
    assert [row["id"] for row in seeds[metrics.summary_misc]] == list(range(1, 9))


def test_a_table_with_one_row_belongs_to_the_site(hub: TestHub) -> None:
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.delete(metrics.summary_user).where(metrics.summary_user.c.id != 4))
        connection.execute(sa.delete(metrics.countries))
    assert hub.run("init") == 0
    assert hub.store.metrics.scalar(sa.select(sa.func.count()).select_from(metrics.summary_user)) == 1
    assert hub.store.metrics.scalar(sa.select(sa.func.count()).select_from(metrics.countries)) == 250
