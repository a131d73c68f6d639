"""From new log lines to events, anomalies and hours, in one transaction (spec 84 §5 to §8)."""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Sequence

import sqlalchemy as sa

from hzmetrics.calendar import Clock, epoch, utc
from hzmetrics.events import levels
from hzmetrics.events.alerts import alert
from hzmetrics.events.outcome import NewEvent, Outcome
from hzmetrics.events.settings import EventSettings
from hzmetrics.follow import follower
from hzmetrics.follow.follower import Consumer, Reading
from hzmetrics.follow.lines import Entry
from hzmetrics.follow.settings import Following
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.live_state import remember
from hzmetrics.store.tables.live import anomalies, capability_state, events, hourly_stats

HOUR = 3600
SPACE_VALID = 600
"""Seconds after the end of an hour within which free space is still that of its end."""

EVALUATED_UNTIL = "events.evaluated_until"
STATS_FROM = "events.stats_from"
LAST_UPDATE = "events.last_update"


def update(
    store: Store, following: Following, settings: EventSettings, clock: Clock, others: Sequence[Consumer] = ()
) -> Outcome:
    """Read what the followed logs have gained and bring everything made of it up to the clock.

    `others` look at the same entries and store what they make of them in the same transaction.
    """
    accounting = Accounting(settings, clock)
    reading = follower.update(store, following, clock, [accounting, *others])
    outcome = accounting.outcome
    outcome.reading = reading
    if reading.lines:
        log.info(
            "events: %d lines, %d unrecognised, %d events, %d too old to count",
            reading.lines, reading.unrecognised, outcome.events, outcome.dropped,
        )  # fmt: skip
    if settings.alert_command and (outcome.activity_level or outcome.disk_level):
        alert(store, settings, clock, outcome, accounting.new)
    return outcome


class Accounting:
    """Takes entries, names events, and stores what follows from them: a consumer of followed logs."""

    def __init__(self, settings: EventSettings, clock: Clock) -> None:
        self.settings = settings
        self.now = epoch(clock.utc)
        self.utc = clock.utc
        self.new: list[NewEvent] = []
        self.outcome = Outcome()

    def take(self, entry: Entry) -> None:
        name = self.settings.signatures.name(entry.source, entry.method, entry.target, entry.status)
        if name is not None:
            self.new.append(NewEvent(entry.time, name, entry.source, entry.duration, entry.address))

    def store(self, connection: sa.Connection, reading: Reading) -> None:
        self.new.sort(key=lambda event: event.time)
        state = _state(connection)
        horizon = self.settings.rules.floor(self.now - self.settings.settle)
        if reading.cut_at is not None:
            horizon = min(horizon, self.settings.rules.floor(reading.cut_at))
        self._measure_space(connection)
        self._append_events(connection)
        self._evaluate(connection, state, horizon)
        if self.new or STATS_FROM in state or reading.cut_at is None:
            self._close_hours(connection, state, horizon)
        self._purge(connection, horizon)
        remember(connection, LAST_UPDATE, self.utc)

    def _measure_space(self, connection: sa.Connection) -> None:
        self.outcome.free_disk_space = free_space(self.settings)
        if self.outcome.free_disk_space >= 0:
            self.outcome.disk_level = levels.disk_level(
                self.outcome.free_disk_space, self.settings.max_upload_mb, self.settings.disk_factors
            )

    def _append_events(self, connection: sa.Connection) -> None:
        self.outcome.events = len(self.new)
        if self.new:
            connection.execute(
                sa.insert(events),
                [
                    {"time": utc(event.time), "name": event.name, "source": event.source, "duration": event.duration}
                    for event in self.new
                ],
            )

    def _evaluate(self, connection: sa.Connection, state: dict[str, str], horizon: int) -> None:
        rules = self.settings.rules
        if EVALUATED_UNTIL in state:
            after = done = epoch(state[EVALUATED_UNTIL])
            late = [event.time for event in self.new if self.now - self.settings.max_late <= event.time < done]
            if late:
                after = rules.floor(late[0])
                connection.execute(sa.delete(anomalies).where(anomalies.c.when > utc(after)))
        else:
            after = done = min(rules.floor(self.new[0].time), horizon) if self.new else horizon
        until = max(horizon, done)
        if until > after:
            previous = connection.execute(sa.select(anomalies.c.alarm).where(anomalies.c.when == utc(after))).scalar()
            reach = events.c.time >= utc(after + rules.interval - rules.window), events.c.time < utc(until)
            rows = connection.execute(sa.select(events.c.time, events.c.name).where(*reach).order_by(events.c.time))
            found = levels.evaluate([(epoch(row.time), row.name) for row in rows], after, until, previous or 0, rules)
            if found:
                connection.execute(
                    sa.insert(anomalies),
                    [{"when": utc(one.when), "alarm": one.level, "events": json.dumps(one.counts)} for one in found],
                )
            self.outcome.anomalies = len(found)
        now = connection.execute(
            sa.select(anomalies.c.alarm, anomalies.c.events).where(anomalies.c.when == utc(until))
        ).first()
        if now is not None:
            self.outcome.activity_level, self.outcome.counts = now.alarm, json.loads(now.events)
        remember(connection, EVALUATED_UNTIL, utc(until))

    def _close_hours(self, connection: sa.Connection, state: dict[str, str], horizon: int) -> None:
        begin = epoch(state[STATS_FROM]) if STATS_FROM in state else min([self.now, *(e.time for e in self.new[:1])])
        begin = begin // HOUR * HOUR
        if STATS_FROM not in state:
            remember(connection, STATS_FROM, utc(begin))
        latest = connection.execute(sa.select(sa.func.max(hourly_stats.c.start))).scalar()
        first_open = epoch(latest) + HOUR if latest else begin
        if self.settings.stats_keep_days:
            first_open = max(first_open, (self.now // HOUR - 24 * self.settings.stats_keep_days) * HOUR)
        closed_until = max(horizon // HOUR * HOUR, first_open)
        self._add_late_events(connection, first_open)
        if closed_until == first_open:
            return
        reach = events.c.time >= utc(first_open), events.c.time < utc(closed_until)
        counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
        for row in connection.execute(sa.select(events.c.time, events.c.name).where(*reach)):
            counts[epoch(row.time) // HOUR * HOUR][row.name] += 1
        rows = [
            {
                "start": utc(start),
                "summary": _json(counts[start]),
                "free_disk_space": self.outcome.free_disk_space if self.now - start - HOUR <= SPACE_VALID else -1,
            }
            for start in range(first_open, closed_until, HOUR)
        ]
        connection.execute(sa.insert(hourly_stats), rows)
        self.outcome.hours = len(rows)

    def _add_late_events(self, connection: sa.Connection, first_open: int) -> None:
        """Events of closed hours go to their rows, however late; older ones than the first row count for nothing."""
        late: defaultdict[int, Counter[str]] = defaultdict(Counter)
        for event in self.new:
            if event.time < first_open:
                late[event.time // HOUR * HOUR][event.name] += 1
        for start, counts in late.items():
            hour = hourly_stats.c.start == utc(start)
            summary = connection.execute(sa.select(hourly_stats.c.summary).where(hour)).scalar()
            if summary is None:
                self.outcome.dropped += counts.total()
            else:
                total = Counter(json.loads(summary)) + counts
                connection.execute(sa.update(hourly_stats).where(hour).values(summary=_json(total)))

    def _purge(self, connection: sa.Connection, horizon: int) -> None:
        keep = self.settings
        needed = min(horizon // HOUR * HOUR, self.now - keep.max_late) - keep.rules.window
        for table, time, seconds in (
            (events, events.c.time, max(keep.events_keep_hours * HOUR, self.now - needed)),
            (hourly_stats, hourly_stats.c.start, keep.stats_keep_days * 24 * HOUR),
            (anomalies, anomalies.c.when, keep.anomalies_keep_days * 24 * HOUR),
        ):
            if seconds:
                connection.execute(sa.delete(table).where(time < utc(self.now - seconds)))


def free_space(settings: EventSettings) -> int:
    """Free space of the watched file system for an ordinary user, in MiB; -1 and a warning if it cannot be told."""
    try:
        status = os.statvfs(settings.disk_path)
    except OSError as error:
        log.warning("[events] disk_path: cannot measure %s: %s", settings.disk_path, error.strerror)
        return -1
    return status.f_bavail * status.f_frsize >> 20


def _json(counts: Counter[str]) -> str:
    return json.dumps(dict(sorted(counts.items())))


def _state(connection: sa.Connection) -> dict[str, str]:
    return {row.name: row.value for row in connection.execute(sa.select(capability_state))}
