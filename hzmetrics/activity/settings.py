"""What `[activity]` and `[jupyterhub]` say (spec 80 §2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from hzmetrics.config import Settings
from hzmetrics.follow.settings import IGNORED_USERS
from hzmetrics.options import Options
from hzmetrics.users.settings import UserSettings, jupyterhub

SOURCES = ("hub", "jupyterhub", "logs")

NUMBERS: Mapping[str, tuple[int, int, int]] = {
    "sample_interval": (600, 60, 86_400),
    "retention_days": (7, 1, 365),
    "inactive_after": (60, 1, 1440),
    "half_life": (72, 1, 168),
    "target_hours": (8, 1, 24),
    "resources_update_interval": (10, 1, 3600),
    "volumes_update_interval": (3600, 60, 86_400),
}
"""Default and range of each number; each also has the environment name that JupyterHub's activity monitor uses."""

ENVIRONMENT = {key: f"JUPYTERHUB_ACTIVITYMON_{key.upper()}" for key in NUMBERS}


@dataclass(frozen=True)
class Scoring:
    """What scores depend on."""

    sample_interval: int = 600
    """Seconds between samples."""
    retention_days: int = 7
    inactive_after: int = 60
    """Minutes without activity until inactive."""
    half_life: int = 72
    """Hours."""
    target_hours: int = 8
    """Hours a day that count as 100 %."""
    score_base: str = "samples"
    """`samples`: against what was measured; `window`: against a completely measured window."""

    @cached_property
    def full_window(self) -> float:
        """The weight of a completely sampled retention window (spec 80 §6)."""
        ratio = float(0.5 ** (self.sample_interval / 3600 / self.half_life))
        number = round(self.retention_days * 86_400 / self.sample_interval)
        return (1 - ratio**number) / (1 - ratio)


@dataclass(frozen=True)
class ActivitySettings:
    """How activity is sampled and scored."""

    enabled: bool
    users: UserSettings
    scoring: Scoring
    sample_users: str
    resources_update_interval: int
    volumes_update_interval: int

    @classmethod
    def of(cls, settings: Settings, hub_has_users: bool, follows_logs: bool) -> ActivitySettings:
        """`hub_has_users`: the hub database is configured (on SQLite: has users). Raises ConfigurationError."""
        options = Options.of(settings, "activity", ENVIRONMENT)
        hub = jupyterhub(settings)
        source = _choice(options, "source", ("auto", *SOURCES))
        if source == "auto":
            source = "jupyterhub" if hub.api_url else "hub" if hub_has_users else "logs"
        found = {"jupyterhub": bool(hub.api_url), "hub": hub_has_users, "logs": follows_logs}[source]
        sample_users = _choice(options, "sample_users", ("all", "recent"), "recent" if source == "hub" else "all")
        base = _choice(
            options, "score_base", ("samples", "window"), "window" if sample_users == "recent" else "samples"
        )
        values = numbers(options)
        return cls(
            enabled=options.enabled(found),
            users=UserSettings(
                source=source,
                ignore_users=frozenset(options.words("ignore_users", IGNORED_USERS)),
                session_hours=options.integer("session_hours", 24, 1, 720),
                jupyterhub=hub,
            ),
            scoring=Scoring(**{key: values[key] for key in list(NUMBERS)[:5]}, score_base=base),
            sample_users=sample_users,
            resources_update_interval=values["resources_update_interval"],
            volumes_update_interval=values["volumes_update_interval"],
        )


def numbers(options: Options) -> dict[str, int]:
    """The seven numbers in effect."""
    return {key: options.integer(key, *limits) for key, limits in NUMBERS.items()}


def _choice(options: Options, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
    value = options.text(key, default or choices[0]).lower()
    if value not in choices:
        raise options.error(key, f"{value!r} is none of {', '.join(choices)}")
    return value
