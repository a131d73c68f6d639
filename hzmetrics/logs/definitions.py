"""Formats by definition: an Apache `LogFormat` or an nginx `log_format` as one expression with a group a field."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hzmetrics.errors import UsageError

VALUES = {
    "anything": r".*?", "status": r"\d{3}|-", "first_status": r"\d{3}|-", "size": r"\d+|-", "port": r"\d+",
    "time": r"[^\]\"]*?(?: [+-]\d{4})?",
}  # fmt: skip
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
    "q": "query", "H": "protocol", "s": "first_status", "b": "size", "B": "size", "O": "size", "D": "microseconds",
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

DIRECTIVE = re.compile(r"%(?:!?\d{3}(?:,\d{3})*)?([<>]?)(?:\{([^}]*)\})?(\^[A-Z]{2}|[A-Za-z%])")
TIME_DIRECTIVE = re.compile(r"%[EO_^-]?[A-Za-z]|\b[mu]?sec(?:_frac)?\b")
TIME_PIECE, BLANK = r"[^\s\]\"]+?", r"\x{20}"
"""What a directive of a time writes, and a literal blank."""
VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
ESCAPES = {r"\"": '"', r"\t": "\t", r"\n": "\n", r"\\": "\\"}

BRACKETED = "[time]"

CONFIGURED = re.compile(r"(?:LogFormat|log_format\s+\S+)\s+(?:escape=\w+\s+)?|escape=\w+\s+", re.IGNORECASE)
"""What stands before the texts of a definition in a server's configuration."""
TEXT = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
TEXTS = re.compile(rf"((?:(?:{TEXT})\s*)+)[^\s;'\"]*\s*;?", re.DOTALL)
"""The texts of a definition and what may stand after them: the name of the format, and a semicolon."""
BARE_TEXTS = re.compile(r"""((?:'(?:[^'\\]|\\.)*'\s*)+|"(?:[^"\\]|\\.)*");?""", re.DOTALL)
"""Texts without a directive. Several in double quotes would be fields that the server writes in quotes."""

Part = tuple[str, str]
"""A literal text and no field, or a field and how its value looks, empty if as all of that field."""

UNUSED = "-"
"""The field of a value that is not used."""

URL = {"target", "path", "query", "host", UNUSED}
"""The fields that a URL can consist of."""


@dataclass(frozen=True)
class Pattern:
    """One anchored expression, and the fields that its groups are, in order."""

    expression: str
    fields: tuple[str, ...]


def pattern(definition: str) -> Pattern:
    """The pattern of an operator's definition in either notation; values may be any text. Raises UsageError."""
    parts = list(_parts(as_text(definition)))
    names = {name for _, name in parts}
    if not names & {"peer", "forwarded"} or not names & {"request", "target", "path"}:
        raise UsageError(f"{definition!r} is no definition of a log format with a client and a request")
    values = [look or VALUES.get(name, ".*?") for look, name in parts]
    if parts[-1][1]:
        values[-1] = parts[-1][0] or VALUES.get(parts[-1][1], ".*")
    return _pattern(parts, values, r"\s*$")


def as_text(definition: str) -> str:
    """The text that a definition is, of the quotes or the whole directive in which it stands. Raises UsageError."""
    definition = definition.strip()
    configured = CONFIGURED.match(definition)
    found = TEXTS.fullmatch(definition, configured.end()) if configured else BARE_TEXTS.fullmatch(definition)
    if configured and not found:
        raise UsageError(f"{definition!r} is a directive whose definition is not in quotes; give the definition alone")
    return "".join(text[1:-1] for text in re.findall(TEXT, found[1], re.DOTALL)) if found else definition


def strict_pattern(definition: str) -> Pattern:
    """The pattern of a known format in nginx's notation: values are words unless in quotes, and more may follow."""
    parts = list(_cut(VARIABLE, definition, _nginx_part))
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
    """The names of the fields in a definition that writes JSON objects; None if it does not. Raises UsageError.

    Members of objects within have names with dots.
    """
    text = as_text(definition)
    if not text.startswith("{"):
        return None
    try:
        document = json.loads(text.replace(r"\"", '"'))
    except ValueError:
        return None
    found: dict[str, str] = {}
    for name, value in _leaves(document, ""):
        if field := _json_field(list(_parts(value))):
            found.setdefault(field, name)
    if "first_status" in found:
        found.setdefault("status", found.pop("first_status"))
    return found


def _json_field(parts: Sequence[Part]) -> str:
    """The field that a member is; one of several parts is a request line, a URL, a client with its port, or a time."""
    names = {name for _, name in parts if name}
    literals = {literal for literal, name in parts if not name}
    if names & {"target", "path"} and "method" in names:
        return "request"
    if names & {"target", "path"} and names <= URL:
        return "" if " " in "".join(literals) else "url"
    if "peer" in names and names <= {"peer", "port"} and literals <= {":"}:
        return "client"
    return names.pop() if len(names) == 1 and literals <= {"[", "]"} and UNUSED not in names else ""


def _leaves(value: object, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _leaves(member, f"{name}.{key}" if name else str(key))
    elif isinstance(value, str):
        yield name, value


def _parts(definition: str) -> Iterable[Part]:
    """What a definition consists of, in either notation."""
    text = NICKNAMES.get(definition, definition)
    for escape, character in ESCAPES.items():
        text = text.replace(escape, character)
    if "%" in text and DIRECTIVE.search(text):
        return _apache_parts(text)
    return _cut(VARIABLE, text, _nginx_part)


def _apache_parts(text: str) -> list[Part]:
    """Apache writes a time in brackets; a time in several pieces is one field, and so are a path and its query."""
    parts: list[Part] = []
    for part in _cut(DIRECTIVE, text, _apache_part):
        match parts[-2:], part:
            case [(before, "time"), (between, "")], (look, "time") if before and len(between) == 1:
                parts[-2:] = [(before + _quoted(between) + look, "time")]
            case [*_, (before, "time")], (look, "time"):
                parts[-1] = (before + look, "time")
            case [*_, (_, "path")], (_, "query"):
                parts[-1] = ("", "target")
            case _, (_, name) if name == BRACKETED:
                parts += [("[", ""), ("", "time"), ("]", "")]
            case _:
                parts.append(part)
    if ("", "status") in parts:
        return [("", UNUSED) if name == "first_status" else (look, name) for look, name in parts]
    return parts


def _cut(expression: re.Pattern[str], text: str, part: Callable[[re.Match[str]], Part]) -> Iterator[Part]:
    end = 0
    for match in expression.finditer(text):
        if match.start() > end:
            yield text[end : match.start()], ""
        end = match.end()
        yield part(match)
    if end < len(text):
        yield text[end:], ""


def _nginx_part(match: re.Match[str]) -> Part:
    return "", NGINX.get(match[1] or match[2], "") or UNUSED


def _apache_part(match: re.Match[str]) -> Part:
    request, argument, directive = match.groups()
    if directive == "%":
        return "%", ""
    if directive == "t":
        return ("", BRACKETED) if argument is None else (_look_of_time(argument), "time")
    if directive == "s" and request == ">":
        return "", "status"
    if argument is None:
        return "", APACHE.get(directive, "") or UNUSED
    return "", APACHE_ARGUMENTS.get((directive, argument.lower()), "") or UNUSED


def _look_of_time(written: str) -> str:
    """The expression of a time in a format of `strftime` or a unit of Apache: as many words as the format has."""
    parts = _cut(TIME_DIRECTIVE, written.removeprefix("begin:").removeprefix("end:"), lambda _: (TIME_PIECE, "time"))
    return "".join(text if name else _quoted(text).replace(BLANK, f"{BLANK}+") for text, name in parts)
