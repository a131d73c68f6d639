"""The requests of an access log: lines to the relation `requests`, with the same fields for all formats."""

from __future__ import annotations

import pyarrow as pa

from hzmetrics.engine import Engine, Value, relation
from hzmetrics.logs import collectors, escapes, grammar, text, w3c, zones
from hzmetrics.logs.account import MOST_EXAMPLES, Account
from hzmetrics.logs.formats import HUB
from hzmetrics.logs.json_names import Members
from hzmetrics.logs.settings import LogSettings

PACKAGE = "hzmetrics.logs"
"""Where the models of log lines are."""

NOTHING = r"[^\s\S]"
"""An expression that matches nothing."""


class Requests:
    """Reads an access log in an engine: after `read`, the relation `requests` tells what a chunk's lines say."""

    def __init__(self, engine: Engine, settings: LogSettings) -> None:
        self.engine = engine
        self.settings = settings
        self.account = Account()
        self._is_hub = settings.format == HUB
        self._members = Members(settings.members)
        for name, value in variables(settings).items():
            engine.set_variable(name, value)
        engine.function("unescape", escapes.unescape)
        if self._is_hub:
            engine.define("hub_lines", "FROM lines", ["lines"])
            of_hub = "SELECT * EXCLUDE (logged_time), NULL::TIMESTAMP AS instant FROM hub_requests"
            engine.define("requests", of_hub, ["hub_requests"])
        else:
            self._define_others()

    def _define_others(self) -> None:
        """The relations that settings decide, of formats other than the hub's."""
        engine = self.engine
        engine.load("peers", relation([], {"peer": pa.string(), "address": pa.string()}))
        engine.load("headers", w3c.NO_HEADERS)
        patterns = self.settings.patterns
        classification = text.classification(self.settings.formats, patterns)
        engine.define("classified", classification, ["messages", "headers"], stored="arrow")
        hub_lines = f"SELECT number, text AS line FROM classified WHERE format = '{HUB}'"
        engine.define("hub_lines", hub_lines, ["classified"], stored="arrow")
        engine.define("members", self._members.query(), ["classified"])
        models = [name for name in ("combined", "json", "w3c") if name in self.settings.formats]
        sources = [f"(FROM {name})" for name in models]
        sources += [text.select(name, pattern) for name, pattern in patterns.items()]
        engine.define("raw_requests", " UNION ALL BY NAME ".join(sources), [*models, "classified"])

    def read(self, lines: pa.Table) -> None:
        """Take a chunk's lines apart, and account for them."""
        self.take_apart(lines)
        self._count(len(lines))

    def take_apart(self, lines: pa.Table) -> None:
        """Take a chunk's lines apart."""
        self.engine.register("lines", lines)
        if not self._is_hub:
            self._learn_headers()
            self._learn_members()
            self._learn_peers()

    def _learn_headers(self) -> None:
        """Take in the chunk's `#Fields` lines."""
        self.engine.build("messages")
        fields = self.engine.query("SELECT number, text FROM messages WHERE starts_with(text, '#Fields:')").to_pylist()
        if fields:
            self.engine.add("headers", w3c.headers((row["number"], row["text"]) for row in fields))

    def _learn_members(self) -> None:
        """Look for the members that the chunk's objects have."""
        self.engine.build("classified")
        query = "SELECT DISTINCT unnest(json_keys(text)) AS name FROM classified WHERE format = 'json'"
        new = self._members.known.intersection(self.engine.query(query)["name"].to_pylist()) - self._members.present
        if new:
            self._members.present |= new
            self.engine.define("members", self._members.query(), ["classified"])

    def _learn_peers(self) -> None:
        """Find the clients in texts that were not looked at before."""
        new = self.engine.table("new_peers")["peer"].to_pylist()
        found = [(peer, self.settings.proxies.client(peer)) for peer in new]
        self.engine.add("peers", relation(found, {"peer": pa.string(), "address": pa.string()}))

    def _count(self, lines: int) -> None:
        account = self.account
        account.lines += lines
        for row in self.engine.table("read_formats").to_pylist():
            account.formats[row["format"]] += row["lines"]
        if account.unread and "zones" not in self.settings.corrections:
            account.zones += self.engine.table("unread_zones")["lines"][0].as_py()
        if not self._is_hub:
            query = "SELECT count(*) AS lines FROM classified WHERE format = 'directive'"
            account.comments += self.engine.query(query)["lines"][0].as_py()
        if account.unread and len(account.examples) < MOST_EXAMPLES:
            lines_left = self.engine.table("unread_lines")["line"].to_pylist()
            account.examples += lines_left[: MOST_EXAMPLES - len(account.examples)]


def variables(settings: LogSettings) -> dict[str, Value]:
    """What the models of access logs read by name."""
    offsets = zones.minutes(settings.zone)
    return {
        **grammar.ACCESS,
        **text.EXPRESSIONS,
        **{text.variable(name): pattern.expression for name, pattern in settings.patterns.items()},
        **Members(settings.members).wrappers(),
        "own_line": settings.own.expression if settings.own else NOTHING,
        "collector": collectors.PREFIX,
        "hub_zone": settings.zone,
        "zone_names": list(offsets),
        "zone_minutes": [str(minutes) for minutes in offsets.values()],
        "reads_ipv6": "ipv6" in settings.corrections,
        "reads_zones": "zones" in settings.corrections,
        "reads_offsets": "offsets" in settings.corrections,
        "reads_absolute_urls": "absolute-urls" in settings.corrections,
    }
