"""Which steps a database still needs, by the look of it (spec 70 §8.3).

A step knows its table, what it does and what that costs, and how to do it. Numbers are those of the specification's
table of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa

from hzmetrics.installation.adoption import cells, downloads, rebuild
from hzmetrics.installation.adoption.definition import IP_CHARACTERS, quote
from hzmetrics.installation.adoption.inventory import Inventory, TableState
from hzmetrics.installation.adoption.space import DATA_FACTOR, SORT_FACTOR
from hzmetrics.installation.adoption.work import Work
from hzmetrics.store.database import Database
from hzmetrics.store.seeds import SEEDED, seed
from hzmetrics.store.tables import metrics
from hzmetrics.store.types import LongText

ADDRESSES = ("web", "websessions", "userlogin", "userlogin_lite", "toolstart", "sessionlog_metrics")
"""Tables with an `ip` column that must hold any address."""

TRANSACTIONAL = ("web", "webhits", "userlogin")
"""Tables without which nothing may be imported: a rolled-back import would leave its rows behind."""

GRIDS = (metrics.summary_user_vals, metrics.summary_simusage_vals, metrics.summary_misc_vals)

REBUILT = (
    *TRANSACTIONAL,
    "websessions",
    "toolstart",
    "sessionlog_metrics",
    "bot_useragents",
    "imported_sources",
    "pipeline_state",
    *(grid.name for grid in GRIDS),
)

CELL = ("datetime", "period", "rowid", "colid")
"""What a cell of a grid is found by."""

BYTES_A_SECOND = 20_000_000
"""Bytes of data and indexes that a rebuild gets through: copying, indexing and comparing (docs/adoption.md)."""
ROWS_A_SECOND = 26_000
"""Download flags filled in."""


@dataclass(frozen=True)
class Step:
    number: int
    table: str
    what: str
    do: Callable[[Work], None] = field(repr=False, compare=False)
    heavy: bool = False
    optional: bool = False
    """Everything works without it."""
    rows: int = 0
    bytes: int = 0
    """Space needed where the server keeps its data."""
    temporary: int = 0
    """Space needed where the server sorts."""
    seconds: float = 0.0
    resumes: str = "at once"
    """From where it goes on after it was killed."""

    def __str__(self) -> str:
        return f"{self.table}: {self.what}"


def light(inventory: Inventory, prefix: str) -> list[Step]:
    """The steps that `init` and the cron tick may take."""
    return [
        *_missing_tables(inventory, prefix),
        *_empty_references(inventory),
        *_bookkeeping_columns(inventory),
        *(step for step in _columns(inventory) if not step.heavy),
    ]


def heavy(inventory: Inventory, database: Database) -> list[Step]:
    """The steps that wait for `migrate --apply`."""
    return sorted(
        [
            *(step for step in _columns(inventory) if step.heavy),
            *_engines(inventory),
            *_indexes(inventory),
            *_cells(inventory, database),
            *_download_flags(inventory, database),
        ],
        key=lambda step: step.number,
    )


def _missing_tables(inventory: Inventory, prefix: str) -> Iterator[Step]:
    tables = [*metrics.metadata.sorted_tables, metrics.profiles_copy(prefix)]
    for table in tables:
        if table.name not in inventory.tables:
            yield Step(1, table.name, "create the table", _creation(table))


def _creation(table: sa.Table) -> Callable[[Work], None]:
    def create(work: Work) -> None:
        with work.connection.begin():
            table.create(work.connection, checkfirst=True)

    return create


def _empty_references(inventory: Inventory) -> Iterator[Step]:
    for table in SEEDED:
        if table.name not in inventory.tables or table.name in inventory.unseeded:
            yield Step(2, table.name, "fill in the rows that it starts with", _seeding(table))


def _seeding(table: sa.Table) -> Callable[[Work], None]:
    def fill(work: Work) -> None:
        with work.connection.begin():
            seed(work.connection, table)

    return fill


def _bookkeeping_columns(inventory: Inventory) -> Iterator[Step]:
    sources = inventory.tables.get(metrics.imported_sources.name)
    if sources and "origin" not in sources.columns:
        column = "`origin` ENUM('importer','reconstruct') NOT NULL DEFAULT 'importer'"
        yield Step(3, sources.name, "add the column origin", _alteration(sources.name, [f"ADD COLUMN {column}"]))
    state = inventory.tables.get(metrics.pipeline_state.name)
    if state and "v" in state.columns and (state.columns["v"].length or LongText.BYTES) < LongText.BYTES:
        change = "MODIFY `v` TEXT CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci NOT NULL"
        yield Step(3, state.name, "let v hold longer texts", _alteration(state.name, [change]))


def _columns(inventory: Inventory) -> Iterator[Step]:
    """Wider addresses and the download flag: instant on InnoDB, else part of the rebuild."""
    for name in ADDRESSES:
        table = inventory.tables.get(name)
        if table and table.engine == "InnoDB" and is_narrow(table):
            instant = table.columns["ip"].type == "varchar"
            yield Step(
                4, name, f"widen ip to {IP_CHARACTERS} characters", _widening(name, instant),
                heavy=not instant, rows=table.rows, bytes=0 if instant else table.size,
            )  # fmt: skip
    web = inventory.tables.get(metrics.web.name)
    if web and web.engine == "InnoDB" and "dnload" not in web.columns:
        add = f"ADD COLUMN {rebuild.DOWNLOAD_COLUMN}"
        yield Step(5, web.name, "add the column dnload", lambda work: work.alter_instantly("web", add))


def is_narrow(table: TableState) -> bool:
    """Its `ip` column cannot hold every address."""
    column = table.columns.get("ip")
    return column is not None and column.length is not None and column.length < IP_CHARACTERS


def _widening(table: str, instant: bool) -> Callable[[Work], None]:
    def widen(work: Work) -> None:
        change = f"MODIFY {work.definition(table).widened('ip')}"
        if instant:
            work.alter_instantly(table, change)
        else:
            work.alter(table, [change])

    return widen


def _alteration(table: str, changes: list[str]) -> Callable[[Work], None]:
    return lambda work: work.alter(table, changes)


def _engines(inventory: Inventory) -> Iterator[Step]:
    for name in REBUILT:
        table = inventory.tables.get(name)
        if table and table.engine not in ("InnoDB", "SQLite"):
            also = [*(["wider ip"] if is_narrow(table) else []), *(["indexes"] if wanted_indexes(table) else [])]
            if name == "web" and "dnload" not in table.columns:
                also.append("column dnload")
            yield Step(
                6, name, f"rebuild {table.engine} as InnoDB" + (f" with {', '.join(also)}" if also else ""),
                _rebuilding(table), heavy=True, rows=table.rows,
                bytes=int(table.size * DATA_FACTOR), temporary=int(table.size * SORT_FACTOR),
                seconds=table.size / BYTES_A_SECOND, resumes=rebuild.resumes(table),
            )  # fmt: skip


def _rebuilding(table: TableState) -> Callable[[Work], None]:
    return lambda work: rebuild.as_innodb(work, table, wanted_indexes(table), is_narrow(table))


def wanted_indexes(table: TableState) -> dict[str, str]:
    """Definitions, by name, of those indexes of ours whose columns no index of the table starts with."""
    wanted: dict[str, str] = {}
    known = metrics.metadata.tables.get(table.name)
    if known is None or any(known is grid for grid in GRIDS):
        return wanted
    for index in sorted(known.indexes, key=lambda index: str(index.name)):
        columns = tuple(column.name for column in index.columns)
        if not index.unique and not table.starts_with(columns):
            name = str(index.name)
            wanted[name] = f"KEY {quote(name)} ({', '.join(map(quote, columns))})"
    return wanted


def _indexes(inventory: Inventory) -> Iterator[Step]:
    for name in REBUILT:
        table = inventory.tables.get(name)
        if table and table.engine == "InnoDB" and (wanted := wanted_indexes(table)):
            room = int(table.size * SORT_FACTOR)
            yield Step(
                7, name, f"add {len(wanted)} indexes" if len(wanted) > 1 else f"add the index {next(iter(wanted))}",
                _alteration(name, [*(f"ADD {line}" for line in wanted.values()), "ALGORITHM=INPLACE", "LOCK=NONE"]),
                heavy=True, rows=table.rows, bytes=room, temporary=room, seconds=table.size / BYTES_A_SECOND / 2,
            )  # fmt: skip


def _cells(inventory: Inventory, database: Database) -> Iterator[Step]:
    for grid in GRIDS:
        table = inventory.tables.get(grid.name)
        if table is None or table.enforces(CELL):
            continue
        doubled = cells.count_doubled(database, grid)
        if doubled:
            yield Step(8, grid.name, f"fold {doubled} doubled cells", _folding(grid), heavy=True, rows=table.rows)
        yield Step(8, grid.name, "a unique key on the cells", _uniqueness(table), heavy=True, optional=not doubled,
                   rows=table.rows, bytes=int(table.size * SORT_FACTOR),
                   seconds=table.size / BYTES_A_SECOND)  # fmt: skip


def _folding(grid: sa.Table) -> Callable[[Work], None]:
    return lambda work: cells.fold(work, grid)


def _uniqueness(table: TableState) -> Callable[[Work], None]:
    plain = [index.name for index in table.indexes if set(index.columns) == set(CELL) and not index.unique]

    def enforce(work: Work) -> None:
        key = f"{table.name}_key"
        if work.database.is_mariadb:
            add = f"ADD UNIQUE KEY {quote(key)} ({', '.join(map(quote, CELL))})"
            work.alter(table.name, [*(f"DROP KEY {quote(name)}" for name in plain), add])
            return
        with work.connection.begin():
            work.connection.exec_driver_sql(f'CREATE UNIQUE INDEX "{key}" ON "{table.name}" ({", ".join(CELL)})')
            for name in plain:
                work.connection.exec_driver_sql(f'DROP INDEX "{name}"')

    return enforce


def _download_flags(inventory: Inventory, database: Database) -> Iterator[Step]:
    web = inventory.tables.get(metrics.web.name)
    if web is None:
        return
    missing = web.rows if "dnload" not in web.columns else downloads.count_unknown(database)
    if missing:
        yield Step(9, web.name, "fill in the download flag", downloads.fill, heavy=True, rows=missing,
                   seconds=missing / ROWS_A_SECOND, resumes="after the last 50,000 rows")  # fmt: skip
