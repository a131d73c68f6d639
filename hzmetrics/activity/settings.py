"""The section `[activity]` (spec 80 §2)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from hzmetrics.config import Settings
from hzmetrics.config.schema import Activity
from hzmetrics.users.settings import UserSettings, jupyterhub


@dataclass(frozen=True)
class Scoring:
    """The parameters of scores."""

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
    """`samples`: divided by the weight of all samples; `window`: by that of a completely sampled window."""

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
        keys, hub = settings.section(Activity), jupyterhub(settings)
        source = keys.source
        if source == "auto":
            source = "jupyterhub" if hub.api_url else "hub" if hub_has_users else "logs"
        found = {"jupyterhub": bool(hub.api_url), "hub": hub_has_users, "logs": follows_logs}[source]
        sample_users = keys.sample_users or ("recent" if source == "hub" else "all")
        return cls(
            enabled=found if keys.enabled is None else keys.enabled,
            users=UserSettings(
                source=source,
                ignore_users=frozenset(keys.ignore_users),
                session_hours=keys.session_hours,
                jupyterhub=hub,
            ),
            scoring=Scoring(
                sample_interval=keys.sample_interval,
                retention_days=keys.retention_days,
                inactive_after=keys.inactive_after,
                half_life=keys.half_life,
                target_hours=keys.target_hours,
                score_base=keys.score_base or ("window" if sample_users == "recent" else "samples"),
            ),
            sample_users=sample_users,
            resources_update_interval=keys.resources_update_interval,
            volumes_update_interval=keys.volumes_update_interval,
        )
