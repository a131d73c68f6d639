"""Active users (82): counts and the exposition."""

from __future__ import annotations

from typing import Any

from hzmetrics.activity.active_users import Known, count
from hzmetrics.activity.openmetrics import exposition
from hzmetrics.events.update import epoch


def counted(given: dict[str, Any]) -> dict[str, int]:
    config = given["config"]
    kinds = {*config.get("events", ["login", "logout"]), "activity"}
    merged: dict[str, Known] = {}
    for user in given["users"]:
        times = [epoch(time) for kind, time in user["events"].items() if kind in kinds]
        merged[user["username"]] = Known(max(times, default=None), user["connected"], user["enabled"])
    return count(merged.values(), epoch(given["now"]), config.get("count_disabled", False))


def openmetrics(given: dict[str, Any]) -> dict[str, str]:
    counts = given["counts"] or dict.fromkeys(("active_users_1d", "active_users_7d", "active_users_30d"))
    updated = given["updated"] if given["counts"] else None
    return {"text": exposition(given["site"], {**counts, "updated": updated})}


KINDS = {"count": counted, "openmetrics": openmetrics}
