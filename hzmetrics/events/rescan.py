"""Reading the followed logs again from their first line (spec 84 §9)."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.calendar import Clock, epoch, utc
from hzmetrics.events.outcome import Outcome
from hzmetrics.events.settings import EventSettings
from hzmetrics.events.update import EVALUATED_UNTIL, HOUR, STATS_FROM, update
from hzmetrics.follow import follower
from hzmetrics.follow.settings import Following
from hzmetrics.store import Store
from hzmetrics.store.live_state import forget
from hzmetrics.store.tables.live import anomalies, events, hourly_stats


def rescan(store: Store, following: Following, settings: EventSettings, clock: Clock) -> Outcome:
    """Delete the progress and all results since the first line of the logs, then update until everything is read."""
    begin = min(follower.first_times(following), default=epoch(clock.utc))
    floor = utc(begin // HOUR * HOUR)
    with store.metrics.begin() as connection:
        follower.forget(connection, following)
        connection.execute(sa.delete(events).where(events.c.time >= utc(begin)))
        connection.execute(sa.delete(anomalies).where(anomalies.c.when >= utc(begin)))
        connection.execute(sa.delete(hourly_stats).where(hourly_stats.c.start >= floor))
        kept = connection.execute(sa.select(sa.func.max(hourly_stats.c.start))).scalar()
        forgotten = (EVALUATED_UNTIL,) if kept else (EVALUATED_UNTIL, STATS_FROM)
        forget(connection, *forgotten)
    while (outcome := update(store, following, settings, clock)).reading.cut_at is not None:
        pass
    return outcome
