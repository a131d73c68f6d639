"""Who may see what, and what every answer has (spec 80 §1.1)."""

from __future__ import annotations

import http.client
import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from hzmetrics.activity import monitor
from hzmetrics.serve import guard
from hzmetrics.serve import server as process
from hzmetrics.serve.access import MOST_FAILURES
from tests.conftest import TestHub
from tests.serve.running import BEARER, OWN, ROOT, Running, running

pytestmark = pytest.mark.integration

BOB = {"X-Forwarded-User": "bob"}
RESET = "/api/activity/reset"
PATHS = ("/api/activity", "/admin/stats", "/staff/stats/", "/openapi.json", "/nowhere")


@pytest.mark.parametrize("path", PATHS)
def test_nobody_sees_anything_without_a_credential(server: Running, path: str) -> None:
    answer = server.ask(path, {})
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="hzmetrics"'
    assert answer.json == {"error": {"status": 401, "message": "an administrator's credential is needed"}}


def test_a_user_who_is_no_administrator_is_refused(server: Running) -> None:
    assert server.ask("/api/activity", BOB).status == 403
    assert server.ask("/api/activity", ROOT).status == 200
    assert server.ask("/api/activity", BEARER).status == 200


@pytest.mark.parametrize("given", ["Bearer wrong", "token wrong", "Bearer", "Bearer " + "0" * 4000])
def test_a_wrong_token_is_refused_whatever_else_is_there(server: Running, given: str) -> None:
    answer = server.ask(
        "/api/activity", {**ROOT, "Authorization": given, "X-Forwarded-For": f"198.51.100.{len(given) % 200}"}
    )
    assert (answer.status, answer.json["error"]["message"]) == (401, "the token is wrong")


def test_the_credential_of_the_web_server_in_front_is_not_ours(server: Running) -> None:
    """Apache passes on what the browser sent to it."""
    basic = {"Authorization": "Basic cm9vdDpzZWNyZXQ="}
    assert server.ask("/api/activity", {**ROOT, **basic}).status == 200
    assert server.ask("/api/activity", basic).json["error"]["message"] == "an administrator's credential is needed"


def test_after_too_many_wrong_tokens_only_the_right_one_is_served(server: Running) -> None:
    guessing = {"Authorization": "Bearer guess", "X-Forwarded-For": "203.0.113.9, 203.0.113.77"}
    found = [server.ask("/api/activity", guessing).status for _ in range(MOST_FAILURES + 2)]
    assert found == [401] * MOST_FAILURES + [429] * 2
    assert server.ask("/api/activity", guessing).headers["retry-after"] == "60"
    assert server.ask("/api/activity", {**guessing, "X-Forwarded-For": "203.0.113.78"}).status == 401
    assert server.ask("/api/activity", {**BEARER, "X-Forwarded-For": "203.0.113.77"}).status == 200


def test_wrong_tokens_at_a_socket_file_keep_nobody_out(hub: TestHub, tmp_path: Path) -> None:
    with running(hub.store, hub.settings, tmp_path, listen=f"unix:{tmp_path / 's'}") as server:
        found = [
            server.ask(
                "/api/activity", {"Authorization": "token guess", "X-Forwarded-For": f"203.0.113.{number}"}
            ).status
            for number in range(MOST_FAILURES + 1)
        ]
        assert found == [401] * MOST_FAILURES + [429]
        assert server.ask("/api/activity").status == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example:{port}", 421),
        ("127.0.0.1.evil.example:{port}", 421),
        ("evil.example:x", 421),
        ("LocalHost:{port}", 200),
        ("[::1]:{port}", 200),
        ("127.0.0.1:{port}", 200),
        ("hub.example", 200),
        ("hub.example:8443", 200),
        ("", 200),
    ],
)  # fmt: skip
def test_a_name_that_a_page_has_led_to_this_machine_opens_nothing(server: Running, host: str, status: int) -> None:
    """Such a page can have a browser send any header, but not another `Host` than its own name and our port."""
    called = {"Host": host.format(port=server.listener.getsockname()[1])}
    assert server.ask("/api/activity", {**ROOT, **called, "X-Forwarded-For": "198.51.100.1"}).status == status
    assert server.ask("/metrics", called).status == (200 if status == 200 else 401)
    assert server.ask("/api/activity", {**BEARER, **called}).status == 200


def test_of_several_forwarding_headers_the_last_counts(server: Running) -> None:
    for first, last, status in (("127.0.0.1", "198.51.100.1", 401), ("198.51.100.1", "127.0.0.1", 200)):
        connection = server.connect()
        connection.putrequest("GET", "/hub/metrics")
        connection.putheader("X-Forwarded-For", first)
        connection.putheader("X-Forwarded-For", last)
        connection.endheaders()
        assert connection.getresponse().status == status
        connection.close()


def test_a_header_that_is_there_twice_names_nobody(server: Running) -> None:
    connection = server.connect()
    connection.putrequest("GET", "/hub/api/activity")
    connection.putheader("X-Forwarded-User", "bob")
    connection.putheader("X-Forwarded-User", "root")
    connection.endheaders()
    assert connection.getresponse().status == 401
    connection.close()


def test_the_header_of_an_unknown_proxy_is_not_believed(hub: TestHub, tmp_path: Path) -> None:
    with running(hub.store, hub.settings, tmp_path, trusted_proxies="192.0.2.0/24", admins="root") as server:
        assert server.ask("/api/activity", ROOT).status == 401
        assert server.ask("/api/activity", {**ROOT, "X-Forwarded-For": "192.0.2.7"}).status == 401
        assert server.ask("/api/activity").status == 200


@pytest.mark.parametrize(("trusted", "status"), [("unix", 200), ("127.0.0.1", 401)])
def test_the_header_counts_over_the_socket_only_if_unix_is_trusted(
    hub: TestHub, tmp_path: Path, trusted: str, status: int
) -> None:
    path = tmp_path / "s"
    with running(
        hub.store, hub.settings, tmp_path, listen=f"unix:{path}", trusted_proxies=trusted, admins="root"
    ) as server:
        assert path.stat().st_mode & 0o777 == 0o660
        assert server.ask("/api/activity", ROOT).status == status
        assert server.ask("/api/activity").status == 200
        assert server.ask("/metrics", {}).status == 401
    assert not path.exists()


def test_gauges_need_no_credential_on_this_machine_alone(server: Running, hub: TestHub, tmp_path: Path) -> None:
    answer = server.ask("/metrics", {})
    assert (answer.status, answer.body) == (200, b"# EOF\n")
    assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert server.ask("/metrics", {"X-Forwarded-For": "198.51.100.1"}).status == 401
    assert server.ask("/metrics", {"X-Forwarded-For": "127.0.0.1"}).status == 200
    with running(hub.store, hub.settings, tmp_path) as behind_unknown_proxy:
        assert behind_unknown_proxy.ask("/metrics", {"X-Forwarded-For": "127.0.0.1"}).status == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({**ROOT, **OWN}, 200),
        (BEARER, 200),
        (ROOT, 403),
        ({**ROOT, "Sec-Fetch-Site": "same-origin"}, 403),
        ({**ROOT, "Sec-Fetch-Site": "cross-site", "X-Requested-With": "hzmetrics"}, 403),
        ({**ROOT, "Sec-Fetch-Site": "same-site", "X-Requested-With": "hzmetrics", "Origin": "http://127.0.0.1"}, 403),
        ({**ROOT, "Origin": "http://evil.example", "X-Requested-With": "hzmetrics"}, 403),
        ({**ROOT, "Origin": "http://127.0.0.1:{port}", "X-Requested-With": "hzmetrics"}, 200),
        ({**ROOT, "Origin": "null", "Host": "", "X-Requested-With": "hzmetrics"}, 403),
        ({**BOB, **OWN}, 403),
        ({}, 401),
    ],
)  # fmt: skip
def test_changes_come_from_our_own_pages(server: Running, headers: dict[str, str], status: int) -> None:
    port = server.listener.getsockname()[1]
    given = {name: value.format(port=port) for name, value in headers.items()}
    assert server.ask(RESET, given, "POST").status == status
    assert server.ask(RESET, given).status in (401, 403, 405)


@pytest.mark.parametrize(
    ("fetched", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, 200),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, 200),
    ],
)
def test_pages_of_other_sites_hold_no_part_of_ours(server: Running, fetched: dict[str, str], status: int) -> None:
    assert server.ask("/api/activity", {**ROOT, **fetched}).status == status
    assert server.ask("/api/activity", {**BEARER, **fetched}).status == 200


def test_every_change_is_told_in_one_line(server: Running, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "hzmetrics"):
        server.ask(RESET, {**ROOT, **OWN, "X-Forwarded-For": "198.51.100.7"}, "POST")
        server.ask(RESET, ROOT, "POST")
        server.ask("/api/activity", ROOT)
    assert [record.getMessage() for record in caplog.records if "POST" in record.getMessage()] == [
        "serve: POST /hub/api/activity/reset by 'root' from 198.51.100.7: 200",
        "serve: POST /hub/api/activity/reset by 'root' from 127.0.0.1: 403",
    ]


def test_a_change_that_fails_or_takes_too_long_is_told_too(
    server: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*given: object) -> None:
        raise ZeroDivisionError

    with caplog.at_level(logging.INFO, "hzmetrics"):
        monkeypatch.setattr(monitor, "reset", broken)
        assert server.ask(RESET, method="POST").status == 500
        monkeypatch.setattr(monitor, "reset", lambda *given: time.sleep(0.5))
        monkeypatch.setattr(guard, "REQUEST_SECONDS", 0.1)
        assert server.ask(RESET, method="POST").status == 503
    assert [record.getMessage() for record in caplog.records if "POST" in record.getMessage()] == [
        "serve: POST /hub/api/activity/reset by 'token' from 127.0.0.1: 500",
        "serve: POST /hub/api/activity/reset by 'token' from 127.0.0.1: 503",
    ]


@pytest.mark.parametrize(("path", "given"), [("/api/activity", BEARER), ("/api/activity", {}), ("/nowhere", BEARER)])
def test_every_answer_has_the_strict_headers(server: Running, path: str, given: dict[str, str]) -> None:
    headers = {name.lower(): value for name, value in server.ask(path, given).headers.items()}
    assert "'unsafe-inline'" not in headers["content-security-policy"].partition("script-src")[2].partition(";")[0]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert not {"access-control-allow-origin", "server", "set-cookie"} & headers.keys()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "HEAD", "TRACE", "PATCH"])
def test_other_methods_are_refused(server: Running, method: str) -> None:
    assert server.ask("/api/activity", BEARER, method).status == 405


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/api/activity?limit=-1", "limit: "),
        ("/api/activity?sort=password", "sort: "),
        ("/admin/anomalies?limit=10001", "limit: "),
        ("/admin/stats?recent=0", "recent: "),
        ("/admin/stats/-1", "weeks_ago: "),
        ("/admin/stats/x", "weeks_ago: "),
    ],
)
def test_a_bad_parameter_is_named(server: Running, path: str, message: str) -> None:
    answer = server.ask(path)
    assert answer.status == 400 and answer.json["error"]["message"].startswith(message)


def test_long_requests_are_refused(server: Running) -> None:
    assert server.ask(f"/api/activity?x={'y' * 5000}").status == 414
    connection = server.connect()
    connection.request("POST", f"/hub{RESET}", body=b"x" * 100_000, headers=BEARER)
    assert connection.getresponse().status == 413
    connection.close()
    connection.request("POST", f"/hub{RESET}", body=iter([b"x" * 50_000] * 2), headers=BEARER)  # in chunks
    assert connection.getresponse().status == 413
    connection.close()
    assert server.ask("/api/activity", {**BEARER, "X": "y" * 40_000}).status == 431
    assert server.ask("/api/activity", {**BEARER, **{f"X{number}": "y" * 1000 for number in range(40)}}).status == 431
    with socket.create_connection(server.listener.getsockname()[:2], timeout=10) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000)
        assert b" 400 " in raw.recv(100)
    assert server.ask("/api/activity").status == 200


def test_an_unexpected_error_tells_a_client_nothing(
    server: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*given: object) -> None:
        raise ZeroDivisionError("a secret of the program")

    monkeypatch.setattr(monitor, "show", broken)
    answer = server.ask("/api/activity?limit=77")
    assert (answer.status, answer.json) == (500, {"error": {"status": 500, "message": "an error, which is in the log"}})
    assert "a secret of the program" in caplog.text


def test_a_request_that_takes_too_long_is_ended(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "REQUEST_SECONDS", 0.1)
    monkeypatch.setattr(monitor, "show", lambda *given: time.sleep(0.5))
    assert server.ask("/api/activity?limit=78").status == 503


def test_a_client_that_sends_no_whole_request_is_left(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PATIENCE_SECONDS", 0.1)
    for begin in (b"", b"GET / HT", b"GET /hub/metrics HTTP/1.1\r\nHost: x\r\n"):
        with socket.create_connection(server.listener.getsockname()[:2], timeout=5) as slow:
            slow.sendall(begin)
            assert slow.recv(10) == b"", begin
    with socket.create_connection(server.listener.getsockname()[:2], timeout=5) as slow:
        slow.sendall(b"GET /hub/metrics HTTP/1.1\r\nHost: x\r\n\r\nGET /hub")
        answer = b""
        while part := slow.recv(1000):
            answer += part
        assert answer.count(b"HTTP/1.1 200") == 1


def test_a_client_that_goes_on_sending_a_body_after_the_answer_is_left(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "PATIENCE_SECONDS", 0.1)
    with socket.create_connection(server.listener.getsockname()[:2], timeout=5) as slow:
        slow.sendall(b"POST /hub/metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        with pytest.raises(OSError):
            for _ in range(100):
                slow.sendall(b"1\r\nx\r\n")
                time.sleep(0.05)


@pytest.mark.parametrize("begin", [b"", b"GET /metrics HT", b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_clients_that_only_hold_connections_keep_nobody_out(
    hub: TestHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begin: bytes
) -> None:
    monkeypatch.setattr(process, "MOST_CONNECTIONS", 20)
    with running(hub.store, hub.settings, tmp_path) as server, ExitStack() as held:
        for _ in range(3):
            for _ in range(10):
                raw = held.enter_context(socket.create_connection(server.listener.getsockname()[:2], timeout=10))
                raw.sendall(begin)
            assert server.ask("/api/activity").status == 200


def test_the_connection_that_has_waited_longest_makes_room(
    hub: TestHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "MOST_CONNECTIONS", 4)
    with running(hub.store, hub.settings, tmp_path) as server, ExitStack() as held:

        def connect() -> socket.socket:
            return held.enter_context(socket.create_connection(server.listener.getsockname()[:2], timeout=10))

        def ask(raw: socket.socket) -> None:
            raw.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while not answer.endswith(b"# EOF\n"):
                part = raw.recv(10_000)
                assert part, answer
                answer += part

        used, first, second = connect(), connect(), connect()
        ask(used)
        for waiting in (first, second):
            connect()
            with suppress(ConnectionResetError):
                assert waiting.recv(10) == b""
        ask(used)


def test_a_request_in_progress_makes_no_room(hub: TestHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = threading.Event(), threading.Event()

    def slowly(*given: object) -> str:
        begun.set()
        ended.wait(20)
        return "done"

    monkeypatch.setattr(monitor, "show", slowly)
    monkeypatch.setattr(process, "MOST_CONNECTIONS", 5)
    with running(hub.store, hub.settings, tmp_path) as server, ExitStack() as held, ThreadPoolExecutor(1) as asking:
        answer = asking.submit(server.ask, "/api/activity")
        assert begun.wait(20)
        for _ in range(10):
            held.enter_context(socket.create_connection(server.listener.getsockname()[:2], timeout=10))
        assert server.ask("/metrics", {}).status == 200
        ended.set()
        assert answer.result(20).body == b'"done"\n'


@pytest.mark.parametrize("name", ["nowhere", "%00", "%ff", "..", "..%2f..", "x" * 3000])
def test_there_is_no_such_course(server: Running, name: str) -> None:
    for path in ("", "/daily_metrics", "/material_usage", "/monitor_counts", "/export"):
        assert server.ask(f"/staff/stats{path}/{name}").status == 404


def test_a_redirect_names_no_host(server: Running) -> None:
    """The scheme and the host that a browser knows are those of the web server in front."""
    assert server.ask("").headers["location"] == "/hub/activity"
    assert server.ask("/").headers["location"] == "/hub/activity"
    assert server.ask("/courses/").status == 404


def test_at_the_end_requests_in_progress_get_their_answers(
    hub: TestHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Barrier(9)

    def slowly(*given: object) -> str:
        begun.wait(20)
        time.sleep(0.3)
        return "done"

    monkeypatch.setattr(monitor, "show", slowly)
    monkeypatch.setattr("hzmetrics.serve.answers.MOST_AT_ONCE", 8)
    with running(hub.store, hub.settings, tmp_path) as server, ThreadPoolExecutor(8) as asking:
        answers = [asking.submit(server.ask, f"/api/activity?limit={number}") for number in range(1, 9)]
        begun.wait(20)
        server.server.should_exit = True
        assert [answer.result(20).body for answer in answers] == [b'"done"\n'] * 8
        with pytest.raises(OSError, match=r"refused|descriptor"):
            server.ask("/api/activity")


def test_an_answer_is_given_again_by_its_tag(server: Running) -> None:
    first = server.ask("/staff/stats/")
    assert first.headers["etag"]
    again = server.ask("/staff/stats/", {**BEARER, "If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert server.ask("/staff/stats/", {**BEARER, "If-None-Match": '"other"'}).status == 200


def test_the_addresses_are_described(server: Running) -> None:
    paths = server.get("/openapi.json")["paths"]
    assert {"/hub/api/activity", "/hub/api/activity/reset", "/hub/admin/stats/{weeks_ago}", "/hub/metrics"} <= set(
        paths
    )
    shape = paths["/hub/admin/stats"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert shape["items"]["$ref"].endswith("/Hour")


def test_nothing_is_served_outside_of_the_base_path(server: Running) -> None:
    connection = server.connect()
    connection.request("GET", "/api/activity", headers=BEARER)
    assert connection.getresponse().status == http.client.NOT_FOUND
    connection.close()
