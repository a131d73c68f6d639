"""What judges the logs of a run: one engine a kind of log, and small files together, ahead of their import."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Generic, TypeVar

import pyarrow as pa

from hzmetrics.config import Settings
from hzmetrics.ingest import access, auth
from hzmetrics.ingest.access import AccessLog
from hzmetrics.ingest.auth import AuthLog
from hzmetrics.ingest.log_file import Judged, LogFile, Rules, Tally
from hzmetrics.ingest.logins import Logins
from hzmetrics.ingest.sources import Source
from hzmetrics.logs.formats import HUB
from hzmetrics.logs.packing import Limits, UnreadableLog
from hzmetrics.logs.reader import CHUNK, LogStream, open_log
from hzmetrics.logs.settings import log_settings

SMALL = CHUNK // 8
"""Bytes, packed and unpacked, of the largest file that is judged together with others."""

R = TypeVar("R", bound=Rules)
T = TypeVar("T", bound=Tally)

State = tuple[int, ...]
"""A file as it was when it was opened (`LogStream.state`)."""


class Reader(Generic[R, T]):
    """Judges logs of one kind, one after the other.

    What the lines of a file become depends on the filters and the bots that are stored when it begins. What was judged
    ahead counts only where these, and the file, are still what they were taken to be; otherwise the file is read anew.
    """

    def __init__(self, make: Callable[[R], LogFile[R, T]], limits: Limits, is_format_known: bool) -> None:
        """`is_format_known`: the format is configured, so that one engine can read one log after the other."""
        self.expected: Sequence[Path] = ()
        """The files that will be imported, in their order."""
        self._make = make
        self._limits = limits
        self._is_format_known = is_format_known
        self._log: LogFile[R, T] | None = None
        self._ahead: dict[Path, tuple[State, Judged[R, T]]] = {}

    @contextmanager
    def reading(self, path: Path, stream: LogStream, rules: R) -> Iterator[LogFile[R, T] | Judged[R, T]]:
        """A log, judged already or to be read from `stream`."""
        with self._open(rules) as log:
            judged = self._judged(path, stream, rules) or self._judge_ahead(log, path, stream, rules)
            if judged is None:
                log.begin(rules)
            yield judged or log

    def close(self) -> None:
        """Forget everything."""
        if self._log:
            self._log.engine.close()
            self._log = None

    @property
    def ahead(self) -> list[Judged[R, T]]:
        """The files after the one that is read, as far as they are judged already."""
        return [judged for _, judged in self._ahead.values()]

    @contextmanager
    def _open(self, rules: R) -> Iterator[LogFile[R, T]]:
        """The log with the engine of this reader. After an error, the next one is another."""
        if self._log and not self._log.engine.is_current:
            self.close()
        log = self._log or self._make(rules)
        self._log = None
        with ExitStack() as stack:
            stack.push(log)
            yield log
            if self._is_format_known:
                stack.pop_all()
                self._log = log

    def _judged(self, path: Path, stream: LogStream, rules: R) -> Judged[R, T] | None:
        """What a file was judged as."""
        state, judged = self._ahead.pop(path, ((), None))
        return judged if judged and state == stream.state and judged.rules.agree(rules) else None

    def _judge_ahead(self, log: LogFile[R, T], path: Path, stream: LogStream, rules: R) -> Judged[R, T] | None:
        """Judge a small file, and small ones that follow it."""
        self._ahead = {}
        files = self._small_files(path) if self._is_format_known else {}
        if len(files) < 2:
            return None
        judged = log.judge(rules, [(lines, blank) for _, lines, blank in files.values()])
        self._ahead = {path: (state, one) for (path, (state, _, _)), one in zip(files.items(), judged, strict=True)}
        return self._judged(path, stream, rules)

    def _small_files(self, path: Path) -> dict[Path, tuple[State, pa.Table, int]]:
        """A file and those that follow it, with their lines and the number of blank ones, up to the first large one.

        One that cannot be read is left out: it is told when it is its turn.
        """
        found: dict[Path, tuple[State, pa.Table, int]] = {}
        size = 0
        following = self.expected[self.expected.index(path) :] if path in self.expected else []
        for path in following:
            try:
                with open_log(path, self._limits) as stream:
                    state = stream.state
                    lines = stream.lines_up_to(SMALL)
            except UnreadableLog:
                continue
            if lines is None or size + lines.nbytes > CHUNK:
                break
            size += lines.nbytes
            found[path] = (state, lines, stream.blank)
        return found


class Readers:
    """The readers of a run, one for each kind of log, and what writes meanwhile what they have read. Close them."""

    def __init__(self, settings: Settings) -> None:
        limits = Limits.of(settings)
        self.access = Reader[access.Rules, access.Tally](AccessLog, limits, log_settings(settings).format == HUB)
        self.auth = Reader[auth.Rules, Tally](AuthLog, limits, is_format_known=True)
        self.logins = Logins()
        self.writer = ThreadPoolExecutor(1)

    def close(self) -> None:
        """Close their engines."""
        self.writer.shutdown()
        self.access.close()
        self.auth.close()

    def expect(self, files: Sequence[Source]) -> None:
        """Tell which files will be imported, in their order."""
        self.access.expected = [source.path for source in files if source.kind == "access"]
        self.auth.expected = [source.path for source in files if source.kind == "auth"]
