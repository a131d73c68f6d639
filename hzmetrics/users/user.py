"""What a source knows of one user, whatever the source (spec 80 §4, spec 82 §4)."""

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
    """A name as names are compared where logs tell of users (spec 82 §1)."""
    return name.strip().lower()


def fitted(name: str) -> str:
    """A name as the store can hold it: at most 255 characters, each beyond U+FFFF as four `?`."""
    if not name.isascii():
        name = "".join(one if one <= "\uffff" else "????" for one in name)
    return name[:LONGEST_NAME]


class User(NamedTuple):
    """One user as the source has them now. Times are UTC seconds of the epoch."""

    username: str
    is_authorized: bool = True
    server_active: bool = False
    """A server, or tool session, runs."""
    last_activity: int | None = None
    time_remaining_seconds: int | None = None
    """Until an idle server is stopped."""
    cpu_percent: float | None = None
    memory_mb: float | None = None
    memory_percent: float | None = None
    volumes: Mapping[str, float] = NO_VOLUMES
    """MB by name of the volume; only where the source measured them."""


class Presence(NamedTuple):
    """What a source alone knows of those who count as active users; names in lower case."""

    connected: Set[str] = frozenset()
    """Signed in at this moment."""
    disabled: Set[str] = frozenset()
    """Accounts that are switched off."""
    seen: Mapping[str, int] = MappingProxyType({})
    """The last activity that no followed log tells of."""


class Source(Protocol):
    """Where users and their activity are known, at one moment."""

    name: str
    knows_the_past: bool
    """Whether `instants` tells what happened while nobody sampled. If not, one question tells all of the present."""

    def users(self) -> pa.Table:
        """All users as they are now, each once, in the columns of `columns.SCHEMA`.

        Raises HzmetricsError when the source does not answer.
        """

    def running(self) -> Sequence[User]:
        """Those whose server runs now: few, and quickly asked."""

    def presence(self) -> Presence:
        """Who is connected now, and whose account is disabled. Raises HzmetricsError as `users` does."""

    def instants(self, since: int) -> Mapping[str, Sequence[int]]:
        """The activity instants of each user from `since` on, and the latest one before; ascending."""
