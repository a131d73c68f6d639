"""The columns of the W3C extended format, as its `#Fields` lines name them."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from hzmetrics.engine import relation

FIELDS = "#Fields:"
"""How a line begins that names the columns of those after it."""

COLUMNS = {
    "day": ("date", "x-date"),
    "clock": ("time", "time-local"),
    "client": ("c-ip", "c-dns"),
    "forwarded_at": ("cs(x-forwarded-for)", "x-forwarded-for", "cs(forwarded)", "x-real-ip"),
    "method_at": ("cs-method",),
    "stem": ("cs-uri-stem", "cs-uri"),
    "query": ("cs-uri-query",),
    "protocol_at": ("cs-protocol-version", "cs-version", "cs-protocol"),
    "status_at": ("sc-status",),
    "size_at": ("sc-bytes", "bytes"),
    "referrer_at": ("cs(referer)", "cs(referrer)"),
    "agent_at": ("cs(user-agent)",),
    "user_at": ("cs-username", "cs-user"),
    "host_at": ("x-host-header", "cs-host", "cs(host)"),
    "taken": ("time-taken",),
}
"""Names of a column in small letters, by what `headers` calls its position."""

KINDS = {"number": pa.int64(), "width": pa.int64(), **dict.fromkeys(COLUMNS, pa.int64())}

NO_HEADERS = relation([], KINDS)


def headers(lines: Iterable[tuple[int, str]]) -> pa.Table:
    """The relation `headers` (number, width, position of each column, 0 if missing) of some `#Fields` lines."""
    rows = []
    for number, line in lines:
        names = line.partition(":")[2].lower().split()
        positions = {name: place for place, name in reversed(list(enumerate(names, 1)))}
        found = [next((positions[name] for name in known if name in positions), 0) for known in COLUMNS.values()]
        rows.append((number, len(names), *found))
    return relation(rows, KINDS)
