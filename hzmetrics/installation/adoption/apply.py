"""Taking the steps: `init` and the tick take the light ones, `migrate --apply` all (spec 70 §8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.config import MariaDb, Settings
from hzmetrics.errors import StoreError
from hzmetrics.installation.adoption import inventory, plan, space, work
from hzmetrics.installation.adoption.definition import quote
from hzmetrics.installation.adoption.inventory import Inventory
from hzmetrics.installation.adoption.plan import Step
from hzmetrics.installation.adoption.space import Disk
from hzmetrics.log import log, stage
from hzmetrics.store import Store, version
from hzmetrics.store.connections import DatabaseDenied, DatabaseMissing
from hzmetrics.store.database import Database, open_mariadb
from hzmetrics.store.tables import metrics
from hzmetrics.store.upsert import insert_missing

FLOOR = "history_floor"
"""State key: the month of adoption; published history before it is left alone."""

LIGHT_WAIT = 1
"""Seconds that a light step waits for a table in use."""
HEAVY_WAIT = 300
"""The same, for heavy steps."""
PATIENCE = 10
"""Seconds to wait for another applier: the server may still be ending the statement of a killed one."""


def pending(store: Store, settings: Settings) -> list[Step]:
    """All steps still needed, light ones first. Writes nothing. Raises StoreError."""
    found = inventory.read(store.metrics)
    version.refuse_newer(found.version)
    return [*plan.light(found, settings.prefix), *plan.heavy(found, store.metrics)]


def is_ready(found: Inventory, prefix: str) -> bool:
    """Nothing is left for `init` to do."""
    return found.version == version.HEAD and not plan.light(found, prefix)


def prepare(store: Store, settings: Settings, patience: int = PATIENCE) -> None:
    """The database part of `init`: database, tables, seeds, instant columns. Raises StoreError, LockHeld."""
    try:
        found = inventory.read(store.metrics)
    except DatabaseDenied:
        found = Inventory(False)
    version.refuse_newer(found.version)
    if not found.exists:
        create_database(settings)
        found = inventory.read(store.metrics)
    if is_ready(found, settings.prefix):
        return
    with work.begin(store.metrics, settings, patience, LIGHT_WAIT) as under_lock:
        found = inventory.read(store.metrics)
        if found.is_new:
            with under_lock.connection.begin():
                version.stamp(under_lock.connection)
        _take_light(under_lock, settings)
        if found.is_new:
            _take_heavy(under_lock, store.metrics, space_checked=True)
        if found.is_foreign:
            _remember_floor(under_lock.connection, settings.clock.month)


def _take_light(under_lock: work.Work, settings: Settings) -> None:
    steps = plan.light(inventory.read(under_lock.database), settings.prefix)
    done: dict[str, list[str]] = {}
    for step in steps:
        log.debug("%s", step)
        step.do(under_lock)
        done.setdefault(step.what, []).append(step.table)
    for what, tables in done.items():
        log.info("%s: %s", what, ", ".join(tables))
    under_lock.database.__dict__.pop("table_names", None)


def _remember_floor(connection: sa.Connection, month: Month) -> None:
    now = f"{dt.datetime.now():%Y-%m-%d %H:%M:%S}"
    with connection.begin():
        row = {"k": FLOOR, "v": str(month), "updated_at": now}
        if insert_missing(connection, metrics.pipeline_state, [row]):
            log.info("adopted in %s: published history before it is left alone", month)


def converge(store: Store, settings: Settings, space_checked: bool = False) -> None:
    """Take every step, look again after each, and record the version. Resumable. Raises StoreError, LockHeld.

    `space_checked`: the operator has looked where the disks of the server cannot be seen from here.
    """
    prepare(store, settings)
    with work.begin(store.metrics, settings, PATIENCE, HEAVY_WAIT, may_copy=True) as under_lock:
        _take_light(under_lock, settings)
        _take_heavy(under_lock, store.metrics, space_checked)
        version.upgrade(under_lock.connection)


def _take_heavy(under_lock: work.Work, database: Database, space_checked: bool) -> None:
    done: set[Step] = set()
    while steps := plan.heavy(inventory.read(database), database):
        if not space_checked:
            _check_space(steps, database)
        step = steps[0]
        if step in done:
            raise StoreError(f"{step}: done, yet still to do; is something else changing the database?")
        with stage(str(step)) as running:
            running.rows = step.rows
            step.do(under_lock)
        done.add(step)


def _check_space(steps: list[Step], database: Database) -> None:
    """There is room for everything still to do: originals are kept, so their space is not given back."""
    data, temporary = sum(step.bytes for step in steps), max(step.temporary for step in steps)
    if data or temporary:
        space.look(database).check(str(steps[0]), data, temporary)


def disks(store: Store) -> list[Disk]:
    """The disks on which the metrics database needs room; none before there is a database. Raises StoreError."""
    try:
        found = space.look(store.metrics)
    except DatabaseMissing:
        return []
    return [found.data] if found.data == found.temporary else [found.data, found.temporary]


@contextmanager
def server(settings: Settings) -> Iterator[sa.Connection]:
    """A connection to the MariaDB server itself, no database chosen. Raises StoreError."""
    assert isinstance(settings.db, MariaDb)
    database = open_mariadb("metrics", settings.db, "")
    try:
        with database.connect() as connection:
            yield connection
    finally:
        database.close()


def create_database(settings: Settings) -> None:
    """Create the metrics database on its server. Raises StoreError."""
    assert isinstance(settings.db, MariaDb)
    with server(settings) as connection:
        connection.exec_driver_sql(create_database_statement(settings.db.metrics_db).replace("%", "%%"))
    log.info("created the database %s", settings.db.metrics_db)


def create_database_statement(name: str) -> str:
    return f"CREATE DATABASE IF NOT EXISTS {quote(name)} CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci"
