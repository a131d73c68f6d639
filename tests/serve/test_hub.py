"""Strangers who ask for the users of a JupyterHub, which is invented here (spec 80 §1.1)."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hzmetrics import config
from hzmetrics.config.source import Source
from hzmetrics.serve import hub
from hzmetrics.serve.access import MOST_FAILURES
from hzmetrics.store import Store
from tests.serve.running import Running, running

pytestmark = pytest.mark.integration

ANN = {"name": "ann", "admin": True, "scopes": ["access:services"]}
RIGHT = {"Cookie": "hzmetrics-token=of-ann"}
PAGE = {"Accept": "text/html"}


class InventedHub(ThreadingHTTPServer):
    """It knows one token, and how often and by how many at once it was asked."""

    daemon_threads = True
    request_queue_size = 100

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lock = threading.Lock()
        self.asked: Counter[str] = Counter()
        self.at_once = self.most_at_once = 0
        self.answers = threading.Event()
        self.answers.set()


class _Handler(BaseHTTPRequestHandler):
    server: InventedHub

    def do_GET(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("token ")
        with self.server.lock:
            self.server.asked[token] += 1
            self.server.at_once += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.at_once)
        self.server.answers.wait(20)
        with self.server.lock:
            self.server.at_once -= 1
        self.send_response(200 if token == "of-ann" else 403)
        self.end_headers()
        self.wfile.write(json.dumps(ANN).encode())

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *given: object) -> None:
        """Nothing is told."""


@pytest.fixture
def users() -> Iterator[InventedHub]:
    with InventedHub() as started:
        threading.Thread(target=started.serve_forever, daemon=True).start()
        yield started
        started.answers.set()
        started.shutdown()


@pytest.fixture
def service(users: InventedHub, tmp_path: Path) -> Iterator[Running]:
    """The server as a service of that Hub."""
    environment = {
        "HZMETRICS_HOME": str(tmp_path / "home"),
        "HZMETRICS_LOG_ROOT": str(tmp_path / "logs"),
        "JUPYTERHUB_SERVICE_PREFIX": "/services/usage/",
        "JUPYTERHUB_API_URL": f"http://127.0.0.1:{users.server_port}/hub/api",
        "JUPYTERHUB_API_TOKEN": "secret-of-the-service",
    }
    sections = {"hub": {"site": "nano"}, "activity": {"source": "logs"}}
    settings = config.build(Source(tmp_path / "conf", sections, environment=environment))
    store = Store(settings)
    with running(store, settings, tmp_path) as started:
        yield started
    store.close()


def guess(number: int) -> dict[str, str]:
    return {"Cookie": f"hzmetrics-token=guess-{number}"}


def test_guesses_by_cookie_and_by_token_are_told_to_wait(service: Running) -> None:
    found = [service.ask("/api/activity", guess(number)).status for number in range(MOST_FAILURES)]
    assert found == [401] * MOST_FAILURES
    assert service.ask("/api/activity", guess(77)).status == 429
    assert service.ask("/api/activity", {"Authorization": "token guess"}).status == 429
    assert service.ask("/api/activity", {}).status == 401
    assert service.ask("/api/activity", RIGHT).status == 200
    assert service.ask("/api/activity", {"Authorization": "token of-ann"}).status == 200
    login = service.ask("/activity", {**PAGE, **guess(78)})
    assert (login.status, "/oauth2/authorize" in login.headers["location"]) == (302, True)


def test_invented_tokens_displace_no_user(
    service: Running, users: InventedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MOST_TOKENS", 5)
    assert service.ask("/api/activity", RIGHT).status == 200
    for number in range(8):
        service.ask("/api/activity", guess(number))
        service.ask("/api/activity", guess(number))
    assert service.ask("/api/activity", RIGHT).status == 200
    assert users.asked == {"of-ann": 1, **{f"guess-{number}": 1 for number in range(8)}}


@pytest.mark.parametrize("path", ["/api/activity", "/oauth_callback?code=x&state=y"])
def test_strangers_ask_the_hub_few_questions_at_once(
    service: Running, users: InventedHub, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Meanwhile known users are served, also when the Hub has to be asked about them again."""
    monkeypatch.setattr(hub, "MOST_WAITING", 10)
    monkeypatch.setattr(hub, "TIMEOUT", 60)
    assert service.ask("/api/activity", RIGHT).status == 200
    users.answers.clear()
    with ThreadPoolExecutor(41) as asking:
        given = [{"Cookie": f"hzmetrics-token=guess-{number}; hzmetrics-login=y"} for number in range(40)]
        answers = [asking.submit(service.ask, path, each) for each in given]
        deadline = time.monotonic() + 15
        while (
            not (refused := [answer.result(0) for answer in answers if answer.done()])
            or users.at_once < hub.MOST_QUESTIONS
        ):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert {(answer.status, answer.json["error"]["message"]) for answer in refused} == {
            (503, "too many wait for the JupyterHub")
        }
        assert users.most_at_once == hub.MOST_QUESTIONS
        assert service.ask("/api/activity", RIGHT).status == 200
        monkeypatch.setattr(hub, "BELIEVED", 0)
        again = asking.submit(service.ask, "/api/activity", RIGHT)
        while users.asked["of-ann"] < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        users.answers.set()
        assert again.result(20).status == 200
        assert {answer.result(20).status for answer in answers} <= {401, 403, 429, 503}


def test_a_stranger_cannot_hold_the_address_of_the_login(service: Running) -> None:
    """A POST waits for its body only if somebody known sends it."""
    connection = service.connect()
    connection.putrequest("POST", "/services/usage/oauth_callback")
    connection.putheader("Content-Length", "10")
    connection.endheaders()
    assert connection.getresponse().status == 401
    connection.close()


def test_a_user_whom_the_hub_forgets_is_refused(
    service: Running, users: InventedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert service.ask("/api/activity", RIGHT).status == 200
    monkeypatch.setattr(hub, "BELIEVED", 0)
    monkeypatch.setattr(hub, "_ask", lambda *given: None)
    assert [service.ask("/api/activity", RIGHT).status for _ in range(2)] == [401] * 2
