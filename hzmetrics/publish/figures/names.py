"""Names of what is published of a request: the page without what leads to a person, the browser and the system."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

import sqlalchemy as sa

from hzmetrics.publish.figures.anonymity import is_telling
from hzmetrics.store.tables.metrics import countries

if TYPE_CHECKING:
    from ua_parser.core import Resolver

    from hzmetrics.store import Store

PERSONAL = frozenset(
    (
        "account", "accounts", "author", "authors", "member", "members", "people", "profile", "profiles", "u", "user",
        "users",
    )
)  # fmt: skip
"""Directories below which the names are those of people."""
FOLDED = "*"
"""What stands for a part of a path that is left out."""
LONG_NUMBER = 7
"""Digits from which on a number is not published: an order, a telephone."""
ENCODINGS = 3
"""How many times a path may have been percent-encoded."""


def page_of(path: str) -> str:
    """The page that a path is of (spec 68 §6): decoded, without a query, names of people, and parts that look like an
    address, a mail address, a token or a long number.
    """
    for _ in range(ENCODINGS):
        if "%" in path:
            path = unquote(path, errors="replace")
    parts: list[str] = []
    for part in path.partition("?")[0].partition("#")[0].split("/"):
        if not part or part == ".":
            continue
        if parts and parts[-1].lower() in PERSONAL:
            parts.append(FOLDED)
            break
        if part[0] in "~@":
            parts.append(FOLDED)
            break
        parts.append(FOLDED if _is_private(part) else part)
    return "/" + "/".join(parts)


def _is_private(part: str) -> bool:
    if part.replace("-", "").isalpha():
        return False  # most parts are words
    digits = sum(map(str.isdigit, part))
    return "=" in part or (digits >= LONG_NUMBER and not any(map(str.isalpha, part))) or is_telling(part)


def country_names(store: Store) -> dict[str, str]:
    """The names of countries by their codes. Raises StoreError."""
    return {row.code: row.name for row in store.metrics.rows(sa.select(countries.c.code, countries.c.name))}


def browser_of(agent: str) -> str:
    """The browser that a user agent names, without its version; empty if none is known."""
    from ua_parser import Domain

    found = _resolver()(agent, Domain.USER_AGENT).user_agent
    return found.family if found else ""


def system_of(agent: str) -> str:
    """The operating system that a user agent names, without its version; empty if none is known."""
    from ua_parser import Domain

    found = _resolver()(agent, Domain.OS).os
    return found.family if found else ""


@cache
def _resolver() -> Resolver:
    """The rules of uap-core, matched in time linear in the user agent."""
    from ua_parser.loaders import load_lazy_builtins
    from ua_parser.regex import Resolver

    return Resolver(load_lazy_builtins())
