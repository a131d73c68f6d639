"""The activity side as a whole: what reads the followed logs together, and what a tick does (spec 80 §1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import sqlalchemy as sa

from hzmetrics.active_users import counting as active_users
from hzmetrics.active_users.settings import ActiveUserSettings
from hzmetrics.activity import monitor
from hzmetrics.activity.sampling import JITTER
from hzmetrics.activity.settings import ActivitySettings
from hzmetrics.calendar import Clock, epoch
from hzmetrics.config import Settings
from hzmetrics.config.schema import Activity, Events
from hzmetrics.courses import counting, derived, outbox, progress, record
from hzmetrics.courses.derived import AccessOpens
from hzmetrics.courses.settings import Courses
from hzmetrics.errors import HzmetricsError, StoreError
from hzmetrics.events.settings import EventSettings
from hzmetrics.events.update import update
from hzmetrics.follow import follower
from hzmetrics.follow.follower import Consumer
from hzmetrics.follow.settings import Following
from hzmetrics.live import families, openmetrics
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.live_state import remember
from hzmetrics.store.tables.live import capability_state
from hzmetrics.users.log_events import UserEvents
from hzmetrics.users.settings import jupyterhub
from hzmetrics.users.sources import hub_has_users, source_of
from hzmetrics.users.user import Source

LAST_COUNTS = "courses.last_counts"


@contextmanager
def _logged() -> Iterator[None]:
    """An operation whose failure is an error in the log, and no more. A database in trouble is not meant."""
    try:
        yield
    except StoreError:
        raise
    except HzmetricsError as error:
        log.error("%s", error)


class ActivitySide:
    """The capabilities of 80 to 84 under one configuration; each is set up when first asked for."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.now = epoch(settings.clock.utc)

    @cached_property
    def following(self) -> Following:
        return Following.of(self.settings)

    @cached_property
    def events(self) -> EventSettings:
        return EventSettings.of(self.settings, self.following)

    @cached_property
    def activity(self) -> ActivitySettings:
        return ActivitySettings.of(self.settings, self._hub_has_users, self._follows_auth)

    @cached_property
    def active_users(self) -> ActiveUserSettings:
        found = self._follows_auth or self._hub_has_users or bool(jupyterhub(self.settings).api_url)
        return ActiveUserSettings.of(self.settings, found)

    @cached_property
    def courses(self) -> Courses:
        return Courses.of(self.settings)

    @cached_property
    def source(self) -> Source:
        return source_of(
            self.store,
            self.activity.users,
            self.now,
            self.activity.scoring.inactive_after,
            self.active_users.connected_minutes,
        )

    def read_logs(self, clock: Clock | None = None, account: bool = False) -> None:
        """Read the new lines of the followed logs, once for everything that is made of them.

        Events are accounted for where `[events]` is on, or if told to `account`.
        """
        account = account or self.events.enabled
        if not (account or self.following.logs):
            return
        clock = clock or self.settings.clock
        users = UserEvents(clock.utc, self.activity.scoring.retention_days)
        others: list[Consumer] = [users, AccessOpens(self.courses)]
        if account:
            update(self.store, self.following, self.events, clock, others)
        else:
            follower.update(self.store, self.following, clock, others)
        outbox.deliver(self.store, self.courses)

    def look_after_courses(self) -> None:
        """Events of the courses' tools, counts of this machine, and the copies of raw files.

        A file in trouble is logged and holds up no other.
        """
        derived.tool_starts(self.store, self.courses)
        with _logged():
            outbox.deliver(self.store, self.courses)
        names = self.courses.names()
        if names and self._counts_are_due():
            running = counting.containers(self.activity.users.jupyterhub.docker_socket)
            for course in names:
                values = counting.count(course, self.courses.homes(course), self.courses.root, running)
                line = record.count_line(self.settings.clock.utc_time, [str(value) for value in values])
                with _logged():
                    record.append(self.courses.folder(course) / "counts.raw", line)
        for course in names:
            with _logged():
                if progress.has_news(self.store, self.courses, course):
                    from hzmetrics.courses import copy

                    copy.update(self.store, self.courses, course)

    def _counts_are_due(self) -> bool:
        """Whether the last counts are old enough; if so, that now is their time."""
        state = capability_state.c
        last = self.store.metrics.scalar(sa.select(state.value).where(state.name == LAST_COUNTS))
        if last is not None and 0 <= self.now - epoch(last) < counting.PERIOD - JITTER:
            return False
        with self.store.metrics.begin() as connection:
            remember(connection, LAST_COUNTS, self.settings.clock.utc)
        return True

    def count_active_users(self, force: bool = False) -> bool:
        """Count active users, when due; whether it was done."""
        return active_users.update(self.store, self.active_users, self.source, self.settings.clock, force)

    def publish(self) -> None:
        """Write the exposition where the configuration says."""
        if self.active_users.output:
            openmetrics.write(self.active_users.output, self.exposition())

    def exposition(self) -> str:
        """The text for Prometheus. Other capabilities add to it where the configuration itself switches them on."""
        more = [
            *(
                families.of_activity(self.store, self.activity.scoring, self.now)
                if self.settings.section(Activity).enabled
                else ()
            ),
            *(families.of_events(self.store, self.events) if self.settings.section(Events).enabled else ()),
        ]
        return openmetrics.exposition(self.settings.hub.site, active_users.show(self.store), more)

    def sample(self, force: bool = False) -> dict[str, int] | None:
        """One sampling run, if it is due."""
        return monitor.sample(self.store, self.activity, self.source, self.now, force)

    def tick(self) -> None:
        """What every tick does: each step by itself; an error is logged and the next step runs."""
        for name, step in (
            ("following logs", self._tick_logs),
            ("active users", self._tick_active_users),
            ("activity", self._tick_activity),
            ("text for Prometheus", self._tick_publish),
            ("courses", self._tick_courses),
        ):
            try:
                step()
            except Exception:
                log.exception("%s failed", name)

    def _tick_logs(self) -> None:
        if self.events.enabled or self.active_users.enabled or self.activity.enabled or self.courses.url_pattern:
            self.read_logs()

    def _tick_active_users(self) -> None:
        if self.active_users.enabled:
            self.count_active_users()

    def _tick_activity(self) -> None:
        if self.activity.enabled:
            self.sample()

    def _tick_publish(self) -> None:
        if self.active_users.enabled:
            self.publish()

    def _tick_courses(self) -> None:
        if self.courses.enabled:
            self.look_after_courses()

    @cached_property
    def _hub_has_users(self) -> bool:
        return hub_has_users(self.store, self.settings)

    @property
    def _follows_auth(self) -> bool:
        return any(source == "auth" for source, _ in self.following.logs)
