"""The `[active_users]` section (spec 82 §2)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hzmetrics.config import Settings
from hzmetrics.config.schema import ActiveUsers


@dataclass(frozen=True)
class ActiveUserSettings:
    """How active users are counted."""

    enabled: bool
    events: frozenset[str]
    count_disabled: bool
    connected_minutes: int
    ignore_users: frozenset[str]
    history_days: int
    output: Path | None

    @classmethod
    def of(cls, settings: Settings, found: bool) -> ActiveUserSettings:
        """`found`: a source is configured. Raises ConfigurationError."""
        keys = settings.section(ActiveUsers)
        return cls(
            enabled=found if keys.enabled is None else keys.enabled,
            events=frozenset(keys.events),
            count_disabled=keys.count_disabled,
            connected_minutes=keys.connected_minutes,
            ignore_users=frozenset(name.lower() for name in keys.ignore_users),
            history_days=keys.history_days,
            output=keys.output,
        )
