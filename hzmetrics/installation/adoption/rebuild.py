"""A table's change of storage engine: a copy beside the original, compared with it, then swapped in (spec 70 §8.3).

The copy is made from the original's own definition. Its rows go in in the order of the primary key, each range of them
in one transaction, so that the copy itself says how far it has come: after a kill the next attempt goes on behind its
last row. The original stays, under another name, until the operator drops it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from hzmetrics.errors import StoreError
from hzmetrics.installation.adoption.definition import Definition, quote
from hzmetrics.installation.adoption.inventory import TableState
from hzmetrics.installation.adoption.work import Work
from hzmetrics.log import log
from hzmetrics.store.tables import metrics
from hzmetrics.store.upsert import upsert

RANGE = 20_000
"""Rows copied, and compared, at a time."""

COPYING = "SET STATEMENT sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES' FOR "
"""Values are copied unchanged, even invalid ones."""

DOWNLOAD_COLUMN = "`dnload` TINYINT NULL"

ALL = "TRUE"
"""The condition that every row meets."""

NEWS_SECONDS = 20


def copy_name(table: str) -> str:
    return f"hzmetrics_new_{table}"


def resumes(table: TableState) -> str:
    return f"after the last {RANGE:,} rows copied" if _walks(table) else "from its start (one transaction)"


def as_innodb(work: Work, table: TableState, indexes: Mapping[str, str], widen: bool) -> None:
    """Rebuild a table as InnoDB, with these indexes of ours besides its own. Raises StoreError."""
    original = work.definition(table.name)
    _refuse_triggers(work, table.name)
    copy = copy_name(table.name)
    if not _is_begun(work, table.name, original):
        _begin_copy(work, table, original, widen)
    columns = original.stored
    if _walks(table):
        _copy_by_key(work, table, copy, columns)
    else:
        work.execute(f"DELETE FROM {quote(copy)}")
        work.execute(_insertion(table.name, copy, columns, ALL))
    present = work.definition(copy).keys
    missing = {name: line for name, line in {**original.keys, **indexes}.items() if name not in present}
    if missing:
        log.info("%s: building %d indexes", table.name, len(missing))
        work.alter(copy, [f"ADD {line}" for line in missing.values()])
    _swap(work, table, copy, original)


def _walks(table: TableState) -> bool:
    """Copied in ranges of its key; without a number as its primary key a table is copied at once."""
    key = table.primary_key
    return len(key) == 1 and table.columns[key[0]].type in ("bigint", "int", "mediumint", "smallint", "tinyint")


def _refuse_triggers(work: Work, table: str) -> None:
    (found,) = work.row(
        "SELECT GROUP_CONCAT(trigger_name) FROM information_schema.triggers "
        "WHERE event_object_schema = DATABASE() AND event_object_table = %s",
        table,
    )
    if found:
        raise StoreError(f"{table}: it has triggers ({found}); drop them and make them again afterwards")


def _is_begun(work: Work, table: str, original: Definition) -> bool:
    """A copy of this very definition is there and has got its engine."""
    (begun,) = work.row(
        "SELECT COUNT(*) FROM rebuilds JOIN information_schema.tables ON table_schema = DATABASE() AND table_name = %s "
        "WHERE rebuilds.`table` = %s AND definition = %s AND engine = 'InnoDB'",
        copy_name(table), table, original.fingerprint,
    )  # fmt: skip
    return bool(begun)


def _begin_copy(work: Work, table: TableState, original: Definition, widen: bool) -> None:
    """An empty copy with only the keys that rows need on their way in; then a record that it may be gone on with."""
    copy = copy_name(table.name)
    work.execute(f"DROP TABLE IF EXISTS {quote(copy)}")
    work.execute(f"CREATE TABLE {quote(copy)} LIKE {quote(table.name)}")
    needed = {index.name for index in table.indexes if index.unique or original.numbering in index.columns}
    changes = ["ENGINE=InnoDB", "ROW_FORMAT=DYNAMIC"]
    changes += [f"DROP KEY {quote(name)}" for name in original.keys if name not in needed]
    if widen:
        changes.append(f"MODIFY {original.widened('ip')}")
    if table.name == metrics.web.name and "dnload" not in original.columns:
        changes.append(f"ADD COLUMN {DOWNLOAD_COLUMN}")
    work.alter(copy, changes)
    _record(work, table, original)


def _record(work: Work, table: TableState, original: Definition, kept: str = "") -> None:
    """Record that a copy is under way, or what the original is going to be called."""
    with work.connection.begin():
        upsert(
            work.connection,
            metrics.rebuilds,
            [{"table": table.name, "definition": original.fingerprint, "original": kept}],
        )


def _insertion(source: str, target: str, columns: list[str], where: str) -> str:
    names = ", ".join(map(quote, columns))
    return f"{COPYING}INSERT INTO {quote(target)} ({names}) SELECT {names} FROM {quote(source)} WHERE {where}"


def _copy_by_key(work: Work, table: TableState, copy: str, columns: list[str]) -> None:
    key = table.primary_key[0]
    (last,) = work.row(f"SELECT MAX({quote(key)}) FROM {quote(copy)}")
    if last is not None:
        log.info("%s: going on after %s %s", table.name, key, last)
    done, told = 0, time.monotonic()
    for where in _ranges(work, table.name, key, last):
        done += work.execute(_insertion(table.name, copy, columns, f"{where} ORDER BY {quote(key)}"))
        if time.monotonic() - told > NEWS_SECONDS:
            log.info("%s: %s of about %s rows copied", table.name, f"{done:,}", f"{table.rows:,}")
            told = time.monotonic()


def _ranges(work: Work, table: str, key: str, after: int | None = None) -> Iterator[str]:
    """Conditions for one range of rows after the other, in the order of the key."""
    name = quote(key)
    while True:
        above = ALL if after is None else f"{name} > {after:d}"
        (last,) = work.row(
            f"SELECT MAX({name}) FROM (SELECT {name} FROM {quote(table)} WHERE {above} ORDER BY {name} "
            f"LIMIT {RANGE}) AS stretch"
        )
        if last is None:
            return
        yield f"{above} AND {name} <= {last:d}"
        after = int(last)


def _make_equal(work: Work, table: TableState, copy: str, columns: list[str]) -> None:
    """Compare copy and original, range by range, and copy again what differs."""
    for where in [ALL] if not _walks(table) else _all_ranges(work, table):
        if _sum(work, table.name, columns, where) != _sum(work, copy, columns, where):
            log.info("%s: copying again what has changed meanwhile", table.name)
            work.execute(f"DELETE FROM {quote(copy)} WHERE {where}")
            work.execute(_insertion(table.name, copy, columns, where))


def _all_ranges(work: Work, table: TableState) -> Iterator[str]:
    """Ranges that leave no key out, also none behind the last row of the original."""
    key = table.primary_key[0]
    last = None
    for where in _ranges(work, table.name, key):
        yield where
        last = where.rpartition(" ")[2]
    yield ALL if last is None else f"{quote(key)} > {last}"


def _sum(work: Work, table: str, columns: list[str], where: str) -> tuple[int, int]:
    """Number and checksum of rows: equal for equal values, byte by byte."""
    values = ", ".join(f"QUOTE(CAST({quote(column)} AS BINARY))" for column in columns)
    rows, checksum = work.row(
        f"SELECT COUNT(*), COALESCE(SUM(CRC32(CONCAT({values}))), 0) FROM {quote(table)} WHERE {where}"
    )
    return int(rows), int(checksum)


def _swap(work: Work, table: TableState, copy: str, original: Definition) -> None:
    """Put the copy in the original's place: both hold the same rows, and no row was written in between."""
    columns = original.stored
    (compared_at,) = work.row("SELECT NOW()")
    _make_equal(work, table, copy, columns)
    kept = _free_name(work, f"{table.name}_original")
    _record(work, table, original, kept)
    work.execute(f"LOCK TABLES {quote(table.name)} WRITE, {quote(copy)} WRITE")
    try:
        if work.definition(table.name).fingerprint != original.fingerprint:
            raise StoreError(f"{table.name}: its definition has changed during the copy; run the command again")
        if _has_changed_since(work, table.name, compared_at):
            _make_equal(work, table, copy, columns)
        (following,) = work.row(
            "SELECT auto_increment FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s",
            table.name,
        )
        if following:
            work.alter(copy, [f"AUTO_INCREMENT = {following:d}"])
        renaming = _Renaming(work, f"RENAME TABLE {quote(table.name)} TO {quote(kept)}, "
                                   f"{quote(copy)} TO {quote(table.name)}")  # fmt: skip
        renaming.wait_in_line()
    finally:
        work.execute("UNLOCK TABLES")
    renaming.finish()
    log.info("%s: done; the original is kept as %s", table.name, kept)


def _has_changed_since(work: Work, table: str, moment: str) -> bool:
    """Whether the original may have been written since; False only if the server is sure."""
    (changed,) = work.row(
        "SELECT update_time IS NULL OR engine <> 'MyISAM' OR @@myisam_use_mmap OR update_time >= %s "
        "FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s",
        moment, table,
    )  # fmt: skip
    return bool(changed)


def _free_name(work: Work, wanted: str) -> str:
    with work.connection.begin():
        taken = {str(name).lower() for (name,) in work.connection.exec_driver_sql("SHOW TABLES")}
    name, number = wanted, 1
    while name.lower() in taken:
        number += 1
        name = f"{wanted}{number}"
    return name


class _Renaming:
    """The RENAME that waits, on a connection of its own, for the lock on both tables to be given back.

    The server prefers it to everybody who waits to read or write, so nothing gets between the comparison and the swap.
    """

    def __init__(self, work: Work, statement: str) -> None:
        self.work = work
        self.error: Exception | None = None
        self.connection = work.database.engine.connect()
        self.number = int(self.connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one())
        self.connection.rollback()
        self.thread = threading.Thread(target=self._run, args=(statement,), daemon=True)
        self.thread.start()

    def _run(self, statement: str) -> None:
        try:
            self.connection.exec_driver_sql(statement)
        except sa.exc.DBAPIError as error:
            self.error = error

    def wait_in_line(self) -> None:
        """Return when the server has put the statement behind our lock."""
        waiting = "SELECT COUNT(*) FROM information_schema.processlist WHERE id = %s AND state LIKE %s"
        while self.thread.is_alive() and not self.work.row(waiting, self.number, "Waiting for table metadata lock%")[0]:
            time.sleep(0.005)

    def finish(self) -> None:
        self.thread.join()
        self.connection.close()
        if self.error:
            raise self.error
