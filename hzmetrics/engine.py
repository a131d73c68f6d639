"""The columnar engine: DuckDB, an in-memory calculator. What it holds can be thrown away at any time.

A *model* is a `.sql` file that holds one SELECT and begins with a comment that says what set of rows it is. It stands
in the `models/` directory of the package whose numbers it defines, and becomes a view (or, with `-- materialised`, a
table) of its file's name. Values it depends on are relations too: a one-row relation, or `windows`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from types import TracebackType
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from duckdb.func import PythonUDFType

from hzmetrics.calendar import Month
from hzmetrics.collation import fold, fold_keep_blanks
from hzmetrics.errors import HzmetricsError, StoreUnavailable
from hzmetrics.scratch import Scratch

MEMORY_LIMIT = "1GB"
"""What the engine may use before it works on disk."""

Value = str | bool | Sequence[str]
"""What a model may read by name."""

INTERRUPTED = "Query interrupted"
"""What the engine says of Ctrl-C."""


class Engine:
    """One engine for one piece of work; use as a context manager.

    What does not fit its memory goes to a directory of its own, gone afterwards.
    """

    def __init__(self, memory_limit: str = MEMORY_LIMIT) -> None:
        self.spill = Scratch()
        self.connection = duckdb.connect(config={"memory_limit": memory_limit, "temp_directory": self.spill.name})
        self.function("fold_any", fold)
        self.function("fold_any_blanks", fold_keep_blanks)
        self.failure: HzmetricsError | None = None
        """Why a stream that the engine reads from broke off."""
        self.run_script("hzmetrics", "macros")

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self.failure and isinstance(error, duckdb.Error):
            raise self.failure from None
        if isinstance(error, RuntimeError) and str(error) == INTERRUPTED:
            raise KeyboardInterrupt from None
        if isinstance(error, duckdb.OutOfMemoryException | duckdb.IOException):
            reason = str(error).partition("\n")[0]
            raise StoreUnavailable(f"no room for the engine in {tempfile.gettempdir()}: {reason}") from None

    def close(self) -> None:
        """Forget everything."""
        self.connection.close()
        self.spill.cleanup()

    def register(self, name: str, relation: pa.Table | pa.RecordBatchReader) -> None:
        """Make an Arrow table, or a stream that can be read once, known as a relation, without copying it."""
        is_stream = isinstance(relation, pa.RecordBatchReader)
        self.connection.register(name, self._watched(relation) if is_stream else relation)

    def _watched(self, stream: pa.RecordBatchReader) -> pa.RecordBatchReader:
        """`stream`; should it break off, the reason is what leaves the engine, not the engine's words about it."""

        def batches() -> Iterator[pa.RecordBatch]:
            try:
                yield from stream
            except HzmetricsError as error:
                self.failure = error
                raise

        return pa.RecordBatchReader.from_batches(stream.schema, batches())

    def load(self, name: str, relation: pa.Table) -> None:
        """Copy an Arrow table into the engine as a table: for relations that many models read."""
        self.connection.register("loading", relation)
        self.connection.execute(f'CREATE OR REPLACE TABLE "{name}" AS SELECT * FROM loading')
        self.connection.unregister("loading")

    def add(self, name: str, relation: pa.Table) -> None:
        """Append the rows of an Arrow table to a table that was loaded."""
        self.connection.register("adding", relation)
        self.connection.execute(f'INSERT INTO "{name}" BY NAME SELECT * FROM adding')
        self.connection.unregister("adding")

    def function(self, name: str, function: Callable[[str], str]) -> None:
        """Make a function of one text known to the models; it is called once for each distinct value of a batch."""
        self.connection.create_function(name, _columnar(function), ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW)

    def set_variable(self, name: str, value: Value) -> None:
        """Give a value that models read with `getvariable` as a constant: a pattern, or a list of texts."""
        kind = "" if isinstance(value, str | bool) else "::VARCHAR[]"
        self.connection.execute(f"SET VARIABLE {name} = ?{kind}", [value])

    def register_windows(self, month: Month, periods: Sequence[int]) -> None:
        """The relation `windows(period, start, stop)` of a month's periods (spec 50 §2)."""
        windows = [(code, month.period(code)) for code in periods]
        self.register(
            "windows",
            pa.table(
                {
                    "period": pa.array([code for code, _ in windows], pa.int64()),
                    "start": pa.array([window.start for _, window in windows], pa.string()),
                    "stop": pa.array([window.stop for _, window in windows], pa.string()),
                }
            ),
        )

    def register_values(self, name: str, values: Mapping[str, Any]) -> None:
        """A relation of one row, for the values that models depend on."""
        self.register(name, pa.table({key: [value] for key, value in values.items()}))

    def models(self, package: str, names: Sequence[str]) -> None:
        """Define the models `names` of a package, in this order; each may build on those before it."""
        for name in names:
            text = _sql(package, name)
            kind = "TABLE" if "-- materialised" in text else "VIEW"
            self.connection.execute(f'CREATE OR REPLACE {kind} "{name}" AS {text}')

    def view(self, name: str, sql: str) -> None:
        """Define a view by its query: for queries that settings decide. All others are models."""
        self.connection.execute(f'CREATE OR REPLACE VIEW "{name}" AS {sql}')

    def hold(self, package: str, name: str) -> None:
        """Compute a model once and keep its rows as an Arrow relation: cheaper than a table if read once or twice."""
        self.register(name, self.query(_sql(package, name)))

    def run_script(self, package: str, name: str) -> None:
        """Run the statements of a package's `models/NAME.sql`."""
        self.connection.execute(_sql(package, name))

    def table(self, name: str) -> pa.Table:
        """A relation or model as an Arrow table."""
        return self.query(f'SELECT * FROM "{name}"')

    def query(self, sql: str) -> pa.Table:
        """The rows of a query as an Arrow table."""
        return self.connection.sql(sql).to_arrow_table()


def relation(rows: Sequence[tuple[object, ...]], kinds: Mapping[str, pa.DataType]) -> pa.Table:
    """Rows as an Arrow table with the given columns."""
    columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
    return pa.table({name: pa.array(values, kind) for (name, kind), values in zip(kinds.items(), columns, strict=True)})


def _sql(package: str, name: str) -> str:
    return files(package).joinpath("models", f"{name}.sql").read_text(encoding="utf-8")


def _columnar(function: Any) -> Any:
    """A function of one text as a function of a column: called once for each distinct value."""

    def over_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
        encoded = column.combine_chunks().dictionary_encode()
        dictionary = pa.array([None if v is None else function(v) for v in encoded.dictionary.to_pylist()], pa.string())
        return pc.take(dictionary, encoded.indices)

    return over_column
