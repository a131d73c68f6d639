"""Reading and writing rows of a database in columns. Slow to import, so only work that moves rows does it."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from pyarrow import csv
from pymysql import MySQLError
from pymysql.cursors import SSCursor
from sqlalchemy.dialects.mysql.mysqldb import MySQLCompiler_mysqldb

from hzmetrics.errors import StoreError, StoreUnavailable
from hzmetrics.output.columnar import write_csv
from hzmetrics.scratch import Scratch
from hzmetrics.store import gathering, revisions
from hzmetrics.store.connections import CONNECTION_LOST, SCRATCH, SESSION, Connections
from hzmetrics.store.fit import arrow_type, fit
from hzmetrics.store.tables.metrics import INNODB, web, websessions
from hzmetrics.store.types import LongText, TinyText, Varchar

LOCAL_INFILE_DISABLED = (1148, 3948, 4166)
BATCH = 25_000
"""Rows of a batch of the columnar reader."""

OBJECTS = 2_000
"""Rows fetched or sent at a time where a driver works with objects: more of them keep the garbage collector busy."""

RUN = 100
"""Consecutive numbers beyond which a statement names a range."""

NUMBERS = 25_000
"""Rows looked up by one statement. Beyond 32,000 the server reads, and locks, the whole table."""

_SERVER_ERROR = re.compile(r"ERROR (\d+) \(\w+\): (.*?) }?$", re.DOTALL)
"""The form in which the columnar reader reports errors of the server."""

_LOST = re.compile(r"IO error|IoError")
"""What it reports when the connection breaks off."""

_FILE = csv.WriteOptions(include_header=False, quoting_style="all_valid", null_string="NULL")
"""The form in which rows go to the server. NULL is written without quotes, text with them."""

MARIADB = ("mysql", "mariadb")
"""The dialects of a MariaDB server."""

LOADED = "loaded_rows"
"""Name of the temporary table that holds the rows of an update or a deletion."""


_is_reader_lost = False
"""Whether this process is a fork of one that had used the columnar reader: the reader's threads are not here."""


def _lose_reader() -> None:
    global _is_reader_lost  # a process loses it once, and so do its own forks
    _is_reader_lost = _is_reader_lost or "connectorx" in sys.modules


os.register_at_fork(after_in_child=_lose_reader)


def read(database: Connections, query: sa.Select[Any]) -> pa.Table:
    """Committed rows of `query`: one Arrow column a result column, typed by the query. Raises StoreError."""
    if not database.is_mariadb or _is_reader_lost:
        return stream(database, query).read_all()
    with _readable_errors(database):
        return _typed(_ask(database, query, return_type="arrow"), _schema(query))


def stream(database: Connections, query: sa.Select[Any], key: str = "") -> pa.RecordBatchReader:
    """As `read`, but in batches that can be read once: for more rows than should be held in memory."""
    schema = _schema(query)
    if not database.is_mariadb:
        batches = gathering.batches(database, query, key, schema) if key else _sqlite_batches(database, query, schema)
    else:
        batches = (_row_batches if _is_reader_lost else _mariadb_batches)(database, query, schema)
    first = list(islice(batches, 1))  # what is wrong with the query shows here, not where the rows are used
    return pa.RecordBatchReader.from_batches(schema, chain(first, batches))


def _schema(query: sa.Select[Any]) -> pa.Schema:
    return pa.schema([(column.name, arrow_type(column.type)) for column in query.selected_columns])


def _typed(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    return rows.rename_columns(schema.names).cast(schema)


def _sqlite_batches(database: Connections, query: sa.Select[Any], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    with database.connect() as connection:
        # rows as the driver gives them: no type of ours changes what it reads, and SQLAlchemy's rows cost as much again
        cursor = connection.execute(query).cursor
        assert cursor
        while rows := cursor.fetchmany(OBJECTS):
            columns = zip(zip(*rows, strict=True), schema.types, strict=True)
            yield pa.RecordBatch.from_arrays([pa.array(values, kind) for values, kind in columns], schema=schema)


def _mariadb_batches(database: Connections, query: sa.Select[Any], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    with _readable_errors(database):
        for batch in _ask(database, query, return_type="arrow_stream", batch_size=BATCH):
            yield from _typed(pa.Table.from_batches([batch]), schema).to_batches()


def _ask(database: Connections, query: sa.Select[Any], **form: Any) -> Any:
    """The columnar reader's answer to `query`, in the `form` asked for."""
    import connectorx

    with database.connect() as connection:  # says in words what is wrong before the columnar reader tries
        connection.exec_driver_sql("DO 0")
    return connectorx.read_sql(database.bulk_url, _text(database, query), pre_execution_query=SESSION, **form)


def _text(database: Connections, query: sa.Select[Any]) -> str:
    """A query for MariaDB with its values in it."""
    dialect = copy(database.reading.dialect)
    dialect.statement_compiler = _ModelessCompiler
    return str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})).replace("%%", "%")


def _row_batches(database: Connections, query: sa.Select[Any], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """What `_mariadb_batches` gives, row by row through the driver."""
    with database.connect() as connection:
        driver: Any = connection.connection.driver_connection
        decoders, driver.decoders = driver.decoders, {}  # values as the server writes them
        try:
            with driver.cursor(SSCursor) as cursor:
                cursor.execute(_text(database, query))
                while rows := cursor.fetchmany(OBJECTS):
                    columns = (pa.array(values, pa.string()) for values in zip(*rows, strict=True))
                    arrays = [column.cast(kind) for column, kind in zip(columns, schema.types, strict=True)]
                    yield pa.RecordBatch.from_arrays(arrays, schema=schema)
        except MySQLError as error:
            code, *reason = error.args or (CONNECTION_LOST,)
            raise database.trouble(code, str(reason[0] if reason else error)) from None
        finally:
            driver.decoders = decoders


@contextmanager
def _readable_errors(database: Connections) -> Iterator[None]:
    """Turn errors of the columnar reader into StoreError. In the middle of a stream it raises a bare BaseException."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, RuntimeError) and type(error).__name__ != "PanicException":
            raise
        answer = _SERVER_ERROR.search(str(error))
        lost = CONNECTION_LOST if _LOST.search(str(error)) else 0
        raise database.trouble(*((int(answer[1]), answer[2]) if answer else (lost, str(error)))) from None


class _ModelessCompiler(MySQLCompiler_mysqldb):
    """Writes literals that mean the same in every SQL mode: the reader prepares its query before it sets the mode."""

    def render_literal_value(self, value: Any, type_: sa.types.TypeEngine[Any]) -> str:
        if isinstance(value, str) and "\\" in value:
            return f"_utf8mb4 X'{value.encode().hex()}'"
        return super().render_literal_value(value, type_)


def append(connection: sa.Connection, table: sa.Table, rows: pa.Table) -> int:
    """Insert `rows` (columns named as the table's), each value fitted. Raises StoreError if one did not arrive."""
    if rows.num_rows == 0:
        return 0
    fitted = fitted_rows(table, rows)
    if connection.dialect.name in MARIADB:
        arrived = _load_data(connection, table, fitted)
    else:
        arrived = _insert(connection, table, fitted)
    if arrived != rows.num_rows:
        raise StoreError(f"{table.name}: the database took {arrived} of {rows.num_rows} rows")
    if table in revisions.TABLES and "datetime" in fitted.column_names:  # rows without a time are of no month
        revisions.note(connection, pc.unique(pc.utf8_slice_codeunits(fitted["datetime"], 0, 7)).to_pylist())
    return arrived


def fitted_rows(table: sa.Table, rows: pa.Table) -> pa.Table:
    """`rows` with every value as its column of `table` stores it."""
    return pa.table({name: fit(rows[name], table.c[name].type) for name in rows.column_names})


def update(
    connection: sa.Connection,
    table: sa.Table,
    rows: pa.Table,
    key: Sequence[str],
    where: sa.ColumnElement[bool] | None = None,
    *,
    is_noted: bool = False,
) -> int:
    """Set the columns of `rows` that are not in `key` on the rows of `table` with an equal key; rows matched.

    With `where` only on those for which it holds. `is_noted`: the transaction has noted already which months get new
    revisions.
    """
    if rows.num_rows == 0:
        return 0
    names = [name for name in rows.column_names if name not in key]
    with _loaded(connection, table, rows, key) as loaded:
        change = sa.update(table) if where is None else sa.update(table).where(where)
        found = _named(connection, loaded, {name: table.c[name] for name in key})
        if not is_noted:
            revisions.note_rows(connection, table, found if where is None else sa.and_(found, where), names)
            if table is web and "sessionid" in names:
                stamped = _named(connection, loaded, {"sessionid": websessions.c.id})
                revisions.note_rows(connection, websessions, stamped)
        is_mariadb = connection.dialect.name in MARIADB
        if is_mariadb and not _is_numbered(table, rows, key):
            return connection.execute(change.where(found).values({name: loaded.c[name] for name in names})).rowcount
        same = sa.and_(*(table.c[name] == loaded.c[name] for name in key))
        change = change.values({name: sa.select(loaded.c[name]).where(same).scalar_subquery() for name in names})
        if not is_mariadb:
            return connection.execute(change.where(found)).rowcount
        # rows found by number change on the way; those of a join the server notes down first
        change = change.with_hint("FORCE INDEX (PRIMARY)")
        numbers = np.sort(rows[key[0]].to_numpy())
        some = (_among(table.c[key[0]], numbers[start : start + NUMBERS]) for start in range(0, len(numbers), NUMBERS))
        return sum(connection.execute(change.where(these)).rowcount for these in some)


def matching(
    connection: sa.Connection,
    table: sa.Table,
    columns: Sequence[sa.Column[Any]],
    rows: pa.Table,
    key: Sequence[str],
    where: sa.ColumnElement[bool],
) -> pa.Table:
    """Columns of those rows of `table`, of the ones `where` it holds, whose key is that of one of `rows`.

    They are as the transaction sees them. A key with a NULL equals none.
    """
    keys = rows.select(key).drop_null()
    with _loaded(connection, table, keys, key) as loaded:
        found = _named(connection, loaded, {name: table.c[name] for name in key})
        return read_within(connection, sa.select(*columns).where(found, where))


def read_within(connection: sa.Connection, query: sa.Select[Any]) -> pa.Table:
    """The rows of a query as its transaction sees them."""
    schema = _schema(query)
    rows = connection.execute(query).all()
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.table([pa.array(values, kind) for values, kind in zip(columns, schema.types, strict=True)], schema)


def _among(number: sa.Column[int], numbers: npt.NDArray[np.int64]) -> sa.ColumnElement[bool]:
    """Whether `number` is one of `numbers`, which ascend. To the server a range costs no more than one of them.

    It locks the row after a range, too: a range ends before the last of a run, so that this is no row of others.
    """
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) != 1) + 1)
    ranges = [number.between(int(run[0]), int(run[-2])) for run in runs if len(run) > RUN]
    others = [int(one) for run in runs for one in (run[-1:] if len(run) > RUN else run)]
    return sa.or_(*ranges, number.in_(sa.bindparam("numbers", others, expanding=True, literal_execute=True)))


def _is_numbered(table: sa.Table, rows: pa.Table, key: Sequence[str]) -> bool:
    """Whether `key` is the table's primary key, a number."""
    return list(key) == list(table.primary_key.columns.keys()) and pa.types.is_integer(rows.schema.field(key[0]).type)


def delete(connection: sa.Connection, table: sa.Table, rows: pa.Table) -> int:
    """Delete the rows of `table` that equal a row of `rows` in all of its columns; their number."""
    if rows.num_rows == 0:
        return 0
    key = rows.column_names
    with _loaded(connection, table, rows, key) as loaded:
        # a table without an index is read whole: most of its rows need not be compared with those that were loaded
        found = sa.and_(*_between(table, rows), _named(connection, loaded, {name: table.c[name] for name in key}))
        revisions.note_rows(connection, table, found)
        return connection.execute(sa.delete(table).where(found)).rowcount


def _named(
    connection: sa.Connection, loaded: sa.Table, columns: Mapping[str, sa.Column[Any]]
) -> sa.ColumnElement[bool]:
    """Whether a row of a table has the values of a loaded row. `columns`: those of the table, by their names there.

    SQLite does not know how many rows a table has. Asked for equal values, it may read the whole table and look up each
    of its rows among the loaded ones. Asked with IN, it looks up the loaded ones in an index of the table.
    """
    if connection.dialect.name in MARIADB:
        return sa.and_(*(column == loaded.c[name] for name, column in columns.items()))
    return sa.tuple_(*columns.values()).in_(sa.select(*(loaded.c[name] for name in columns)))


def _between(table: sa.Table, rows: pa.Table) -> Iterator[sa.ColumnElement[bool]]:
    """Between which numbers those of `rows` are, as the table stores them."""
    for name in rows.column_names:
        if pa.types.is_integer(rows.schema.field(name).type):
            bounds = pc.min_max(fit(rows[name], table.c[name].type))
            yield table.c[name].between(bounds["min"].as_py(), bounds["max"].as_py())


@contextmanager
def _loaded(connection: sa.Connection, table: sa.Table, rows: pa.Table, key: Sequence[str]) -> Iterator[sa.Table]:
    """A temporary table with `rows`, unique by `key`."""
    scratch = connection.get_execution_options().get(SCRATCH)
    columns = [
        sa.Column(
            name,
            _keyable(table.c[name].type) if name in key else table.c[name].type,
            primary_key=name in key,
            autoincrement=False,
        )
        for name in rows.column_names
    ]
    loaded = sa.Table(LOADED, sa.MetaData(), *columns, prefixes=["TEMPORARY"], schema=scratch, **INNODB)
    loaded.create(connection)
    try:
        append(connection, loaded, rows)
        yield loaded
    finally:
        drop = "DROP TEMPORARY TABLE" if connection.dialect.name in MARIADB else "DROP TABLE"
        connection.exec_driver_sql(f"{drop} {_name(connection, loaded)}")


def _keyable(column_type: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    return Varchar(255) if isinstance(column_type, TinyText | LongText) else column_type


def _load_data(connection: sa.Connection, table: sa.Table, rows: pa.Table) -> int:
    """LOAD DATA LOCAL INFILE from a file of comma-separated values; row by row where the server forbids it."""
    with _temporary_directory() as directory:
        path = str(Path(directory) / "rows.csv")
        write_csv(rows.schema, rows.to_batches(), path, _FILE)
        names = ", ".join(f"`{name}`" for name in rows.column_names)
        statement = (
            f"LOAD DATA LOCAL INFILE %s INTO TABLE {_name(connection, table)} CHARACTER SET utf8mb3 "
            f"FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' LINES TERMINATED BY '\\n' ({names})"
        )
        try:
            return connection.exec_driver_sql(statement, (path,)).rowcount
        except sa.exc.DBAPIError as error:
            if not error.orig or error.orig.args[:1][0] not in LOCAL_INFILE_DISABLED:
                raise
    return _insert(connection, table, rows)


@contextmanager
def _temporary_directory() -> Iterator[str]:
    """A directory for temporary files. Raises StoreUnavailable when the disk has no room for them."""
    try:
        with Scratch() as directory:
            yield directory
    except OSError as error:
        place = tempfile.gettempdir()
        raise StoreUnavailable(f"cannot write rows to the temporary directory {place}: {error}") from None


def _name(connection: sa.Connection, table: sa.Table) -> str:
    """A table's name as the database's SQL writes it."""
    return connection.dialect.identifier_preparer.format_table(table)


def _insert(connection: sa.Connection, table: sa.Table, rows: pa.Table) -> int:
    mark = "%s" if connection.dialect.name in MARIADB else "?"
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in rows.column_names)
    marks = ", ".join([mark] * rows.num_columns)
    statement = f"INSERT INTO {_name(connection, table)} ({names}) VALUES ({marks})"
    arrived = 0
    for batch in filter(len, rows.to_batches(OBJECTS)):
        values = list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
        arrived += connection.exec_driver_sql(statement, values).rowcount
    return arrived
