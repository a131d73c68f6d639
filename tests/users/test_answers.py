"""What the users API of a JupyterHub can answer, without a JupyterHub."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hzmetrics.errors import HzmetricsError
from hzmetrics.users.jupyterhub import JupyterHubSource, users_of
from hzmetrics.users.settings import JupyterHub


def test_an_item_without_a_name_is_left_out() -> None:
    items = [{"name": ""}, {"name": " "}, {"name": None}, {"name": "ann"}, {"name": "ann", "servers": {}}]
    assert [user.username for user in users_of(items, None, 0)] == ["ann"]


def test_an_answer_of_another_shape_is_an_error() -> None:
    for item in ({}, {"name": 1}, {"name": "ann", "last_activity": "noon"}):
        with pytest.raises(HzmetricsError, match="another shape"):
            users_of([item], None, 0)


class Other(BaseHTTPRequestHandler):
    """A server that is no API of a JupyterHub; the path says how it answers."""

    def do_GET(self) -> None:
        token = self.headers["Authorization"]
        status, kind, body = {
            "/page": (200, "text/html; charset=utf-8", "<!DOCTYPE html>\x1b[31m\u202e" + "x" * 500),
            "/echo": (403, "text/plain", f"refused: {token}"),
            "/json": (200, "application/json", '{"version": "5.0"}'),
            "/moved": (302, "text/html", "moved"),
            "/deep": (200, "application/json", "[" * 100_000),
        }[self.path.partition("/users")[0]]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Location", "/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *arguments: object) -> None:
        """Nothing on standard error."""


@pytest.fixture(scope="module")
def other() -> Iterator[str]:
    """The address of a server that is no API of a JupyterHub."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("page", "status 200, content type 'text/html', '<!DOCTYPE html>\\x1b[31m\\u202exxx"),
        ("page", "which is not JSON: api_url under [jupyterhub] should end in /hub/api"),
        ("echo", "status 403, content type 'text/plain', 'refused: token ...': the token needs the scopes"),
        ("json", '\'{"version": "5.0"}\', which is no list of users: api_url under [jupyterhub]'),
        ("moved", "status 302, content type 'text/html', 'moved'"),
        ("deep", "which is not JSON"),
    ],
)
def test_what_answers_at_a_wrong_address_is_described(other: str, path: str, told: str) -> None:
    hub = JupyterHub(f"{other}/{path}", "quite-secret", Path("/nowhere"), "", "", None)
    with pytest.raises(HzmetricsError) as error:
        JupyterHubSource(hub, 0, frozenset()).users()
    message = str(error.value)
    assert message.startswith(f"JupyterHub at {other}/{path} answered with ")
    assert told in message
    assert message.isprintable() and len(message) < 300 and "quite-secret" not in message
