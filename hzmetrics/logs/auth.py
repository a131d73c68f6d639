"""The events of a hub's auth log: lines to the relation `auth_events` (spec 10 §6.1)."""

from __future__ import annotations

import pyarrow as pa

from hzmetrics.engine import Engine
from hzmetrics.logs import grammar
from hzmetrics.logs.account import MOST_EXAMPLES, Account
from hzmetrics.logs.formats import HUB_AUTH
from hzmetrics.logs.reader import NO_LINES

ROOM = "hzmetrics.logs"


class AuthEvents:
    """Reads an auth log in an engine: after `read`, the relation `auth_events` tells what a chunk's lines say."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.account = Account()
        for name, value in grammar.AUTH.items():
            engine.set_variable(name, value)
        for script in ("time_macros", "auth_macros"):
            engine.run_script(ROOM, script)
        engine.register("lines", NO_LINES)
        engine.models(ROOM, ["auth_matches"])
        engine.hold(ROOM, "auth_events")
        engine.models(ROOM, ["unread_auth_lines"])

    def read(self, lines: pa.Table) -> None:
        """Take a chunk's lines apart."""
        self.engine.register("lines", lines)
        self.engine.hold(ROOM, "auth_events")
        self._count(len(lines))

    def _count(self, lines: int) -> None:
        account = self.account
        account.lines += lines
        query = "SELECT count(*) AS lines FROM auth_events WHERE datetime IS NOT NULL"
        account.formats[HUB_AUTH.name] += self.engine.query(query)["lines"][0].as_py()
        if account.unread and len(account.examples) < MOST_EXAMPLES:
            unread = self.engine.table("unread_auth_lines")["line"].to_pylist()
            account.examples += unread[: MOST_EXAMPLES - len(account.examples)]
