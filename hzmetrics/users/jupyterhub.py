"""Users of a JupyterHub, through its REST API (spec 80 §4)."""

from __future__ import annotations

import http.client
import json
import time
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from email.message import Message
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from hzmetrics.calendar import epoch
from hzmetrics.errors import HzmetricsError, UsageError
from hzmetrics.users.settings import JupyterHub
from hzmetrics.users.user import Presence, User, fitted, plain

if TYPE_CHECKING:
    import pyarrow as pa

PAGE = 200
TIMEOUT = 10
MOST_WAITING = 30
"""Seconds to wait in total when the Hub answers that there are too many requests."""
TOO_MANY_REQUESTS = 429
SHOWN = 80
"""Characters of an unexpected answer in a message."""
HINTS = {
    401: ": the token is unknown",
    403: ": the token needs the scopes list:users, read:users:activity, read:servers",
    404: ": api_url under [jupyterhub] should end in /hub/api",
}


class JupyterHubSource:
    """The users API of a JupyterHub. It knows only the present."""

    name = "jupyterhub"
    knows_the_past = False

    def __init__(self, hub: JupyterHub, now: int, ignore: frozenset[str], inactive_after: int = 60) -> None:
        self.hub = hub
        self.now = now
        self.ignore = ignore
        self.inactive_seconds = 60 * inactive_after

    def users(self) -> pa.Table:
        from hzmetrics.users.columns import table_of

        return table_of(self._users)

    def running(self) -> Sequence[User]:
        return [user for user in self._users if user.server_active]

    def presence(self) -> Presence:
        seen = {plain(user.username): user.last_activity for user in self._users if user.last_activity}
        since = self.now - self.inactive_seconds
        running = {plain(user.username) for user in self.running()}
        return Presence(connected={name for name in running if seen.get(name, -1) >= since}, seen=seen)

    def instants(self, since: int) -> Mapping[str, Sequence[int]]:
        return {}

    @cached_property
    def _users(self) -> list[User]:
        users = users_of(self._items(), self.hub.cull_timeout, self.now, self.ignore)
        if not self.hub.authenticator_db:
            return users
        from hzmetrics.users.native import authorized

        names = authorized(self.hub.authenticator_db)
        return [user._replace(is_authorized=user.username in names) for user in users]

    def _items(self) -> Iterable[Mapping[str, Any]]:
        """The users of all pages. A plain list is a Hub older than 2.0, and complete."""
        page = f"limit={PAGE}"
        asked = set()
        while page:
            asked.add(page)
            answer = self._ask(page)
            if isinstance(answer, list):
                yield from answer
                return
            yield from answer["items"]
            following = answer["_pagination"]["next"]
            # only the query of the URL is used, so that the token is sent to no other server
            page = urlsplit(following["url"]).query if following else ""
            if page in asked:
                raise HzmetricsError(f"JupyterHub at {self.hub.api_url} sends the same page of users again")

    def _ask(self, page: str) -> Any:
        """One page. Waits if the Hub answers that there are too many requests. Raises HzmetricsError."""
        waited = 0.0
        while (answer := self._get(page)).status == TOO_MANY_REQUESTS:
            waited += answer.wait
            if waited > MOST_WAITING:
                break
            time.sleep(answer.wait)
        if answer.status != 200:
            raise self._refusal(answer, HINTS.get(answer.status, ""))
        try:
            content = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise self._refusal(answer, f", which is not JSON{HINTS[404]}") from None
        if not isinstance(content, list) and not (
            isinstance(content, dict) and {"items", "_pagination"} <= set(content)
        ):
            raise self._refusal(answer, f", which is no list of users{HINTS[404]}")
        return content

    def _get(self, page: str) -> Answer:
        headers = {"Authorization": f"token {self.hub.api_token}", "Accept": "application/jupyterhub-pagination+json"}
        try:
            request = urllib.request.Request(f"{self.hub.api_url}/users?{page}", headers=headers)
            with _OPENER.open(request, timeout=TIMEOUT) as response:
                return Answer(response.status, response.headers, _whole(response))
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise HzmetricsError(f"JupyterHub at {self.hub.api_url} does not answer: {error}") from None

    def _refusal(self, answer: Answer, reason: str) -> HzmetricsError:
        """An answer that is no list of users, described without the token, which some servers send back."""
        begin = answer.body[:4096].decode("utf-8", "replace")
        if self.hub.api_token:
            begin = begin.replace(self.hub.api_token, "...")
        described = f"status {answer.status}, content type {answer.kind!a}, {begin[:SHOWN]!a}"
        return HzmetricsError(f"JupyterHub at {self.hub.api_url} answered with {described}{reason}")


class Answer(NamedTuple):
    """What a server answered, with whatever status."""

    status: int
    headers: Message
    body: bytes

    @property
    def kind(self) -> str:
        """The content type, without its parameters."""
        return str(self.headers.get("Content-Type", "none")).partition(";")[0][:SHOWN]

    @property
    def wait(self) -> float:
        """The seconds to wait before the next request."""
        wanted = str(self.headers.get("Retry-After", ""))
        return max(1.0, float(wanted)) if wanted.isdecimal() else 1.0


class _AsAnswered(urllib.request.HTTPErrorProcessor):
    """Every status is an answer: redirects are not followed, so that the token is sent to no other server."""

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:
        return response

    https_response = http_response


_OPENER = urllib.request.build_opener(_AsAnswered)


def _whole(response: http.client.HTTPResponse) -> bytes:
    """The body. Raises TimeoutError if it takes too long in total, IncompleteRead if it is incomplete."""
    deadline = time.monotonic() + TIMEOUT
    body = bytearray()
    while part := response.read1():
        body += part
        if time.monotonic() > deadline:
            raise TimeoutError(f"no whole answer in {TIMEOUT} s")
    if response.length:
        raise http.client.IncompleteRead(bytes(body), response.length)
    return bytes(body)


def users_of(
    items: Iterable[Mapping[str, Any]], cull_timeout: int | None, now: int, ignore: frozenset[str] = frozenset()
) -> list[User]:
    """Users from the items of the API: the first appearance of each name; items without a name are left out.

    Raises HzmetricsError if an item has another shape.
    """
    users: dict[str, User] = {}
    try:
        for item in items:
            name = fitted(item["name"] or "")
            if name.strip() and name not in users and name not in ignore:
                users[name] = _user(item, cull_timeout, now)._replace(username=name)
    except (KeyError, TypeError, AttributeError, ValueError, UsageError) as error:
        raise HzmetricsError(f"JupyterHub sent an answer of another shape: {error!r}") from None
    return list(users.values())


def _user(item: Mapping[str, Any], cull_timeout: int | None, now: int) -> User:
    servers = list((item.get("servers") or {}).values())
    seen = [server["last_activity"] for server in servers if server.get("last_activity")]
    activity = [epoch(time) for time in (seen or [item.get("last_activity")]) if time]
    last = max(activity, default=None)
    ready = [server for server in servers if server.get("ready")]
    return User(
        username=item["name"],
        server_active=bool(ready),
        last_activity=last,
        time_remaining_seconds=_time_remaining(ready, last, cull_timeout, now),
    )


def _time_remaining(
    ready: Sequence[Mapping[str, Any]], last: int | None, cull_timeout: int | None, now: int
) -> int | None:
    if not ready or last is None or cull_timeout is None:
        return None
    extension = max(float((server.get("state") or {}).get("extension_hours_used") or 0) for server in ready)
    return time_remaining(cull_timeout, extension, now - last)


def time_remaining(cull_timeout: float, extension_hours: float, idle: float) -> int:
    """The seconds until an idle server is stopped."""
    return max(0, int(cull_timeout + 3600 * extension_hours - idle))
