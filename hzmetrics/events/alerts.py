"""Alerts: a command is run when the hub is under stress (spec 84 §9)."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Sequence
from typing import Any

from hzmetrics.calendar import Clock, epoch
from hzmetrics.events.outcome import NewEvent, Outcome
from hzmetrics.events.settings import EventSettings
from hzmetrics.log import log
from hzmetrics.output.document import document
from hzmetrics.store import Store
from hzmetrics.store.live_state import recall, remember

LAST_ALERT, LAST_FAILURE = "events.last_alert", "events.last_alert_failure"
RETRY = 60
"""Seconds from a failed alert to the next attempt."""
TIMEOUT = 30
"""Seconds that the command may take."""
ADDRESSES = 5


def alert(store: Store, settings: EventSettings, clock: Clock, outcome: Outcome, new: Sequence[NewEvent]) -> None:
    """Run the alert command, unless an alert was given within the alert interval.

    A command that fails is an error in the log; it is run again after a minute.
    """
    if _is_recent(store, LAST_ALERT, clock, settings.alert_interval_minutes * 60):
        return
    if _is_recent(store, LAST_FAILURE, clock, RETRY):
        return
    message = document(describe(settings, clock, outcome, new))
    happened = LAST_ALERT
    try:
        subprocess.run(
            settings.alert_command, input=message.encode(), timeout=TIMEOUT, check=True, stdout=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError) as error:
        log.error("[events] alert_command failed: %s", error)
        happened = LAST_FAILURE
    with store.metrics.begin() as connection:
        remember(connection, happened, clock.utc)


def _is_recent(store: Store, name: str, clock: Clock, seconds: int) -> bool:
    last = recall(store.metrics, name)
    return last is not None and 0 <= epoch(clock.utc) - epoch(last) < seconds


def describe(settings: EventSettings, clock: Clock, outcome: Outcome, new: Sequence[NewEvent]) -> dict[str, Any]:
    """The document that the alert command reads on its standard input."""
    thresholds = settings.rules.thresholds
    exceeded = {name: count for name, count in outcome.counts.items() if count > thresholds.get(name, float("inf"))}
    addresses = Counter(event.address for event in new if event.name in exceeded)
    return {
        "site": settings.site,
        "time": clock.utc,
        "activity_level": outcome.activity_level,
        "disk_level": outcome.disk_level,
        "free_disk_space": outcome.free_disk_space,
        "exceeded": {name: {"count": count, "threshold": thresholds[name]} for name, count in exceeded.items()},
        "addresses": dict(addresses.most_common(ADDRESSES)),
    }
