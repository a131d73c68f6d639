"""`tick`: what cron calls every five minutes (spec 60 §1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hzmetrics import journal, lock
from hzmetrics.installation.bootstrap import bootstrap

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.store import Store

RUN_MINUTE = 30
"""The minute of the hour whose tick runs the pipeline."""


def tick(store: Store, settings: Settings, dry_run: bool = False) -> int:
    """The live map, the live side, and at half past the hour a run.

    Returns the run's exit code, else 0; raises what stopped it.

    Whether it is half past was settled when the process started, however long anything here takes.
    """
    if dry_run:
        return _steps(store, settings, dry_run=True)
    with journal.record(settings, "tick") as recording:
        bootstrap(store, settings)
        code = _steps(store, settings, dry_run=False)
        recording.update(exit_code=code)
        return code


def _steps(store: Store, settings: Settings, dry_run: bool) -> int:
    refresh_map(store, settings, dry_run)
    if not dry_run:
        run_live_side(store, settings)
    if settings.clock.now.minute != RUN_MINUTE:
        return 0
    from hzmetrics.pipeline.run import run

    return run(store, settings, dry_run=dry_run)


def run_live_side(store: Store, settings: Settings) -> None:
    """The live side (spec 80 §1). A failure does not end the tick."""
    from hzmetrics.live.runner import Live

    Live(store, settings).tick()


def refresh_map(store: Store, settings: Settings, dry_run: bool) -> None:
    """The map of who is online (spec 35), under its own lock, if there is a hub. A failure does not end the tick."""
    from hzmetrics.live import steps
    from hzmetrics.online.refresh import refresh_map as refresh

    with steps.isolated(steps.MAP):
        if not _has_map(store, settings):
            steps.forget(settings, steps.MAP)
        elif dry_run:
            refresh(store, settings, dry_run=True)
        else:
            steps.do(settings, steps.MAP, lambda: refresh(store, settings), lock.ONLINE)


def _has_map(store: Store, settings: Settings) -> bool:
    """Whether there is a hub with visitors to show. Raises StoreError."""
    from hzmetrics.users.sources import hub_has_users

    return not settings.is_site and (settings.hub.hub_dir is not None or hub_has_users(store, settings))
