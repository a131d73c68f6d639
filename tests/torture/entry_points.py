"""The entry points: where each begins, what it does, and what cron does until everything is as it should be."""

from __future__ import annotations

from dataclasses import dataclass

from tests.torture.hubs import Hub

CRON = ("run --all", "tick")
"""What converges a hub without a person: what cron does."""

STATES: dict[str, tuple[str, tuple[str, ...]]] = {
    "imported": ("new", ("import --month 2026-09",)),
    "closed": ("new", ("run --all", "tick")),
}
"""States that others begin with: what each is made from, and by which commands."""


@dataclass(frozen=True)
class EntryPoint:
    """A command that can be interrupted."""

    name: str
    begins: str
    """The state it begins with."""
    command: str
    converges: tuple[str, ...] = CRON

    def __str__(self) -> str:
        return self.name


ENTRY_POINTS = (
    EntryPoint("tick", "new", "tick"),
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
    EntryPoint("reimport", "closed", "reimport --since 2026-10 --yes"),
    EntryPoint("events", "new", "events update"),
    EntryPoint("activity", "new", "activity sample"),
    EntryPoint("active-users", "new", "active-users update"),
    EntryPoint("courses", "new", "courses update"),
    EntryPoint("map", "new", "whoisonline"),
)


def begin(hub: Hub, state: str) -> None:
    """Put the hub in a state, made when it is first needed."""
    if not hub.has(state):
        before, commands = STATES[state]
        begin(hub, before)
        assert not hub.does(commands), hub.said
        hub.keep(state)
    hub.restore(state)
