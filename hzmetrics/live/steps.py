"""The steps of a tick before the pipeline: each under its lock, its outcome recorded (spec 60 §1, spec 80 §1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from hzmetrics import journal, lock
from hzmetrics.calendar import moment
from hzmetrics.capability import Family
from hzmetrics.config import Settings
from hzmetrics.errors import LockHeld
from hzmetrics.log import log, tell

MAP, LOGS, FOLLOW, PUBLISH = "map", "logs", "follow", "publish"
"""The steps that belong to no capability.

The map of who is online, a look at the logs to import, reading the followed logs, writing the text for Prometheus.
"""

STEPS = (MAP, LOGS, FOLLOW, "events", "active_users", "activity", "courses", PUBLISH)
"""In the order of the tick."""


def record_of(step: str) -> str:
    """The name under which the outcome of a step is recorded in the journal."""
    return f"live-{step}"


def outcomes(settings: Settings) -> Mapping[str, journal.Entry]:
    """How the last steps ended, each by its name, in the order of the tick. Steps that never ran are absent."""
    found = {step: journal.read(settings, record_of(step)) for step in STEPS}
    return {step: entry for step, entry in found.items() if entry}


def families(settings: Settings) -> Iterator[Family]:
    """The outcomes of the steps and of the run, for Prometheus."""
    ended = {**outcomes(settings), "run": journal.read(settings, "run")}
    known = {step: entry for step, entry in ended.items() if entry and entry.exit_code is not None}
    times = {step: int(moment(entry.succeeded).timestamp()) for step, entry in known.items() if entry.succeeded}
    well = {step: int(not entry.has_failed) for step, entry in known.items()}
    yield Family("step_success", "Whether the step ended well the last time: 1 or 0", well, "step")
    yield Family("step_success_timestamp_seconds", "When the step last ended well", times, "step", "seconds")


def do(settings: Settings, step: str, work: Callable[[], object], lock_name: str = "") -> None:
    """Do a step under its lock, and record its outcome. A failure is logged and ends nothing else."""
    with isolated(step), lock.hold(settings, lock_name or lock.of_step(step)):
        with journal.record(settings, record_of(step)) as recording:
            work()
            recording.update(exit_code=0)


def forget(settings: Settings, step: str) -> None:
    """Drop the outcome of a step that does not apply any more."""
    journal.forget(settings, record_of(step))


@contextmanager
def isolated(step: str) -> Iterator[None]:
    """Log what goes wrong in a step instead of raising it."""
    try:
        yield
    except LockHeld as held:
        log.info("%s: %s", step, held)
    except Exception as error:
        tell(error, step)
