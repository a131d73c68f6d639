"""`tick`: what cron calls every five minutes (spec 60 §1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hzmetrics import lock
from hzmetrics.errors import HzmetricsError, LockHeld
from hzmetrics.installation.bootstrap import bootstrap
from hzmetrics.log import log
from hzmetrics.pipeline import journal

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.store import Store

RUN_MINUTE = 30
"""The minute of the hour whose tick runs the pipeline."""


def tick(store: Store, settings: Settings, dry_run: bool = False) -> int:
    """The live map, the activity side, and at half past the hour a run.

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
        observe_activity(store, settings)
    if settings.clock.now.minute != RUN_MINUTE:
        return 0
    from hzmetrics.pipeline.run import run

    return run(store, settings, dry_run=dry_run)


def observe_activity(store: Store, settings: Settings) -> None:
    """The activity side (spec 80 §1), under its own lock. Whatever goes wrong with it, the tick goes on."""
    from hzmetrics.live.runner import ActivitySide

    try:
        with lock.hold(settings, lock.ACTIVITY):
            ActivitySide(store, settings).tick()
    except LockHeld as held:
        log.info("activity: %s", held)
    except Exception as error:
        log.error("activity: %s: %s", type(error).__name__, error, exc_info=error)


def refresh_map(store: Store, settings: Settings, dry_run: bool) -> None:
    """Who is online (spec 35), under its own lock. Whatever goes wrong with it, the tick goes on."""
    from hzmetrics.online.refresh import refresh_map as refresh

    try:
        if dry_run:
            refresh(store, settings, dry_run=True)
            return
        with lock.hold(settings, lock.ONLINE):
            refresh(store, settings)
    except LockHeld as held:
        log.info("map: %s", held)
    except HzmetricsError as error:
        log.warning("map: %s", error)
        log.debug("where it happened", exc_info=error)
    except Exception as error:
        log.error("map: %s: %s", type(error).__name__, error, exc_info=error)
