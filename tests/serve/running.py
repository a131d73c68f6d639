"""A server in a thread of this process, and what asks it."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import uvicorn

from hzmetrics.config import Settings
from hzmetrics.config.source import Source
from hzmetrics.serve.application import application
from hzmetrics.serve.server import configured
from hzmetrics.serve.settings import Serving
from hzmetrics.serve.site import Site
from hzmetrics.serve.sockets import listening
from hzmetrics.store import Store

TOKEN = "0123456789abcdef0123456789abcdef"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ROOT = {"X-Forwarded-User": "root"}
"""What a trusted proxy says of an administrator."""
OWN = {"Sec-Fetch-Site": "same-origin", "X-Requested-With": "hzmetrics"}
"""What our pages' requests have."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Running:
    """A server that runs."""

    listener: socket.socket
    site: Site
    server: uvicorn.Server
    headers: Mapping[str, str] = field(default_factory=lambda: BEARER)

    @property
    def url(self) -> str:
        host, port = self.listener.getsockname()[:2]
        return f"http://{host}:{port}{self.site.serving.base_path}"

    def connect(self) -> http.client.HTTPConnection:
        if self.listener.family == socket.AF_UNIX:
            connection = http.client.HTTPConnection("localhost", timeout=30)
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(self.listener.getsockname())
            return connection
        host, port = self.listener.getsockname()[:2]
        return http.client.HTTPConnection(host, port, timeout=30)

    def ask(self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Answer:
        connection = self.connect()
        try:
            connection.request(
                method,
                f"{self.site.serving.base_path}{path}",
                headers=dict(self.headers if headers is None else headers),
            )
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        """The document at a path."""
        answer = self.ask(path)
        assert answer.status == 200, answer
        return answer.json


def with_section(settings: Settings, **keys: str) -> Settings:
    """The settings with these keys in `[http]`."""
    source = settings.source
    sections = {**source.sections, "http": {"listen": "127.0.0.1:0", **keys}}
    return replace(settings, source=Source(source.file, sections, {}, source.environment))


def token_file(folder: Path, token: str = TOKEN) -> str:
    path = folder / "token"
    path.touch(0o600)
    path.write_text(f"{token}\n")
    return str(path)


@contextmanager
def running(store: Store, settings: Settings, folder: Path, **keys: str) -> Iterator[Running]:
    """A server with a token, on a port of this machine."""
    chosen = with_section(settings, admin_token_file=token_file(folder), **keys)
    serving = Serving.of(chosen)
    site = Site(store, chosen, serving)
    server = uvicorn.Server(configured(application(site)))
    with listening(serving) as listener:
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
        thread.start()
        try:
            deadline = time.monotonic() + 30
            while not server.started:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            yield Running(listener, site, server)
        finally:
            server.should_exit = True
            thread.join(20)
            site.close()
