"""Who the user of a row is: citizenship, residence and kind of organization out of the hub's profiles (spec 20 §8)."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from hzmetrics.config import Settings
from hzmetrics.engine import Engine
from hzmetrics.enrich import rows
from hzmetrics.store import Store
from hzmetrics.store.types import is_empty

KEYS = {"countrycitizen": "countryorigin", "countryresident": "countryresident", "orgtype": "orgtype"}
"""The columns filled, and the profile key each comes from."""


def fill_user_info(
    store: Store, settings: Settings, database: str, table: str, date: object = None, *, dry_run: bool = False
) -> int:
    """Fill the empty profile columns of `toolstart` or `sessionlog_metrics`; the values written.

    `date` changes nothing: the rows of all time are filled, as the command promises (spec 20 §1.4).
    Raises UsageError for another table, StoreError.
    """
    target = rows.named(table, "toolstart", "sessionlog_metrics")
    source = rows.database(store, database)
    rows.require(source, table)
    hub, users, profiles = store.hub, store.hub_tables.users.c, store.hub_tables.user_profiles.c
    with Engine("hzmetrics.enrich") as engine:
        engine.load("users", hub.stream(sa.select(users.id, users.username)))
        engine.load(
            "user_profiles",
            hub.stream(sa.select(profiles.id, profiles.user_id, profiles.profile_key, profiles.profile_value)),
        )
        some_empty = sa.or_(*(is_empty(target.c[column]) for column in KEYS))
        columns = (rows.key(target).label("row"), target.c.user, *(target.c[column] for column in KEYS))
        engine.register("rows_without_value", source.stream(sa.select(*columns).where(some_empty)))
        engine.register("wanted_keys", pa.table({"column": list(KEYS), "profile_key": list(KEYS.values())}))
        answers = engine.table("profile_answers")
    filled = (
        answers.filter(pc.equal(answers["column"], column)).drop_columns("column").rename_columns({"value": column})
        for column in KEYS
    )
    return sum(rows.write(source, target, values, dry_run) for values in filled)
