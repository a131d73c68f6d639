"""The database in memory that the engines of a process share. It outlives them: opening one takes 50 ms."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from duckdb.func import PythonUDFType

from hzmetrics import memory
from hzmetrics.collation import fold, fold_keep_blanks
from hzmetrics.engine.models import Model
from hzmetrics.scratch import Scratch

MEMORY_A_THREAD = 300 * memory.MB
"""What a thread needs at least to work on disk: with less, many threads have no room for what each holds at once."""


class Session:
    """A connection with temporary relations, macros and variables of its own. Its views and macros outlive an engine.

    Defining the views of a package takes longer than asking them about a small month.
    """

    def __init__(self, packages: tuple[str, ...], connection: duckdb.DuckDBPyConnection) -> None:
        self.packages = packages
        self.connection = connection
        self.views: dict[str, Model] = {}
        """The models that exist as views: they stay right when what they read is replaced."""
        self.tables: set[str] = set()
        """The relations whose rows the connection holds."""
        self.registered: set[str] = set()
        """The relations whose rows are Python's."""
        self.has_macros = False
        """Whether the macros of the packages are defined."""

    def clear(self) -> None:
        """Forget all rows."""
        for name in self.registered:
            self.connection.unregister(name)
        if self.tables:
            self.connection.execute(";".join(f'DROP TABLE "{name}"' for name in sorted(self.tables)))
        self.registered.clear()
        self.tables.clear()


class Database:
    """What all engines have in common: memory, threads, a directory for what does not fit, functions and macros.

    Threads may open and close engines at the same time.
    """

    def __init__(self) -> None:
        memory.share_heaps()
        self._lock = threading.Lock()
        self._spill = Scratch()
        self.directory = self._spill.name
        """Where what does not fit in memory goes."""
        self._connection = duckdb.connect(config={"temp_directory": self.directory})
        self._connection.execute("SET enable_progress_bar = false")  # it would be drawn on the output of commands
        self._connection.execute("SET enable_external_file_cache = false")  # other files come to have the same name
        self._threads = min(self._setting("threads"), _most_threads)
        self._limit = 0
        self._in_use = 0
        self._kept: dict[tuple[str, ...], Session] = {}
        """Sessions that wait for their next engine, by its packages: one of each."""
        self._is_retired = False
        self._functions: set[str] = set()
        self._schemas: set[str] = set()
        self.function("fold_any", fold)
        self.function("fold_any_blanks", fold_keep_blanks)
        self._connection.execute(files("hzmetrics.engine").joinpath("macros.sql").read_text(encoding="utf-8"))

    def begin(self, packages: tuple[str, ...], limit: int) -> Session:
        """A session for an engine of some packages; all sessions together may use `limit` bytes."""
        with self._lock:
            if limit != self._limit:
                self._connection.execute(f"SET memory_limit = '{limit}B'")
                self._connection.execute(f"SET threads = {max(1, min(self._threads, limit // MEMORY_A_THREAD))}")
                self._limit = limit
            self._in_use += 1
            return self._kept.pop(packages, None) or Session(packages, self._connection.cursor())

    def end(self, session: Session, keep: bool) -> None:
        """Take a session back: `keep` it, without its rows, for the next engine of its packages, or close it."""
        with self._lock:
            self._in_use -= 1
            if keep and session.packages and not self._is_retired and session.packages not in self._kept:
                session.clear()
                self._kept[session.packages] = session
            else:
                session.connection.close()
            self._close_if_done()

    def function(self, name: str, function: Callable[[str], str]) -> None:
        """Make a function of one text known to all connections. The same name always means the same function."""
        with self._lock:
            if name not in self._functions:
                columnar = _columnar(function)
                self._connection.create_function(name, columnar, ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW)
                self._functions.add(name)

    def schema(self, package: str, macros: str) -> str:
        """The schema of a package, with its macros: preparing them takes long, so they are made once."""
        with self._lock:
            name = package.replace(".", "_")
            if name not in self._schemas:
                with self._connection.cursor() as cursor:
                    cursor.execute(f'CREATE SCHEMA "{name}"')
                    cursor.execute(f"SET search_path = '{name}'")
                    cursor.execute(macros)
                self._schemas.add(name)
            return name

    def retire(self) -> None:
        """Give back memory and disk with the last connection."""
        with self._lock:
            self._is_retired = True
            self._close_if_done()

    def _close_if_done(self) -> None:
        if self._is_retired and not self._in_use:
            for session in self._kept.values():
                session.connection.close()
            self._connection.close()
            self._spill.cleanup()

    def _setting(self, name: str) -> int:
        found = self._connection.execute("SELECT current_setting(?)", [name]).fetchall()
        return int(found[0][0])


_shared: Database | None = None
_most_threads = os.cpu_count() or 1


def limit_threads(number: int) -> None:
    """Let the database of this process, if it is not open yet, use at most so many threads."""
    global _most_threads  # the cores are the machine's, whoever opens an engine in this process
    _most_threads = number


def shared() -> Database:
    """The database of this process."""
    global _shared  # one a process, whoever needs it first
    if _shared is None:
        _shared = Database()
    return _shared


def retire(database: Database) -> None:
    """Give later engines another database: after an error, this one may have shut itself down."""
    global _shared
    if database is _shared:
        _shared = None
    database.retire()


def close() -> None:
    """Close the database of this process with its threads: in a child of a fork they would be dead."""
    if _shared is not None:
        retire(_shared)


os.register_at_fork(before=close)
atexit.register(close)


def _columnar(function: Any) -> Any:
    """A function of one text as a function of a column: called once for each distinct value."""

    def over_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
        encoded = column.combine_chunks().dictionary_encode()
        dictionary = pa.array([None if v is None else function(v) for v in encoded.dictionary.to_pylist()], pa.string())
        return pc.take(dictionary, encoded.indices)

    return over_column
