"""What `[events]` and `[events:thresholds]` say (spec 84 §2)."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from hzmetrics.config import Settings
from hzmetrics.errors import ConfigurationError
from hzmetrics.events.levels import THRESHOLDS, Rules
from hzmetrics.events.signatures import Signatures, load
from hzmetrics.follow.settings import Following, zone
from hzmetrics.options import Options


@dataclass(frozen=True)
class EventSettings:
    """How events are recognised, weighed and kept. Times in seconds unless the name says otherwise."""

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
        options = Options.of(settings, "events")
        interval = options.integer("check_interval", 30, 1, 3600)
        signatures = options.text("signatures")
        try:
            command = tuple(shlex.split(options.text("alert_command")))
        except ValueError as error:
            raise options.error("alert_command", str(error)) from None
        return cls(
            site=settings.hub.site,
            enabled=options.enabled(bool(following.logs)),
            signatures=load(Path(signatures) if signatures else None),
            rules=Rules(_thresholds(settings), options.integer("window_seconds", 30, 1, 86_400), interval),
            event_memory=options.integer("event_memory_seconds", 60, 1, 86_400),
            recent_minutes=options.integer("recent_minutes", 10, 1, 100_000),
            settle=options.integer("settle_seconds", 60, 0, 86_400),
            max_late=options.integer("max_late_seconds", 3600, 0, 31 * 86_400),
            max_upload_mb=options.integer("max_upload_mb", 30, 0, 1 << 30),
            disk_factors=_factors(options),
            disk_path=Path(options.text("disk_path", "/")),
            zone=zone(options, "timezone", "UTC"),
            events_keep_hours=options.integer("events_keep_hours", 48, 1, 24 * 3650),
            stats_keep_days=options.integer("stats_keep_days", 730, 0, 365_000),
            anomalies_keep_days=options.integer("anomalies_keep_days", 365, 0, 365_000),
            alert_command=command,
            alert_interval_minutes=options.integer("alert_interval_minutes", 120, 0, 525_600),
        )


def _thresholds(settings: Settings) -> dict[str, float]:
    """The section replaces the whole built-in table."""
    given = settings.sections.get("events:thresholds")
    if given is None:
        return dict(THRESHOLDS)
    thresholds = {}
    for name, text in given.items():
        try:
            thresholds[name] = float(text)
        except ValueError:
            raise ConfigurationError(f"{settings.file}: [events:thresholds] {name}: {text!r} is not a number") from None
    return thresholds


def _factors(options: Options) -> tuple[int, int]:
    words = options.words("disk_levels", "15, 5")
    try:
        low, high = map(int, words)
    except ValueError:
        raise options.error("disk_levels", f"{', '.join(words)!r} are not two whole numbers") from None
    if not low >= high >= 0:
        raise options.error("disk_levels", f"the first number ({low}) must not be below the second ({high})")
    return low, high
