"""The `[active_users]` section (spec 82 §2)."""

from __future__ import annotations

from dataclasses import dataclass

from hzmetrics.config import Settings
from hzmetrics.follow.settings import IGNORED_USERS
from hzmetrics.options import Options


@dataclass(frozen=True)
class ActiveUserSettings:
    """What `[active_users]` says (spec 82 §2)."""

    enabled: bool
    events: frozenset[str]
    count_disabled: bool
    connected_minutes: int
    ignore_users: frozenset[str]
    history_days: int
    output: str

    @classmethod
    def of(cls, settings: Settings, found: bool) -> ActiveUserSettings:
        """`found`: a source is configured. Raises ConfigurationError."""
        options = Options.of(settings, "active_users")
        return cls(
            enabled=options.enabled(found),
            events=frozenset(options.words("events", "login, logout")),
            count_disabled=options.flag("count_disabled"),
            connected_minutes=options.integer("connected_minutes", 60, 1, 525_600),
            ignore_users=frozenset(name.lower() for name in options.words("ignore_users", IGNORED_USERS)),
            history_days=options.integer("history_days", 1100, 0, 365_000),
            output=options.text("output"),
        )
