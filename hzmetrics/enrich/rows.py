"""Which rows a step takes, and how it gives them their values (spec 20 §1).

A step reads the rows that lack something as a relation with column `row` (their primary key), finds the values, and
writes them by `row`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import partial

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.calendar import Clock, DateSpan, Month, Window, midnight
from hzmetrics.errors import StoreError, UsageError
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.database import Database
from hzmetrics.store.in_order import commit_in_order
from hzmetrics.store.tables.metrics import IP, sessionlog_metrics, toolstart, web, websessions
from hzmetrics.store.types import Int, TinyText, Varchar, Wallclock

TABLES = {table.name: table for table in (web, websessions, toolstart, sessionlog_metrics)}
"""The tables that carry host, domain and country."""

DAY = dt.timedelta(days=1)

BATCH = 50_000
"""Rows written in one transaction."""


def named(table: str, *names: str) -> sa.Table:
    """The table of this name, if it is one of `names`. Raises UsageError."""
    if table not in names:
        raise UsageError(f"{table!r} is not one of the tables {', '.join(names)}")
    return TABLES[table]


def database(store: Store, word: str) -> Database:
    """The database behind a database word. Raises UsageError."""
    if word not in ("metrics", "hub"):
        raise UsageError(f"{word!r} is not a database: metrics or hub")
    found: Database = getattr(store, word)
    return found


def moment(table: sa.Table) -> sa.Column[str]:
    """The date column of a table."""
    return table.c.start if table.name == sessionlog_metrics.name else table.c.datetime


def key(table: sa.Table) -> sa.Column[int]:
    """The column that tells the rows of a table apart."""
    (column,) = table.primary_key
    return column


def this_month(clock: Clock) -> DateSpan:
    """The first of this month up to the end of today: where the monthly steps work when no date is given."""
    return DateSpan(Month.of(clock.today).first_day, clock.today + DAY)


def last_week(clock: Clock) -> DateSpan:
    """The 7 days before today."""
    return DateSpan(clock.today - 7 * DAY, clock.today)


def within(column: sa.Column[str], window: Window) -> sa.ColumnElement[bool]:
    """start <= t < stop; an open side has no limit, so that zero dates are inside."""
    return sa.and_(
        sa.true() if window.start is None else column >= window.start,
        sa.true() if window.stop is None else column < window.stop,
    )


def from_day_before(column: sa.Column[str], span: DateSpan) -> sa.ColumnElement[bool]:
    """start less a day <= t < stop, an open side without limit."""
    return sa.and_(
        sa.true() if span.start is None else column >= _day_before(span.start),
        sa.true() if span.stop is None else column < midnight(span.stop),
    )


def after_day_before(column: sa.Column[str], span: DateSpan) -> sa.ColumnElement[bool]:
    """start less a day < t <= stop. Raises UsageError for an open side."""
    if span.start is None or span.stop is None:
        raise UsageError("this step needs a date with a start and an end")
    return sa.and_(column > _day_before(span.start), column <= midnight(span.stop))


def before_last_day(column: sa.Column[str], span: DateSpan) -> sa.ColumnElement[bool]:
    """start <= t < stop less a day: far from what none of these takes. Raises UsageError for an open side."""
    if span.stop is None:
        raise UsageError("this step needs a date with a start and an end")
    return within(column, DateSpan(span.start, span.stop - DAY).window)


def in_any_window(column: sa.Column[str], span: DateSpan) -> sa.ColumnElement[bool]:
    """start less a day <= t <= stop, an open side without limit: what one of the above takes, and little else."""
    return sa.and_(
        sa.true() if span.start is None else column >= _day_before(span.start),
        sa.true() if span.stop is None else column <= midnight(span.stop),
    )


def _day_before(day: dt.date) -> str:
    return midnight(day - DAY) if day > dt.date.min else "0000-12-31 00:00:00"


def addressed(database: Database, name: str) -> sa.Table:
    """Any table with the columns ip, host and datetime (`sessionlog_metrics`: start). Raises StoreError."""
    require(database, name)
    if name in TABLES:
        return TABLES[name]
    with database.connect() as connection:
        there = sa.Table(name, sa.MetaData(), autoload_with=connection).c
    for column in ("ip", "host", "datetime"):
        if column not in there:
            raise StoreError(f"{database.name} database: the table {name} has no column {column}")
    keys = [column for column in there if column.primary_key]
    if len(keys) != 1:
        raise StoreError(f"{database.name} database: the table {name} has no primary key of one column")
    whole = isinstance(keys[0].type, sa.Integer)
    length = getattr(there.host.type, "length", None)
    return sa.Table(
        name,
        sa.MetaData(),
        sa.Column(keys[0].name, Int(64) if whole else Varchar(255), primary_key=True),
        sa.Column("datetime", Wallclock()),
        sa.Column("ip", Varchar(IP)),
        sa.Column("host", Varchar(length) if length else TinyText()),
    )


def require(database: Database, table: str) -> None:
    """Raises StoreError if `database` has no such table."""
    if table not in database.table_names:
        raise StoreError(f"{database.name} database: there is no table {table}")


def answered(rows: pa.Table, column: str, answers: pa.Table) -> pa.Table:
    """The `rows` whose value of `column` has a row in `answers`, with what is said there in place of it, by `row`."""
    return rows.join(answers, column, join_type="inner").drop_columns([column]).sort_by("row")


def write(database: Database, table: sa.Table, rows: pa.Table, dry_run: bool) -> int:
    """Give the rows their values; the number of rows. After a crash those not reached are simply still to be done."""
    if dry_run:
        log.info("%s: would write %d rows", table.name, rows.num_rows)
        return int(rows.num_rows)
    return write_each(database, table, [rows])


def write_each(database: Database, table: sa.Table, found: Iterable[pa.Table]) -> int:
    """Give rows their values as they are found, the next being looked for meanwhile; the number of rows.

    When finding more fails, what was found before is written all the same.
    """
    name = key(table).name
    batches = (
        rows.slice(begin, BATCH).rename_columns({"row": name})
        for rows in found
        for begin in range(0, rows.num_rows, BATCH)
    )
    return sum(commit_in_order(database, (partial(_update, database, table, name, batch) for batch in batches)))


def _update(database: Database, table: sa.Table, name: str, rows: pa.Table, connection: sa.Connection) -> int:
    return database.update(connection, table, rows, [name])
