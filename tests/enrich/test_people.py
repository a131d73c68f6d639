"""Profile columns come from the hub's key and value profiles (spec 20 §8)."""

import sqlalchemy as sa

from tests.conftest import TestHub
from tests.enrich.tables import column, put, visits


def test_values(hub: TestHub) -> None:
    users, profiles = hub.store.hub_tables.users, hub.store.hub_tables.user_profiles
    put(hub.store.hub, users, *({"id": n, "username": name} for n, name in enumerate(("ann", "Zoë", ""), 1)))
    values = [
        (9, 1, "orgtype", "later"),
        (3, 1, "OrgType", "straße é x "),
        (2, 1, "orgtype", "  "),
        (4, 1, "countryorigin", "usa"),
        (5, 1, "countryresident", "0"),
        (6, 2, "orgtype", "y" * 300),
        (7, 3, "orgtype", "nobody"),
        (8, 77, "orgtype", "orphan"),
    ]
    put(
        hub.store.hub,
        profiles,
        *({"id": i, "user_id": u, "profile_key": k, "profile_value": v} for i, u, k, v in values),
    )
    visits(
        hub,
        "toolstart",
        {"user": "ann"},
        {"user": "ANN ", "orgtype": "kept", "countrycitizen": " "},
        {"user": "zoe", "datetime": "0000-00-00 00:00:00"},
        {"user": None},
        {"user": ""},
        {"user": "stranger"},
    )
    assert hub.run("fill-user-info", "metrics", "toolstart", "--dry-run") == 0
    assert column(hub, "toolstart", "orgtype")[0] is None
    assert hub.run("fill-user-info", "metrics", "toolstart", "not a date", "--all") == 0
    assert column(hub, "toolstart", "orgtype") == ["STRAßE É X ", "kept", "Y" * 255, None, "NOBODY", None]
    assert column(hub, "toolstart", "countrycitizen") == ["US", "US", None, None, None, None]
    assert column(hub, "toolstart", "countryresident") == ["0", "0", None, None, None, None]


def test_wrong_use_and_missing_tables(hub: TestHub) -> None:
    assert hub.run("fill-user-info", "metrics", "web") == 2
    assert hub.run("fill-user-info", "elsewhere", "toolstart") == 2
    with hub.store.hub.begin() as connection:
        connection.execute(sa.text("DROP TABLE jos_user_profiles"))
    assert hub.run("fill-user-info", "metrics", "toolstart") == (
        1 if hub.kind == "mariadb" else 0
    )  # a SQLite hub's tables are made when missing
