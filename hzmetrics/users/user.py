"""What a source knows of a user (spec 80 §4, spec 82 §4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

NO_VOLUMES: Mapping[str, float] = MappingProxyType({})

LONGEST_NAME = 255
NO_USER = ("", "-")
"""What logs hold where there is no user."""


def plain(name: str) -> str:
    """A name in the form in which names from logs are compared (spec 82 §1)."""
    return name.strip().lower()


def fitted(name: str) -> str:
    """A name as the store can hold it: at most 255 characters; one beyond U+FFFF is written as four `?`."""
    if not name.isascii():
        name = "".join(one if one <= "\uffff" else "????" for one in name)
    return name[:LONGEST_NAME]


class User(NamedTuple):
    """A user at present. Times are UTC seconds of the epoch."""

    username: str
    is_authorized: bool = True
    server_active: bool = False
    """Whether a server, or a tool session, runs."""
    last_activity: int | None = None
    time_remaining_seconds: int | None = None
    """Until an idle server is stopped."""
    cpu_percent: float | None = None
    memory_mb: float | None = None
    memory_percent: float | None = None
    volumes: Mapping[str, float] = NO_VOLUMES
    """MB by name of the volume, if they were measured."""


class Presence(NamedTuple):
    """What a source knows about active users beside the followed logs; names are in lower case."""

    connected: Set[str] = frozenset()
    """Users signed in now."""
    disabled: Set[str] = frozenset()
    """Disabled accounts."""
    seen: Mapping[str, int] = MappingProxyType({})
    """The last activity of users, from a source that has no log."""


class Source(Protocol):
    """A source of users and their activity, at one moment."""

    name: str
    knows_the_past: bool
    """Whether `instants` gives past activity. If not, one request gives all of the present."""

    def users(self) -> pa.Table:
        """All users at present, each once, in the columns of `columns.SCHEMA`.

        Raises HzmetricsError if the source does not answer.
        """

    def running(self) -> Sequence[User]:
        """The users whose server runs now; a quick request."""

    def presence(self) -> Presence:
        """The users connected now, and the disabled accounts. Raises HzmetricsError as `users` does."""

    def instants(self, since: int) -> Mapping[str, Sequence[int]]:
        """The activity instants of each user from `since` on and the latest one before, ascending."""
