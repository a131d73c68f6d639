"""Settings, and a source of invented users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.activity import weights
from hzmetrics.activity.score import Weights, add_up
from hzmetrics.activity.settings import ActivitySettings, Scoring
from hzmetrics.calendar import epoch
from hzmetrics.store import Store
from hzmetrics.store.tables.live import activity_samples
from hzmetrics.users.columns import table_of
from hzmetrics.users.settings import JupyterHub, UserSettings
from hzmetrics.users.user import Presence, User

NOW = epoch("2026-03-10T12:00:00Z")
HOUR, DAY = 3600, 86_400


@dataclass
class Invented:
    """A source that says what it is told to."""

    people: Sequence[User] = ()
    past: Mapping[str, Sequence[int]] = field(default_factory=dict)
    knows_the_past: bool = True
    name: str = "logs"

    def users(self) -> pa.Table:
        return table_of(self.people)

    def running(self) -> Sequence[User]:
        return [user for user in self.people if user.server_active]

    def presence(self) -> Presence:
        return Presence()

    def instants(self, since: int) -> Mapping[str, Sequence[int]]:
        return self.past


def listed(users: pa.Table) -> dict[str, User]:
    """Users from their columns, by name."""
    return {row["username"]: User(**row) for row in users.to_pylist()}


def settings(scoring: Scoring | None = None, sample_users: str = "all", source: str = "logs") -> ActivitySettings:
    return ActivitySettings(
        enabled=True,
        users=UserSettings(
            source=source,
            ignore_users=frozenset(),
            session_hours=24,
            jupyterhub=JupyterHub("", "", Path("/nowhere"), "jupyterlab-{username}", "jupyterlab-", None),
        ),
        scoring=scoring or Scoring(),
        sample_users=sample_users,
        resources_update_interval=10,
        volumes_update_interval=3600,
    )


def samples(store: Store) -> dict[str, dict[int, int]]:
    """The stored samples: user to time to flag."""
    found: dict[str, dict[int, int]] = {}
    for row in store.metrics.rows(sa.select(activity_samples)):
        found.setdefault(row.username, {})[epoch(row.timestamp)] = row.is_active
    return found


def by_definition(stored: dict[str, dict[int, int]], scoring: Scoring, now: int) -> dict[str, Weights]:
    """The weights of all users, straight from their samples."""
    added = {name: add_up([(t, bool(f)) for t, f in one.items()], now, scoring) for name, one in stored.items()}
    return {name: one for name, one in added.items() if one.samples}


def assert_weights(store: Store, scoring: Scoring, *moments: int) -> None:
    """At each moment the kept weights give the scores of the definition, to 1e-9."""
    stored = samples(store)
    for now in moments:
        found, expected = weights.read(store, scoring, now), by_definition(stored, scoring, now)
        assert found.keys() == expected.keys()
        for name, one in expected.items():
            assert found[name].samples == one.samples
            raw, wanted = found[name].raw(scoring), one.raw(scoring)
            assert raw is not None and wanted is not None
            assert abs(raw - wanted) <= 1e-9 * max(1.0, wanted), name
            assert abs(found[name].active - one.active) <= 1e-9 * max(1.0, one.active), name
