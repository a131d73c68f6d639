"""Containers and volumes, asked of a stand-in that speaks Docker's protocol over a UNIX socket."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any
from urllib.parse import unquote

import pytest

from hzmetrics.activity import monitor
from hzmetrics.activity.settings import ActivitySettings
from hzmetrics.errors import HzmetricsError
from hzmetrics.store.tables.live import activity_volumes
from hzmetrics.users.docker import Docker, encode, figures
from hzmetrics.users.user import User
from tests.conftest import TestHub
from tests.users.invented import NOW, Invented, settings

STATS = {
    "cpu_stats": {"cpu_usage": {"total_usage": 3_000_000}, "system_cpu_usage": 20_000_000, "online_cpus": 4},
    "precpu_stats": {"cpu_usage": {"total_usage": 1_000_000}, "system_cpu_usage": 12_000_000},
    "memory_stats": {"usage": 256 << 20, "limit": 1 << 30},
}
VOLUMES = {
    "Volumes": [
        {"Name": "jupyterlab-ann_home", "UsageData": {"Size": 3 << 20, "RefCount": 1}},
        {"Name": "jupyterlab-ann_cache", "UsageData": {"Size": -1, "RefCount": 0}},
        {"Name": "jupyterlab-user-2ename_with_home", "UsageData": None},
        {"Name": "somebody-elses", "UsageData": {"Size": 1, "RefCount": 1}},
    ]
}


class Engine(ThreadingMixIn, UnixStreamServer):
    """Answers as Docker does: `slow` containers late, `dripping` ones byte by byte, others with 404."""

    daemon_threads = True
    request_queue_size = 200

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), Handler)
        self.path = path
        self.asked: list[str] = []
        self.volumes: Any = VOLUMES

    def get_request(self) -> tuple[Any, Any]:
        request, _ = super().get_request()
        return request, ("engine", 0)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Engine

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        parts = unquote(self.path).split("?")[0].split("/")
        if parts[1] == "system":
            self.reply(200, json.dumps(self.server.volumes).encode())
        elif parts[2].startswith("slow"):
            time.sleep(4)
            self.reply(200, b"{}")
        elif parts[2].startswith("dripping"):
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for _ in range(20):
                self.wfile.write(b"1\r\n \r\n")
                self.wfile.flush()
                time.sleep(0.25)
        elif parts[2].startswith("broken"):
            self.reply(200, b"<html>")
        elif parts[2].startswith("jupyterlab"):
            self.reply(200, json.dumps(STATS).encode())
        else:
            self.reply(404, b'{"message": "No such container"}')

    def reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass

    def handle(self) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # who asked has lost patience, as it should
            super().handle()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    server = Engine(tmp_path / "docker.sock")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def with_docker(path: Path) -> ActivitySettings:
    base = settings(source="jupyterhub")
    return replace(base, users=replace(base.users, jupyterhub=replace(base.users.jupyterhub, docker_socket=path)))


def test_figures_of_a_container(engine: Engine) -> None:
    found = Docker(engine.path).containers({"ann": "jupyterlab-ann"})
    assert found == {"ann": {"cpu_percent": 100.0, "memory_mb": 256.0, "memory_percent": 25.0}}
    assert engine.asked == ["/containers/jupyterlab-ann/stats?stream=false"]


@pytest.mark.slow
def test_many_bad_containers_cost_two_seconds_in_all(engine: Engine) -> None:
    names = {
        f"{kind}{number}": f"{kind}{number}" for kind in ("slow", "dripping", "broken", "gone") for number in range(20)
    }
    begun = time.monotonic()
    found = Docker(engine.path).containers({**names, "ann": "jupyterlab-ann"})
    assert set(found) == {"ann"}
    assert time.monotonic() - begun < 3.5


def test_a_dead_engine_costs_no_run(tmp_path: Path) -> None:
    (tmp_path / "nobody.sock").touch()
    docker = Docker(tmp_path / "nobody.sock")
    assert docker.containers({"ann": "jupyterlab-ann"}) == {}
    with pytest.raises(HzmetricsError, match="does not answer"):
        docker.volumes()


@pytest.mark.parametrize("change", [
    lambda stats: stats.pop("precpu_stats"),
    lambda stats: stats["cpu_stats"].pop("system_cpu_usage"),
    lambda stats: stats["cpu_stats"]["cpu_usage"].update(total_usage=1_000_000),
])  # fmt: skip
def test_without_two_measurements_cpu_is_nothing_or_what_is_known(change: Callable[[dict[str, Any]], None]) -> None:
    stats = json.loads(json.dumps(STATS))
    change(stats)
    expected = 60.0 if "precpu_stats" not in stats else 0.0
    assert figures(stats)["cpu_percent"] == expected
    assert figures({})["memory_mb"] == 0 and figures({"memory_stats": {"usage": 5, "limit": 0}})["memory_percent"] == 0


def test_what_is_not_given_has_its_default() -> None:
    stats = json.loads(json.dumps(STATS))
    stats["cpu_stats"]["online_cpus"] = None
    stats["memory_stats"] = {"usage": 5, "limit": None}
    assert figures(stats) == {"cpu_percent": 25.0, "memory_mb": 0.0, "memory_percent": 500.0}
    stats["cpu_stats"]["online_cpus"] = 0
    assert figures(stats)["cpu_percent"] == 0.0


def test_a_run_keeps_figures_and_volumes(hub: TestHub, engine: Engine) -> None:
    people = [
        User("ann", server_active=True, last_activity=NOW), User("user.name", last_activity=NOW),
        User("zed", server_active=True, last_activity=NOW),
    ]  # fmt: skip
    rules = with_docker(engine.path)
    monitor.sample(hub.store, rules, Invented(people, knows_the_past=False), NOW)
    assert sorted(engine.asked)[0].startswith("/containers/jupyterlab-ann/")
    assert not any(encode("user.name") in asked for asked in engine.asked), "only running servers are asked"
    rows = {row["username"]: row for row in monitor.show(hub.store, rules, NOW)["users"]}
    assert rows["ann"]["volume_breakdown"] == {"home": 3.0, "cache": 0.0} and rows["ann"]["volume_size_mb"] == 3.0
    assert rows["user.name"]["cpu_percent"] is None
    assert (rows["ann"]["cpu_percent"], rows["ann"]["memory_mb"]) == (100.0, 256.0)

    engine.asked.clear()
    engine.volumes = {"Volumes": None}
    monitor.sample(hub.store, rules, Invented(people, knows_the_past=False), NOW + 300)
    assert len(engine.asked) == 2, "CPU and memory at every tick, volumes only when they are old"
    monitor.sample(hub.store, rules, Invented(people, knows_the_past=False), NOW + 3600)
    assert hub.store.metrics.rows(activity_volumes.select()) == []
