"""Monitor counts that ticks take of this machine (spec 86 §6)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from hzmetrics.errors import HzmetricsError
from hzmetrics.log import log

PERIOD = 600
"""Seconds between counts."""
JITTER = 30
"""Seconds that counts may be early, because cron is."""
CONTAINER_STORE = Path("/var/lib/docker")


def count(course: str, homes: Path | None, root: Path, containers: Sequence[Mapping[str, str]]) -> list[int]:
    """The 18 values of a count line (spec 86 §2). `containers`: State and Name, which begins COURSE-x-."""
    own = [one["State"] for one in containers if one["Name"].startswith(f"{course}-x-")]
    memory = _memory()
    return [
        own.count("running"),
        own.count("paused"),
        0,
        _folders(homes),
        *(round(100 * load) for load in os.getloadavg()),
        *_space(CONTAINER_STORE),
        *_space(root),
        *_space(Path("/")),
        memory.get("MemTotal", 0),
        memory.get("MemFree", 0),
        memory.get("MemAvailable", 0),
        sum(one["State"] == "running" for one in containers),
        0,
    ]


def containers(socket: Path) -> list[Mapping[str, str]]:
    """Name and State of the containers of the Docker engine at a socket; none if there is no engine."""
    if not socket.exists():
        return []
    from hzmetrics.users.docker import Docker

    try:
        return Docker(socket).list()
    except HzmetricsError as error:
        log.warning("%s", error)
        return []


def _folders(homes: Path | None) -> int:
    try:
        return sum(entry.is_dir() for entry in os.scandir(homes)) if homes else 0
    except OSError as error:
        log.warning("cannot count the folders of %s: %s", homes, error.strerror)
        return 0


def _space(path: Path) -> tuple[int, int]:
    """Free space in percent and in MiB; 0 if the path does not exist."""
    try:
        status = os.statvfs(path)
    except OSError:
        return 0, 0
    free = status.f_bavail * status.f_frsize
    return round(100 * status.f_bavail / max(1, status.f_blocks)), free >> 20


def _memory() -> dict[str, int]:
    """Bytes by name, as Linux reports them."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    return {
        name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines) if rest.strip()
    }
