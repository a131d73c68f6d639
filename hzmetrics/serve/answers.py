"""Documents as answers: computed once for all who ask at the same time, with an ETag."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response

from hzmetrics.output.document import readable
from hzmetrics.publish.documents import as_csv as table_of
from hzmetrics.serve.content import Content, content

FRESH = 1.0
"""Seconds for which an answer is given again: times in documents are in whole seconds."""
MOST_KEPT = 32
MOST_AT_ONCE = 4
"""Documents that are computed at a time; others wait for their turn. Each thread's memory for columns is its own."""


class Answers:
    """The answers of the last second, and those that are being computed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[float, Future[Content]]] = OrderedDict()
        self._workers = ThreadPoolExecutor(MOST_AT_ONCE, "serve: document")

    def json(self, request: Request, compute: Callable[[], object]) -> Response:
        """The document of a request as JSON, as the command line prints it."""
        return self.give(request, lambda: content(f"{readable(compute())}\n".encode("ascii")))

    def give(self, request: Request, compute: Callable[[], Content]) -> Response:
        """The content of a request; 304 if the client has it."""
        return tagged(request, self._content((request.url.path, request.url.query), compute))

    def forget(self) -> None:
        """Give no answer again: something has changed."""
        with self._lock:
            self._kept.clear()

    def close(self) -> None:
        """Compute nothing more."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _content(self, key: Hashable, compute: Callable[[], Content]) -> Content:
        with self._lock:
            self._drop_old()
            future = self._kept.get(key, (0.0, None))[1]
            if future is None:
                future = self._workers.submit(compute)
                self._kept[key] = (time.monotonic(), future)
        return future.result()

    def _drop_old(self) -> None:
        """Drop what is done and not fresh any more, or has failed; of more than so many, the oldest."""
        now = time.monotonic()
        for key, (at, future) in list(self._kept.items()):
            if future.done() and (now - at > FRESH or future.exception() is not None):
                del self._kept[key]
        while len(self._kept) >= MOST_KEPT:
            self._kept.popitem(last=False)


def tagged(request: Request, found: Content, **headers: str) -> Response:
    """Some content as an answer; 304 if the client has it."""
    headers["ETag"] = found.tag
    if found.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found.body, media_type=found.kind, headers=headers)


def as_csv(name: str, columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> Response:
    """A table to download; no text in it is a formula to a spreadsheet."""
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}.csv"
    return Response(table_of(columns, rows), media_type="text/csv", headers={"Content-Disposition": disposition})
