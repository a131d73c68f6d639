"""What has changed while a run holds the lock: a step whose inputs have not, since it ran, has nothing to do.

All who write rows of ours hold the run lock, so imports, resets and steps are all that changes them. Tables that others
write are compared with what they were by the first unit of work after `UNCHANGED` (spec 60 §8.6). A step that would
find no row counts as one that ran.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from hzmetrics.calendar import ALL_MONTHS, Month, Months
from hzmetrics.errors import StoreError
from hzmetrics.log import log
from hzmetrics.pipeline.inputs import HUB, Inputs, Rows, inputs, of_others
from hzmetrics.store import copies

if TYPE_CHECKING:
    import sqlalchemy as sa

    from hzmetrics.pipeline.steps import Step
    from hzmetrics.store import Store
    from hzmetrics.store.database import Database

UNCHANGED = 300
"""Seconds for which tables of others count as unchanged; to the end of a unit of work in any case."""


class Change(NamedTuple):
    """A change of rows of some months."""

    months: Months
    without: frozenset[Month] = frozenset()
    """Those of them whose rows cannot have changed."""

    def touches(self, months: Months) -> bool:
        """Whether rows of some other months may be among them."""
        first, last = max(self.months.first, months.first), min(self.months.last, months.last)
        return first <= last and any(month not in self.without for month in first.through(last))


class Done(NamedTuple):
    """A step that ran to its end."""

    time: int
    reads: Rows


class Changes:
    """The changes of a run, in their order, and when each step ran."""

    def __init__(self, store: Store, is_single: bool = False) -> None:
        """`is_single`: the run does one unit of work, in which tables of others count as unchanged."""
        self._others = {} if is_single else of_others(store)
        self._digests: dict[str, bytes] = {}
        self._compared: set[str] = set()
        """Those of them that have been looked at since `_looked`."""
        self._looked: float | None = None
        """When a unit last began to look at tables of others."""
        self._time = 0
        self._changes: dict[str, dict[Change, int]] = {}
        """By table, the oldest first: when each last happened."""
        self._done: dict[tuple[tuple[str, ...], Month | None], Done] = {}
        """By kind of step and month."""

    def begin_unit(self) -> None:
        """Another unit of work begins: after a while, it looks at the tables of others again."""
        now = time.monotonic()
        if self._looked is not None and now - self._looked < UNCHANGED:
            return
        self._looked = now
        self._compared.clear()
        self._note({HUB: ALL_MONTHS})
        copies.forget()

    def imported(self, months: Iterable[Month]) -> None:
        """Rows of some months are imported."""
        for month in months:
            self._wrote({"web": Months(month, month)})

    def reset(self, month: Month) -> None:
        """A month loses its sessions."""
        names = ("websessions", "websessions.removed", "web.sessionid", "toolstart.sessionid")
        self._wrote(dict.fromkeys(names, Months(month, month)))

    def run(self, step: Step, work: Callable[[], int]) -> int:
        """Do the work of a step, if there may be any; returns the rows written. Raises what it raises."""
        found = inputs(step)
        if found is None:
            return work()
        self._compare(found.reads)
        if self._is_done(found):
            log.debug("%s: nothing that it reads has changed since it had nothing more to do", step)
            return 0
        self._done.pop((found.kind, found.month), None)
        rows: int | None = None  # a step that fails may have written some
        try:
            rows = work()
        finally:
            if rows != 0:
                self._wrote(found.writes, self._completed(found.kind))
        self._done[found.kind, found.month] = Done(self._time, found.reads)
        return rows

    def ask(self, steps: Iterable[Step], without_rows: Callable[[Sequence[Step]], Iterable[Step]]) -> None:
        """Let `without_rows` say which steps, of those that may have work, would find no row: they count as done."""
        asked = [step for step in steps if (found := inputs(step)) and not self._is_done(found)]
        for step in without_rows(asked) if asked else ():
            found = inputs(step)
            assert found is not None
            log.debug("%s: no row lacks what it gives", step)
            self._done[found.kind, found.month] = Done(self._time, found.reads)

    def _wrote(self, rows: Rows, without: frozenset[Month] = frozenset()) -> None:
        """The run may have written rows."""
        copies.written(rows)
        self._note(rows, without)

    def _note(self, rows: Rows, without: frozenset[Month] = frozenset()) -> None:
        self._time += 1
        for name, months in rows.items():
            changes, change = self._changes.setdefault(name, {}), Change(months, without)
            changes.pop(change, None)
            changes[change] = self._time

    def _compare(self, names: Rows) -> None:
        """Look at those tables of others that have not been looked at yet."""
        for name in names.keys() & self._others.keys() - self._compared:
            digest = _digest(*self._others[name])
            if not digest or digest != self._digests.get(name):
                self._note({name: ALL_MONTHS})
            self._digests[name] = digest
            self._compared.add(name)

    def _is_done(self, step: Inputs) -> bool:
        """Whether a step has run on inputs as they are. The rows of its margin may have been seen to later."""
        done = self._done.get((step.kind, step.month))
        if done is None or self._have_changed(done):
            return False
        margin = {month: Done(done.time, dict.fromkeys(step.reads, Months(month, month))) for month in step.margin}
        changed = {month for month, rows in margin.items() if self._have_changed(rows)}
        return not changed or changed <= self._completed(step.kind)

    def _completed(self, kind: tuple[str, ...]) -> frozenset[Month]:
        """The months that steps of a kind have completed, and that have not changed since."""
        return frozenset(
            month for (one, month), done in self._done.items() if one == kind and month and not self._have_changed(done)
        )

    def _have_changed(self, done: Done) -> bool:
        """Whether what a step has read is not any more as it was."""
        return any(
            change.touches(months) for name, months in done.reads.items() for change in self._since(done.time, name)
        )

    def _since(self, time: int, name: str) -> Iterator[Change]:
        """The changes of a table after a time, the last first."""
        for change, happened in reversed(self._changes.get(name, {}).items()):
            if happened <= time:
                return
            yield change


def _digest(database: Database, table: sa.Table, columns: Sequence[str]) -> bytes:
    """What tells the rows of a table from others; empty if they cannot be read, which the step will report."""
    digest = hashlib.blake2b()
    try:
        for batch in copies.stream(database, table, *columns):
            digest.update(batch.serialize())
    except StoreError:
        return b""
    return digest.digest()
