"""The events of a hub's auth log: lines to the relation `auth_events` (spec 10 §6.1)."""

from __future__ import annotations

import pyarrow as pa

from hzmetrics.engine import Engine
from hzmetrics.logs import grammar, zones
from hzmetrics.logs.account import MOST_EXAMPLES, Account
from hzmetrics.logs.formats import HUB_AUTH


class AuthEvents:
    """Reads an auth log in an engine: after `read`, the relation `auth_events` tells what a chunk's lines say."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.account = Account()
        for name, value in grammar.AUTH.items():
            engine.set_variable(name, value)
        engine.function("zone_offset", zones.offset)  # the macros of this package know it

    def read(self, lines: pa.Table) -> None:
        """Take a chunk's lines apart."""
        self.engine.register("lines", lines)
        self._count(len(lines))

    def _count(self, lines: int) -> None:
        account = self.account
        account.lines += lines
        query = "SELECT count(*) AS lines FROM auth_events WHERE datetime IS NOT NULL"
        self.engine.build("auth_events")
        account.formats[HUB_AUTH.name] += self.engine.query(query)["lines"][0].as_py()
        if account.unread and len(account.examples) < MOST_EXAMPLES:
            unread = self.engine.table("unread_auth_lines")["line"].to_pylist()
            account.examples += unread[: MOST_EXAMPLES - len(account.examples)]
