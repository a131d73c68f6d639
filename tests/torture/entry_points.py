"""The entry points: where each begins, what it does, and what cron does until everything is as it should be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from hzmetrics import files
from hzmetrics.store import pseudonyms
from tests.legacy.adoption.database import OldDatabase
from tests.torture.hubs import NOW, Hub

CRON = ("tick", "run", "tick")
"""What converges a hub without a person: what cron does, run after run.

The first tick makes the live side up to date, and different remains of it equal."""

TICK = ("tick",)
"""What converges the live side, at a minute without a run."""

LIVE = "2026-11-20T12:25:00"
"""Such a minute."""

LAYOUT = "legacy-package"
"""The layout of the database that is adopted."""


@dataclass(frozen=True)
class EntryPoint:
    """A command that can be interrupted."""

    name: str
    begins: str
    """The state it begins with."""
    command: str
    converges: tuple[str, ...] = CRON
    stores: tuple[str, ...] = ("sqlite", "mariadb")
    now: str = NOW
    """The time at which all of this happens."""

    def __str__(self) -> str:
        return self.name


AGAIN = ("migrate --apply", *CRON)
"""A person begins an adoption, and begins it again: until it is complete, cron leaves the tables alone."""

REIMPORT = "reimport --since 2026-10 --yes"
ANONYMISE = "anonymise --before 2026-10 --yes"
"""What replaces or takes away rows for good is begun, and begun again, by a person alone."""

ENTRY_POINTS = (
    EntryPoint("tick", "new", "tick"),
    EntryPoint("live-tick", "new", "tick", TICK, now=LIVE),
    EntryPoint("run", "new", "run"),
    EntryPoint("run-all", "new", "run --all"),
    EntryPoint("process-next", "new", "process --next"),
    EntryPoint("import", "new", "import --month 2026-09"),
    EntryPoint("analyze", "closed", "analyze --month 2026-10"),
    EntryPoint("summarize", "closed", "summarize --month 2026-10"),
    EntryPoint("summarize-month", "closed", "summarize-month 2026-10"),
    EntryPoint("logfix-session", "closed", "logfix-session 2026-10"),
    EntryPoint("rebuild-summaries", "closed", "rebuild-summaries --since 2026-09"),
    EntryPoint("rebuild-from", "closed", "rebuild-from 2026-09"),
    EntryPoint("publish", "renamed", "publish"),
    EntryPoint("reimport", "closed", REIMPORT, (REIMPORT, *CRON)),
    EntryPoint("anonymise", "keyed", ANONYMISE, (ANONYMISE, *CRON)),
    EntryPoint("events", "new", "events update", TICK, now=LIVE),
    EntryPoint("activity", "new", "activity sample", TICK, now=LIVE),
    EntryPoint("active-users", "new", "active-users update", TICK, now=LIVE),
    EntryPoint("courses", "new", "courses update", TICK, now=LIVE),
    EntryPoint("map", "new", "whoisonline", TICK, now=LIVE),
    EntryPoint("init", "bare", "init", ("init", *CRON), ("sqlite",)),
    EntryPoint("init-old", "old", "init", ("init", *AGAIN), ("mariadb",)),
    EntryPoint("migrate", "old", "migrate --apply", AGAIN, ("mariadb",)),
)


def begin(hub: Hub, state: str) -> None:
    """Put the hub in a state, made when it is first needed."""
    if not hub.has(state):
        before, prepare = STATES[state]
        begin(hub, before)
        hub.ends.clear()  # where ends are known, the ways to them are not gone
        prepare(hub)
        hub.keep(state)
    hub.restore(state)


def _close(hub: Hub) -> None:
    end = hub.end(CRON)
    assert not end.failed, end.said


def _renamed(hub: Hub) -> None:
    """With another title on every page."""
    configuration = hub.directory.configuration
    configuration.write_text(configuration.read_text().replace("title = ", "title = Renamed: "))


def _keyed(hub: Hub) -> None:
    """With a key of pseudonyms, which would be another one in each run."""
    path = pseudonyms.key_file(hub.settings)
    path.write_text("5" * 64 + "\n")
    path.chmod(files.SECRET)


def _bare(hub: Hub) -> None:
    """Without the database that this program makes."""
    for path in hub.directory.databases.glob("metrics.db*"):
        path.unlink()


def _old(hub: Hub) -> None:
    """With the metrics database of an older program, and no logs of the months it holds."""
    like: Any = SimpleNamespace(settings=hub.settings, store=SimpleNamespace(close=lambda: None))
    OldDatabase(like, LAYOUT).load()


STATES: dict[str, tuple[str, Callable[[Hub], None]]] = {
    "closed": ("new", _close),
    "renamed": ("closed", _renamed),
    "keyed": ("closed", _keyed),
    "bare": ("new", _bare),
    "old": ("new", _old),
}
"""States that others begin with: what each is made from, and how."""
