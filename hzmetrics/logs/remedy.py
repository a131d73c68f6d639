"""What lines that were not read look like, and what to set so that they are read."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import groupby

import pyarrow as pa

from hzmetrics.engine import Engine
from hzmetrics.logs.account import MOST_SHOWN, Account
from hzmetrics.logs.formats import AUTO, FORMATS, HUB, HUB_AUTH, Format
from hzmetrics.logs.requests import PACKAGE, Requests
from hzmetrics.logs.settings import LogSettings

KINDS = str.maketrans(dict.fromkeys(string.digits, "0") | dict.fromkeys(string.ascii_letters, "a"))

KNOWN = {**FORMATS, HUB_AUTH.name: HUB_AUTH}

ALIKE = 0.5
"""How much of two shapes must be the same for their lines to be alike."""


def nearest(lines: Sequence[str]) -> Format | None:
    """The format that most lines are like, of those that are like any.

    Compared are the shapes of lines: digits, letters, and the signs between them.
    """
    found = Counter(one.name for one in map(_nearest, lines) if one)
    return KNOWN[found.most_common(1)[0][0]] if found else None


def _nearest(line: str) -> Format | None:
    if line.lstrip().startswith("{"):
        return FORMATS["json"]
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(_shape(line))

    def likeness(one: Format) -> float:
        matcher.set_seq1(_shape(one.example))
        return matcher.ratio()

    near = max(KNOWN.values(), key=likeness)
    return near if likeness(near) >= ALIKE else None


def _shape(line: str) -> str:
    return "".join(kind for kind, _ in groupby(line[:MOST_SHOWN].translate(KINDS)))


def of_access_log(account: Account, settings: LogSettings) -> str:
    """What makes the unread lines of an access log readable, in words."""
    if account.zones * 2 > account.unread:
        return "the correction zones reads their time zones: add it to [metrics] corrections"
    found = _read_as(account.examples, settings)
    if found == HUB and settings.format in (HUB, AUTO):
        return f"they are in {FORMATS[HUB].title}: add the corrections zones and ipv6 to [metrics] corrections"
    if found == HUB:
        return f"they are in {FORMATS[HUB].title}: set [logs] format = {HUB}"
    if found:
        return f"they are in {FORMATS[found].title}: set [logs] format = {AUTO}"
    near = nearest(account.examples)
    if near is HUB_AUTH:
        return f"they look like {near.title}: is it an auth log under the name of an access log?"
    described = "set [logs] format to a definition of the lines, in the notation of Apache or nginx"
    return f"the nearest format is {near.title}; {described}" if near else described


def _read_as(lines: Sequence[str], settings: LogSettings) -> str:
    """The name of the format that most of these lines have; empty if they have none."""
    every = replace(settings, format=AUTO, corrections=settings.corrections | {"zones", "ipv6"})
    with Engine(PACKAGE) as engine:
        requests = Requests(engine, every)
        numbers = pa.array(range(len(lines)), pa.int64())
        requests.read(pa.table({"number": numbers, "line": pa.array(lines, pa.string())}))
        formats = requests.account.formats.most_common(1)
    return formats[0][0] if formats else ""


def of_auth_log(account: Account) -> str:
    """What the unread lines of an auth log look like, in words."""
    near = nearest(account.examples)
    if near in (None, HUB_AUTH):
        return f"this is {HUB_AUTH.title}: {HUB_AUTH.example}"
    return f"they look like {near.title}: is it an access log under the name of an auth log?"
