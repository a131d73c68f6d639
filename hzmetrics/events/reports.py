"""The documents about events (spec 84 §9). Times in them are UTC without a zone suffix."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from hzmetrics.calendar import Clock, epoch, moment, utc
from hzmetrics.events import heatmap
from hzmetrics.events.levels import disk_level
from hzmetrics.events.settings import EventSettings
from hzmetrics.events.update import EVALUATED_UNTIL, HOUR, free_space
from hzmetrics.store import Store
from hzmetrics.store.live_state import recall
from hzmetrics.store.tables.live import anomalies, events, hourly_stats

Document = dict[str, Any]

HOUR_COLUMNS = ("hour", "event", "count", "free_disk_space")
"""The columns of `hours`."""


def stats(store: Store, settings: EventSettings, clock: Clock, weeks_ago: int) -> list[Document]:
    """The 168 cells of a week."""
    monday = heatmap.week_start(clock.now, weeks_ago, settings.zone)
    edges = (monday - dt.timedelta(days=1), monday + dt.timedelta(days=8))
    low, high = (utc(int(edge.replace(tzinfo=settings.zone).timestamp())) for edge in edges)
    query = sa.select(hourly_stats).where(hourly_stats.c.start >= low, hourly_stats.c.start < high)
    return heatmap.week(_hours(store, query), clock.now, weeks_ago, settings.zone)


def recent_stats(store: Store, settings: EventSettings, number: int) -> list[Document]:
    """The latest closed hours, newest first."""
    query = sa.select(hourly_stats).order_by(hourly_stats.c.start.desc()).limit(number)
    return [heatmap.cell_of(hour, settings.zone) for hour in _hours(store, query)]


def anomaly_list(store: Store, limit: int) -> list[Document]:
    """The latest anomalies, newest first."""
    rows = store.metrics.rows(sa.select(anomalies).order_by(anomalies.c.when.desc()).limit(limit))
    return [{"alarm": row.alarm, "events": json.loads(row.events), "when": _plain(row.when)} for row in rows]


def recent_anomalies(store: Store, settings: EventSettings, clock: Clock) -> Document:
    """The anomalies of the last minutes, oldest first: time to counts and level."""
    since = utc(epoch(clock.utc) - 60 * settings.recent_minutes)
    rows = store.metrics.rows(sa.select(anomalies).where(anomalies.c.when >= since).order_by(anomalies.c.when))
    return {_plain(row.when): [json.loads(row.events), row.alarm] for row in rows}


def activities(store: Store, settings: EventSettings, clock: Clock) -> Document:
    """The event memory, by number: time and name."""
    low, high = utc(epoch(clock.utc) - settings.event_memory), clock.utc
    query = sa.select(events).where(events.c.time >= low, events.c.time <= high).order_by(events.c.id)
    return memory((row.id, row.time, row.name) for row in store.metrics.rows(query))


def memory(rows: Iterable[tuple[int, str, str]]) -> Document:
    """The document of some events: number, time, name."""
    return {str(number): [_plain(time), name] for number, time, name in sorted(rows)}


def activity_summary(store: Store, settings: EventSettings, clock: Clock) -> Document:
    """Counts by name over the event memory and the current hour; all configured names appear."""
    now = epoch(clock.utc)
    names = [*settings.signatures.names, *(n for n in settings.rules.thresholds if n not in settings.signatures.names)]

    def counts(low: int) -> dict[str, int]:
        query = (
            sa.select(events.c.name, sa.func.count().label("n"))
            .where(events.c.time >= utc(low), events.c.time <= clock.utc)
            .group_by(events.c.name)
        )
        found: Mapping[str, int] = Counter({row.name: row.n for row in store.metrics.rows(query)})
        return {name: found[name] for name in names}

    return {"memory": counts(now - settings.event_memory), "hour": counts(now // HOUR * HOUR)}


def stress(store: Store, settings: EventSettings) -> Document:
    """The levels as of the last evaluation, and the free space in MiB; None, and -1, where it is not known."""
    evaluated = recall(store.metrics, EVALUATED_UNTIL)
    alarm = sa.select(anomalies.c.alarm).where(anomalies.c.when == evaluated)
    free = free_space(settings)
    return {
        "activity": None if evaluated is None else store.metrics.scalar(alarm) or 0,
        "disk": disk_level(free, settings.max_upload_mb, settings.disk_factors) if free >= 0 else None,
        "free_disk_space": free,
        "evaluated_until": evaluated and _plain(evaluated),
    }


def memory_rows(store: Store, settings: EventSettings, clock: Clock, limit: int) -> list[Document]:
    """The latest events of the event memory, newest first: number, time, event, duration."""
    low = utc(epoch(clock.utc) - settings.event_memory)
    query = sa.select(events).where(events.c.time >= low, events.c.time <= clock.utc)
    rows = store.metrics.rows(query.order_by(events.c.id.desc()).limit(limit))
    return [{"number": row.id, "time": _plain(row.time), "event": row.name, "duration": row.duration} for row in rows]


def week_hours(store: Store, settings: EventSettings, clock: Clock, weeks_ago: int) -> list[tuple[str, str, int, int]]:
    """The hourly summaries of a week, as `hours` gives them."""
    monday = heatmap.week_start(clock.now, weeks_ago, settings.zone)
    edges = (monday, monday + dt.timedelta(days=7))
    low, high = (utc(int(edge.replace(tzinfo=settings.zone).timestamp())) for edge in edges)
    return hours(store, low, high)


def hours(store: Store, low: str, high: str) -> list[tuple[str, str, int, int]]:
    """Hourly summaries from `low` up to `high` (UTC): hour, name, count, free space; an empty hour has one row."""
    query = sa.select(hourly_stats).where(hourly_stats.c.start >= low, hourly_stats.c.start < high)
    rows = []
    for row in store.metrics.rows(query.order_by(hourly_stats.c.start)):
        summary = json.loads(row.summary) or {"": 0}
        rows += [(_plain(row.start), name, count, row.free_disk_space) for name, count in sorted(summary.items())]
    return rows


def _hours(store: Store, query: sa.Select[Any]) -> list[heatmap.Hour]:
    return [
        heatmap.Hour(moment(row.start), json.loads(row.summary), row.free_disk_space)
        for row in store.metrics.rows(query)
    ]


def _plain(instant: str) -> str:
    return instant.rstrip("Z")
