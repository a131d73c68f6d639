"""Events (spec 84): windows, hours, disk levels, heat maps, signatures, the event memory."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

from hzmetrics.calendar import epoch, utc
from hzmetrics.config.schema import Thresholds
from hzmetrics.events import heatmap, levels, reports
from hzmetrics.events.signatures import Signatures, signature
from hzmetrics.events.update import HOUR


def windows(given: dict[str, Any]) -> dict[str, Any]:
    config = given.get("config", {})
    rules = levels.Rules(
        config.get("thresholds", Thresholds().table), config.get("window_seconds", 30), config.get("check_interval", 30)
    )
    start, end = epoch(given["start"]), epoch(given["end"])
    events = sorted((epoch(time), name) for time, name in given["events"])
    found = levels.evaluate(events, start, end, 0, rules)
    level = {anomaly.when: anomaly.level for anomaly in found}
    times = range(start + rules.interval, end + 1, rules.interval)
    return {
        "levels": [[plain(when), level.get(when, 0)] for when in times],
        "anomalies": [{"alarm": one.level, "events": one.counts, "when": plain(one.when)} for one in reversed(found)],
    }


def hourly(given: dict[str, Any]) -> dict[str, Any]:
    start, end = epoch(given["start"]) // HOUR * HOUR, epoch(given["end"]) // HOUR * HOUR
    rows = []
    for hour in range(start, end, HOUR):
        counts = Counter(name for time, name in given["events"] if hour <= epoch(time) < hour + HOUR)
        rows.append({"start": plain(hour), "summary": dict(counts)})
    return {"rows": rows}


def disk(given: dict[str, Any]) -> list[int]:
    low, high = given["levels"]
    return [levels.disk_level(free, given["max_upload_mb"], (low, high)) for free in given["free_mb"]]


def heat_map(given: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [
        heatmap.Hour(dt.datetime.fromisoformat(row["start"]), row["summary"], row["free_disk_space"])
        for row in given["rows"]
    ]
    now = dt.datetime.fromisoformat(given["now"])
    return heatmap.week(rows, now, given["week"], ZoneInfo(given.get("timezone", "UTC")))


def signatures(given: dict[str, Any]) -> list[str | None]:
    columns = ("name", "source", "method", "pattern", "status")
    table = Signatures([signature(*(row[column] for column in columns)) for row in given["signatures"]])
    return [table.name(r["source"], r["method"], r["target"], r["status"]) for r in given["requests"]]


def activities(given: dict[str, Any]) -> dict[str, Any]:
    now = epoch(given["now"])
    reach = given["config"].get("event_memory_seconds", 60)
    rows = [(e["id"], e["time"], e["name"]) for e in given["events"] if now - reach <= epoch(e["time"]) <= now]
    return reports.memory(rows)


def plain(time: int) -> str:
    return utc(time).rstrip("Z")


KINDS = {
    "windows": windows,
    "hourly": hourly,
    "disk": disk,
    "heatmap": heat_map,
    "signatures": signatures,
    "activities": activities,
}
