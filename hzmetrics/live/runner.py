"""The live side: what a tick does beside the pipeline (spec 80 §1).

It reads the new lines of the followed logs once for all capabilities, then each capability does its part. The steps are
independent: each has its own lock, its outcome is recorded, and a step that fails or takes too long does not stop the
others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import AbstractContextManager, suppress
from functools import cached_property, partial

from hzmetrics import journal, lock
from hzmetrics.active_users import capability as active_users
from hzmetrics.active_users.settings import ActiveUserSettings
from hzmetrics.activity import capability as activity
from hzmetrics.activity.settings import ActivitySettings
from hzmetrics.calendar import Clock, epoch
from hzmetrics.capability import Capability, Family, LogConsumer
from hzmetrics.config import Settings, schema
from hzmetrics.courses import capability as courses
from hzmetrics.courses.settings import Courses
from hzmetrics.errors import ConfigurationError, HzmetricsError, LockHeld
from hzmetrics.events import capability as events
from hzmetrics.events.settings import EventSettings
from hzmetrics.follow import follower
from hzmetrics.follow.follower import Reading
from hzmetrics.follow.settings import Following
from hzmetrics.ingest import sources
from hzmetrics.live import freshness, openmetrics, steps, supervision
from hzmetrics.live.freshness import Freshness
from hzmetrics.live.steps import FOLLOW, LOGS, PUBLISH, record_of
from hzmetrics.live.supervision import Step
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.users.settings import jupyterhub
from hzmetrics.users.sources import hub_has_users, source_of
from hzmetrics.users.user import Source


class Live:
    """The live side of one hub under one configuration; each part is set up when it is first needed."""

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
        """Where activity and active users learn of users: asked once for both."""
        return source_of(
            self.store,
            self.activity.users,
            self.now,
            self.activity.scoring.inactive_after,
            self.active_users.connected_minutes,
        )

    @cached_property
    def capabilities(self) -> Mapping[str, Callable[[], Capability]]:
        """How to set up each capability, in the order in which a tick runs them."""
        return {
            "events": lambda: events.capability(self.store, self.events),
            "active_users": lambda: active_users.capability(
                self.store, self.active_users, lambda: self.source, self.settings.clock
            ),
            "activity": lambda: activity.capability(self.store, self.activity, lambda: self.source, self.now),
            "courses": lambda: courses.capability(self.store, self.courses),
        }

    def hold(self, step: str) -> AbstractContextManager[None]:
        """The lock of a step. Raises LockHeld."""
        return lock.hold(self.settings, lock.of_step(step))

    def read_logs(self, clock: Clock | None = None, also: Set[str] = frozenset()) -> None:
        """Read the new lines of the followed logs for all enabled capabilities, and `also` for these disabled ones.

        The caller holds the lock of the step `follow`. Raises UnreadLogs if a log cannot be read; what was read of
        the others is stored.
        """
        self._follow(clock or self.settings.clock, also).require_all()

    def _follow(self, clock: Clock, also: Set[str]) -> Reading:
        consumers: list[LogConsumer] = []
        for set_up in self.capabilities.values():
            capability = set_up()
            if capability.enabled or capability.name in also:
                consumers += capability.consumers(clock)
        if not consumers:
            return Reading()
        reading = follower.update(self.store, self.following, clock, consumers)
        for consumer in consumers:
            consumer.finish(reading)
        return reading

    def catch_up(self, capability: str) -> None:
        """Read the new lines for a command of a capability, as far as that is possible now."""
        try:
            with self.hold(FOLLOW):
                reading = self._follow(self.settings.clock, {capability})
        except LockHeld as held:
            log.info("the newest log lines may be missing: %s", held)
        else:
            for _, reason in reading.unread:
                log.warning("the newest log lines may be missing: %s", reason)

    def tick(self) -> None:
        """Every step, in order; one that takes longer than it may is ended."""
        works: dict[str, Callable[[], object]] = {LOGS: self._look_at_logs, FOLLOW: self.read_logs}
        works |= {name: partial(_tick, set_up) for name, set_up in self.capabilities.items()}
        works[PUBLISH] = self.publish
        self.store.close()
        tasks = [Step(name, partial(steps.do, self.settings, name, work)) for name, work in works.items()]
        supervision.run(tasks, self.settings.section(schema.Pipeline).live_step_seconds, self._was_ended)

    def publish(self) -> None:
        """Write the text for Prometheus to the configured file."""
        if self.active_users.output:
            openmetrics.write(self.active_users.output, self.exposition())

    def exposition(self) -> str:
        """The text for Prometheus: the families of active users, of the other capabilities, ages and outcomes.

        A capability enabled by `auto` takes part once a tick has run it, ages and outcomes once there was a tick.
        """
        return openmetrics.exposition(self.settings.hub.site, self._families())

    def _families(self) -> Iterator[Family]:
        yield from self.capabilities["active_users"]().families()
        told = {
            "activity": self.settings.section(schema.Activity).enabled,
            "events": self.settings.section(schema.Events).enabled,
        }
        for name, is_told in told.items():
            capability = self.capabilities[name]()
            if capability.enabled and (is_told or journal.read(self.settings, record_of(name))):
                yield from capability.families()
        if journal.read(self.settings, "tick"):
            yield from freshness.families(list(self.freshness()))
            yield from steps.families(self.settings)

    def freshness(self) -> Iterator[Freshness]:
        """How old the newest of everything is. Raises StoreError, after what is known without a database."""
        judge = freshness.Judge(self.settings)
        yield from judge.of_files()
        yield from judge.of_rows(self.store, self.sample_interval)

    @property
    def sample_interval(self) -> int | None:
        """Seconds between two samples of activity; None: there are none, or how is not to be read."""
        with suppress(ConfigurationError):  # the outcome of the step says what is wrong
            return self.activity.scoring.sample_interval if self.activity.enabled else None
        return None

    def _look_at_logs(self) -> None:
        """Whether the process that ticks can see the logs to import: an operator's own rights may differ."""
        if unreadable := sources.unreadable(self.settings):
            raise HzmetricsError("; ".join(unreadable))

    def _was_ended(self, step: str, how: str) -> None:
        log.error("%s: %s; the limit is live_step_seconds in [pipeline]", step, how)
        with journal.record(self.settings, record_of(step)) as recording:
            recording.update(exit_code=1, error=how)

    @cached_property
    def _hub_has_users(self) -> bool:
        return hub_has_users(self.store, self.settings)

    @property
    def _follows_auth(self) -> bool:
        return any(source == "auth" for source, _ in self.following.logs)


def _tick(set_up: Callable[[], Capability]) -> None:
    capability = set_up()
    if capability.enabled and capability.tick:
        capability.tick()
