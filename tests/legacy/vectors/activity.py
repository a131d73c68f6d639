"""Activity scores (spec 80): samples, scores, documents, tables, resources."""

from __future__ import annotations

from collections import defaultdict
from operator import itemgetter
from typing import Any

import pyarrow as pa

from hzmetrics.activity import cells as table_cells
from hzmetrics.activity import samples as taking
from hzmetrics.activity import sampling, states
from hzmetrics.activity.document import document, total
from hzmetrics.activity.score import Weights, add_up, effective_half_life, show
from hzmetrics.activity.settings import Scoring
from hzmetrics.calendar import epoch
from hzmetrics.config import Source
from hzmetrics.config.schema import Activity
from hzmetrics.users import columns as people
from hzmetrics.users import docker
from hzmetrics.users.jupyterhub import time_remaining, users_of
from hzmetrics.users.user import User


def scoring(config: dict[str, Any]) -> Scoring:
    known = {key: config[key] for key in config if key in Scoring.__dataclass_fields__}
    return Scoring(**known)


def samples(given: list[dict[str, Any]]) -> dict[str, dict[int, bool]]:
    """User to time to flag; of a second sample of the same second, the larger flag."""
    found: defaultdict[str, dict[int, bool]] = defaultdict(dict)
    for one in given:
        if "last" in one:
            last = epoch(one["last"])
            flags = [(last - k * one["step"], flag == "1") for k, flag in enumerate(one["active"])]
        else:
            flags = [(epoch(one["timestamp"]), bool(one["is_active"]))]
        for time, active in flags:
            found[one["username"]][time] = active or found[one["username"]].get(time, False)
    return found


def weights(given: dict[str, Any], rules: Scoring) -> dict[str, Weights]:
    now = epoch(given["now"])
    return {name: add_up(times.items(), now, rules) for name, times in sorted(samples(given["samples"]).items())}


def score(given: dict[str, Any]) -> dict[str, Any]:
    rules = scoring(given["config"])
    return {"users": [{"username": name, **show(one, rules)._asdict()} for name, one in weights(given, rules).items()]}


def config(given: dict[str, Any]) -> dict[str, int]:
    keys = Activity(Source(sections={"activity": given["ini"]}, environment=given["env"]))
    monitored = [name for name, key in Activity.keys.items() if key.environment.startswith("JUPYTERHUB")]
    return {name: getattr(keys, name) for name in monitored}


def half_life(given: dict[str, Any]) -> dict[str, Any]:
    def hours(work: int, half: int) -> float:
        rules = Scoring(
            sample_interval=given["sample_interval"], retention_days=given["retention_days"], half_life=half
        )
        return effective_half_life(work, rules)

    return {
        "rows": [
            {"hours_per_day": work, "effective_hours": [hours(work, half) for half in given["half_lives"]]}
            for work in given["hours_per_day"]
        ]
    }


def sample(given: dict[str, Any]) -> dict[str, Any]:
    rules, now = scoring(given["config"]), epoch(given["now"])
    users = people.table_of(users_of(given["jupyterhub_users"], None, now))
    taken = taking.of_everybody(users, now, rules, given["config"].get("sample_users") == "recent")
    return {"samples": shown(taken), "counts": states.counts(users, now, rules)}


def shown(taken: pa.Table) -> list[dict[str, Any]]:
    return taking.as_stored(taken).select(["username", "timestamp", "is_active"]).to_pylist()


def backfill(given: dict[str, Any]) -> dict[str, Any]:
    rules = scoring(given["config"])
    instants = {name: sorted(map(epoch, times)) for name, times in given["instants"].items()}
    last: int | None = None
    found = []
    for now in map(epoch, given["runs"]):
        if sampling.is_due(now, last, rules):
            times = [*sampling.missed_times(last, now, rules), now]
            found += shown(taking.fill_in(instants, times, rules))
            last = now
    return {"samples": sorted(found, key=itemgetter("username", "timestamp"))}


def api(given: dict[str, Any]) -> dict[str, Any]:
    rules, now = scoring(given["config"]), epoch(given["now"])
    users = []
    for one in given["users"]:
        last = epoch(one["last_activity"]) if one["last_activity"] else None
        left = None
        if one["server_active"] and last is not None and "timeout_seconds" in one:
            left = time_remaining(one["timeout_seconds"], one.get("extension_hours", 0), now - last)
        users.append(
            User(
                username=one["username"],
                is_authorized=one.get("is_authorized", False),
                server_active=one["server_active"],
                last_activity=last,
                time_remaining_seconds=left,
                cpu_percent=one.get("cpu_percent"),
                memory_mb=one.get("memory_mb"),
                memory_percent=one.get("memory_percent"),
                volumes=one.get("volumes", {}),
            )
        )
    return document(users, weights(given, rules), now, rules, given.get("derived", False))


def table(given: dict[str, Any]) -> dict[str, Any]:
    now = epoch(given["now"])
    ascending = given.get("direction", "asc" if given.get("sort") == "username" else "desc") == "asc"
    rows = table_cells.ordered(given["users"], given.get("sort", "status"), ascending)
    return {
        "summary": table_cells.badge(given["users"]),
        "rows": [table_cells.cells(row, now) for row in rows],
    }


def resources(given: dict[str, Any]) -> dict[str, Any]:
    sizes = docker.volume_sizes(given["volumes"], "jupyterlab-")
    return {
        "stats": [docker.figures(stats) for stats in given["stats"]],
        "volumes": {user: {"total": total(found), "volumes": found} for user, found in sizes.items()},
    }


def encode(given: dict[str, Any]) -> list[str]:
    return [docker.encode(name) for name in given["usernames"]]


KINDS = {
    "score": score,
    "config": config,
    "half_life": half_life,
    "sample": sample,
    "backfill": backfill,
    "api": api,
    "table": table,
    "resources": resources,
    "encode": encode,
}
