"""The events of a hub's auth log: lines to the relation `auth_events` (spec 10 §6.1)."""

from __future__ import annotations

import pyarrow as pa

from hzmetrics.engine import Engine
from hzmetrics.logs import grammar
from hzmetrics.logs.reader import NO_LINES

ROOM = "hzmetrics.logs"


class AuthEvents:
    """Reads an auth log in an engine: after `read`, the relation `auth_events` tells what a chunk's lines say."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        for name, value in grammar.AUTH.items():
            engine.set_variable(name, value)
        for script in ("time_macros", "auth_macros"):
            engine.run_script(ROOM, script)
        engine.register("lines", NO_LINES)
        engine.models(ROOM, ["auth_matches"])
        self.read(NO_LINES)

    def read(self, lines: pa.Table) -> None:
        """Take a chunk's lines apart."""
        self.engine.register("lines", lines)
        self.engine.hold(ROOM, "auth_events")
