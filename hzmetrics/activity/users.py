"""What a source knows of one user, whatever the source (80 §4, 82 §4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol

NO_VOLUMES: Mapping[str, float] = MappingProxyType({})


LONGEST_NAME = 255


def fitted(name: str) -> str:
    """A name as the store can hold it: at most 255 characters, each beyond U+FFFF as four `?`."""
    if not name.isascii():
        name = "".join(one if one <= "\uffff" else "????" for one in name)
    return name[:LONGEST_NAME]


class User(NamedTuple):
    """One user as the source has them now. Times are UTC seconds of the epoch."""

    username: str
    is_authorized: bool = True
    enabled: bool = True
    """The account is not disabled."""
    server_active: bool = False
    """A server, or tool session, runs."""
    connected: bool = False
    """Signed in at this moment, as far as the source can tell."""
    last_activity: int | None = None
    time_remaining_seconds: int | None = None
    """Until an idle server is stopped."""
    cpu_percent: float | None = None
    memory_mb: float | None = None
    memory_percent: float | None = None
    volumes: Mapping[str, float] = NO_VOLUMES
    """MB by name of the volume; only where the source measured them."""


class Source(Protocol):
    """Where users and their activity are known, at one moment."""

    name: str
    knows_the_past: bool
    """Whether `instants` tells what happened while nobody sampled. If not, one question tells all of the present."""

    def users(self) -> Sequence[User]:
        """All users as they are now. Raises HzmetricsError when the source does not answer."""

    def running(self) -> Sequence[User]:
        """Those whose server runs now: few, and quickly asked."""

    def instants(self, since: int) -> Mapping[str, Sequence[int]]:
        """The activity instants of each user from `since` on, and the latest one before; ascending."""
