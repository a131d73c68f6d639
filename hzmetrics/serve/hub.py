"""Administrators who are known to a JupyterHub, of which this server is a service.

Browsers log in at the Hub (OAuth 2, authorization code) and keep a token in a cookie. What a token says is asked of the
Hub, and believed for a minute.
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import OrderedDict
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from hzmetrics.log import log
from hzmetrics.serve.access import Denied, Scope, Visitor, header
from hzmetrics.serve.settings import HubService

COOKIE = "hzmetrics-token"
STATE = "hzmetrics-login"
"""The cookie of a login that has begun."""
TIMEOUT = 10
"""Seconds that the Hub may take."""
BELIEVED = 60
"""Seconds for which an answer of the Hub is believed."""
MOST_TOKENS = 1000
MOST_QUESTIONS = 4
"""Questions of strangers that the Hub is asked at once."""
MOST_WAITING = 100
"""Strangers that may wait for an answer of the Hub."""
COOKIE_SECONDS = 14 * 86_400
CALLBACK = "/oauth_callback"


class HubUsers:
    """The users of the Hub, by their tokens."""

    def __init__(self, hub: HubService) -> None:
        self.hub = hub
        self._users: OrderedDict[str, tuple[float, dict[str, Any]]] = OrderedDict()
        self._refused: OrderedDict[str, float] = OrderedDict()
        """Tokens that the Hub does not know. They are apart, so that invented ones displace no user."""
        self._strangers = CapacityLimiter(MOST_QUESTIONS)
        self._waiting = 0

    def kept(self, scope: Scope) -> str:
        """The token in the cookie of a browser; empty: there is none."""
        return _cookie(scope, COOKIE)

    async def of_token(self, token: str, is_browser: bool) -> Visitor | None:
        """The administrator whose token it is; None: the Hub does not know it. Raises Denied."""
        user = await self._user(token) if token else None
        if user is None:
            return None
        allowed = {"access:services", f"access:services!service={self.hub.name}"}
        if not user.get("admin") or not allowed & set(user.get("scopes") or ()):
            raise Denied(HTTPStatus.FORBIDDEN, "you are not an administrator")
        return Visitor(str(user.get("name")), is_browser)

    async def token_of(self, code: str) -> str:
        """The token that the Hub gives for the code of a login. Raises Denied."""
        form = {
            "client_id": self.hub.client_id,
            "client_secret": self.hub.api_token,
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{self.hub.prefix}{CALLBACK}",
        }
        answer = await self._ask_for_stranger(f"{self.hub.api_url}/oauth2/token", "", form)
        if not answer or not isinstance(answer.get("access_token"), str):
            raise Denied(HTTPStatus.FORBIDDEN, "the JupyterHub does not accept this login")
        return str(answer["access_token"])

    def login(self, scope: Scope) -> Denied | None:
        """The way to the login at the Hub, for a browser that opens a page."""
        if scope["method"] != "GET" or b"text/html" not in (header(scope, b"accept") or b""):
            return None
        state = secrets.token_urlsafe(24)
        query = urllib.parse.urlencode(
            {
                "client_id": self.hub.client_id,
                "redirect_uri": f"{self.hub.prefix}{CALLBACK}",
                "response_type": "code",
                "state": state,
            }
        )
        location = f"{self.hub.host}{self.hub.base_url}hub/api/oauth2/authorize?{query}"
        kept = f"{STATE}={state}; Path={self.hub.prefix}/; Max-Age=600; HttpOnly; SameSite=Lax"
        return Denied(HTTPStatus.FOUND, "log in at the JupyterHub", [("Location", location), ("Set-Cookie", kept)])

    async def _user(self, token: str) -> dict[str, Any] | None:
        now = time.monotonic()
        at, user = self._users.get(token, (0.0, None))
        if user and now - at <= BELIEVED:
            return user
        if token in self._refused and now - self._refused[token] <= BELIEVED:
            return None
        url = f"{self.hub.api_url}/user"
        found = await (to_thread.run_sync(_ask, url, token) if user else self._ask_for_stranger(url, token))
        if found:
            _remember(self._users, token, (time.monotonic(), found))
        else:
            self._users.pop(token, None)
            _remember(self._refused, token, time.monotonic())
        return found

    async def _ask_for_stranger(
        self, url: str, token: str, form: dict[str, str] | None = None
    ) -> dict[str, Any] | None:
        """What the Hub answers to somebody whom it has not confirmed yet: few are asked for at once. Raises Denied."""
        if self._waiting >= MOST_WAITING:
            raise Denied(HTTPStatus.SERVICE_UNAVAILABLE, "too many wait for the JupyterHub")
        self._waiting += 1
        try:
            return await to_thread.run_sync(_ask, url, token, form, limiter=self._strangers)
        finally:
            self._waiting -= 1


def routes(users: HubUsers) -> APIRouter:
    """The address to which the Hub sends a browser after its login."""
    router = APIRouter(include_in_schema=False)
    prefix = users.hub.prefix

    @router.get(CALLBACK)
    async def logged_in(request: Request, code: str, state: str) -> Response:
        begun = request.cookies.get(STATE, "")
        if not begun or not hmac.compare_digest(begun.encode(), state.encode()):
            raise Denied(HTTPStatus.FORBIDDEN, "this login was not begun here")
        token = await users.token_of(code)
        answer = RedirectResponse(f"{prefix}/", status_code=HTTPStatus.FOUND)
        is_secure = request.headers.get("x-forwarded-proto", request.url.scheme).split(",")[0].strip() == "https"
        answer.set_cookie(
            COOKIE, token, max_age=COOKIE_SECONDS, path=f"{prefix}/", secure=is_secure, httponly=True, samesite="lax"
        )
        answer.delete_cookie(STATE, path=f"{prefix}/")
        return answer

    return router


def _remember(kept: OrderedDict[str, Any], token: str, value: object) -> None:
    kept[token] = value
    kept.move_to_end(token)
    if len(kept) > MOST_TOKENS:
        kept.popitem(last=False)


def _cookie(scope: Scope, name: str) -> str:
    try:
        cookies = SimpleCookie((header(scope, b"cookie") or b"").decode("latin-1"))
    except CookieError:
        return ""
    return cookies[name].value if name in cookies else ""


def _ask(url: str, token: str, form: dict[str, str] | None = None) -> dict[str, Any] | None:
    """What the Hub answers; None: it refuses. Raises Denied if it does not answer."""
    headers = {"Authorization": f"token {token}"} if token else {}
    data = urllib.parse.urlencode(form).encode("ascii") if form else None
    try:
        request = urllib.request.Request(url, data, headers)
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            found = json.loads(answer.read(1 << 20))
    except urllib.error.HTTPError as error:
        if error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
            return None
        raise _unavailable(str(error)) from None
    except (OSError, ValueError) as error:
        raise _unavailable(str(error)) from None
    return found if isinstance(found, dict) else None


def _unavailable(reason: str) -> Denied:
    log.warning("serve: the JupyterHub does not answer: %s", reason)
    return Denied(HTTPStatus.SERVICE_UNAVAILABLE, "the JupyterHub does not answer")
