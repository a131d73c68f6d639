"""Formats by definition: an Apache `LogFormat` or an nginx `log_format` as one expression with a group a field."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from hzmetrics.errors import UsageError

VALUES = {"anything": r".*?", "status": r"\d{3}|-", "size": r"\d+|-", "time": r"[^\]\"]*?", "port": r"\d+"}
"""How some fields look; others are any text."""

NGINX = {
    "remote_addr": "peer", "remote_port": "port", "proxy_protocol_addr": "forwarded", "realip_remote_addr": "forwarded",
    "http_x_forwarded_for": "forwarded", "proxy_add_x_forwarded_for": "forwarded", "http_x_real_ip": "forwarded",
    "http_cf_connecting_ip": "forwarded", "remote_user": "user", "time_local": "time", "time_iso8601": "time",
    "msec": "time", "request": "request", "request_method": "method", "request_uri": "target", "uri": "path",
    "document_uri": "path", "args": "query", "query_string": "query", "server_protocol": "protocol", "status": "status",
    "body_bytes_sent": "size", "bytes_sent": "size", "http_referer": "referrer", "http_user_agent": "agent",
    "request_time": "seconds", "anything": "anything", "host": "host", "http_host": "host", "server_name": "host",
}  # fmt: skip
"""Fields by the variable of nginx."""

APACHE = {
    "h": "peer", "a": "peer", "l": "", "u": "user", "t": "time", "r": "request", "m": "method", "U": "path",
    "q": "query", "H": "protocol", "s": "status", "b": "size", "B": "size", "O": "size", "D": "microseconds",
    "T": "seconds", "v": "host", "V": "host",
}  # fmt: skip
"""Fields by the directive of Apache."""

APACHE_ARGUMENTS = {
    ("i", "referer"): "referrer", ("i", "user-agent"): "agent", ("i", "x-forwarded-for"): "forwarded",
    ("i", "x-real-ip"): "forwarded", ("i", "forwarded"): "forwarded", ("i", "host"): "host", ("a", "c"): "forwarded",
    ("T", "s"): "seconds", ("T", "ms"): "milliseconds", ("T", "us"): "microseconds", ("h", "c"): "forwarded",
    ("p", "remote"): "port",
}  # fmt: skip
"""Fields by the directive of Apache and its argument in braces."""

NICKNAMES = {
    "common": r"%h %l %u %t \"%r\" %>s %b",
    "combined": r"%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"",
}

DIRECTIVE = re.compile(r"%(?:!?\d{3}(?:,\d{3})*)?[<>]?(?:\{([^}]*)\})?(\^[A-Z]{2}|[A-Za-z%])")
VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
ESCAPES = {r"\"": '"', r"\t": "\t", r"\n": "\n", r"\\": "\\"}

BRACKETED = "[time]"

Part = tuple[str, str]
"""A literal text and no field, or no text and a field."""

UNUSED = "-"
"""The field of a value that is not used."""


@dataclass(frozen=True)
class Pattern:
    """One anchored expression, and the fields that its groups are, in order."""

    expression: str
    fields: tuple[str, ...]


def pattern(definition: str) -> Pattern:
    """The pattern of an operator's definition in either notation; values may be any text. Raises UsageError."""
    parts = list(_parts(definition))
    names = {name for _, name in parts}
    if not names & {"peer", "forwarded"} or not names & {"request", "target", "path"}:
        raise UsageError(f"{definition!r} is no definition of a log format with a client and a request")
    values = [VALUES.get(name, ".*?") for _, name in parts]
    if parts[-1][1]:
        values[-1] = VALUES.get(parts[-1][1], ".*")
    return _pattern(parts, values, r"\s*$")


def strict_pattern(definition: str) -> Pattern:
    """The pattern of a known format in nginx's notation: values are words unless in quotes, and more may follow."""
    parts = list(_cut(VARIABLE, definition, _nginx_field))
    before = ["", *(literal for literal, _ in parts)]
    values = [
        VALUES.get(name, r".*?" if literal.endswith('"') else r"[^\s\"]+")
        for literal, (_, name) in zip(before, parts, strict=False)
    ]
    return _pattern(parts, values, "(?: .*)?$")


def _pattern(parts: Iterable[Part], values: Iterable[str], end: str) -> Pattern:
    fields: list[str] = []
    expression = "(?s)^"
    for (literal, name), value in zip(parts, values, strict=True):
        if name == "peer" and name in fields:
            name = "forwarded"
        if not name:
            expression += _quoted(literal)
        elif name == UNUSED or name in fields:
            expression += f"(?:{value})"
        else:
            fields.append(name)
            expression += f"({value})"
    return Pattern(expression + end, tuple(fields))


def _quoted(literal: str) -> str:
    """A literal text as an expression of RE2."""
    return "".join(f"\\x{{{ord(character):x}}}" if not character.isalnum() else character for character in literal)


def members(definition: str) -> Mapping[str, str] | None:
    """The names of the fields in a definition that writes JSON objects; None if it does not.

    Members of objects within have names with dots.
    """
    if not definition.lstrip().startswith("{"):
        return None
    try:
        document = json.loads(_joined(definition).replace(r"\"", '"'))
    except ValueError:
        return None
    found: dict[str, str] = {}
    for name, value in _leaves(document, ""):
        parts = list(_parts(value))
        if len(parts) == 1 and (field := _json_field(parts[0][1])):
            found.setdefault(field, name)
    return found


def _json_field(name: str) -> str:
    return {"peer": "client", "target": "url", "path": "url", UNUSED: ""}.get(name, name)


def _leaves(value: object, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _leaves(member, f"{name}.{key}" if name else str(key))
    elif isinstance(value, str):
        yield name, value


def _parts(definition: str) -> Iterable[Part]:
    """What a definition consists of, in either notation."""
    text = NICKNAMES.get(definition, definition)
    if "%" in text and DIRECTIVE.search(text):
        return _apache_parts(text)
    return _cut(VARIABLE, _joined(text), _nginx_field)


def _apache_parts(text: str) -> list[Part]:
    """Apache writes a time in brackets; a time in several pieces is one field, and so are a path and its query."""
    for escape, character in ESCAPES.items():
        text = text.replace(escape, character)
    parts: list[Part] = []
    for part in _cut(DIRECTIVE, text, _apache_field):
        if part == ("", "time") and [name for _, name in parts[-2:]] == ["time", ""] and len(parts[-1][0]) == 1:
            parts.pop()
        elif part == ("", "time") and parts[-1:] == [part]:
            pass
        elif part == ("", "query") and parts[-1:] == [("", "path")]:
            parts[-1] = ("", "target")
        elif part == ("", BRACKETED):
            parts += [("[", ""), ("", "time"), ("]", "")]
        else:
            parts.append(part)
    return parts


def _cut(expression: re.Pattern[str], text: str, field: Callable[[re.Match[str]], str]) -> Iterator[Part]:
    end = 0
    for match in expression.finditer(text):
        if match.start() > end:
            yield text[end : match.start()], ""
        end = match.end()
        name = field(match)
        yield ("%", "") if name == "%" else ("", name)
    if end < len(text):
        yield text[end:], ""


def _nginx_field(match: re.Match[str]) -> str:
    return NGINX.get(match[1] or match[2], "") or UNUSED


def _apache_field(match: re.Match[str]) -> str:
    argument, directive = match[1], match[2]
    if directive == "%":
        return "%"
    if directive == "t":
        return BRACKETED if argument is None else "time"
    if argument is None:
        return APACHE.get(directive, "") or UNUSED
    return APACHE_ARGUMENTS.get((directive, argument.lower()), "") or UNUSED


def _joined(text: str) -> str:
    """A definition as it stands in nginx's configuration: several texts in quotes are one."""
    pieces = re.findall(r"'((?:[^'\\]|\\.)*)'", text) if text.lstrip().startswith("'") else []
    return "".join(pieces) if pieces else text
