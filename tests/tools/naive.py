"""Spec 40, a sentence at a time and a row at a time: what the models are compared with.

Tables are lists of dictionaries. Only the folding of text is shared with the product.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from hzmetrics.collation import fold, fold_keep_blanks
from tests.sums import plain_sum

Row = dict[str, Any]
Tables = dict[str, list[Row]]
INT = 2147483647


def starts(year: int, month: int) -> dict[int, str]:
    """First midnight of each period that ends with a month (spec 40 §2)."""
    quarter = {1: 1, 2: 1, 3: 1, 4: 4, 5: 4, 6: 4, 7: 7, 8: 7, 9: 7, 10: 10, 11: 10, 12: 10}[month]
    rolling = (year, 1) if month == 12 else (year - 1, month + 1)
    fiscal = (year, 10) if month >= 10 else (year - 1, 10)
    months = {1: (year, month), 3: (year, quarter), 0: (year, 1), 12: rolling, 13: fiscal, 14: (1995, 1)}
    return {code: f"{y:04d}-{m:02d}-01 00:00:00" for code, (y, m) in months.items()}


def stop(year: int, month: int) -> str:
    return f"{year + month // 12:04d}-{month % 12 + 1:02d}-01 00:00:00"


def name_set(alias: str, versions: Iterable[Row]) -> set[str]:
    """The names of a tool (spec 40 §3)."""
    names = {fold(alias)}
    for version in versions:
        instance = version["instance"]
        if fold(version["toolname"]) == fold(alias) and instance.rstrip(" ") and not instance.lower().endswith("_dev"):
            names.add(fold(instance))
    return names


def tool_stats(tables: Tables, year: int, month: int, corrections: frozenset[str]) -> dict[tuple[int, int], Row]:
    """The values of resource_stats_tools by (resid, period) (spec 40 §4)."""
    found = {}
    for resource in tables["resources"]:
        if resource["type"] != 7 or not resource["alias"].rstrip(" "):
            continue
        names = name_set(resource["alias"], tables["tool_version"])
        for period, start in starts(year, month).items():
            s = [
                row
                for row in sorted(tables["sessionlog"], key=lambda row: row["sessnum"])
                if fold(row["appname"]) in names and inside(row["start"], start, stop(year, month), corrections)
            ]
            numbers = {row["sessnum"] for row in s}
            j = sorted((row for row in tables["joblog"] if row["sessnum"] in numbers), key=job_key)
            found[resource["id"], period] = columns(s, j, corrections)
    return found


def job_key(row: Row) -> tuple[int, int, str, str]:
    return row["sessnum"], row["job"], fold(row["event"]), fold(row["venue"])


def residence(country: str | None, corrections: frozenset[str]) -> str | None:
    none = ("EU", "AP", "A1", "A2", "O1", "XX", "ZZ", "T1")
    return "" if "countries" in corrections and country is not None and fold(country) in none else country


def inside(t: str, start: str, end: str, corrections: frozenset[str]) -> bool:
    return start < t < end or ("window-start" in corrections and t == start < end)


def columns(s: list[Row], j: list[Row], corrections: frozenset[str]) -> Row:
    def waits(row: Row) -> bool:
        return fold(row["event"]) == "[WAITING]"

    simulations = sum(fold(row["event"]) != "APPLICATION" and row["superjob"] == 0 for row in j)
    worked = [row for row in j if not waits(row) and row["job"] > 0]
    values: Row = {
        "users": len({fold(row["username"]) for row in s}),
        "sessions": len(s),
        "simulations": simulations,
        "jobs": len(worked),
        "tot_wall": plain_sum(row["walltime"] for row in s),
        "tot_view": plain_sum(row["viewtime"] for row in s),
        "tot_cpu": plain_sum(row["cputime"] for row in worked),
        "tot_wait": plain_sum(row["walltime"] for row in j if waits(row) and row["job"] > 0),
        "tot_cpus": sum(row["ncpus"] for row in j),
    }
    for what in ("wall", "view", "cpu", "wait"):
        values[f"avg_{what}"] = values[f"tot_{what}"] / simulations if simulations else 0.0
    average = Fraction(values["tot_cpus"], simulations) if simulations else Fraction(0)
    values["avg_cpus"] = math.floor(average + Fraction(1, 2)) if "half-up" in corrections else round(average)
    return values


def copied(values: Row) -> Row:
    """What resource_stats holds of them (spec 40 §4)."""

    def whole(seconds: float) -> int:
        return min(int(Decimal(repr(seconds)).quantize(Decimal(1), ROUND_HALF_UP)), INT)

    times = ("avg_wall", "tot_wall", "avg_cpu", "tot_cpu")
    return {"users": values["users"], "jobs": values["jobs"], **{name: whole(values[name]) for name in times}}


def breakdowns(
    tables: Tables, stat_rows: list[Row], year: int, month: int, corrections: frozenset[str]
) -> list[tuple[int, int, int, str, int]]:
    """The rows of resource_stats_tools_topvals for some rows of resource_stats_tools (spec 40 §5)."""
    rows: list[tuple[int, int, int, str, int]] = []
    resources = {row["id"]: row for row in tables["resources"]}
    countries = {fold(row["code"]): row["name"] for row in tables["countries"]}
    for stat in stat_rows:
        resource = resources.get(stat["resid"])
        if resource is None or resource["standalone"] != 1:
            continue
        names = name_set(resource["alias"], tables["tool_version"])
        start = starts(year, month)[stat["period"]]
        u = [
            row
            for row in tables["sessionlog_metrics"]
            if fold(row["appname"]) in names and inside(row["start"], start, stop(year, month), corrections)
        ]
        total = stat["users"] or 0
        by_country = grouped(
            [(residence(row["countryresident"], corrections), row["user"], row["sessnum"]) for row in u]
        )
        by_domain = grouped([(row["domain"], row["user"], row["sessnum"]) for row in u])
        by_type = grouped(
            [
                (profile["orgtype"], row["user"], profile["uidNumber"])
                for row in u
                for profile in tables["profiles"]
                if fold(profile["username"]) == fold(row["user"])
            ]
        )
        lists = (
            (1, [(countries.get(key) if key is not None else None, n) for key, _, n in by_country[:10]]),
            (2, [(label, n) for _, label, n in by_domain[:10]]),
            (3, [(label, n) for _, label, n in by_type]),
        )
        for top, entries in lists:
            rows.append((stat["id"], top, 0, "Total Users", total))
            for rank, (label, n) in enumerate(entries, 1):
                rows.append((stat["id"], top, rank, label if label and label.rstrip(" ") else "Unknown", n))
            if top == 1 and not entries:
                rows.append((stat["id"], 1, 1, "Unknown", total))
    return sorted(rows)


def grouped(entries: list[tuple[str | None, str, int]]) -> list[tuple[str | None, str | None, int]]:
    """(key, label, distinct users) of each group, ordered; the label is the spelling of the lowest number."""
    people: dict[str | None, set[str]] = defaultdict(set)
    labels: dict[str | None, tuple[int, str | None]] = {}
    for text, user, number in entries:
        key = None if text is None else fold(text)
        people[key].add(fold(user))
        if key not in labels or number < labels[key][0]:
            labels[key] = (number, text)
    ordered = sorted(people, key=lambda key: (-len(people[key]), key is not None, key or ""))
    return [(key, labels[key][1], len(people[key])) for key in ordered]


def toplists(tables: Tables, stat_rows: list[Row], year: int, month: int, corrections: frozenset[str]) -> list[Any]:
    """The rows (top, period, rank, name, value) of stats_topvals (spec 40 §6)."""
    published = {row["id"]: row["title"] for row in tables["resources"] if row["published"] == 1}
    heads = {
        5: ("Total Simulation Runs", "jobs"),
        6: ("Total Simulation Wall Time", "tot_wall"),
        7: ("Total Simulation CPU Time", "tot_cpu"),
        8: ("Total Simulation Interaction Time", "tot_view"),
    }
    rows: list[Any] = []
    for period, start in starts(year, month).items():
        mine = [row for row in stat_rows if row["period"] == period]
        people = {
            fold(row["user"])
            for row in tables["sessionlog_metrics"]
            if inside(row["start"], start, stop(year, month), corrections)
        }
        rows.append((2, period, 0, "Total Simulation Users", len(people)))
        for top, (name, column) in heads.items():
            rows.append((top, period, 0, name, round(plain_sum(row[column] for row in mine))))
        for top, column in ((2, "users"), *((top, column) for top, (_, column) in heads.items())):
            listed = [row for row in mine if row["resid"] in published]
            listed.sort(key=lambda row: (row[column] is None, -(row[column] or 0), row["resid"], row["id"]))
            for rank, row in enumerate(listed, 1):
                name = f"{row['resid']} ~ {published[row['resid']]}"[:255]
                rows.append((top, period, rank, name, round(row[column] or 0)))
    return sorted(rows)


def resource_users(tables: Tables, year: int, month: int) -> dict[tuple[int, int, int], int]:
    """Users by (resid, restype, period) (spec 40 §7)."""
    found = {}
    paths = {row["id"]: row["path"] for row in tables["resources"]}
    for root in tables["resources"]:
        if root["published"] != 1 or root["standalone"] != 1 or root["type"] == 7:
            continue
        below, waiting = set(), [root["id"]]
        while waiting:
            node = waiting.pop()
            if node not in below:
                below.add(node)
                waiting += [edge["child_id"] for edge in tables["resource_assoc"] if edge["parent_id"] == node]
        tests = [test for node in below if node in paths for test in patterns(paths[node])]
        if not tests:
            continue
        for period in (1, 12, 14):
            start = starts(year, month)[period]
            found[root["id"], root["type"], period] = len(
                {
                    (fold(row["ip"]), fold(row["host"]))
                    for row in tables["web"]
                    if row["host"] is not None
                    and start <= row["datetime"] < stop(year, month)
                    and any(test(row["content"]) for test in tests)
                }
            )
    return found


def patterns(path: str) -> list[Callable[[str], bool]]:
    """The tests of a URL that a path makes."""

    def exact(pattern: str) -> Callable[[str], bool]:
        return lambda url: fold(url) == fold(pattern)

    def prefix(pattern: str) -> Callable[[str], bool]:
        return lambda url: like(fold_keep_blanks(url), fold_keep_blanks(pattern) + "%")

    if not path.strip(" ") or path[:4].lower() == "http":
        return []
    p = path.replace(" ", "%20")
    segments = p.split("/")
    if p[0] in "0123456789" and len(p) >= 2:
        if segments[-1] == "viewer.swf":
            return [prefix("/site/resources/" + p[: -len("viewer.swf")])]
        number = segments[-2].lstrip("0") if len(segments) > 1 else ""
        return [exact("/site/resources/" + p), exact(f"/resources/{number}/download/{segments[-1]}")]
    if any(p.startswith(start) and len(p) > len(start) for start in ("/resources/", "/site/", "/local/")):
        return [exact(p)]
    if p.startswith("/topics/") and len(p) > len("/topics/"):
        return [prefix(p)]
    if p.startswith("lm/"):
        r = p[3:]
        for slash in range(1, len(r)):
            rest = r[slash + 1 :]
            if r[slash] == "/" and any(rest[dot] == "." for dot in range(1, len(rest) - 1)):
                return [prefix(p[: p.rindex("/") + 1])]
    return [exact("/site/resources/" + p)]


def like(text: str, pattern: str) -> bool:
    """SQL LIKE of folded texts, backslash escapes."""
    expression, position = "", 0
    while position < len(pattern):
        character = pattern[position]
        if character == "\\" and position + 1 < len(pattern):
            position += 1
            expression += re.escape(pattern[position])
        else:
            expression += {"%": ".*", "_": "."}.get(character, re.escape(character))
        position += 1
    return re.fullmatch(expression, text, re.DOTALL) is not None
