"""The sections `[events]` and `[events:thresholds]` (spec 84 §2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from hzmetrics.config import Settings
from hzmetrics.config.schema import Events, Thresholds
from hzmetrics.errors import ConfigurationError
from hzmetrics.events.levels import Rules
from hzmetrics.events.signatures import Signatures, load
from hzmetrics.follow.settings import Following


@dataclass(frozen=True)
class EventSettings:
    """How events are recognized, evaluated and kept. Times are in seconds unless the name says otherwise."""

    site: str
    enabled: bool
    signatures: Signatures
    rules: Rules
    event_memory: int
    recent_minutes: int
    settle: int
    max_late: int
    max_upload_mb: int
    disk_factors: tuple[int, int]
    disk_path: Path
    zone: tzinfo
    events_keep_hours: int
    stats_keep_days: int
    anomalies_keep_days: int
    alert_command: tuple[str, ...]
    alert_interval_minutes: int

    @classmethod
    def of(cls, settings: Settings, following: Following) -> EventSettings:
        """Raises ConfigurationError."""
        keys = settings.section(Events)
        try:
            signatures = load(keys.signatures)
        except ConfigurationError as error:
            raise keys.error("signatures", str(error)) from None
        return cls(
            site=settings.hub.site,
            enabled=bool(following.logs) if keys.enabled is None else keys.enabled,
            signatures=signatures,
            rules=Rules(settings.section(Thresholds).table, keys.window_seconds, keys.check_interval),
            event_memory=keys.event_memory_seconds,
            recent_minutes=keys.recent_minutes,
            settle=keys.settle_seconds,
            max_late=keys.max_late_seconds,
            max_upload_mb=keys.max_upload_mb,
            disk_factors=keys.disk_levels,
            disk_path=keys.disk_path,
            zone=keys.timezone,
            events_keep_hours=keys.events_keep_hours,
            stats_keep_days=keys.stats_keep_days,
            anomalies_keep_days=keys.anomalies_keep_days,
            alert_command=keys.alert_command,
            alert_interval_minutes=keys.alert_interval_minutes,
        )
