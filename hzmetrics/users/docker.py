"""Containers and volumes of users, from a Docker engine through its socket (spec 80 §4)."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hzmetrics.errors import HzmetricsError
from hzmetrics.rounding import half_up

MIB = 1 << 20
FIGURES = ("cpu_percent", "memory_mb", "memory_percent")
TIMEOUT = 2
"""Seconds to wait for the figures of a container."""
VOLUMES_TIMEOUT = 45
"""Less than a step of a tick may take."""
AT_ONCE = 100
"""The number of containers asked in parallel."""


def encode(username: str) -> str:
    """A user name as written in names of containers and volumes."""
    letters = (
        character if character.isascii() and character.isalnum() else "".join(f"-{b:02x}" for b in character.encode())
        for character in username
    )
    return "".join(letters).lower()


def figures(stats: Mapping[str, Any]) -> dict[str, float]:
    """CPU and memory of one container, from the engine's statistics."""
    now, before = stats.get("cpu_stats") or {}, stats.get("precpu_stats") or {}
    used = _number(now, "cpu_usage", "total_usage") - _number(before, "cpu_usage", "total_usage")
    system = _number(now, "system_cpu_usage") - _number(before, "system_cpu_usage")
    memory = stats.get("memory_stats") or {}
    usage, limit = memory.get("usage") or 0, _given(memory.get("limit"), 1)
    cpu = used / system * _given(now.get("online_cpus"), 1) * 100 if used > 0 and system > 0 else 0.0
    return {
        "cpu_percent": half_up(cpu, 1),
        "memory_mb": half_up(usage / MIB, 1),
        "memory_percent": half_up(usage / limit * 100, 1) if limit else 0,
    }


def volume_sizes(volumes: Iterable[Mapping[str, Any]], prefix: str) -> dict[str, dict[str, float]]:
    """MB by volume of each user (encoded), from the engine's list; a volume is PREFIX USER_NAME."""
    sizes: dict[str, dict[str, float]] = {}
    for volume in volumes:
        name = str(volume.get("Name", ""))
        user, separator, suffix = name.removeprefix(prefix).rpartition("_")
        if name.startswith(prefix) and separator and user:
            size = (volume.get("UsageData") or {}).get("Size") or 0
            sizes.setdefault(user, {})[suffix] = half_up(max(0, size) / MIB, 1)
    return sizes


class Docker:
    """The API of a Docker engine behind a socket."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def containers(self, names: Mapping[str, str]) -> dict[str, dict[str, float]]:
        """Figures by user of the containers (user to container name) that answer in time."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = pool.map(self._figures, names.values())
            return {user: found for user, found in zip(names, answers, strict=True) if found}

    def volumes(self) -> list[Mapping[str, Any]]:
        """All volumes with their sizes. Raises HzmetricsError."""
        volumes = self._get("/system/df?type=volume", VOLUMES_TIMEOUT).get("Volumes")
        return list(volumes or [])

    def list(self) -> list[Mapping[str, str]]:
        """Name and State of all containers. Raises HzmetricsError."""
        answer = self._ask("/containers/json?all=1", TIMEOUT)
        return [{"Name": str(one["Names"][0]).lstrip("/"), "State": str(one["State"])} for one in answer or []]

    def _figures(self, container: str) -> dict[str, float] | None:
        try:
            return figures(self._get(f"/containers/{quote(container, safe='')}/stats?stream=false", TIMEOUT))
        except HzmetricsError:
            return None

    def _get(self, url: str, timeout: float) -> dict[str, Any]:
        answer = self._ask(url, timeout)
        if not isinstance(answer, dict):
            raise HzmetricsError(f"Docker at {self.path} sent an answer of another shape")
        return answer

    def _ask(self, url: str, timeout: float) -> Any:
        connection = _SocketConnection(self.path, timeout)
        deadline = time.monotonic() + timeout
        try:
            connection.request("GET", url)
            response = connection.getresponse()
            body = bytearray()
            while part := response.read1():
                body += part
                if time.monotonic() > deadline:
                    raise TimeoutError(f"no whole answer in {timeout:g} s")
            if response.status != 200:
                raise HzmetricsError(f"Docker at {self.path} answered {url} with status {response.status}")
            return json.loads(body)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise HzmetricsError(f"Docker at {self.path} does not answer: {error}") from None
        finally:
            connection.close()


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def _given(value: float | None, default: float) -> float:
    return default if value is None else value


def _number(stats: Mapping[str, Any], *keys: str) -> float:
    value: Any = stats
    for key in keys:
        value = (value or {}).get(key)
    return value or 0
