"""The events of a hub's auth log: lines to the relation `auth_events` (spec 10 §6.1)."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.engine import Engine
from hzmetrics.logs import grammar, zones
from hzmetrics.logs.account import Account, add_examples, lines_of_logs
from hzmetrics.logs.formats import HUB_AUTH


class AuthEvents:
    """Reads an auth log in an engine: after `read`, the relation `auth_events` tells what a chunk's lines say."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.accounts = [Account()]
        """Of each of the logs that are read together."""
        for name, value in grammar.AUTH.items():
            engine.set_variable(name, value)
        engine.function("zone_offset", zones.offset)  # the macros of this package know it

    def begin(self, logs: int = 1) -> None:
        """Read another log, or several together."""
        self.accounts = [Account() for _ in range(logs)]

    def read(self, lines: pa.Table) -> None:
        """Take a chunk's lines apart, and account for them."""
        self.engine.register("lines", lines)
        for log, number in lines_of_logs(lines):
            self.accounts[log].lines += number
        events = self.engine.table("auth_events")
        for log, number in lines_of_logs(events.filter(pc.is_valid(events["datetime"]))):
            self.accounts[log].formats[HUB_AUTH.name] += number
        add_examples(self.accounts, self.engine, "unread_auth_lines")
