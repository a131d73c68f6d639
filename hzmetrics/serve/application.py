"""The application: all addresses, and how errors are told."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from hzmetrics import __version__
from hzmetrics.courses.reporting import UnknownCourse
from hzmetrics.errors import HzmetricsError, LockHeld, StoreError
from hzmetrics.log import tell
from hzmetrics.serve import hub
from hzmetrics.serve.access import Denied, Gate
from hzmetrics.serve.guard import Guard, error_body
from hzmetrics.serve.hub import HubUsers
from hzmetrics.serve.routes import activity, courses, events, operations, places
from hzmetrics.serve.shapes import Error
from hzmetrics.serve.site import Site

STATUSES: tuple[tuple[type[HzmetricsError], HTTPStatus], ...] = (
    (UnknownCourse, HTTPStatus.NOT_FOUND),
    (LockHeld, HTTPStatus.CONFLICT),
    (StoreError, HTTPStatus.SERVICE_UNAVAILABLE),
    (HzmetricsError, HTTPStatus.INTERNAL_SERVER_ERROR),
)
"""The status of what can go wrong."""


def application(site: Site) -> Guard:
    """The whole of it."""
    base = site.serving.base_path
    made = FastAPI(
        title="hzmetrics",
        description="What administrators of a hub see: activity, events, courses, operations.",
        version=__version__,
        openapi_url=f"{base}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # such redirects name scheme and host, which only the web server in front knows
        responses={"default": {"model": Error, "description": "An error"}},
        exception_handlers={
            Denied: _denied,
            HTTPException: _http_error,
            RequestValidationError: _bad_request,
            HzmetricsError: _failed,
            Exception: _unexpected,
        },
    )
    for part in (activity, events, courses, operations, places):
        made.include_router(part.routes(site), prefix=base)
    users = HubUsers(site.serving.jupyterhub) if site.serving.jupyterhub else None
    public: frozenset[str] = frozenset()
    if users:
        made.include_router(hub.routes(users), prefix=base)
        public = frozenset({f"{base}{hub.CALLBACK}"})
    return Guard(made, Gate(site.serving, users), f"{base}/metrics", public)


def _error(status: int, message: str) -> Response:
    return Response(error_body(status, message), status, media_type="application/json")


async def _denied(request: Request, error: Exception) -> Response:
    assert isinstance(error, Denied)
    return _error(error.status, error.message)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, HTTPStatus(error.status_code).phrase.lower())


async def _bad_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return _error(HTTPStatus.BAD_REQUEST, f"{first['loc'][-1]}: {first['msg']}")


async def _failed(request: Request, error: Exception) -> Response:
    """What is expected to go wrong at times: an administrator is told why, as on the command line."""
    status = next(status for kind, status in STATUSES if isinstance(error, kind))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        tell(error, "serve")
    return _error(status, str(error))


async def _unexpected(request: Request, error: Exception) -> Response:
    tell(error, "serve")
    return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "an error, which is in the log")
