"""Telling somebody that the hub is under stress (spec 84 §9)."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from hzmetrics.calendar import Clock, epoch
from hzmetrics.events.outcome import NewEvent, Outcome
from hzmetrics.events.settings import EventSettings
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.live_state import remember
from hzmetrics.store.tables.live import capability_state

LAST_ALERT = "events.last_alert"
TIMEOUT = 60
ADDRESSES = 5


def alert(store: Store, settings: EventSettings, clock: Clock, outcome: Outcome, new: Sequence[NewEvent]) -> None:
    """Run the alert command, unless it ran within the alert interval. A failing command is logged, no more."""
    last = store.metrics.scalar(sa.select(capability_state.c.value).where(capability_state.c.name == LAST_ALERT))
    if last and 0 <= epoch(clock.utc) - epoch(last) < settings.alert_interval_minutes * 60:
        return
    with store.metrics.begin() as connection:
        remember(connection, LAST_ALERT, clock.utc)
    message = json.dumps(describe(settings, clock, outcome, new))
    try:
        subprocess.run(
            settings.alert_command, input=message.encode(), timeout=TIMEOUT, check=True, stdout=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError) as error:
        log.error("[events] alert_command failed: %s", error)


def describe(settings: EventSettings, clock: Clock, outcome: Outcome, new: Sequence[NewEvent]) -> dict[str, Any]:
    """What the alert command gets on its standard input."""
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
