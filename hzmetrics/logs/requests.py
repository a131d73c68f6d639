"""The requests of an access log: lines to the relation `requests`, with the same fields for all formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from hzmetrics.engine import Engine, Value, relation
from hzmetrics.logs import collectors, escapes, grammar, text, w3c, zones
from hzmetrics.logs.definitions import Pattern
from hzmetrics.logs.formats import AUTO, FORMATS, HUB, OWN, Format
from hzmetrics.logs.json_names import Members
from hzmetrics.logs.reader import NO_LINES
from hzmetrics.logs.settings import LogSettings

ROOM = "hzmetrics.logs"

NOTHING = r"[^\s\S]"
"""An expression that matches nothing."""

MOST_EXAMPLES = 3
"""Lines that were not read that are shown."""


@dataclass
class Account:
    """What the lines of a log were read as."""

    lines: int = 0
    formats: Counter[str] = field(default_factory=Counter)
    """Lines by format; those without a client or an existing time are not read."""
    comments: int = 0
    """Lines that are directives of the W3C format."""
    zones: int = 0
    """Lines of a hub that only the correction `zones` reads."""
    examples: list[str] = field(default_factory=list)
    """The first lines that were not read."""

    @property
    def read(self) -> int:
        return self.formats.total()

    @property
    def unread(self) -> int:
        return self.lines - self.comments - self.read


class Requests:
    """Reads an access log in an engine: after `read`, the relation `requests` tells what a chunk's lines say."""

    def __init__(self, engine: Engine, settings: LogSettings) -> None:
        self.engine = engine
        self.settings = settings
        self.account = Account()
        self._is_hub = settings.format == HUB
        self._members = Members(settings.members)
        self._patterns = {
            name: one.pattern for name, one in FORMATS.items() if one.pattern and name in settings.formats
        }
        if settings.own:
            self._patterns[OWN] = settings.own
        for name, value in _variables(settings, self._patterns).items():
            engine.set_variable(name, value)
        for script in ("time_macros", "access_macros", "request_macros"):
            engine.run_script(ROOM, script)
        engine.function("unescape", escapes.unescape)
        engine.register("lines", NO_LINES)
        engine.register("hub_lines", NO_LINES)
        engine.models(ROOM, ["shapes", "matches", "fields", "unread_zones"])
        if self._is_hub:
            self._read_hub()
            engine.view("requests", "FROM hub_requests")
        else:
            self._define_others()
            self._read_others()
            engine.models(ROOM, ["new_peers", "requests"])
        engine.models(ROOM, ["read_formats", "unread_lines"])

    def _define_others(self) -> None:
        """The models of formats other than the hub's."""
        engine = self.engine
        engine.load("peers", relation([], {"peer": pa.string(), "address": pa.string()}))
        engine.load("headers", w3c.NO_HEADERS)
        for name, value in self._members.wrappers().items():
            engine.set_variable(name, value)
        engine.hold(ROOM, "messages")
        engine.view("classify", text.classification(self.settings.formats, self._patterns))
        engine.register("classified", engine.table("classify"))
        engine.view("members", self._members.query())
        own_models = [name for name in ("combined", "json", "w3c") if name in self.settings.formats]
        engine.models(ROOM, own_models)
        sources = [f"(FROM {name})" for name in own_models]
        sources += [text.select(name, pattern) for name, pattern in self._patterns.items()]
        engine.view("raw", " UNION ALL BY NAME ".join(sources))

    def read(self, lines: pa.Table) -> None:
        """Take a chunk's lines apart, and account for them."""
        self.take_apart(lines)
        self._count(len(lines))

    def take_apart(self, lines: pa.Table) -> None:
        """Take a chunk's lines apart."""
        self.engine.register("lines", lines)
        if self._is_hub:
            self._read_hub()
        else:
            self._read_others()
            new = self.engine.table("new_peers")["peer"].to_pylist()
            found = [(peer, self.settings.proxies.client(peer)) for peer in new]
            self.engine.add("peers", relation(found, {"peer": pa.string(), "address": pa.string()}))

    def _read_hub(self) -> None:
        self.engine.register("hub_lines", self.engine.connection.table("lines").to_arrow_table())
        self.engine.hold(ROOM, "hub_requests")

    def _read_others(self) -> None:
        engine = self.engine
        engine.hold(ROOM, "messages")
        fields = engine.query("SELECT number, text FROM messages WHERE starts_with(text, '#Fields:')").to_pylist()
        if fields:
            engine.add("headers", w3c.headers((row["number"], row["text"]) for row in fields))
        engine.register("classified", engine.table("classify"))
        self._learn_members()
        hub_lines = f"SELECT number, text AS line FROM classified WHERE format = '{HUB}'"
        engine.register("hub_lines", engine.query(hub_lines))
        engine.hold(ROOM, "hub_requests")
        engine.hold(ROOM, "asked")

    def _learn_members(self) -> None:
        """Look for the members that the chunk's objects have."""
        query = "SELECT DISTINCT unnest(json_keys(text)) AS name FROM classified WHERE format = 'json'"
        new = self._members.known.intersection(self.engine.query(query)["name"].to_pylist()) - self._members.present
        if new:
            self._members.present |= new
            self.engine.view("members", self._members.query())

    def _count(self, lines: int) -> None:
        account = self.account
        account.lines += lines
        for row in self.engine.table("read_formats").to_pylist():
            account.formats[row["format"]] += row["lines"]
        account.zones += self.engine.table("unread_zones")["lines"][0].as_py()
        if not self._is_hub:
            query = "SELECT count(*) AS lines FROM classified WHERE format = 'directive'"
            account.comments += self.engine.query(query)["lines"][0].as_py()
        if account.unread and len(account.examples) < MOST_EXAMPLES:
            lines_left = self.engine.table("unread_lines")["line"].to_pylist()
            account.examples += lines_left[: MOST_EXAMPLES - len(account.examples)]


def nearest(lines: Sequence[str]) -> Format | None:
    """The format that most of some lines look like, if they look like any."""
    names = {name: name for name in FORMATS} | dict.fromkeys(text.LOOSE, "combined")
    with Engine() as engine:
        requests = Requests(engine, LogSettings(AUTO, corrections=frozenset({"ipv6", "zones"})))
        requests.read(
            pa.table({"number": pa.array(range(len(lines)), pa.int64()), "line": pa.array(lines, pa.string())})
        )
        found = engine.query("SELECT format FROM classified WHERE format IS NOT NULL")["format"].to_pylist()
    likely = Counter(names[name] for name in found if name in names).most_common(1)
    return FORMATS[likely[0][0]] if likely else None


def _variables(settings: LogSettings, patterns: Mapping[str, Pattern]) -> dict[str, Value]:
    """What the models read by name."""
    offsets = zones.minutes(settings.zone)
    return {
        **grammar.ACCESS,
        **text.EXPRESSIONS,
        **{text.variable(name): pattern.expression for name, pattern in patterns.items()},
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
