"""From new log lines to events, anomalies and hours, in one transaction (spec 84 §5 to §8)."""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hzmetrics.calendar import Clock, epoch, utc
from hzmetrics.events import levels
from hzmetrics.events.alerts import alert
from hzmetrics.events.outcome import NewEvent, Outcome
from hzmetrics.events.settings import EventSettings
from hzmetrics.follow import follower
from hzmetrics.follow.follower import Reading
from hzmetrics.follow.settings import Following
from hzmetrics.log import log
from hzmetrics.output.document import document
from hzmetrics.store import Store
from hzmetrics.store.live_state import recall, remember
from hzmetrics.store.tables.live import anomalies, events, hourly_stats
from hzmetrics.store.upsert import upsert

if TYPE_CHECKING:
    import pyarrow as pa

HOUR = 3600
SPACE_VALID = 600
"""Seconds after the end of an hour within which the free space is stored as that of its end."""

EVALUATED_UNTIL = "events.evaluated_until"
STATS_FROM = "events.stats_from"


def update(store: Store, following: Following, settings: EventSettings, clock: Clock) -> Outcome:
    """Read the new lines of the followed logs for the events alone, and bring everything up to the clock.

    Raises UnreadLogs if a log cannot be read.
    """
    accounting = Accounting(store, settings, clock)
    accounting.finish(follower.update(store, following, clock, [accounting]))
    accounting.outcome.reading.require_all()
    return accounting.outcome


class Accounting:
    """Takes entries, names events, and stores what follows from them: a consumer of followed logs."""

    def __init__(self, store: Store, settings: EventSettings, clock: Clock) -> None:
        self.database = store
        self.settings = settings
        self.clock = clock
        self.now = epoch(clock.utc)
        self.new: list[NewEvent] = []
        self.outcome = Outcome()

    def take(self, source: str, entries: pa.Table) -> None:
        names = self.settings.signatures.name_all(source, entries)
        named = entries.append_column("name", names).filter(names.is_valid())
        columns = (named[column].to_pylist() for column in ("time", "name", "duration", "address"))
        for time, name, duration, address in zip(*columns, strict=True):
            self.new.append(NewEvent(time, name, source, duration, address))

    def store(self, connection: sa.Connection, reading: Reading) -> None:
        self.new.sort(key=lambda event: event.time)
        horizon = self.settings.rules.floor(self.now - self.settings.settle)
        if reading.cut_at is not None:
            horizon = min(horizon, self.settings.rules.floor(reading.cut_at))
        self._measure_space(connection)
        self._append_events(connection)
        stats_from = recall(connection, STATS_FROM)
        first = self._first_of_all(connection) if stats_from is None else self.new[0].time if self.new else None
        if stats_from or (not reading.unread and (first is not None or reading.cut_at is None)):
            self._evaluate(connection, first, horizon)
            self._close_hours(connection, stats_from, first, horizon)
        self._purge(connection, horizon)

    @staticmethod
    def _first_of_all(connection: sa.Connection) -> int | None:
        """The time of the first event of all logs: some are stored before each log could be read."""
        time = connection.execute(sa.select(sa.func.min(events.c.time))).scalar()
        return epoch(time) if time else None

    def finish(self, reading: Reading) -> None:
        outcome = self.outcome
        outcome.reading = reading
        if reading.lines:
            log.info(
                "events: %d lines, %d not recognized, %d events, %d before the first hour",
                reading.lines, reading.unrecognized, outcome.events, outcome.dropped,
            )  # fmt: skip
        if self.settings.alert_command and (outcome.activity_level or outcome.disk_level):
            alert(self.database, self.settings, self.clock, outcome, self.new)

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

    def _evaluate(self, connection: sa.Connection, first: int | None, horizon: int) -> None:
        rules = self.settings.rules
        mark = recall(connection, EVALUATED_UNTIL)
        if mark is None:
            after = done = horizon if first is None else min(rules.floor(first), horizon)
        else:
            after = done = self._not_ahead(epoch(mark), horizon)
            late = [event.time for event in self.new if self.now - self.settings.max_late <= event.time < done]
            if late:
                after = rules.floor(late[0])
        until = max(horizon, done)
        if until > after:
            self._find_anomalies(connection, after, until)
        latest = sa.select(anomalies.c.alarm, anomalies.c.events).where(anomalies.c.when == utc(until))
        now = connection.execute(latest).first()
        if now is not None:
            self.outcome.activity_level, self.outcome.counts = now.alarm, json.loads(now.events)
        remember(connection, EVALUATED_UNTIL, utc(until))

    def _not_ahead(self, mark: int, horizon: int) -> int:
        """The last evaluation; one that lies ahead, from a clock that was wrong, is replaced by the present one."""
        if mark <= self.now + self.settings.rules.interval:
            return mark
        log.warning("events: evaluated until %s, which is ahead of the clock; taken as of now", utc(mark))
        return horizon

    def _find_anomalies(self, connection: sa.Connection, after: int, until: int) -> None:
        """Evaluate again what lies between two evaluations; the anomalies found replace those recorded."""
        rules = self.settings.rules
        reach = events.c.time >= utc(after + rules.interval - rules.window), events.c.time < utc(until)
        rows = connection.execute(sa.select(events.c.time, events.c.name).where(*reach).order_by(events.c.time)).all()
        previous = connection.execute(sa.select(anomalies.c.alarm).where(anomalies.c.when == utc(after))).scalar()
        found = levels.evaluate([(epoch(row.time), row.name) for row in rows], after, until, previous or 0, rules)
        if rows:
            begin = max(after, epoch(rows[0].time))
            stored = anomalies.c.when > utc(begin), anomalies.c.when <= utc(until)
            connection.execute(sa.delete(anomalies).where(*stored))
        upsert(
            connection,
            anomalies,
            [{"when": utc(one.when), "alarm": one.level, "events": document(one.counts)} for one in found],
        )
        self.outcome.anomalies = len(found)

    def _close_hours(self, connection: sa.Connection, stats_from: str | None, first: int | None, horizon: int) -> None:
        begin = epoch(stats_from) if stats_from else self.now if first is None else min(self.now, first)
        begin = begin // HOUR * HOUR
        if not stats_from:
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
        """Add events of closed hours to their rows, however late; events before the first row are dropped."""
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
    """Free space of the watched file system for an ordinary user, in MiB; -1 and a warning if it is unknown."""
    try:
        status = os.statvfs(settings.disk_path)
    except OSError as error:
        log.warning("[events] disk_path: cannot measure %s: %s", settings.disk_path, error.strerror)
        return -1
    return status.f_bavail * status.f_frsize >> 20


def _json(counts: Counter[str]) -> str:
    return document(dict(sorted(counts.items())))
