"""Where messages go: standard error, syslog, the log file (spec 65 §5).

Nothing that came from a log line reaches any of them unescaped.
"""

from __future__ import annotations

import datetime as dt
import logging
import logging.handlers
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from hzmetrics import files
from hzmetrics.errors import StoreError, in_words
from hzmetrics.output.document import document
from hzmetrics.output.text import printable

log = logging.getLogger("hzmetrics")

pool = logging.getLogger("sqlalchemy")
"""Tells, with a traceback, of a connection found dead when given back. Its user raises the error: a note will do."""


class _Line(logging.Formatter):
    """`<time> <LEVEL> <message>`; a traceback, where there is one, on lines of its own."""

    def formatTime(  # noqa: N802
        self, record: logging.LogRecord, datefmt: str | None = None
    ) -> str:
        return dt.datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")

    def format(self, record: logging.LogRecord) -> str:
        line = f"{self.formatTime(record)} {record.levelname:<5} {printable(record.getMessage())}"
        if record.exc_info:
            trace = self.formatException(record.exc_info)
            line += "\n" + "\n".join(printable(part) for part in trace.splitlines())
        return line


class _JsonLine(logging.Formatter):
    """One JSON object a line: time, level, message, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        moment = dt.datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")
        entry = {"time": moment, "level": record.levelname, "message": record.getMessage()}
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return document(entry)


class _File(logging.handlers.WatchedFileHandler):
    """The log file, opened anew after its rotation, which a server outlives.

    A disk that is full costs lines and one warning, never the work; with room, lines come again.
    """

    is_failing = False

    def _open(self) -> TextIOWrapper:
        descriptor = files.open_or_make(Path(self.baseFilename), files.INTERNAL, os.O_WRONLY | os.O_APPEND)
        return open(descriptor, "a", encoding="utf-8")  # noqa: PTH123 - a descriptor

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        if not self.is_failing:
            self.is_failing = True
            error = sys.exception()
            log.warning("cannot write the log file %s: %s", self.baseFilename, getattr(error, "strerror", error))

    def close(self) -> None:
        with suppress(OSError):  # what is still held back has no room
            super().close()


def start(file: Path, verbose: bool = False, form: str = "text") -> None:
    """Open the targets. One that cannot be opened costs one warning (the file) or a debug line (syslog)."""
    stop()
    _told.clear()
    log.setLevel(logging.DEBUG)
    log.propagate = False
    pool.addHandler(logging.NullHandler())  # never on standard error, even if the file cannot be written
    line: logging.Formatter = _JsonLine() if form == "json" else _Line()

    console = logging.StreamHandler(sys.stderr)
    console.setLevel(logging.DEBUG if verbose else logging.INFO)
    console.setFormatter(line)
    log.addHandler(console)

    try:
        files.make_directory(file.parent)
        disk = _File(file)
    except OSError as error:
        log.warning("cannot write the log file %s: %s", file, error.strerror or error)
    else:
        disk.setLevel(logging.DEBUG)
        disk.setFormatter(line)
        log.addHandler(disk)
        pool.addHandler(disk)

    if not Path("/dev/log").exists():
        log.debug("no syslog: /dev/log is missing")
        return
    try:
        syslog = logging.handlers.SysLogHandler("/dev/log", logging.handlers.SysLogHandler.LOG_LOCAL0)
    except OSError as error:
        log.debug("no syslog: %s", error)
    else:
        syslog.ident = "hzmetrics: "
        syslog.setLevel(logging.INFO)
        syslog.setFormatter(line)
        log.addHandler(syslog)


def stop() -> None:
    """Close all targets."""
    for logger in (log, pool):
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            handler.close()
    log.propagate = True


_told: set[str] = set()
"""What this process has reported."""


def tell(error: BaseException, what: str = "") -> None:
    """Report that `what` failed: one line for an operator, and the traceback in the log file, at DEBUG.

    A cause that several steps share, such as a server that is down, is reported once. Steps that run in a child process
    know what their parent has reported before.
    """
    said = in_words(error)
    is_shared = isinstance(error, StoreError) and error.is_shared
    if said in _told:
        log.debug("%s: failed for the same reason", what or "the command")
        return
    _told.add(said)
    log.error("%s", said if is_shared or not what else f"{what}: {said}")
    log.debug("where it happened", exc_info=error)


def warn_once(message: str) -> None:
    """Warn of what several steps meet, such as a full disk, once in a process."""
    if message not in _told:
        _told.add(message)
        log.warning("%s", message)


@contextmanager
def quiet() -> Iterator[None]:
    """Meanwhile only warnings and worse reach standard error: for the time of a progress bar."""
    levels = {handler: handler.level for handler in log.handlers if type(handler) is logging.StreamHandler}
    for handler in levels:
        handler.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for handler, level in levels.items():
            handler.setLevel(level)


def keep(lines: Iterable[str]) -> None:
    """Keep a report that was printed in the log file as well, and only there."""
    for line in lines:
        log.debug("%s", line)


@dataclass
class Stage:
    """What a running stage has to tell at its end."""

    name: str
    rows: int | None = None
    """Rows written, where the stage counts them."""


@contextmanager
def stage(name: str) -> Iterator[Stage]:
    """Log the start of a stage and, also after an error, its end with rows and seconds."""
    running = Stage(name)
    log.info("%s: start", name)
    begun = time.monotonic()
    outcome = "failed"
    try:
        yield running
        outcome = "done"
    finally:
        rows = "" if running.rows is None else f", {running.rows:,} rows"
        log.info("%s: %s%s, %.1f s", name, outcome, rows, time.monotonic() - begun)
