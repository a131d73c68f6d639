"""The section `[follow]`: which logs are followed, and how (spec 84 §2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hzmetrics.config import Settings
from hzmetrics.config.schema import ActiveUsers, Activity, Follow
from hzmetrics.logs.packing import LIMITS, Limits

if TYPE_CHECKING:
    from hzmetrics.logs.settings import LogSettings

SOURCES = ("access", "auth", "jupyterhub")
"""The kinds of logs that can be followed."""


def _reading(settings: Settings | None = None) -> LogSettings:
    from hzmetrics.logs.settings import LogSettings, log_settings  # a tick without new lines need not know

    return log_settings(settings) if settings else LogSettings()


@dataclass(frozen=True)
class Following:
    """The logs to follow, by source, in the order in which they are read."""

    logs: tuple[tuple[str, Path], ...]
    """Pairs of source (access, auth, jupyterhub) and path."""
    rotated_dirs: tuple[Path, ...]
    zone: tzinfo
    """The time zone of local times in logs."""
    exclude_ips: tuple[str, ...]
    ignore_users: frozenset[str]
    max_bytes: int
    limits: Limits = LIMITS
    """Of the text in one packed file."""
    reading: Callable[[], LogSettings] = _reading
    """How the lines of access logs are read. Raises ConfigurationError."""

    @classmethod
    def of(cls, settings: Settings) -> Following:
        """Raises ConfigurationError."""
        follow = settings.section(Follow)
        access, cms = settings.paths.access_logs, settings.paths.cms_logs
        logs: list[tuple[str, Path]] = []
        for source, named, usual in (
            ("access", follow.access_logs, access / f"{settings.hub.log_prefix}-access.log"),
            ("auth", follow.auth_logs, cms / "cmsauth.log"),
            ("jupyterhub", follow.jupyterhub_logs, None),
        ):
            if named:
                logs += [(source, Path(name)) for name in named]
            elif usual is not None and usual.exists():
                logs.append((source, usual))
        usual_dirs = [directory for directory in (access / "daily", cms / "daily") if directory.is_dir()]
        return cls(
            logs=tuple(logs),
            rotated_dirs=tuple(map(Path, follow.rotated_dirs or usual_dirs)),
            zone=follow.timezone,
            exclude_ips=follow.exclude_ips,
            ignore_users=frozenset(
                name.casefold()
                for names in (settings.section(Activity).ignore_users, settings.section(ActiveUsers).ignore_users)
                for name in names
            ),
            max_bytes=follow.max_bytes,
            limits=Limits.of(settings),
            reading=partial(_reading, settings),
        )
