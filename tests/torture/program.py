"""The command line in a process of its own, in which something goes wrong at a chosen boundary.

A boundary is a point just before something becomes lasting: a commit, a statement that commits by itself, and any file
that is opened for writing, renamed, linked or removed below the directory of the hub. What a process leaves when it is
killed between two boundaries, it leaves as well when killed before the second one, so the boundaries of a command are
all the ways in which it can die.
"""

from __future__ import annotations

import multiprocessing
import os
import pkgutil
import resource
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa
from sqlalchemy import event

import hzmetrics

WIDTH = 160
"""Bytes of a boundary in the list of boundaries; the size of the file tells how many were reached, by all processes."""


LOCALHOST = "127.0.0.1"


def modules() -> list[str]:
    """The modules of the program, imported before a process starts: importing takes longer than many a command."""
    found = pkgutil.walk_packages(hzmetrics.__path__, "hzmetrics.")
    return sorted(
        one.name for one in found if not one.name.startswith(("hzmetrics.store.migrations", "hzmetrics.demo"))
    )


STARTED_BY_FORK = multiprocessing.get_context("forkserver")
STARTED_BY_FORK.set_forkserver_preload(["tests.torture.program", *modules()])

FILE_EVENTS = ("os.rename", "os.remove", "os.link", "os.symlink", "os.truncate", "os.mkdir", "os.rmdir")
MAKING_LINKS = ("os.link", "os.symlink")
"""Events whose second path is what is made."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
LASTING = ("INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "COMMIT")
OF_ITSELF = ("CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE", "OPTIMIZE")
"""Statements that MariaDB commits by itself."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and at which boundary, counted from 1."""

    kind: str
    """`kill`: the process and its children are killed. `full`: no file takes another byte. `short`: the file that is
    opened at the boundary takes a few more. `server`: the database server is killed."""
    at: int
    server: int = 0
    """Process id of the database server."""

    def __str__(self) -> str:
        return f"{self.kind} at {self.at}"


class Boundaries:
    """Counts the boundaries that this process and its children reach, and has the fault happen at one of them."""

    def __init__(self, root: Path, listing: Path, fault: Fault | None, port: int) -> None:
        self.root = str(root)
        self.fault = fault
        self.port = port
        self.file = os.open(listing, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.lock = threading.RLock()

    def watch(self) -> None:
        event.listen(sa.Engine, "commit", lambda connection: self.reach(f"commit {connection.engine.url.database}"))
        event.listen(sa.Engine, "before_cursor_execute", self._statement)
        sys.addaudithook(self._audit)

    def reach(self, name: str, path: str = "") -> None:
        with self.lock:
            if self.file < 0:
                return
            line = " ".join(name.split())[: WIDTH - 1].ljust(WIDTH - 1)
            os.write(self.file, line.encode("ascii", "replace") + b"\n")
            reached = os.lseek(self.file, 0, os.SEEK_CUR) // WIDTH
            if self.port:
                with socket.create_connection((LOCALHOST, self.port)) as connection:
                    connection.recv(1)  # nothing: closed when this process may go on
            if self.fault and reached == self.fault.at:
                self._happen(self.fault, path)

    def _happen(self, fault: Fault, path: str) -> None:
        if fault.kind == "kill":
            os.killpg(os.getpgrp(), signal.SIGKILL)
        elif fault.kind == "server":
            os.kill(fault.server, signal.SIGKILL)
        else:
            self.file = -1
            file = Path(path)
            room = (file.stat().st_size if file.is_file() else 0) + 7 if fault.kind == "short" else 0
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))

    def _statement(self, connection: sa.Connection, cursor: Any, statement: str, *_: Any) -> None:
        word = statement.lstrip("( \n").split(None, 1)[0].upper()
        if connection.dialect.name == "sqlite":
            is_open = getattr(connection.connection.driver_connection, "in_transaction", False)
            is_lasting = word == "COMMIT" or (word in LASTING + OF_ITSELF and not is_open)
        else:
            is_own = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
            is_lasting = (is_own and word in LASTING) or (word in OF_ITSELF and "TEMPORARY" not in statement[:25])
        if is_lasting:
            self.reach(f"statement {statement}")

    def _audit(self, name: str, arguments: tuple[Any, ...]) -> None:
        if name == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & WRITING:
                self._file(name, path, makes=bool(flags & os.O_EXCL))
        elif name in FILE_EVENTS:
            self._file(name, arguments[name in MAKING_LINKS], makes=name == "os.mkdir")

    def _file(self, name: str, path: Any, makes: bool) -> None:
        """Something happens to a file, unless it only `makes` what is there already."""
        if isinstance(path, int):
            return
        text = str(Path(os.fsdecode(path)).absolute())
        if text.startswith(f"{self.root}/") and not (makes and os.path.lexists(text)):
            self.reach(f"{name} {text[len(self.root) + 1 :]}", text)


@dataclass(frozen=True)
class Command:
    """One command line and its surroundings."""

    arguments: tuple[str, ...]
    environment: dict[str, str]
    root: Path
    """Directory of the hub."""
    output: Path
    """What it prints is appended to this file."""
    listing: Path
    """The boundaries it reaches are listed in this file."""
    fault: Fault | None = None
    threads: int = 1
    """Threads of the engine."""

    def start(self, port: int = 0) -> Any:
        """The command, running; with a `port` it waits at each boundary until a connection to it was closed."""
        process = STARTED_BY_FORK.Process(target=_work, args=(self, port))
        process.start()
        return process

    def pauses(self) -> Iterator[None]:
        """Run the command; meanwhile, at each boundary, it waits.

        What lies there then is what it would leave if it were killed.
        """
        with socket.create_server((LOCALHOST, 0)) as listener:
            process = self.start(listener.getsockname()[1])
            while listener in wait([listener, process.sentinel]):
                with listener.accept()[0]:
                    yield
            process.join()

    def run(self) -> int:
        """Run the command; its exit code, -9 if it was killed."""
        process = self.start()
        process.join()
        code: int = process.exitcode
        process.close()
        return code


def boundaries(listing: Path) -> list[str]:
    """The boundaries that a command has reached."""
    text = listing.read_text(encoding="ascii") if listing.exists() else ""
    return [line.rstrip() for line in text.splitlines()]


def _work(command: Command, port: int) -> None:
    os.setpgid(0, 0)
    _append_to(command.output)
    os.environ.update(command.environment)
    tempfile.tempdir = None
    connect = duckdb.connect

    def with_threads(*arguments: Any, config: dict[str, Any] | None = None, **more: Any) -> Any:
        connection = connect(*arguments, config={**(config or {}), "threads": command.threads}, **more)
        if command.threads > 1:
            connection.execute("PRAGMA verify_parallelism")  # as many tasks as there are for many more rows
        return connection

    duckdb.connect = with_threads
    Boundaries(command.root, command.listing, command.fault, port).watch()
    from hzmetrics.cli import main

    code = main(command.arguments)
    sys.stdout.flush()
    os._exit(code)


def _append_to(output: Path) -> None:
    """Send both outputs to a child that appends them to a file: limits of this process do not hold for it."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setpgid(0, 0)
        os.close(writer)
        with output.open("ab", buffering=0) as file:
            while data := os.read(reader, 65536):
                file.write(data)
        os._exit(0)
    os.close(reader)
    for stream in (1, 2):
        os.dup2(writer, stream)
    os.close(writer)
