"""The latest known state of each user in the store, with the figures of the containers (spec 80 §3, §4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from hzmetrics.activity.settings import ActivitySettings
from hzmetrics.calendar import epoch, utc
from hzmetrics.errors import HzmetricsError
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.database import Database
from hzmetrics.store.live_state import recall, remember
from hzmetrics.store.tables.live import activity_users, activity_volumes
from hzmetrics.users.user import NO_VOLUMES, Source, User

if TYPE_CHECKING:
    import pyarrow as pa

MEASURED = "activity.volumes"
T = TypeVar("T")
AT_ONCE = 1000
"""From this number of rows on, a table is written in columns; the largest number of names in a statement."""

States = dict[str, tuple[Any, ...]]
"""User to the columns of `activity_users` between name and `updated`."""

OFF = (None, None, None, None)
"""Time left and figures of a stopped server."""


def refresh_all(store: Store, settings: ActivitySettings, source: Source, now: int) -> pa.Table:
    """All users as they are now. The store keeps those with a running server or a last activity, while they exist."""
    import pyarrow as pa

    from hzmetrics.engine import Engine
    from hzmetrics.users.columns import SCHEMA, utc_text

    users = _with_figures(store, settings, source.users(), now)
    stored = sa.select(*(activity_users.c[name] for name in SCHEMA.names))
    last = SCHEMA.names.index("last_activity")
    with Engine("hzmetrics.activity") as engine:
        engine.register("users", users.set_column(last, "last_activity", utc_text(users["last_activity"])))
        engine.register("stored_users", store.metrics.read(stored))
        engine.register_values("scope", {"is_everybody": settings.sample_users == "all"})
        outdated, changed = engine.table("outdated_users"), engine.table("changed_users")
    if outdated.num_rows or changed.num_rows:
        updated = pa.repeat(utc(now), changed.num_rows)
        with store.metrics.begin() as connection:
            store.metrics.delete(connection, activity_users, outdated)
            store.metrics.append(connection, activity_users, changed.append_column("updated", updated))
    return users


def refresh_running(store: Store, source: Source, now: int) -> None:
    """Update the users whose servers run now, and those whose servers have stopped; no others are asked for."""
    running = {user.username: user for user in source.running()}
    names = activity_users.c.username
    known = activity_users.c.server_active == 1
    rows = store.metrics.rows(sa.select(activity_users).where(known))
    missing = [name for name in running if name not in {row.username for row in rows}]
    for part in parts(missing):
        rows = [*rows, *store.metrics.rows(sa.select(activity_users).where(names.in_(part)))]
    old: States = {row.username: tuple(row)[1:-1] for row in rows}
    new: States = {}
    for name, state in old.items():
        is_authorized, _, last, *_ = state
        new[name] = (is_authorized, 0, last, *OFF)
    for name, user in running.items():
        known_last = old[name][2] if name in old else None
        is_authorized, active, last, *rest = _state(user)
        new[name] = (is_authorized, active, max(filter(None, (last, known_last)), default=None), *rest)
    _replace(store, old, new, now)


def read(store: Store) -> list[User]:
    """The latest known state of all users."""
    volumes: dict[str, dict[str, float]] = {}
    for row in store.metrics.rows(sa.select(activity_volumes)):
        volumes.setdefault(row.username, {})[row.volume] = row.size_mb
    from hzmetrics.users.columns import SCHEMA, seconds

    stored = store.metrics.read(sa.select(*(activity_users.c[name] for name in SCHEMA.names)))
    columns = {name: stored[name].cast("bool") for name in ("is_authorized", "server_active")}
    columns["last_activity"] = seconds(stored["last_activity"])
    rows = zip(*(columns.get(name, stored[name]).to_pylist() for name in SCHEMA.names), strict=True)
    return [User._make((*row, volumes.get(row[0], NO_VOLUMES))) for row in rows]


def insert(database: Database, connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows, given in the order of the table's columns without its own number; many at once in columns."""
    names = [column.name for column in table.c if column.name != "id"]
    if len(rows) < AT_ONCE:
        if rows:
            connection.execute(sa.insert(table), [dict(zip(names, row, strict=True)) for row in rows])
        return
    import pyarrow as pa

    from hzmetrics.store.fit import arrow_type

    arrays = {
        name: pa.array(values, arrow_type(table.c[name].type))
        for name, values in zip(names, zip(*rows, strict=True), strict=True)
    }
    database.append(connection, table, pa.table(arrays))


def _replace(store: Store, old: States, new: States, now: int) -> None:
    """Write the changes: rows that are not in `new`, and rows that differ."""
    gone = old.keys() - new.keys()
    changed = [name for name, state in new.items() if old.get(name) != state]
    if not gone and not changed:
        return
    updated = utc(now)
    with store.metrics.begin() as connection:
        for part in parts([*gone, *(name for name in changed if name in old)]):
            connection.execute(sa.delete(activity_users).where(activity_users.c.username.in_(part)))
        insert(store.metrics, connection, activity_users, [(name, *new[name], updated) for name in changed])


def _state(user: User) -> tuple[Any, ...]:
    return (
        int(user.is_authorized),
        int(user.server_active),
        None if user.last_activity is None else utc(user.last_activity),
        user.time_remaining_seconds,
        user.cpu_percent,
        user.memory_mb,
        user.memory_percent,
    )


def parts(names: Sequence[T]) -> list[Sequence[T]]:
    """The names in parts small enough for one statement."""
    return [names[begin : begin + AT_ONCE] for begin in range(0, len(names), AT_ONCE)]


def _with_figures(store: Store, settings: ActivitySettings, users: pa.Table, now: int) -> pa.Table:
    """Users with CPU and memory of their running servers; volumes are stored when due. Needs a Docker engine."""
    hub = settings.users.jupyterhub
    if settings.users.source != "jupyterhub" or not hub.docker_socket.exists():
        return users
    import pyarrow as pa

    from hzmetrics.users.docker import FIGURES, Docker, encode, volume_sizes

    docker = Docker(hub.docker_socket)
    names = users["username"].to_pylist()
    running = (name for name, is_on in zip(names, users["server_active"].to_pylist(), strict=True) if is_on)
    containers = {name: hub.container_name.replace("{username}", encode(name)) for name in running}
    found: Mapping[str, Mapping[str, float]] = docker.containers(containers)
    measured = recall(store.metrics, MEASURED)
    if measured is None or not 0 <= now - epoch(measured) < settings.volumes_update_interval:
        try:
            _store_volumes(store, volume_sizes(docker.volumes(), hub.volume_prefix), names, now)
        except HzmetricsError as error:
            log.error("%s", error)
    for figure in FIGURES:
        values = pa.array([found.get(name, {}).get(figure) for name in names], pa.float64())
        users = users.set_column(users.column_names.index(figure), figure, values)
    return users


def _store_volumes(store: Store, sizes: Mapping[str, Mapping[str, float]], users: Collection[str], now: int) -> None:
    from hzmetrics.users.docker import encode

    names = {encode(user): user for user in users}
    rows = [
        (names[user], volume, size, utc(now))
        for user, volumes in sizes.items()
        if user in names
        for volume, size in volumes.items()
    ]
    with store.metrics.begin() as connection:
        connection.execute(sa.delete(activity_volumes))
        insert(store.metrics, connection, activity_volumes, rows)
        remember(connection, MEASURED, utc(now))
