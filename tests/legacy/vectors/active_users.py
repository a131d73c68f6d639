"""Active users (spec 82): counts and the exposition."""

from __future__ import annotations

from typing import Any

from hzmetrics.active_users.capability import families
from hzmetrics.active_users.counting import count, known
from hzmetrics.calendar import epoch
from hzmetrics.config.schema import IGNORED_USERS
from hzmetrics.live.openmetrics import exposition
from hzmetrics.users.user import Presence, plain


def counted(given: dict[str, Any]) -> dict[str, int]:
    config = given["config"]
    kinds = {*config.get("events", ["login", "logout"]), "activity"}
    ignored = frozenset(config.get("ignore_users", IGNORED_USERS.replace(",", " ").split()))
    last: dict[str, int] = {}
    connected, disabled = set(), set()
    for user in given["users"]:
        name = plain(user["username"])
        times = [epoch(time) for kind, time in user["events"].items() if kind in kinds]
        if times:
            last[name] = max(*times, last.get(name, times[0]))
        if user["connected"]:
            connected.add(name)
        if not user["enabled"]:
            disabled.add(name)
    people = known(last, Presence(connected, disabled), ignored)
    return count(people, epoch(given["now"]), config.get("count_disabled", False))


def openmetrics(given: dict[str, Any]) -> dict[str, str]:
    counts = given["counts"] or dict.fromkeys(("active_users_1d", "active_users_7d", "active_users_30d"))
    updated = given["updated"] if given["counts"] else None
    return {"text": exposition(given["site"], families({**counts, "updated": updated}))}


KINDS = {"count": counted, "openmetrics": openmetrics}
