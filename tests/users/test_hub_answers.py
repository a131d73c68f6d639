"""What a JupyterHub may answer, told by a stand-in on a socket: pages, patience, refusals, silence."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hzmetrics.errors import HzmetricsError
from hzmetrics.users import jupyterhub
from hzmetrics.users.jupyterhub import JupyterHubSource
from hzmetrics.users.settings import JupyterHub
from tests.users.invented import NOW, listed

pytestmark = pytest.mark.integration

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Authorization"]))
        self.server.answers.pop(0)(self)

    def reply(self, status: int, body: object, **headers: str) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in ({"Content_Length": str(len(data))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        pass


class StandIn(ThreadingHTTPServer):
    """Gives the answers it was told, one a request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer] = []
        self.asked: list[tuple[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hub/api"

    def source(self) -> JupyterHubSource:
        return JupyterHubSource(JupyterHub(self.url, "secret", Path("/nowhere"), "", "", None), NOW, frozenset())


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def page(names: list[str], following: str | None = None) -> Answer:
    after = {"url": following} if following else None
    return lambda handler: handler.reply(
        200, {"items": [{"name": one} for one in names], "_pagination": {"next": after}}
    )


def refusal(status: int, **headers: str) -> Answer:
    return lambda handler: handler.reply(status, {"message": "no"}, **headers)


def test_pages_are_followed_on_the_configured_hub_only(stand_in: StandIn) -> None:
    stand_in.answers = [
        page(["ann", "bob"], "http://elsewhere.invalid/hub/api/users?offset=2&limit=2"),
        page(["zo\u00eb", "ann"]),
    ]
    assert list(listed(stand_in.source().users())) == ["ann", "bob", "zo\u00eb"]
    assert stand_in.asked == [
        ("/hub/api/users?limit=200", "token secret"),
        ("/hub/api/users?offset=2&limit=2", "token secret"),
    ]


def test_a_plain_list_is_complete(stand_in: StandIn) -> None:
    stand_in.answers = [lambda handler: handler.reply(200, [{"name": "ann"}])]
    assert list(listed(stand_in.source().users())) == ["ann"]


def test_patience_when_asked_for(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(jupyterhub.time, "sleep", pauses.append)
    stand_in.answers = [refusal(429, Retry_After="3"), refusal(429, Retry_After="0"), refusal(429), page(["ann"])]
    assert list(listed(stand_in.source().users())) == ["ann"]
    assert pauses == [3, 1, 1]
    stand_in.answers = [refusal(429, Retry_After="0")] * 40
    with pytest.raises(HzmetricsError, match="status 429"):
        stand_in.source().users()
    stand_in.answers = [refusal(429, Retry_After="31")]
    with pytest.raises(HzmetricsError, match="status 429"):
        stand_in.source().users()


@pytest.mark.parametrize(("answer", "told"), [
    (refusal(500), "status 500"),
    (refusal(503, Retry_After="1"), "status 503"),
    (refusal(302, Location="/hub/login"), "status 302"),
    (refusal(204), "status 204"),
    (lambda handler: handler.reply(200, None), "no list of users"),
    (lambda handler: handler.reply(200, {"items": []}), "no list of users"),
    (lambda handler: handler.reply(200, {}, Content_Length="1000"), "does not answer"),
    (page(["ann"], "/hub/api/users?limit=200"), "same page"),
])  # fmt: skip
def test_anything_else_skips_the_run(stand_in: StandIn, answer: Answer, told: str) -> None:
    def closing(handler: Handler) -> None:
        handler.close_connection = True
        answer(handler)

    stand_in.answers = [closing]
    with pytest.raises(HzmetricsError, match=told):
        stand_in.source().users()
    assert len(stand_in.asked) == 1, "the token goes nowhere else"


def test_a_dripping_answer_has_an_end(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    def drip(handler: Any) -> None:
        handler.reply(200, {}, Content_Length="100")
        with contextlib.suppress(OSError):  # who asked has lost patience, as it should
            for _ in range(20):
                time.sleep(0.1)
                handler.wfile.write(b" ")

    monkeypatch.setattr(jupyterhub, "TIMEOUT", 0.5)
    stand_in.answers = [drip]
    with pytest.raises(HzmetricsError, match="no whole answer"):
        stand_in.source().users()
