"""Lines of a log that is followed: to who did what and when, the same columns for every source (spec 84 §3)."""

from __future__ import annotations

import pyarrow as pa

from hzmetrics.engine import Engine
from hzmetrics.logs.auth import AuthEvents
from hzmetrics.logs.formats import AUTO, HUB
from hzmetrics.logs.requests import PACKAGE, Requests
from hzmetrics.logs.settings import LogSettings

CORRECTIONS = frozenset({"ipv6", "zones", "absolute-urls"})
"""What is corrected about the lines of a hub: nothing was ever published of followed ones."""


def entries(source: str, lines: pa.Table, zone: str, log_format: str = AUTO) -> pa.Table:
    """What lines (number, line) of a source say, in their order; lines that say nothing are missing.

    The columns are number, local (the time as written), zone (its name, or empty), instant (UTC seconds of the epoch;
    NULL where `local` has no offset), method, target, status (0 if there is none), user, address, duration (seconds).
    Of an auth log the target is the action, and the method is empty.
    """
    with Engine(PACKAGE) as engine:
        if source == "auth":
            AuthEvents(engine).read(lines)
            return engine.table("auth_entries")
        log_format = "jupyterhub" if source == "jupyterhub" else AUTO if log_format == HUB else log_format
        Requests(engine, LogSettings(log_format, zone=zone, corrections=CORRECTIONS)).read(lines)
        return engine.table("request_entries")
