"""How formats of text are told apart, and how one that is a pattern becomes columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hzmetrics.logs.definitions import Pattern
from hzmetrics.logs.formats import HUB, OWN

MOMENT = (
    r"\d{1,2}/[A-Za-z]{3}/\d{4}[: ]\d[^\]\"]*|\d{4}[-/]\d{2}[-/]\d{2}[T ]\d[^\]\"]*|\d{9,19}(?:\.\d*)?|"
    r"[A-Z][a-z]{2}, \d[^\]\"]*"
)
QUOTED = r'(?:[^"\\]|\\.)*'
ANSWER = r'" (\d{3}|-)(?: (\d+|-))?(?: (.*))?$'

EXPRESSIONS = {
    "plain_combined": (
        r'^[^"\[]+\[[^\[\]"]+\][^"\[]*"[^"\\]*" (?:\d{3}|-) (?:\d+|-) "[^"\\]*" "[^"\\]*"'
        r'(?: (?:[^" ]+|"[^"\\]*"))* ?$'
    ),
    "bare_combined": (
        r'^(?:[A-Za-z][\w.-]*(?::\d+)? )?[0-9A-Fa-f.:]+ - [^\s"\[]+ \[\d\d/[A-Za-z]{3}/\d{4}:[^\[\]"]+\] "[^"\\]*" '
        r'(?:\d{3}|-) (?:\d+|-) "[^"\\]*" "[^"\\]*"(?: (?:[^" ]+|"[^"\\]*"))* ?$'
    ),
    "bracketed": rf'(?s)^(.*?)\[({MOMENT})\]([^"]*)"(.*?){ANSWER}',
    "quoted": rf'(?s)^(.*?)()()"([A-Z]+ [^" ]+ HTTP/\d(?:\.\d)?){ANSWER}',
    "two_quoted": (
        rf'(?s)^[^"]*"({QUOTED})" (?:[^"\s]+ )*"({QUOTED})"((?:\s+(?:[^"\s]\S*|"{QUOTED}"))*)\s*(?: "{QUOTED}\\?)?$'
    ),
    "cut_in_agent": rf'(?s)^[^"]*"({QUOTED})" (?:[^"\s]+ )*"({QUOTED}[^"\\]|)()\\?$',
    "two_unruly": r'(?s)^[^"]*"(.*?)" "(.*)"([^"]*)$',
    "quoted_addresses": (
        r'"((?:[\s,]*(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9A-Fa-f]*:[0-9A-Fa-f:.]+\]?)(?::\d+)?|, ?unknown|unknown,)+)"'
    ),
    "loose_time": (
        r"(?:\d{4}-\d\d-\d\d[T ]|\d{2}/[A-Za-z]{3}/\d{4}[: ])\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|[+-]\d\d:?\d\d))?"
        r"|\b1\d{9}\.\d{3}\b|\b1\d{9}\b"
    ),
    "directive": r"^#[A-Z][A-Za-z-]*:",
    "hub_line": (
        r"^\d{4}-\d{2}-\d{2}[\s\v]+\d+:\d{2}:\d{2}[\s\v]+\S+[\s\v]+(?:\d+[\s\v]+)?\S+[\s\v]+"
        r'".*"[\s\v]+[\d-]+[\s\v]+\d+[\s\v]+\S+[\s\v]+"'
    ),
}
"""Expressions by the names the models know them by."""

CONDITIONS = {
    "w3c": "width IS NOT NULL AND len(cells_of(text)) = width AND NOT starts_with(text, '#')",
    "combined": "regexp_matches(text, getvariable('plain_combined'))",
    "json": "is_json",
    HUB: "regexp_matches(text, getvariable('hub_line'))",
}
"""When a line is of a format that has a model of its own."""

BARE = {
    "combined": "regexp_matches(line, getvariable('bare_combined'))",
    HUB: "regexp_matches(line, getvariable('hub_line'))",
}
"""When a line is of a format that has a model of its own as it stands, without a collector's prefix."""

UNITS = {"seconds": 1, "milliseconds": 1000, "microseconds": 1_000_000}
"""Fields that are durations, and how many of their unit are a second."""

LOOSE = ("bracketed", "quoted")
"""Shapes of the combined format with anything around it; they are tried last."""


def variable(name: str) -> str:
    """The variable that holds the pattern of a format."""
    return f"pattern_{name}"


def bare(name: str, patterns: Collection[str]) -> str | None:
    """When a line is of a format as it stands; None if that cannot be told of a line alone."""
    return f"regexp_matches(line, getvariable('{variable(name)}'))" if name in patterns else BARE.get(name)


def classification(formats: Collection[str], patterns: Mapping[str, Pattern]) -> str:
    """The query of `recognized`: every message with the name of the first format that it looks like, or NULL."""
    tests = [(OWN, f"regexp_matches(text, getvariable('{variable(OWN)}'))")] if OWN in formats else []
    tests += [(name, test) for name, test in CONDITIONS.items() if name in formats]
    tests += [("directive", "regexp_matches(text, getvariable('directive'))")]
    tests += [
        (name, f"regexp_matches(text, getvariable('{variable(name)}'))")
        for name in patterns
        if name in formats and name != OWN
    ]
    if "combined" in formats:
        tests += [(name, f"regexp_matches(text, getvariable('{name}'))") for name in LOOSE]
    cases = " ".join(f"WHEN {test} THEN '{name}'" for name, test in tests)
    return (
        f"SELECT messages.number, text, stamp, CASE {cases} END AS format "
        "FROM messages ASOF LEFT JOIN headers ON messages.number >= headers.number"
    )


def select(name: str, pattern: Pattern) -> str:
    """The requests of a format that is a pattern: the columns that all formats have."""
    groups = ", ".join(f"'{field}'" for field in pattern.fields)

    def group(field: str, default: str = "NULL") -> str:
        return f"field.{field}" if field in pattern.fields else default

    def text(field: str, default: str = "NULL") -> str:
        return f"unescaped(field.{field})" if field in pattern.fields else default

    target = text("target", text("path"))
    if "path" in pattern.fields and "query" in pattern.fields:
        query = f"CASE WHEN {group('query')} IN ('', '-') THEN '' ELSE '?' || ltrim({text('query')}, '?') END"
        target = f"{target} || {query}"
    durations = [
        f"TRY_CAST({group(unit)} AS DOUBLE) / {parts}" for unit, parts in UNITS.items() if group(unit) != "NULL"
    ]
    return f"""(
        SELECT
            number,
            '{name}' AS format,
            coalesce(nullif({group("time", "''")}, ''), stamp) AS time,
            {text("request")} AS request,
            {group("method", "'GET'")} AS method,
            {target} AS target,
            {group("protocol", "''")} AS protocol,
            {group("status", group("first_status", "'200'"))} AS status,
            {group("size")} AS size,
            {text("peer", "''")} AS peer,
            {text("forwarded", "''")} AS forwarded,
            {text("referrer")} AS referrer,
            {text("agent")} AS agent,
            {group("user", "''")} AS "user",
            {durations[0] if durations else "NULL::DOUBLE"} AS duration,
            {group("host", "''")} AS host
        FROM (
            SELECT number, stamp, regexp_extract(text, getvariable('{variable(name)}'), [{groups}]) AS field
            FROM classified
            WHERE format = '{name}'
        )
    )"""
