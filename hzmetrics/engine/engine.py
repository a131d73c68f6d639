"""The columnar engine: DuckDB, an in-memory calculator. What it holds can be thrown away at any time."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, TypeAlias

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from hzmetrics import memory
from hzmetrics.calendar import Month
from hzmetrics.engine import database
from hzmetrics.engine.models import Library, Model, ModelError
from hzmetrics.errors import HzmetricsError, StoreUnavailable

Value = str | bytes | bool | int | Sequence[str]
"""What a model may read by name."""


class Columns(NamedTuple):
    """A relation that some columns of a Parquet file are. An engine reads them as models need them."""

    path: Path
    names: Sequence[str]

    @property
    def num_rows(self) -> int:
        """How many rows there are, as a table has it."""
        return int(pq.read_metadata(self.path).num_rows)


Rows: TypeAlias = pa.Table | pa.RecordBatchReader | Columns
"""What an engine takes as the rows of a relation. A stream can be read once."""

STREAMED = 25_000
"""Rows of a batch that leaves the engine."""
INTERRUPTED = "Query interrupted"
"""What the engine says of Ctrl-C."""


class Engine:
    """One engine for one piece of work, with the models of some packages; use as a context manager.

    Register the inputs, then ask for the rows of a model: the models it builds on are defined as needed. When a
    relation is registered again, what depends on it is built anew. A model can be registered as well: the given rows
    then take the place of its own.

    Its relations are its own, and gone when it is closed. Engines share the memory of the process's limit
    (`hzmetrics.memory`), or of `memory_limit` bytes; what does not fit goes to disk.
    """

    def __init__(self, *packages: str, corrections: Set[str] = frozenset(), memory_limit: int | None = None) -> None:
        self._database = database.shared()
        self._session = self._database.begin(packages, memory_limit or memory.limit())
        self.connection = self._session.connection
        self.failure: HzmetricsError | None = None
        """Why a stream that the engine reads from broke off, or a file could not be written."""
        self.library = Library(*packages)
        self._macro_inputs = [name for macros in self.library.macros.values() for name in macros.reads]
        """What macros read: it is needed before there are any."""
        self._given: set[str] = set()
        """The relations registered."""
        self._defined: dict[str, Model] = {}
        """The inputs defined by queries."""
        self._variables: set[str] = set()
        """The variables set."""
        self._built: dict[str, Model] = {}
        """The models that are defined and up to date."""
        self.set_variable("corrections", sorted(corrections))
        self.set_variable("pseudonym_key", "")

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.end(self._session, keep=error is None)
        if isinstance(error, duckdb.Error):
            database.retire(self._database)
        if self.failure and isinstance(error, duckdb.Error):
            raise self.failure from None
        if isinstance(error, RuntimeError) and str(error) == INTERRUPTED:
            raise KeyboardInterrupt from None
        if isinstance(error, duckdb.OutOfMemoryException | duckdb.IOException):
            reason = str(error).partition("\n")[0]
            raise StoreUnavailable(f"no room for the engine in {tempfile.gettempdir()}: {reason}") from None

    @property
    def is_current(self) -> bool:
        """Whether an engine opened now would share its database with this one: no error came between them."""
        return self._database is database.shared()

    def close(self) -> None:
        """Forget all rows."""
        self._database.end(self._session, keep=True)

    def register(self, name: str, relation: Rows) -> None:
        """Make rows known as a relation, without copying them.

        Raises ModelError if it has not the columns that models read.
        """
        self._register(name, self._readable(relation))
        self._give(name)

    def _readable(self, relation: Rows) -> Any:
        """What the engine reads. Should a stream break off, the reason is what leaves the engine, not its words."""
        if isinstance(relation, Columns):
            return self._parquet([str(relation.path)]).select(*(f'"{name}"' for name in relation.names))
        if not isinstance(relation, pa.RecordBatchReader):
            return relation
        stream = relation

        def batches() -> Iterator[pa.RecordBatch]:
            try:
                yield from stream
            except HzmetricsError as error:
                self.failure = error
                raise

        return pa.RecordBatchReader.from_batches(stream.schema, batches())

    def register_parquet(self, name: str, paths: Sequence[str]) -> None:
        """Make the rows of Parquet files known as a relation; they are read as models need them. No files: no rows.

        Raises ModelError.
        """
        if not paths:
            self.create(name)
            return
        self._register(name, self._parquet(paths))
        self._give(name)

    def _parquet(self, paths: Sequence[str]) -> duckdb.DuckDBPyRelation:
        return self.connection.read_parquet(list(paths), hive_partitioning=False)

    def load(self, name: str, relation: Rows) -> None:
        """As `register`, but copy the rows into the engine: for relations that are read more than once.

        What is many rows is given as a stream, so that they are held by the engine alone, within its limit. A file is
        not copied.
        """
        if isinstance(relation, Columns):
            self.register(name, relation)
            return
        self.connection.register("loading", self._readable(relation))
        self._create(name, "AS SELECT * FROM loading")
        self.connection.unregister("loading")
        self._give(name)

    def lend(self, name: str, rows: pa.Table | pa.RecordBatchReader) -> None:
        """Make an Arrow table, or a stream that can be read once, known to queries. Models do not know it."""
        self._register(name, rows)

    def keep(self, name: str, sql: str) -> None:
        """Hold the rows of a query as a table for other queries. Models do not know it. What it reads must be built."""
        self._create(name, f"AS {sql}")

    def create(self, name: str) -> None:
        """Make an input known as a relation without rows, with the columns it declares, to `add` or `collect` rows."""
        columns = ", ".join(f'"{column.name}" {column.type}' for column in self.library.relation(name).columns)
        self._create(name, f"({columns})")
        self._give(name)

    def add(self, name: str, relation: pa.Table) -> None:
        """Append the rows of an Arrow table to a relation that was loaded or created."""
        self.connection.register("adding", relation)
        self.connection.execute(f'INSERT INTO "{name}" BY NAME SELECT * FROM adding')
        self.connection.unregister("adding")
        self._outdate(name)

    def collect(self, name: str, model: str) -> None:
        """Append the rows of a model to a relation that was loaded or created. Raises ModelError."""
        self.build(model)
        self.connection.execute(f'INSERT INTO "{name}" BY NAME SELECT * FROM "{model}"')
        self._outdate(name)

    def register_values(self, name: str, values: Mapping[str, Any]) -> None:
        """A relation of one row, for the values that models depend on."""
        types = {column.name: column.type for column in self.library.relation(name).columns}
        row = ", ".join(f'CAST(? AS {types[key]}) AS "{key}"' for key in values)
        self.register(name, self.connection.sql(f"SELECT {row}", params=list(values.values())).to_arrow_table())

    def function(self, name: str, function: Callable[[str], str]) -> None:
        """Make a function of one text known to the models; it is called once for each distinct value of a batch.

        It stays known to the engines of this process: a name always means the same function.
        """
        self._database.function(name, function)

    def set_variable(self, name: str, value: Value) -> None:
        """Give a value that models read with `getvariable` as a constant: a pattern, a number, a list of texts."""
        kind = "" if isinstance(value, str | bytes | bool | int) else "::VARCHAR[]"
        self.connection.execute(f"SET VARIABLE {name} = ?{kind}", [value])
        self._variables.add(name)
        for model in [model for model in self._built.values() if name in model.variables]:
            self._outdate(model.name)

    def define(self, name: str, sql: str, reads: Sequence[str], stored: str = "") -> None:
        """Define an input by a query that settings decide; `reads` and `stored` are as in the header of a model."""
        declared = self.library.relation(name)
        self._given.discard(name)
        self._defined[name] = Model(name, declared.summary, declared.columns, "", "", tuple(reads), {}, (), stored, sql)
        self._outdate(name)

    def build(self, name: str) -> None:
        """Define a model and those it builds on, where they are not defined yet. Raises ModelError."""
        self._build(name, name)

    def table(self, name: str) -> pa.Table:
        """The rows of a relation or model as an Arrow table. Raises ModelError."""
        self.build(name)
        return self.query(f'SELECT * FROM "{name}"')

    def stream(self, name: str) -> pa.RecordBatchReader:
        """As `table`, but in batches that can be read once, before anything else is asked for. Raises ModelError."""
        self.build(name)
        return self.connection.sql(f'SELECT * FROM "{name}"').to_arrow_reader(STREAMED)

    def save(self, name: str, path: Path) -> None:
        """Write the rows of a model to a Parquet file. Raises ModelError."""
        self.build(name)
        self.connection.sql(f'SELECT * FROM "{name}"').write_parquet(str(path), compression="zstd")

    def query(self, sql: str) -> pa.Table:
        """The rows of a query as an Arrow table. The models it reads must have been built."""
        return self.connection.sql(sql).to_arrow_table()

    def _register(self, name: str, rows: Any) -> None:
        """Make rows of Python's known by a name."""
        self._free(name)
        if name in self._session.tables:
            self.connection.execute(f'DROP TABLE "{name}"')
            self._session.tables.remove(name)
        self.connection.register(name, rows)
        self._session.registered.add(name)

    def _create(self, name: str, what: str) -> None:
        """Make a table of the engine."""
        self._free(name)
        if name in self._session.registered:
            self.connection.unregister(name)
            self._session.registered.remove(name)
        self.connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" {what}')
        self._session.tables.add(name)

    def _free(self, name: str) -> None:
        """Let rows take the place of a model that is a view."""
        if self._session.views.pop(name, None):
            self.connection.execute(f'DROP VIEW "{name}"')

    def _give(self, name: str) -> None:
        """Take note of a relation that was registered."""
        self._check(name)
        self._defined.pop(name, None)
        self._given.add(name)
        self._outdate(name)

    def _check(self, name: str) -> None:
        """Raise ModelError unless a relation has the columns that are declared."""
        declared = self.library.relation(name)
        relation = self.connection.sql(f'FROM "{name}"')
        found = {column: str(kind) for column, kind in zip(relation.columns, relation.types, strict=True)}
        problems = [
            f"column {column.name} is {found[column.name]}" if column.name in found else f"no column {column.name}"
            for column in declared.columns
            if not column.has_type(found.get(column.name, ""))
        ]
        names = {column.name for column in declared.columns}
        problems += [f"unknown column {column}" for column in found if column not in names]
        if problems:
            raise ModelError(f"models need the relation {declared}: {'; '.join(problems)}")

    def _outdate(self, name: str) -> None:
        """Forget that the models which depend on a relation are up to date."""
        self._built.pop(name, None)
        for model in list(self._built.values()):
            if name in model.reads and model.name in self._built:
                self._outdate(model.name)

    def _build(self, name: str, target: str) -> None:
        if name in self._built or name in self._given:
            return
        model = self._defined.get(name) or self.library.relation(name)
        if not isinstance(model, Model):
            raise ModelError(f"model {target} needs the relation {model}: not registered")
        for needed in (*self._macro_inputs, *model.reads):
            self._build(needed, target)
        for variable in model.variables:
            if variable not in self._variables:
                raise ModelError(f"model {target} needs the variable {variable}: not set")
        if not self._session.has_macros:
            self._find_macros()
        is_new = self._session.views.get(name) is not model
        if model.stored == "arrow":
            self._register(name, self.query(model.sql))
        elif model.stored:
            self._create(name, f"AS {model.sql}")
        elif is_new:
            self.connection.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {model.sql}')
            self._session.views[name] = model
        if is_new and name in self._defined:
            self._check(name)
        self._built[name] = model

    def _find_macros(self) -> None:
        """Make the macros of the packages known: those that read relations are this engine's own."""
        schemas = []
        for package, macros in self.library.macros.items():
            if macros.reads:
                self.connection.execute(macros.sql)
            elif macros.sql:
                schemas.append(self._database.schema(package, macros.sql))
        if schemas:
            self.connection.execute(f"SET search_path = '{','.join(schemas)}'")
        self._session.has_macros = True


def windows(month: Month, periods: Sequence[int]) -> pa.Table:
    """The relation `windows` of a month's periods (spec 50 §2)."""
    found = [(code, month.period(code)) for code in periods]
    return pa.table(
        {
            "period": pa.array([code for code, _ in found], pa.int64()),
            "start": pa.array([window.start for _, window in found], pa.string()),
            "stop": pa.array([window.stop for _, window in found], pa.string()),
        }
    )


def relation(rows: Sequence[tuple[object, ...]], kinds: Mapping[str, pa.DataType]) -> pa.Table:
    """Rows as an Arrow table with the given columns."""
    columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
    return pa.table({name: pa.array(values, kind) for (name, kind), values in zip(kinds.items(), columns, strict=True)})
