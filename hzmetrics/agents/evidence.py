"""The rules: ours, a table a kind, and those of the list `crawler-user-agents`.

All patterns are RE2. Ours ignore case, those of the list do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files

PACKAGE = "crawler-user-agents"

MACHINES = (
    "model", "headless", "scanner", "preview", "feed", "monitor", "library", "crawler", "named",
)  # fmt: skip
"""Kinds of machines, one table each; of two rules that find the same text the earlier kind's counts."""

LISTED = "listed"
"""The kind of the rules of the list; they come before those by which unknown machines name themselves."""

PEOPLE = ("person", "browser")
"""Kinds of text that is no evidence of a machine."""


@dataclass(frozen=True)
class Rule:
    """One pattern and what it shows."""

    kind: str
    name: str
    pattern: str
    examples: tuple[str, ...] = ()


@cache
def table(kind: str) -> tuple[Rule, ...]:
    """The rules of one of our tables."""
    text = files("hzmetrics.agents").joinpath("evidence", f"{kind}.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return tuple(Rule(kind, name, f"(?i:{pattern})", tuple(examples)) for name, pattern, *examples in rows)


@cache
def listed() -> tuple[Rule, ...]:
    """The rules of the list."""
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA

    return tuple(
        Rule(LISTED, entry["pattern"], _GROUP.sub("(?:", entry["pattern"]), tuple(entry["instances"]))
        for entry in CRAWLER_USER_AGENTS_DATA
    )


_GROUP = re.compile(r"(?<!\\)\((?!\?)")
"""What opens a group of which the text is kept: not needed, and slow."""


@cache
def machines() -> tuple[Rule, ...]:
    """The rules that show a machine, the most telling first."""
    *telling, vague = MACHINES
    return (*(rule for kind in telling for rule in table(kind)), *listed(), *table(vague))


@cache
def people() -> tuple[Rule, ...]:
    """The rules for text that shows nothing, names of phones and apps first."""
    return tuple(rule for kind in PEOPLE for rule in table(kind))


def any_of(rules: Sequence[Rule]) -> str:
    """One pattern that finds what one of the rules finds."""
    return "|".join(f"(?:{rule.pattern})" for rule in rules)


def edition() -> str:
    """Which list is in use, for people to read."""
    return f"{PACKAGE} {version(PACKAGE)} ({len(listed())} patterns) and {len(machines()) - len(listed())} own rules"
