"""The process: it listens until SIGTERM, and then ends the requests in progress."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from hzmetrics.config import Settings
from hzmetrics.log import log
from hzmetrics.serve.application import application
from hzmetrics.serve.guard import MOST_HEADERS, Application
from hzmetrics.serve.settings import Serving
from hzmetrics.serve.site import Site
from hzmetrics.serve.sockets import listening, named
from hzmetrics.store import Store

PATIENCE_SECONDS = 10
"""How long a client may take to send the headers of a request, or to read the rest of a closed connection."""
IDLE_SECONDS = 15
"""How long a connection is kept without a request."""
ENDING_SECONDS = 10
"""How long requests in progress may take after SIGTERM."""
MOST_CONNECTIONS = 500


def serve(store: Store, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises ConfigurationError, HzmetricsError."""
    serving = Serving.of(settings)
    site = Site(store, settings, serving)
    server = uvicorn.Server(configured(application(site)))
    with listening(serving) as listener, _ended_by_signals(server):
        log.info("serve: listening on %s%s", named(listener), serving.base_path)
        try:
            asyncio.run(server.serve([listener]))
        finally:
            site.close()
    log.info("serve: ended")


@contextmanager
def _ended_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """Meanwhile SIGTERM and SIGINT end the server, and nothing else: uvicorn sends itself again what ended it."""
    before = [(number, signal.signal(number, server.handle_exit)) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def configured(served: Application) -> uvicorn.Config:
    """How uvicorn serves an application."""
    for name in ("uvicorn.error", "asyncio"):
        logging.getLogger(name).parent = log
        logging.getLogger(name).setLevel(logging.CRITICAL)  # the guard tells what goes wrong
    return uvicorn.Config(
        served,
        http=Patient,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=ENDING_SECONDS,
        h11_max_incomplete_event_size=MOST_HEADERS,
    )


class Patient(H11Protocol):
    """HTTP/1.1 that does not wait for ever for a request, nor for a client to read the rest of a closed connection.

    When all connections are taken, the one that has waited longest for a request makes room for a new one. Clients that
    only hold connections keep nobody out so, also where all have the same address: that of this machine or of a proxy.
    """

    _timer: asyncio.TimerHandle | None = None
    _waiting_since = 0.0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._waiting_since = self.loop.time()
        if len(self.connections) >= MOST_CONNECTIONS:
            self._make_room()
        self._look_later()

    def on_response_complete(self) -> None:
        self._waiting_since = self.loop.time()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer:
            self._timer.cancel()
        super().connection_lost(exc)

    def _make_room(self) -> None:
        opened = [each for each in self.connections if isinstance(each, Patient) and not each.transport.is_closing()]
        waiting = [each for each in opened if each is not self and each._is_waiting]
        if len(opened) >= MOST_CONNECTIONS and waiting:
            min(waiting, key=lambda each: each._waiting_since).transport.abort()

    @property
    def _is_waiting(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def _look_later(self) -> None:
        self._timer = self.loop.call_later(PATIENCE_SECONDS, self._look)

    def _look(self) -> None:
        if self.transport.is_closing():
            self.transport.abort()
            return
        is_half = (
            self.conn.trailing_data[0] or self.conn.their_state is h11.SEND_BODY
        )  # headers, or a body nobody needs
        if self._is_waiting and (self.cycle is None or is_half):
            self.transport.close()
        self._look_later()
