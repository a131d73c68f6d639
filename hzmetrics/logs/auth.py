"""The events of a hub's auth log: lines to the relation `auth_events` (spec 10 §6.1)."""

from __future__ import annotations

import pyarrow as pa

from hzmetrics.engine import Engine
from hzmetrics.logs import grammar


class AuthEvents:
    """Reads an auth log in an engine: after `read`, the relation `auth_events` tells what a chunk's lines say."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        for name, value in grammar.AUTH.items():
            engine.set_variable(name, value)

    def read(self, lines: pa.Table) -> None:
        """Take a chunk's lines apart."""
        self.engine.register("lines", lines)
