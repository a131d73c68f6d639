"""How old the newest of everything is that should keep coming, and from which age on that is a problem (spec 65 §7).

What is made of something else is judged when that last came: a cron that has stopped is one problem, not many.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hzmetrics import journal
from hzmetrics.activity.monitor import last_sampled
from hzmetrics.calendar import midnight, moment, month_of
from hzmetrics.capability import Family
from hzmetrics.config import Settings, schema
from hzmetrics.errors import HzmetricsError, UsageError
from hzmetrics.ingest import sources
from hzmetrics.online.files import map_directory
from hzmetrics.online.refresh import NAME
from hzmetrics.store import Store, state
from hzmetrics.store.tables.metrics import summary_misc_vals, summary_user_vals, userlogin, web

AHEAD = dt.timedelta(days=1)
"""Rows that are further in the future come from a wrong clock and say nothing about what arrives."""


OURS = ("tick", "run")
"""What this program records itself: a time that is still to come says that a clock is wrong."""

SET_BACK = dt.timedelta(hours=2)
"""How far a time may be ahead: wall clocks are set back an hour in autumn."""


@dataclass(frozen=True)
class Freshness:
    """The newest of something, and its age."""

    name: str
    """tick, run, map, sample, request, login or grid."""
    newest: str
    """Its time on the clock of this machine; of a grid, the end of its month. Empty: there is none yet."""
    age_seconds: int | None
    """None: there is none yet."""
    limit_seconds: int | None
    """The age from which on it is a problem; None: it is not judged."""
    problem: str = ""
    """What is wrong, in words; empty: nothing."""

    @property
    def timestamp(self) -> int:
        """The time of the newest, in seconds of the epoch."""
        return int(moment(self.newest).timestamp())


class Judge:
    """Judges by the clock of one invocation."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.limits = settings.section(schema.Freshness)
        self.now = settings.clock.now.replace(tzinfo=None)
        self.zone = ZoneInfo(settings.hub.timezone) if settings.hub.timezone else None
        self.tick = journal.read(settings, "tick")
        self.run = journal.read(settings, "run")
        self.log = settings.paths.log_file

    def of_files(self) -> Iterator[Freshness]:
        """What is known without a database: the last tick, the last run, the map."""
        yield self._tick()
        yield self._run()
        if not self.settings.is_site and self.settings.hub.hub_dir is not None:
            yield self._map()

    def of_rows(self, store: Store, sample_interval: int | None) -> Iterator[Freshness]:
        """What the databases hold. `sample_interval`: in seconds; None: activity is not sampled. Raises StoreError."""
        if sample_interval is not None:
            yield self._sample(store, sample_interval)
        is_in_order = state.read(store).mode == "normal"  # in a backlog, old months come first
        request = self._arrival(store, "request", "access", web, self.limits.request_days * is_in_order)
        yield request
        if not self.settings.is_site:
            yield self._arrival(store, "login", "auth", userlogin, self.limits.login_days * is_in_order)
        yield self._grid(store, self.limits.grid_days * is_in_order, request.newest)

    def _tick(self) -> Freshness:
        limit = dt.timedelta(minutes=self.limits.tick_minutes)
        if self.tick is None:
            is_installed = bool(limit) and self.settings.paths.state.is_dir()
            said = "no tick yet: cron does not call hzmetrics tick; hzmetrics doctor shows the line for cron"
            return _none("tick", limit, said if is_installed else "")
        said = f"no tick since {self.tick.started}; check that cron calls hzmetrics tick every five minutes"
        return self._aged("tick", self.tick.started, limit, said)

    def _run(self) -> Freshness:
        limit = dt.timedelta(hours=self.limits.run_hours)
        if self.run and self.run.succeeded:
            said = f"no run has succeeded since {self.run.succeeded}; see {self.log}"
            return self._aged("run", self.run.succeeded, limit, said)
        since = _well_since(self.tick)
        said = f"no run yet, although ticks succeed since {since}: cron must call hzmetrics tick at minute 30 too"
        return _none("run", limit, said if self._is_late(since, limit) else "")

    def _map(self) -> Freshness:
        limit = dt.timedelta(minutes=self.limits.map_minutes)
        try:
            path = map_directory(self.settings) / NAME
            written = path.stat().st_mtime
        except (HzmetricsError, OSError):
            return _none("map", limit)  # the outcome of the step says why
        ticked = journal.written_at(self.settings, "tick") or written
        is_late = bool(limit) and ticked - written > limit.total_seconds()
        said = f"the last ticks did not refresh {path}; see {self.log}"
        age = max(0, int(time.time() - written))
        return Freshness("map", _local(written), age, _seconds(limit), said if is_late else "")

    def _sample(self, store: Store, interval: int) -> Freshness:
        limit = dt.timedelta(seconds=self.limits.sample_intervals * interval)
        sampled = last_sampled(store)
        if sampled is None:
            return _none("sample", limit)
        newest = _local(sampled)
        said = f"the last ticks took no sample of the users' activity since {newest}; see {self.log}"
        at = moment(self.tick.started) if self.tick else self.now
        return self._aged("sample", newest, limit, said, at)

    def _arrival(self, store: Store, name: str, kind: sources.Kind, table: sa.Table, days: int) -> Freshness:
        """Requests or logins. A log that waits for its import has arrived."""
        limit = dt.timedelta(days=days)
        now = self._on_hub_clock(self.settings.clock.now)
        horizon = f"{now + min(AHEAD, dt.datetime.max - now):%Y-%m-%d %H:%M:%S}"
        query = sa.select(sa.func.max(table.c.datetime)).where(table.c.datetime <= horizon)
        newest = self._of_hub_clock(store.metrics.scalar(query))
        waiting = [
            self._of_hub_clock(midnight(source.date))
            for source in sources.pending(self.settings)
            if source.kind == kind
        ]
        logs = sources.base(self.settings, kind) / sources.PENDING[0]
        place = f"in {logs}" if not self.settings.is_site else "where [logs] files says"
        hint = f"see whether logs still arrive {place}; the limit is {name}_days in [freshness]"
        if not newest and not waiting:
            since = _well_since(self.run) if kind == "access" else ""  # a hub may have no logins
            said = f"no {name} yet, although runs succeed since {since}; {hint}"
            return _none(name, limit, said if self._is_late(since, limit) else "")
        is_late = self._is_late(max([newest, *waiting]), limit)
        return self._aged(name, newest, limit, f"the newest {name} is of {newest}; {hint}" if is_late else "")

    def _on_hub_clock(self, instant: dt.datetime) -> dt.datetime:
        """An instant as the databases hold it: in the zone of the hub."""
        with suppress(OverflowError):  # at the ends of the calendar
            instant = instant.astimezone(self.zone) if self.zone else instant
        return instant.replace(tzinfo=None)

    def _of_hub_clock(self, stored: str | None) -> str:
        """A stored time on the clock of this machine; empty if it is none of the calendar."""
        with suppress(UsageError, OverflowError):
            time = moment(stored or "")
            return f"{time.replace(tzinfo=self.zone).astimezone() if self.zone else time:%Y-%m-%d %H:%M:%S}"
        return ""

    def _grid(self, store: Store, days: int, requested: str) -> Freshness:
        """The newest summary, judged at the time of the newest request: without requests there is none to come."""
        limit = dt.timedelta(days=days)
        cells = (summary_misc_vals if self.settings.is_site else summary_user_vals).c
        newest = sa.select(sa.func.max(cells.datetime))
        before = self.settings.clock.month.key
        month = month_of(store.metrics.scalar(newest.where(cells.period == 1, cells.datetime < before)) or "")
        if month is None:
            return _none("grid", limit)
        said = f"the newest summary is that of {month}; see {self.log}; the limit is grid_days in [freshness]"
        at = min(self.now, moment(requested)) if requested else moment(month.stop)
        return self._aged("grid", month.stop, limit, said, at)

    def _aged(self, name: str, newest: str, limit: dt.timedelta, said: str, at: dt.datetime | None = None) -> Freshness:
        """Something of a known age; `said` is the problem if it is late, now or `at` an earlier time."""
        age = max(0, int((self.now - moment(newest)).total_seconds())) if newest else None
        if newest and name in OURS and moment(newest) - self.now > SET_BACK:
            said = f"the last {name} is of {newest}, which is still to come: the clock was ahead, or is behind now"
            return Freshness(name, newest, age, _seconds(limit), said)
        return Freshness(name, newest, age, _seconds(limit), said if self._is_late(newest, limit, at) else "")

    def _is_late(self, newest: str, limit: dt.timedelta, at: dt.datetime | None = None) -> bool:
        return bool(newest and limit) and (at or self.now) - moment(newest) > limit


def families(found: Sequence[Freshness]) -> Iterator[Family]:
    """The text for Prometheus: times, from which it computes ages even if this is not written any more, and ages."""
    times = {one.name: one.timestamp for one in found if one.newest}
    ages = {one.name: one.age_seconds for one in found if one.age_seconds is not None}
    limits = {one.name: one.limit_seconds for one in found if one.limit_seconds is not None}
    yield Family("newest_timestamp_seconds", "Time of the newest of its kind", times, "kind", "seconds")
    yield Family("newest_age_seconds", "Age of the newest of its kind when this was written", ages, "kind", "seconds")
    yield Family("newest_age_limit_seconds", "Age from which on it is a problem", limits, "kind", "seconds")


def _none(name: str, limit: dt.timedelta, problem: str = "") -> Freshness:
    """There is none yet."""
    return Freshness(name, "", None, _seconds(limit), problem)


def _well_since(entry: journal.Entry | None) -> str:
    """Since when everything ends well, without a failure; empty: it does not, or never ended."""
    return entry.since if entry and entry.exit_code == 0 else ""


def _local(time: float) -> str:
    return f"{dt.datetime.fromtimestamp(time):%Y-%m-%d %H:%M:%S}"


def _seconds(limit: dt.timedelta) -> int | None:
    return int(limit.total_seconds()) or None
