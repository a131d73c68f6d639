"""Which logs are followed, and how (`[follow]`, spec 84 §2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from hzmetrics.config import Settings
from hzmetrics.logs.packing import LIMITS, Limits
from hzmetrics.options import Options

IGNORED_USERS = "hubstatus, hubadmin"


@dataclass(frozen=True)
class Following:
    """The logs to follow, by source, in the order in which they are read."""

    logs: tuple[tuple[str, Path], ...]
    """Pairs of source (access, auth, jupyterhub) and path."""
    rotated_dirs: tuple[Path, ...]
    zone: tzinfo
    """Zone of local times in logs."""
    exclude_ips: tuple[str, ...]
    ignore_users: frozenset[str]
    max_bytes: int
    limits: Limits = LIMITS
    """Of the text in one packed file."""

    @classmethod
    def of(cls, settings: Settings) -> Following:
        options = Options.of(settings, "follow")
        access, cms = settings.paths.access_logs, settings.paths.cms_logs
        sources = (
            ("access", "access_logs", access / f"{settings.hub.log_prefix}-access.log"),
            ("auth", "auth_logs", cms / "cmsauth.log"),
            ("jupyterhub", "jupyterhub_logs", None),
        )
        logs: list[tuple[str, Path]] = []
        for source, key, usual in sources:
            named = options.items(key)
            if named:
                logs += [(source, Path(name)) for name in named]
            elif usual is not None and usual.exists():
                logs.append((source, usual))
        named = options.items("rotated_dirs")
        usual_dirs = [directory for directory in (access / "daily", cms / "daily") if directory.is_dir()]
        return cls(
            logs=tuple(logs),
            rotated_dirs=tuple(map(Path, named)) if named else tuple(usual_dirs),
            zone=zone(options, "timezone", ""),
            exclude_ips=options.items("exclude_ips"),
            ignore_users=frozenset(
                name.casefold()
                for section in ("activity", "active_users")
                for name in Options.of(settings, section).words("ignore_users", IGNORED_USERS)
            ),
            max_bytes=options.integer("max_bytes", 64 << 20, 1, 1 << 40),
            limits=Limits.of(settings),
        )


def zone(options: Options, key: str, default: str) -> tzinfo:
    """A time zone by name; that of the machine when there is none. Raises ConfigurationError for an unknown name."""
    name = options.text(key, default)
    if not name:
        from tzlocal import get_localzone

        return get_localzone()
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise options.error(key, f"{name!r} is no time zone") from None
