"""What a database user may do, and the least it must be granted (spec 70 §1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from hzmetrics.installation.adoption.definition import quote

METRICS = (
    "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "INDEX", "DROP", "CREATE TEMPORARY TABLES",
    "LOCK TABLES",
)  # fmt: skip
"""On the whole metrics database."""

WRITTEN = (
    "session_geo", "metrics_ipgeo_cache", "resource_stats", "resource_stats_tools", "resource_stats_tools_topvals",
    "stats_topvals",
)  # fmt: skip
"""The tables of the hub, without their prefix, that the pipeline writes (spec 70 §4)."""

_GRANT = re.compile(r"GRANT (.+?) ON (?:TABLE )?(\*|`(?:[^`]|``)+`)\.(\*|`(?:[^`]|``)+`) TO ")


def granted(grants: Iterable[str], database: str, table: str = "*") -> set[str]:
    """The rights that the answers to SHOW GRANTS give on a database, or on one table of it."""
    rights: set[str] = set()
    for grant in grants:
        match = _GRANT.match(grant)
        if match and _covers(match[2], database) and match[3] in ("*", f"`{table}`"):
            rights |= {right.strip().upper() for right in re.sub(r"\(.*?\)", "(some columns)", match[1]).split(",")}
    return rights


def _covers(pattern: str, database: str) -> bool:
    """Whether a grant's database, a pattern in the manner of LIKE, is this one."""
    if pattern == "*":
        return True
    text = pattern[1:-1].replace("``", "`")
    parts = {"%": ".*", "_": "."}
    expression = re.sub(r"\\(.)|(.)", lambda m: re.escape(m[1]) if m[1] else parts.get(m[2], re.escape(m[2])), text)
    return re.fullmatch(expression, database, re.IGNORECASE | re.DOTALL) is not None


def missing(has: set[str], wanted: Iterable[str]) -> list[str]:
    """Those of the wanted rights that are not there."""
    return [] if "ALL PRIVILEGES" in has else [right for right in wanted if right not in has]


def least(user: str, metrics: str, hub: str, tables: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The statements that grant a user what it needs and no more: on the metrics database, on the hub's.

    `user` as `account` writes it; `tables`: those of the hub that are written.
    """
    written = (f"{quote(hub)}.{quote(table)}" for table in tables)
    return {
        "metrics": (f"GRANT {', '.join(METRICS)} ON {_pattern(metrics)}.* TO {user}",),
        "hub": (
            f"GRANT SELECT ON {_pattern(hub)}.* TO {user}",
            *(f"GRANT INSERT, UPDATE, DELETE ON {table} TO {user}" for table in written),
        ),
    }


def account(user: str, host: str) -> str:
    """A user and the machine it comes from, as MariaDB's SQL writes them."""
    return f"{quote(user)}@{quote(host)}"


def _pattern(database: str) -> str:
    """A database as grants on all its tables write it, where `_` and `%` stand for other characters."""
    return quote(database.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%"))
