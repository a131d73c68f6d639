"""What all addresses share: the databases, the clock of each request, live figures, answers."""

from __future__ import annotations

from dataclasses import replace

from hzmetrics import config
from hzmetrics.activity import monitor
from hzmetrics.config import Settings
from hzmetrics.config.schema import Activity
from hzmetrics.live.runner import Live
from hzmetrics.live.steps import FOLLOW
from hzmetrics.serve.answers import Answers
from hzmetrics.serve.background import Background
from hzmetrics.serve.settings import Serving
from hzmetrics.store import Store

EVENTS_SECONDS = 1.0
"""Seconds between two readings of the followed logs, at least."""
PATIENCE = 0.2
"""Seconds that a reader of events waits for the newest lines."""


class Site:
    """One hub, as long as its server runs."""

    def __init__(self, store: Store, settings: Settings, serving: Serving) -> None:
        self.store = store
        self._settings = settings
        self.serving = serving
        self.answers = Answers()
        seconds = settings.section(Activity).resources_update_interval
        self._servers = Background("serve: activity", seconds, self._refresh_activity)
        self._logs = Background("serve: events", EVENTS_SECONDS, self._read_logs)

    @property
    def settings(self) -> Settings:
        """The settings, with the clock of this moment."""
        return replace(self._settings, clock=config.clock(self._settings.source.environment))

    @property
    def live(self) -> Live:
        """The live side at this moment."""
        return Live(self.store, self.settings)

    def look_at_servers(self) -> None:
        """Have the figures of running servers sampled. The last ones are shown meanwhile."""
        self._servers.wake()

    def look_at_events(self) -> None:
        """Have the followed logs read; wait for it, but not for long."""
        self._logs.wake(PATIENCE)

    def close(self) -> None:
        for background in (self._servers, self._logs):
            background.close()
        self.answers.close()

    def _refresh_activity(self) -> None:
        live = self.live
        if live.activity.enabled:
            with live.hold("activity"):
                monitor.refresh(self.store, live.activity, live.source, live.now)

    def _read_logs(self) -> None:
        live = self.live
        if live.events.enabled:
            live.events.signatures.check()
            with live.hold(FOLLOW):
                live.read_logs()
