"""Tidy tables for other programs: one row per observation, named columns, units (docs/exports.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from hzmetrics.calendar import ALL_MONTHS, Month, Months
from hzmetrics.engine import Engine
from hzmetrics.errors import HzmetricsError
from hzmetrics.output.document import document
from hzmetrics.output.sheet import neutral
from hzmetrics.publish.figures import overview, resources, tools
from hzmetrics.publish.figures.definitions import FIGURES, GROUPS
from hzmetrics.store import state
from hzmetrics.store.tables.metrics import websessions

if TYPE_CHECKING:
    from hzmetrics.store import Store

FORMATS = ("csv", "json", "xlsx", "parquet")
SHEET_ROWS = 1_048_575
"""Rows below the heading of a spreadsheet."""


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    name: str
    type: pa.DataType
    meaning: str
    unit: str = ""


MONTH = Column("month", pa.string(), "month that the period ends with, YYYY-MM")
PERIOD = Column("period", pa.int64(), "code of the period: 1, 3, 0, 13, 12 or 14")


@dataclass(frozen=True)
class Table:
    """A table that can be exported."""

    name: str
    about: str
    columns: Sequence[Column]
    batches: Callable[[Store, Months], Iterator[pa.RecordBatch]]
    """The rows of some months."""
    has_running_month: bool = True
    """Whether rows of the month that is not over are exported."""

    @property
    def schema(self) -> pa.Schema:
        return pa.schema(
            [
                pa.field(column.name, column.type, metadata={"meaning": column.meaning, "unit": column.unit})
                for column in self.columns
            ]
        )


def _grids(store: Store, months: Months) -> Iterator[pa.RecordBatch]:
    found = overview.read(store)
    groups = {str(group.row): group.title for group in GROUPS}
    names = pa.array(map(str, found.months), pa.string())
    is_asked = pa.array([month in months for month in found.months], pa.bool_())
    for (key, period), values in found.series.items():
        figure = FIGURES[key]
        grid, row, column = key.split(".")
        is_text = figure.unit == "text"
        same = {
            "period": period, "grid": grid, "rowid": int(row), "colid": int(column),
            "group": groups[row] if grid == "user" else None,
            "figure": "All" if grid == "user" and column == "1" else figure.title, "unit": figure.unit,
        }  # fmt: skip
        numbers = pa.array([None] * len(values) if is_text else values, pa.int64())
        texts = pa.array(values if is_text else [None] * len(values), pa.string())
        columns = [pa.repeat(value, len(values)) for value in same.values()]
        batch = pa.RecordBatch.from_arrays([names, *columns, numbers, texts], ["month", *same, "value", "text"])
        yield batch.filter(pc.and_(is_asked, pc.is_valid(texts if is_text else numbers)))


def _tools(store: Store, months: Months) -> Iterator[pa.RecordBatch]:
    titles = {tool.id: tool for tool in tools.published(store)}
    with Engine(tools.PACKAGE) as engine:
        engine.load("tool_stats", store.hub.stream(tools.query(store, months)))
        for batch in engine.stream("tool_rows"):
            named = [[getattr(titles[one], name) for one in batch["resid"].to_pylist()] for name in ("alias", "title")]
            numbers = [pc.coalesce(batch[key], pa.scalar(0, batch[key].type)) for key in tools.KEYS]
            columns = [batch["month"], batch["period"], batch["resid"], *map(pa.array, named), *numbers]
            yield pa.RecordBatch.from_arrays(columns, ["month", "period", "tool", "alias", "title", *tools.KEYS])


def _resources(store: Store, months: Months) -> Iterator[pa.RecordBatch]:
    titles = {one.id: one.title for one in resources.published(store)}
    for batch in store.hub.stream(resources.query(store, months)):
        named = pa.array([titles[one] for one in batch["resid"].to_pylist()], pa.string())
        for span, name in resources.USERS_IN.items():
            columns = [batch["month"], pa.repeat(span, batch.num_rows), batch["resid"], named, batch[name]]
            found = pa.RecordBatch.from_arrays(columns, ["month", "period", "resource", "title", "users"])
            yield found.filter(pc.is_valid(batch[name]))


def _sessions(store: Store, months: Months) -> Iterator[pa.RecordBatch]:
    session = websessions.c
    query = sa.select(
        session.datetime.label("begin"), session.duration, session.jobs,
        session.ipcountry.label("country"), session.domain,
    ).where(session.datetime >= months.first.start, session.datetime < months.last.stop)  # fmt: skip
    for batch in store.metrics.stream(query.order_by(session.datetime, session.id)):
        columns = [
            pc.if_else(pc.is_in(column, pa.array(["", "-", "?"], column.type)), None, column)
            if name in ("country", "domain")
            else column
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, batch.schema.names)


TABLES = {
    table.name: table
    for table in (
        Table(
            "grids", "The cells of the three grids: a figure of a month and a period.",
            (
                MONTH, PERIOD,
                Column("grid", pa.string(), "user, simusage or misc"),
                Column("rowid", pa.int64(), "row of the grid"),
                Column("colid", pa.int64(), "column of the grid"),
                Column("group", pa.string(), "in the user grid: who is counted"),
                Column("figure", pa.string(), "what is counted"),
                Column("unit", pa.string(), "count, seconds or text"),
                Column("value", pa.int64(), "the number", "as unit says"),
                Column("text", pa.string(), "instead of a number: the busiest day"),
            ),
            _grids,
            has_running_month=False,
        ),
        Table(
            "tools", "The figures of each published tool.",
            (
                MONTH, PERIOD,
                Column("tool", pa.int64(), "id of the resource"),
                Column("alias", pa.string(), "alias of the tool"),
                Column("title", pa.string(), "title of the tool"),
                *(
                    Column(figure.key, pa.float64() if figure.unit == "seconds" else pa.int64(), figure.definition,
                           "s" if figure.unit == "seconds" else "")
                    for figure in tools.FIGURES
                ),
            ),
            _tools,
        ),
        Table(
            "resources", "The users of each published resource that is no tool.",
            (
                MONTH, Column("period", pa.int64(), "code of the period: 1, 12 or 14"),
                Column("resource", pa.int64(), "id of the resource"),
                Column("title", pa.string(), "title of the resource"),
                Column("users", pa.int64(), resources.USERS.definition),
            ),
            _resources,
        ),
        Table(
            "sessions", "The visits, without addresses and names of hosts.",
            (
                Column("begin", pa.string(), "first request, YYYY-MM-DD HH:MM:SS on the clock of the hub"),
                Column("duration", pa.int64(), "from the first request to the last", "s"),
                Column("jobs", pa.int64(), "tool starts in the visit"),
                Column("country", pa.string(), "country of the address, ISO 3166"),
                Column("domain", pa.string(), "domain of the visitor"),
            ),
            _sessions,
        ),
    )
}  # fmt: skip


def export(store: Store, table: Table, months: Months, form: str, file: IO[bytes]) -> int:
    """Write the rows of some months to a file; returns their number. Raises HzmetricsError, OSError.

    Parquet files and workbooks say which corrections the numbers follow.
    """
    batches = _batches(store, table, months)
    match form:
        case "csv":
            return _as_csv(table, batches, file)
        case "json":
            return _as_json(table, batches, file)
        case "xlsx":
            return _as_xlsx(table, batches, corrections(store), file)
        case _:
            return _as_parquet(table, batches, corrections(store), file)


def corrections(store: Store) -> str:
    """The names of the corrections that the numbers follow; `none` if there are none. Raises StoreError."""
    return " ".join(sorted(state.read(store).corrections)) or "none"


def _batches(store: Store, table: Table, months: Months) -> Iterator[pa.RecordBatch]:
    """The rows in columns."""
    schema = table.schema
    for batch in table.batches(store, months):
        columns = [column.cast(field.type) for column, field in zip(batch.columns, schema, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _as_csv(table: Table, batches: Iterator[pa.RecordBatch], file: IO[bytes]) -> int:
    from hzmetrics.output.columnar import write_csv

    def neutral_batches() -> Iterator[pa.RecordBatch]:
        for batch in batches:
            columns = [_neutral(column) if pa.types.is_string(column.type) else column for column in batch.columns]
            yield pa.RecordBatch.from_arrays(columns, schema=table.schema)

    return write_csv(table.schema, neutral_batches(), file)


def _neutral(column: pa.Array) -> pa.Array:
    """Texts that are no formulas to a spreadsheet; each distinct one is looked at once."""
    coded = column.dictionary_encode()
    texts = [None if text is None else neutral(text) for text in coded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(coded.indices)


def _as_json(table: Table, batches: Iterator[pa.RecordBatch], file: IO[bytes]) -> int:
    count = 0
    file.write(b"[")
    for batch in batches:
        lines = ",\n".join(map(document, batch.to_pylist()))
        file.write(f"{',' if count else ''}\n{lines}".encode("ascii"))
        count += batch.num_rows
    file.write(b"\n]\n")
    return count


def _as_parquet(table: Table, batches: Iterator[pa.RecordBatch], corrections: str, file: IO[bytes]) -> int:
    import pyarrow.parquet as pq

    count = 0
    schema = table.schema.with_metadata({"corrections": corrections})
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))
            count += batch.num_rows
    return count


def _as_xlsx(table: Table, batches: Iterator[pa.RecordBatch], corrections: str, file: IO[bytes]) -> int:
    from hzmetrics.publish.workbook import Workbook

    with Workbook(file) as book:
        sheet = book.sheet(table.name, table.schema.names)
        for batch in batches:
            if sheet.rows + batch.num_rows > SHEET_ROWS:
                raise HzmetricsError(
                    f"a spreadsheet has room for {SHEET_ROWS:,} rows: choose fewer months, or csv or parquet"
                )
            for row in batch.to_pylist():
                sheet.add(row.values())
        columns = book.sheet("columns", ("column", "unit", "meaning"))
        for column in table.columns:
            columns.add((column.name, column.unit, column.meaning))
        book.sheet("about", ("corrections",)).add((corrections,))
    return sheet.rows


def months_of(table: Table, first: Month | None, last: Month | None, running: Month) -> Months:
    """The months of an export; None: no limit. `running` is the one that is not over."""
    newest = ALL_MONTHS.last if table.has_running_month else running.back(1)
    return Months(first or ALL_MONTHS.first, min(last or newest, newest))
