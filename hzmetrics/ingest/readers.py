"""What judges the logs of a run: one engine a kind of log, and small files together, ahead of their import."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import accumulate, chain, dropwhile, groupby, islice, pairwise
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

import pyarrow as pa

from hzmetrics.config import Settings
from hzmetrics.errors import HzmetricsError
from hzmetrics.ingest import access, auth
from hzmetrics.ingest.access import AccessLog
from hzmetrics.ingest.auth import AuthLog
from hzmetrics.ingest.log_file import Complete, Judged, LogFile, Rules, Tally, as_they_are
from hzmetrics.ingest.logins import Logins
from hzmetrics.ingest.sources import Source
from hzmetrics.logs.formats import HUB
from hzmetrics.logs.packing import Limits, UnreadableLog
from hzmetrics.logs.reader import CHUNK, LogStream, open_log
from hzmetrics.logs.settings import log_settings

SMALL = CHUNK // 2
"""Bytes, packed and unpacked, of the largest file that is judged whole, ahead of its import.

Files are put together until they have so many bytes: a group has at most a chunk.
"""

R = TypeVar("R", bound=Rules)
T = TypeVar("T", bound=Tally)

State = tuple[int, ...]
"""A file as it was when it was opened (`LogStream.state`)."""

Group: TypeAlias = dict[Path, tuple[State, Judged[R, T]]]
"""Small files of a month that are judged together, in their order."""


class Reader(Generic[R, T]):
    """Judges logs of one kind, one after the other: small ones in groups, a group while that before it is imported.

    The first group of a month is judged while the month before it is analyzed.

    What the lines of a file become depends on the filters and the bots that are stored when it begins. What was judged
    ahead counts only where these, and the file, are still what they were taken to be; otherwise the file is read anew.
    """

    def __init__(self, make: Callable[[R], LogFile[R, T]], limits: Limits, is_format_known: bool) -> None:
        """`is_format_known`: the format is configured, so that one engine can read one log after the other."""
        self.expected: Sequence[Sequence[Path]] = ()
        """The files that will be imported, in their order: those of the month that is imported, and of later ones."""
        self.complete: Complete = as_they_are
        """What completes the rows of that month, as it is known by now."""
        self._make = make
        self._limits = limits
        self._is_format_known = is_format_known
        self._log: LogFile[R, T] | None = None
        self._group: Group[R, T] = {}
        """What is left of the group that is imported."""
        self._next: tuple[Future[Group[R, T]], ExitStack] | None = None
        """The group after it, and what gives back the log that judges it."""
        self._judging = ThreadPoolExecutor(1)

    @contextmanager
    def reading(self, path: Path, stream: LogStream, rules: R) -> Iterator[LogFile[R, T] | Judged[R, T]]:
        """A log, judged already or to be read from `stream`."""
        judged = self._judged(path, stream, rules)
        if judged:
            yield judged
            return
        with self._open(rules) as log:
            log.begin(rules)
            yield log

    def close(self) -> None:
        """Forget everything."""
        self._next_group()
        self._judging.shutdown()
        self._forget_log()

    @property
    def ahead(self) -> list[Judged[R, T]]:
        """The files of the group after the one that is read."""
        return [judged for _, judged in self._group.values()]

    def _judged(self, path: Path, stream: LogStream, rules: R) -> Judged[R, T] | None:
        """What a small file becomes; None: it is large, or its format is not known beforehand."""
        if not self._is_format_known:
            return None
        if path not in self._group:
            self._group = self._completed(self._next_group())
        judged = self._taken(path, stream, rules)
        if judged is None:
            self._next_group()  # what is judged under other rules is of no use
            with self._open(rules) as log:
                self._group = self._completed(self._judge(log, path, rules))
            judged = self._taken(path, stream, rules)
        if judged and not self._next:
            last, (_, before) = next(reversed(self._group.items()), (path, (stream.state, judged)))
            self._begin_next(self._after(last), before.rules.next())
        return judged

    def _taken(self, path: Path, stream: LogStream, rules: R) -> Judged[R, T] | None:
        """A file out of the group, if what it was taken to be is right."""
        state, judged = self._group.pop(path, ((), None))
        return judged if judged and state == stream.state and judged.rules.agree(rules) else None

    def _begin_next(self, path: Path | None, rules: R) -> None:
        """Begin to judge the group that begins with a file."""
        if path:
            stack = ExitStack()
            log = stack.enter_context(self._open(rules))
            is_due = path in self.expected[0]
            judging = self._judging.submit(self._judge_due if is_due else self._judge, log, path, rules)
            stack.callback(wait, [judging])
            self._next = judging, stack

    def _next_group(self) -> Group[R, T]:
        """The group that is judged meanwhile, when it is; empty if there is none or judging it failed."""
        if not self._next:
            return {}
        (judging, stack), self._next = self._next, None
        try:
            with stack:
                return judging.result()
        except HzmetricsError:  # it is told when the file that is to blame is read
            return {}

    def _after(self, path: Path) -> Path | None:
        """The file that is expected after another one."""
        following = dropwhile(lambda file: file != path, chain.from_iterable(self.expected))
        return next(islice(following, 1, None), None)

    def _judge_due(self, log: LogFile[R, T], path: Path, rules: R) -> Group[R, T]:
        """As `_judge`, for the month that is imported: the rows are completed."""
        return self._completed(self._judge(log, path, rules))

    def _completed(self, group: Group[R, T]) -> Group[R, T]:
        """A group with its rows completed, all together."""
        if not group or all(judged.is_complete for _, judged in group.values()):
            return group
        states, logs = zip(*group.values(), strict=True)
        rows = self.complete(pa.concat_tables(judged.rows for judged in logs))
        places = pairwise(accumulate((len(judged.rows) for judged in logs), initial=0))
        completed = (
            replace(judged, rows=rows.slice(begin, end - begin), is_complete=True)
            for judged, (begin, end) in zip(logs, places, strict=True)
        )
        return dict(zip(group, zip(states, completed, strict=True), strict=True))

    def _judge(self, log: LogFile[R, T], path: Path, rules: R) -> Group[R, T]:
        """What a small file becomes, and small ones that follow it."""
        files = self._small_files(path)
        if not files:
            return {}
        judged = log.judge(rules, [(lines, blank) for _, lines, blank in files.values()])
        return {path: (state, one) for (path, (state, _, _)), one in zip(files.items(), judged, strict=True)}

    def _small_files(self, path: Path) -> dict[Path, tuple[State, pa.Table, int]]:
        """A file and those of its month that follow it, with their lines and the number of blank ones.

        The first large one ends them. One that cannot be read is left out: it is told when it is its turn.
        """
        found: dict[Path, tuple[State, pa.Table, int]] = {}
        size = 0
        month = next((paths for paths in self.expected if path in paths), [])
        for file in dropwhile(lambda file: file != path, month):
            try:
                with open_log(file, self._limits) as stream:
                    state = stream.state
                    lines = stream.lines_up_to(SMALL)
            except UnreadableLog:
                continue
            if lines is None:
                break
            found[file] = (state, lines, stream.blank)
            size += lines.nbytes
            if size > SMALL:
                break
        return found

    @contextmanager
    def _open(self, rules: R) -> Iterator[LogFile[R, T]]:
        """The log with the engine of this reader. After an error, the next one is another."""
        if self._log and not self._log.engine.is_current:
            self._forget_log()
        log = self._log or self._make(rules)
        self._log = None
        with ExitStack() as stack:
            stack.push(log)
            yield log
            if self._is_format_known:
                stack.pop_all()
                self._log = log

    def _forget_log(self) -> None:
        if self._log:
            self._log.engine.close()
            self._log = None


class Readers:
    """The readers of a run, one for each kind of log, and what writes meanwhile what they have read. Close them."""

    def __init__(self, settings: Settings) -> None:
        limits = Limits.of(settings)
        self.access = Reader[access.Rules, access.Tally](self._log, limits, log_settings(settings).format == HUB)
        self.auth = Reader[auth.Rules, Tally](AuthLog, limits, is_format_known=True)
        self.logins = Logins()
        self.writer = ThreadPoolExecutor(1)

    def _log(self, rules: access.Rules) -> AccessLog:
        return AccessLog(rules, lambda rows: self.access.complete(rows))

    def close(self) -> None:
        """Close their engines."""
        self.writer.shutdown()
        self.access.close()
        self.auth.close()

    def expect(self, files: Sequence[Source], complete: Complete = as_they_are) -> None:
        """Tell which files will be imported, in their order, and what completes requests of their first month."""
        self.access.complete = complete
        for kind, reader in (("access", self.access), ("auth", self.auth)):
            months = groupby(files, lambda source: source.month)
            reader.expected = [[source.path for source in month if source.kind == kind] for _, month in months]
