"""Rows that reference and label tables start with. A table that holds a single row belongs to the site.

See spec 70 §3.4.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import sqlalchemy as sa

from hzmetrics.store.tables import metrics

CLASSES = (
    (0, "Unknown"),
    (1, "Education"),
    (2, "Industry"),
    (3, "Government"),
    (4, "Internet provider"),
    (5, "Search engine"),
    (6, "Press"),
)

USER_LABELS = (
    (1, "Total users {1}", 1),
    (2, "Simulation users {5}", 0),
    (3, "Interactive users {6}", 0),
    (4, "Download users {7}", 0),
    (6, "Registered users {2}", 0),
    (7, "Unregistered interactive users {3}", 0),
    (8, "Unregistered download users {4}", 0),
)

SIMULATION_LABELS = (
    (1, "Simulation users {5}", 1),
    (2, "Simulation runs", 1),
    (3, "CPU time", 0),
    (4, "Wall time", 0),
    (5, "Interaction time", 0),
    (6, "Users with more than 10 minutes of CPU time", 0),
    (7, "Average runs per user", 0),
    (8, "Average time between first and last run", 0),
    (9, "Repeat users (10 or more runs)", 0),
    (10, "Repeat users (over 3 months or longer) {9}", 0),
)

MISC_LABELS = (
    (1, "Domains served", 0),
    (2, "User sessions {10}", 0),
    (3, "Total session time", 0),
    (4, "Visitors {11}", 0),
    (5, "Visits {12}", 0),
    (6, "New accounts", 0),
    (7, "Most users logged in on one day", 0),
    (8, "Web server hits", 1),
)


SEEDED = (
    metrics.countries,
    metrics.country_continent,
    metrics.domainclasses,
    metrics.summary_user,
    metrics.summary_simusage,
    metrics.summary_misc,
)
"""The tables that start with rows."""


@cache
def rows() -> dict[sa.Table, list[dict[str, Any]]]:
    """The seed rows, by table."""
    lines = files("hzmetrics.data").joinpath("countries.tsv").read_text(encoding="utf-8").splitlines()[1:]
    countries = [line.split("\t") for line in lines]
    labels = {
        metrics.summary_user: USER_LABELS,
        metrics.summary_simusage: SIMULATION_LABELS,
        metrics.summary_misc: MISC_LABELS,
    }
    return {
        metrics.countries: [{"code": code, "name": name} for code, name, _ in countries],
        metrics.country_continent: [{"country": code, "continent": continent} for code, _, continent in countries],
        metrics.domainclasses: [{"class": code, "name": name} for code, name in CLASSES],
        **{
            table: [{"id": rowid, "label": label, "plot": plot} for rowid, label, plot in texts]
            for table, texts in labels.items()
        },
    }


def seed(connection: sa.Connection, table: sa.Table) -> None:
    """Put the seed rows into one of their tables, if it is completely empty."""
    if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is None:
        connection.execute(sa.insert(table), rows()[table])
