"""What one line of a followed log says (spec 84 §3). Every pattern is linear in the line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from hzmetrics.follow.times import LogClock
from hzmetrics.logs import grammar

LONGEST_LINE = 65_536
"""Characters; a longer line is no record of anything."""

MONTHS = {
    "Jan": "01", "Feb": "02", "Mar": "03", "Apr": "04", "May": "05", "Jun": "06",
    "Jul": "07", "Aug": "08", "Sep": "09", "Oct": "10", "Nov": "11", "Dec": "12",
}  # fmt: skip

_HUB = re.compile(
    r'(\d{4}-\d{2}-\d{2})\s+(\d+:\d{2}:\d{2})\s+([\w-]+)\s+(?:\d+\s+)?\S+\s+"(.+?)"'
    r'\s+([\d-]+)\s+\d+\s+([\w.:-]+)\s+"',
    re.ASCII,
)
_COMBINED = re.compile(
    r"(\S+) \S+ (.*?) ?\[(\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}:\d{2}:\d{2})(?: ([+-]\d{4}))?\]"
    r' "(.*?)" (\d{3}|-) (?:\d+|-)',
    re.ASCII,
)
_JUPYTERHUB = re.compile(
    r"\[\w (\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})\.\d+ JupyterHub log:\d+\] (\d{3}) (\S+) (\S+)(?: -> \S+)?"
    r" \(([^()]*)@([^()@]*)\) (\d{1,9}(?:\.\d+)?)ms",
    re.ASCII,
)
_AUTH = [
    re.compile(pattern)
    for pattern in (
        grammar.AUTH_NUMBER,
        grammar.AUTH_NUMBER_ANY,
        grammar.AUTH_FRAMEWORK,
        grammar.AUTH_FRAMEWORK_ANY,
        grammar.AUTH_NAME,
        grammar.AUTH_NAME_ANY,
    )
]
"""The shapes of auth lines, each for addresses of four numbers and for IPv6."""


class Entry(NamedTuple):
    """One line, recognised. For auth lines `target` is the action and `method` is empty."""

    source: str
    """access, auth or jupyterhub."""
    time: int
    """UTC, seconds of the epoch."""
    method: str
    target: str
    status: int
    """0 where the log has none."""
    user: str
    """Empty where the log has none."""
    address: str
    duration: float
    """Seconds; 0 where the log has none."""


def read_access(line: str, clock: LogClock) -> Entry | None:
    """A line of the hub's own formats, or of the common or combined format."""
    hub = _HUB.match(line)
    if hub:
        date, time, zone, request, status, address = hub.groups()
        user = ""
    else:
        combined = _COMBINED.match(line)
        if not combined:
            return None
        address, user, day, month, year, time, zone, request, status = combined.groups()
        date = f"{year}-{MONTHS.get(month, '00')}-{day}"
    moment = clock.epoch(f"{date} {time}", zone)
    if moment is None:
        return None
    words: list[str] = request.split(maxsplit=2)
    method, target, *_ = [*words, "", ""]
    code = int(status) if len(status) == 3 and status.isdigit() else 0
    return Entry("access", moment, method, target, code, "" if user == "-" else user, address, 0.0)


def read_auth(line: str, clock: LogClock) -> Entry | None:
    """A line of the CMS auth log, in any of its three shapes (spec 10 §6.1)."""
    for pattern in _AUTH:
        match = pattern.match(line)
        if match:
            date, time, *_, user, address, action = match.groups()
            moment = clock.epoch(f"{date} {time}", None)
            if moment is None:
                return None
            return Entry("auth", moment, "", action, 0, (user or "").strip(), address, 0.0)
    return None


def read_jupyterhub(line: str, clock: LogClock) -> Entry | None:
    """A request line of a JupyterHub's own log."""
    match = _JUPYTERHUB.match(line)
    if not match:
        return None
    date, time, status, method, target, user, address, duration = match.groups()
    moment = clock.epoch(f"{date} {time}", None)
    if moment is None:
        return None
    return Entry("jupyterhub", moment, method, target, int(status), user, address, float(duration) / 1000)


READERS: dict[str, Callable[[str, LogClock], Entry | None]] = {
    "access": read_access,
    "auth": read_auth,
    "jupyterhub": read_jupyterhub,
}
"""How to read a line, by source."""
