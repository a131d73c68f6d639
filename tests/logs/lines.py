"""Log lines for tests: valid ones of every shape, and mutations of them."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import pyarrow as pa

from hzmetrics.engine import Engine
from hzmetrics.ingest.access import AccessLog, Rules
from hzmetrics.ingest.addresses import Clients, anywhere
from hzmetrics.ingest.bots import Bots
from hzmetrics.ingest.filters import Excludes
from hzmetrics.logs import grammar
from hzmetrics.logs.requests import PACKAGE, Requests
from hzmetrics.logs.settings import LogSettings

READ_AS_HUB = LogSettings()

HEAD = '2025-07-01 00:00:05 -0500 3344 - "GET /x HTTP/1.1" 200 512 198.51.100.7 "-" "Mozilla/5.0" TLSv1.3 1 2'
"""A line of 23 fields up to its user id."""

DATES = ["2025-07-01", "2024-02-29", "2025-02-30", "0000-01-01", "2025-13-01", "9999-12-31"]
TIMES = ["00:00:00", "23:59:59", "7:05:09", "007:05:09", "24:00:00", "12:60:00", "12:00:60", "123:00:00"]
ZONES = ["-0500", "UTC", "+0100", "-"]
REQUESTS = [
    "GET /a HTTP/1.1",
    "POST /%20//?b='c HTTP/2.0",
    "POST //b//c",
    "-",
    " ",
    "GET  /x\ty",
    "/only",
    'a "b" c',
    "GET /é http",
    "\x0bGET /v",
]
STATUSES = ["200", "304", "-", "2-0", "0200"]
SIZES = ["512", "0", "00", "-"]
ADDRESSES = ["198.51.100.7", "host-1.example", "2001:DB8::1", "::ffff:1.2.3.4", "1.2.3.4:80", "a_b"]
QUOTED = ["-", "Mozilla/5.0 (X11; Linux)", "", 'left" "right', '"', 'x" "y" "z', "é\ufffd", "\x00", "https://a/?b=c"]
TOKENS = ["-", "com_x", "view", "_x", "7", "é", "\x00", '"', "x_", "2001:db8::2", ""]
BLANKS = [" "] * 12 + ["  ", "\t", "\x0b", "\x0c"]
PIECES = [" ", '"', '" "', "_", "-", "7", "\t", '" 200 5 1.2.3.4 "', "  ", "é", ":"]


def line(chance: random.Random, tidy: bool = False) -> str:
    """A line that is mostly one of the two formats; a tidy one is mostly plain."""

    def one_of(values: Sequence[str]) -> str:
        return chance.choice(values[:2] if tidy and chance.random() < 0.97 else values)

    full = chance.random() < 0.7
    fields = [one_of(DATES), one_of(TIMES), one_of(ZONES)]
    fields += ["3344"] if full else []
    fields += ["-", f'"{one_of(REQUESTS)}"', one_of(STATUSES), one_of(SIZES)]
    fields += [one_of(ADDRESSES), f'"{one_of(QUOTED)}"', f'"{one_of(QUOTED)}"', "443", "1", "2"]
    count = chance.choice([8, 8, 8, 8, 7, 9, 10]) if full else chance.choice([0, 1, 1, 2, 3])
    fields += [one_of(["-", "7", "-12", "1-2"])] if full else []
    fields += [one_of(TOKENS) for _ in range(count)]
    separators = [" " if tidy else chance.choice(BLANKS) for _ in fields]
    return "".join(field + blank for field, blank in zip(fields, separators, strict=True))[:-1]


def mutated(chance: random.Random) -> str:
    """A line with a few insertions, deletions and copies of its own parts."""
    text = line(chance)
    for _ in range(chance.choice([0, 0, 1, 1, 2, 3])):
        at, size = chance.randrange(len(text) + 1), chance.randrange(1, 6)
        match chance.randrange(3):
            case 0:
                text = text[:at] + chance.choice(PIECES) + text[at:]
            case 1:
                text = text[:at] + text[at + size :]
            case 2:
                text = text[:at] + text[at - size : at] + text[at:]
    return text


def relation(lines: Sequence[str]) -> pa.Table:
    return pa.table({"number": pa.array(range(len(lines)), pa.int64()), "line": pa.array(lines, pa.string())})


def access_log(
    *,
    ip: Sequence[str] = (),
    useragent: Sequence[str] = (),
    url: Sequence[str] = (),
    bots: Bots | None = None,
    reads_ipv6: bool = False,
    logs: LogSettings = READ_AS_HUB,
) -> AccessLog:
    """An access log filtered by rules that no database holds."""
    clients = Clients(anywhere(ip), reads_ipv6)
    return AccessLog(Rules(clients, Excludes(ip, useragent, url), bots or Bots(frozenset()), logs))


def fields(lines: Sequence[str], exact: bool = False) -> list[dict[str, str | None] | None]:
    """The fields of a hub's lines; `exact` sends every line through the whole grammar."""
    with Engine(PACKAGE) as engine:
        requests = Requests(engine, READ_AS_HUB)
        if exact:
            engine.register("odd_lines", relation(lines))
        else:
            requests.take_apart(relation(lines))
        found = engine.table("odd_fields" if exact else "fields").to_pylist()
        rows = {row.pop("number"): row for row in found}
    return [rows.get(number) for number in range(len(lines))]


TAIL = ["site_cookie", "auth_type", "component_name", "view_name", "task_name", "action_name", "item_name"]
NAMES = ["day", "clock", "zone", "apache_pid", "request", "status", "size", "address", "referrer", "agent", "uid",
         "joomla_sessionid", *TAIL]  # fmt: skip
SHORT = ["day", "clock", "zone", "request", "status", "size", "address", "referrer", "agent", "site_cookie"]


def backtracked(text: str) -> dict[str, str | None] | None:
    """The fields of a line as a backtracking matcher finds them."""
    for pattern, names in (
        (grammar.FULL_LINE, NAMES),
        (grammar.SHORT_LINE, SHORT),
        (grammar.FULL_LINE_ANY, NAMES),
        (grammar.SHORT_LINE_ANY, SHORT),
    ):
        match = re.fullmatch(pattern, text, re.ASCII)
        if match:
            found = {**dict.fromkeys(NAMES, ""), **dict(zip(names, match.groups(), strict=True))}
            request = found.pop("request")
            return {**found, **called(request), "clock": existing(found["clock"])}
    return None


def called(request: str) -> dict[str, str | None]:
    """Method, URL and protocol of a request."""
    words = re.split(r"[ \t\n\r\f\v]+", request.strip(" \t\n\r\f\v"))
    method, target = words[:2] if len(words) > 1 else ("GET", words[0])
    return {"method": method, "target": target, "protocol": words[2] if len(words) > 2 else ""}


def existing(clock: str) -> str | None:
    """A time of day as stored, if it exists."""
    hours, minutes, seconds = map(int, clock.split(":"))
    return f"{hours:02}:{minutes:02}:{seconds:02}" if hours < 24 and minutes < 60 and seconds < 60 else None
