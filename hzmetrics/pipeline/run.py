"""`run`: units of work under the run lock (spec 60 §2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from hzmetrics import journal, lock, scratch, snapshots
from hzmetrics.errors import LockHeld
from hzmetrics.grids import logins
from hzmetrics.log import log
from hzmetrics.pipeline import corrections
from hzmetrics.pipeline.work import Progress, Work
from hzmetrics.store import state
from hzmetrics.store.schema import require_transactional
from hzmetrics.store.tables.metrics import pipeline_state, session_revisions
from hzmetrics.tools import visitors

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.store import Store


def run(
    store: Store,
    settings: Settings,
    *,
    every: bool = False,
    dry_run: bool = False,
    yes: bool = False,
    progress: Progress = lambda done, left, what: None,
) -> int:
    """Do up to `months_per_run` units of work; with `every`, until a normal unit is done. Returns the exit code.

    0: done, or another run holds the lock; 1: a source file, a directory of logs or a lookup of the daily analysis
    failed, but everything else is done. An error that stops a unit is raised.
    """
    store.require("hub", "metrics")
    settings = corrections.in_force(settings, state.read(store))
    if dry_run:
        return Work(store, settings, dry_run=True).units(1, progress)
    try:
        with lock.hold(settings), journal.record(settings, "run") as recording:
            scratch.sweep()
            require_transactional(store)
            make_state_table(store)
            corrections.adopt(store, settings, yes)
            limit = None if every else settings.months_per_run
            with keeping(), closing(Work(store, settings, is_single=limit == 1)) as work:
                code = max(work.units(limit, progress, recording), work.publish())
                recording.update(exit_code=code, error=work.error)
                return code
    except LockHeld as held:
        log.info("%s", held)
        return 0


@contextmanager
def keeping() -> Iterator[None]:
    """Within this context, what summaries have compared with the database stays compared: only the run changes it."""
    with logins.kept(), snapshots.kept(), visitors.kept():
        yield


def make_state_table(store: Store) -> None:
    """Create the tables of state keys and of revisions if they are missing (spec 60 §4, spec 50 §16)."""
    missing = [table for table in (pipeline_state, session_revisions) if table.name not in store.metrics.table_names]
    if missing:
        with store.metrics.begin() as connection:
            for table in missing:
                table.create(connection, checkfirst=True)
        del store.metrics.table_names
