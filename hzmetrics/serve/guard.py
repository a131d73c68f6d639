"""What holds for every request: limits, who may ask, headers, one shape of errors, and the audit of changes.

It is around the application, so that nothing that an address does can leave it out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from hzmetrics.log import log, tell
from hzmetrics.output.document import document
from hzmetrics.serve.access import Denied, Gate, Visitor, header, refuse_parts_of_other_sites, require_same_origin

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]

REQUEST_SECONDS = 60
"""How long a request may take, the client's reading of the answer included."""
MOST_BODY = 1 << 16
"""Bytes of a request's body: no request needs one."""
LONGEST_TARGET = 4096
"""Bytes of path and query."""
MOST_HEADERS = 1 << 15
"""Bytes of a request's headers."""
METHODS = ("GET", "POST")
PIECE = 1 << 17
"""Bytes of an answer that are handed to a connection at once: a client that reads slowly holds no more."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""No inline script. Inline styles are the charts'."""

HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
NO_STORE = (b"cache-control", b"no-store")
"""Of all answers that say nothing else: they hold personal data."""


class Guard:
    """An ASGI application around another."""

    def __init__(self, application: Application, gate: Gate, open_to_metrics: str, public: frozenset[str]) -> None:
        self.application = application
        self.gate = gate
        self.open_to_metrics = open_to_metrics
        """The path of `/metrics`."""
        self.public = public
        """Paths that anybody may ask for: where a login ends."""

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # nothing else is served
        answer = _Answer(send)
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                await self._handle(scope, receive, answer)
        except Denied as denied:
            await answer.refuse(denied)
        except TimeoutError:
            if answer.has_begun:
                raise  # uvicorn closes the connection
            await answer.refuse(Denied(HTTPStatus.SERVICE_UNAVAILABLE, "the request took too long"))
        except Exception as error:
            tell(error, "serve")
            if not answer.has_begun:
                await answer.refuse(Denied(HTTPStatus.INTERNAL_SERVER_ERROR, "an error, which is in the log"))

    async def _handle(self, scope: Any, receive: Receive, answer: _Answer) -> None:
        _require_small(scope)
        visitor = await self._visitor(scope)
        scope.setdefault("state", {})["visitor"] = visitor
        if scope["method"] != "POST":
            if visitor and visitor.is_browser:
                refuse_parts_of_other_sites(scope)
            await self.application(scope, receive, answer)
            return
        status = HTTPStatus.SERVICE_UNAVAILABLE  # it takes too long
        try:
            if visitor and visitor.is_browser:
                require_same_origin(scope)
            await _read_small_body(receive)
            await self.application(scope, receive, answer)
        except Denied as denied:
            status = denied.status
            raise
        finally:
            self._audit(scope, visitor, answer.status or status)

    async def _visitor(self, scope: Any) -> Visitor | None:
        if scope["method"] == "GET":  # a stranger's POST could keep its connection by a slow body
            path = scope["path"]
            if path in self.public or (path == self.open_to_metrics and self.gate.may_read_metrics(scope)):
                return None
        return await self.gate.visitor(scope)

    def _audit(self, scope: Any, visitor: Visitor | None, status: int) -> None:
        """One line for each request that may change something."""
        who = visitor.name if visitor else "nobody"
        where = self.gate.address(scope) or "the web server in front"
        log.info("serve: POST %s by %r from %s: %d", scope["path"], who, where, status)


class _Answer:
    """Sends an answer with the headers of all answers."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            self.status = message["status"]
            headers = [*message.get("headers", ()), *HEADERS]
            if all(name.lower() != NO_STORE[0] for name, _ in headers):
                headers.append(NO_STORE)
            await self._send({**message, "headers": headers})
            return
        body = memoryview(message.get("body", b""))
        while len(body) > PIECE:
            await self._send({"type": "http.response.body", "body": body[:PIECE], "more_body": True})
            body = body[PIECE:]
        await self._send({**message, "body": bytes(body)})

    async def refuse(self, denied: Denied) -> None:
        """An error, in the shape of all errors."""
        if self.has_begun:
            return
        body = error_body(denied.status, denied.message)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        headers += [(name.lower().encode(), value.encode()) for name, value in denied.headers]
        await self({"type": "http.response.start", "status": int(denied.status), "headers": headers})
        await self({"type": "http.response.body", "body": body})


def error_body(status: int, message: str) -> bytes:
    """The one shape of errors."""
    return f"{document({'error': {'status': int(status), 'message': message}})}\n".encode("ascii")


def _require_small(scope: Any) -> None:
    if scope["method"] not in METHODS:
        raise Denied(HTTPStatus.METHOD_NOT_ALLOWED, "this method is not allowed", [("Allow", ", ".join(METHODS))])
    if len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"") > LONGEST_TARGET:
        raise Denied(HTTPStatus.REQUEST_URI_TOO_LONG, "the address is too long")
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_HEADERS:  # they may have come at once
        raise Denied(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too long")
    length = header(scope, b"content-length") or b"0"
    if not length.isdigit() or len(length) > 9 or int(length) > MOST_BODY:
        raise _too_long()


async def _read_small_body(receive: Receive) -> None:
    """Read a body, which nothing needs: a change is made only after a whole request. Raises Denied."""
    size = 0
    while (message := await receive())["type"] == "http.request":
        size += len(message.get("body", b""))
        if size > MOST_BODY:
            raise _too_long()
        if not message.get("more_body", False):
            return
    raise Denied(HTTPStatus.BAD_REQUEST, "the request is not complete")


def _too_long() -> Denied:
    return Denied(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request is too long")
