"""The requests of an access log: lines to the relation `requests`, with the same fields for all formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.engine import Engine, Value, relation
from hzmetrics.logs import collectors, escapes, grammar, text, w3c, zones
from hzmetrics.logs.account import Account, add_examples, lines_of_logs
from hzmetrics.logs.formats import HUB
from hzmetrics.logs.json_names import Members
from hzmetrics.logs.plain import NO_FIELDS, take_apart
from hzmetrics.logs.settings import LogSettings

PACKAGE = "hzmetrics.logs"
"""Where the models of log lines are."""

NOTHING = r"[^\s\S]"
"""An expression that matches nothing."""

SAMPLE = 1000
"""Lines at the start of a file that tell its format."""

MEMBERS_OF_LINES = "SELECT array_to_string(TRY(json_keys(line)), chr(10)) AS names FROM lines"
"""The names of the members of the lines that are JSON objects, separated by line ends."""


@dataclass(frozen=True)
class Kind:
    """The format that most lines of a file have, and how that is known."""

    format: str | None
    """None if no line of the sample was recognized."""
    lines: int = 0
    of: int = 0
    """How many of the first lines have it; 0 if it is configured."""

    def __str__(self) -> str:
        if not self.of:
            return f"{self.format}, as configured"
        if not self.format:
            return f"unknown: none of the first {self.of:,} lines is recognized"
        return f"{self.format}: {self.lines:,} of the first {self.of:,} lines"


class Requests:
    """Reads an access log in an engine: after `read`, the relation `requests` tells what a chunk's lines say.

    A sample of the first lines tells the file's format. Lines that have it as they stand are taken so; only the others
    are freed from what collectors put around them and compared with every format.
    """

    def __init__(self, engine: Engine, settings: LogSettings) -> None:
        self.engine = engine
        self.settings = settings
        self.accounts = [Account()]
        """Of each of the logs that are read together."""
        self.kind: Kind | None = None
        self._is_hub = settings.format == HUB
        self._members = Members(settings.members)
        self._patterns = settings.patterns
        self._present: set[str] = set()
        """Formats of the lines so far."""
        self._hub_calls = NO_FIELDS
        """What the relation `hub_calls` was given."""
        for name, value in variables(settings).items():
            engine.set_variable(name, value)
        engine.function("unescape", escapes.unescape)
        engine.function("of_codes", escapes.of_codes)
        engine.function("zone_offset", zones.offset)
        if self._is_hub:
            self.kind = Kind(HUB)
            engine.define("requests", "FROM hub_requests", ["hub_requests"])
        else:
            self._define_others()

    def _define_others(self) -> None:
        """The relations that settings decide, of formats other than the hub's."""
        engine = self.engine
        engine.load("peers", relation([], {"peer": pa.string(), "address": pa.string()}))
        engine.load("headers", w3c.NO_HEADERS)
        engine.register("unread_calls", relation([], {"number": pa.int64(), "logged_time": pa.string()}))
        recognized = text.classification(self.settings.formats, self._patterns)
        engine.define("recognized", recognized, ["messages", "headers"], stored="arrow")
        self._define_members()
        self._define_sources()
        if len(self.settings.formats) == 1:
            self._settle(Kind(next(iter(self.settings.formats))))

    def _define_members(self) -> None:
        """Of the members with a field, those are looked for that were present so far."""
        self._looked_for = frozenset(self._members.present)
        self.engine.define("members", self._members.query(), ["classified"])

    def _define_sources(self) -> None:
        """Requests come from the models of the formats that are present."""
        own = [name for name in text.CONDITIONS if name != HUB and name in self._present] or ["combined"]
        patterns = [name for name in self._patterns if name in self._present]
        sources = [f"(FROM {name})" for name in own] + [text.select(name, self._patterns[name]) for name in patterns]
        self.engine.define("raw_requests", " UNION ALL BY NAME ".join(sources), [*own, "classified"])
        requests, reads = "FROM foreign_requests", ["foreign_requests"]
        if HUB in self._present:
            read = "getvariable('reads_ipv6') OR NOT contains(address, ':')"
            requests += f" UNION ALL BY NAME FROM hub_requests WHERE {read}"
            reads.append("hub_requests")
        self.engine.define("requests", requests, reads)

    @property
    def account(self) -> Account:
        """Of the one log that is read."""
        return self.accounts[0]

    def begin(self, logs: int = 1) -> None:
        """Read another log of a hub, or several together: only their format is known before."""
        self.accounts = [Account() for _ in range(logs)]

    def learn_heading(self, fields: str) -> None:
        """Take in the `#Fields` line that counts for the first lines."""
        if not self._is_hub:
            self.engine.add("headers", w3c.headers([(-1, fields)]))

    def read(self, lines: pa.Table) -> None:
        """Take a chunk's lines apart, and account for them."""
        self.take_apart(lines)
        self._count(lines)

    def take_apart(self, lines: pa.Table) -> None:
        """Take a chunk's lines apart."""
        self.engine.register("lines", lines)
        if self._is_hub:
            self._take_hub_lines_apart(lines)
        else:
            if self.kind is None and len(lines) > SAMPLE:
                self._divide(lines.slice(0, SAMPLE), None)
                self._settle(self._likely(SAMPLE))
            self._divide(lines, self._are_plain(lines))
            if self.kind is None:
                self._settle(self._likely(len(lines)))
            self._learn_headers()
            self._learn_formats()
            self._learn_members()
            self._learn_peers()
            if HUB in self._present:
                query = f"SELECT number, text AS line FROM classified WHERE format = '{HUB}'"
                self._take_hub_lines_apart(self.engine.query(query))

    def _take_hub_lines_apart(self, lines: pa.Table) -> None:
        """Take apart the lines that may be of a hub."""
        fields, odd_lines = take_apart(lines)
        if len(odd_lines):  # the engine takes long to prepare the patterns of the grammar
            self.engine.register("odd_lines", odd_lines)
            fields = pa.concat_tables([fields, self.engine.table("odd_fields")])
        self.engine.register("fields", fields)
        meanings = self.engine.table("meanings")
        calls = fields.drop_columns(["day", "clock", "method", "target"])
        for name in meanings.column_names:  # side by side: the other columns do not pass through the engine
            calls = calls.append_column(name, meanings[name])
        self._hub_calls, unread = self._divided_by_zone(calls)
        self.engine.register("hub_calls", self._hub_calls)
        self.engine.register("unread_calls", unread.select(["number", "logged_time"]))

    def _divided_by_zone(self, calls: pa.Table) -> tuple[pa.Table, pa.Table]:
        """The calls whose zone is read, and the others (spec 10 §2.2)."""
        found = pc.unique(calls["zone"])
        foreign = found.filter(pc.match_substring_regex(found, grammar.FOREIGN_ZONE))
        if not len(foreign) or "zones" in self.settings.corrections:
            return calls, calls.slice(0, 0)
        are_foreign = pc.is_in(calls["zone"], foreign)
        return calls.filter(pc.invert(are_foreign)), calls.filter(are_foreign)

    def of_lines(self, model: str, columns: Sequence[str]) -> pa.Table:
        """Number and some columns of the requests whose lines are in a model, in order."""
        if not self._is_hub:
            names = ", ".join(f'"{name}"' for name in ("number", *columns))
            return self.engine.query(f'SELECT {names} FROM requests SEMI JOIN "{model}" USING (number) ORDER BY number')
        numbers = self.engine.table(model)["number"].combine_chunks()
        calls = self._hub_calls.select(["number", *columns])  # the engine would go through every value
        found = calls.filter(pc.is_in(calls["number"], numbers))
        return found if found["number"].combine_chunks().equals(numbers) else found.sort_by("number")

    def _divide(self, lines: pa.Table, are_plain: pa.ChunkedArray | None) -> None:
        """Tell the lines that are of the file's format as they stand from the others."""
        plain, others = lines.slice(0, 0), lines
        if are_plain is not None and pc.all(are_plain).as_py():
            plain, others = lines, plain
        elif are_plain is not None:
            plain, others = lines.filter(are_plain), lines.filter(pc.invert(are_plain))
        self.engine.register("plain_lines", plain)
        self.engine.register("other_lines", others)

    def _are_plain(self, lines: pa.Table) -> pa.ChunkedArray | None:
        """Which lines are of the file's format as they stand; None if none is known to be."""
        name = self.kind.format if self.kind else None
        if name == "json":
            return self._members.are_requests(self.engine.query(MEMBERS_OF_LINES)["names"])
        test = text.bare(name, self._patterns) if name else None
        return self.engine.query(f"SELECT coalesce({test}, false) AS is_plain FROM lines")["is_plain"] if test else None

    def _likely(self, lines: int) -> Kind:
        """What a sample of so many lines tells about the format."""
        self._learn_headers()
        query = "SELECT format, count(*) AS lines FROM recognized WHERE format <> 'directive' GROUP BY ALL ORDER BY ALL"
        self.engine.build("recognized")
        found = Counter[str]()
        for row in self.engine.query(query).to_pylist():
            found["combined" if row["format"] in text.LOOSE else row["format"]] += row["lines"]
        name, count = found.most_common(1)[0] if found else (None, 0)
        return Kind(name, count, lines)

    def _settle(self, kind: Kind) -> None:
        """Take a format as the file's."""
        self.kind = kind
        plain = f"SELECT number, line AS text, NULL::VARCHAR AS stamp, '{kind.format}' AS format FROM plain_lines"
        self.engine.define("classified", f"{plain} UNION ALL FROM recognized", ["plain_lines", "recognized"])

    def _learn_headers(self) -> None:
        """Take in the chunk's `#Fields` lines."""
        self.engine.build("messages")
        query = (
            f"SELECT number, text FROM messages WHERE starts_with(text, '{w3c.FIELDS}') "
            "AND number NOT IN (SELECT number FROM headers)"
        )
        fields = self.engine.query(query).to_pylist()
        if fields:
            self.engine.add("headers", w3c.headers((row["number"], row["text"]) for row in fields))

    def _learn_formats(self) -> None:
        """Look for the formats that the chunk's lines have, and count its directives."""
        self.engine.build("classified")
        query = "SELECT format, count(*) AS lines FROM classified WHERE format IS NOT NULL GROUP BY format"
        found = {row["format"]: row["lines"] for row in self.engine.query(query).to_pylist()}
        self.account.comments += found.get("directive", 0)
        present = {"combined" if name in text.LOOSE else name for name in found}
        if not present <= self._present:
            self._present |= present
            self._define_sources()

    def _learn_members(self) -> None:
        """Look for the members that the objects among the chunk's other lines have."""
        if "json" not in self._present:
            return
        query = "SELECT DISTINCT unnest(json_keys(text)) AS name FROM recognized WHERE format = 'json'"
        self._members.learn(self.engine.query(query)["name"].to_pylist())
        if not self._members.present <= self._looked_for:
            self._define_members()

    def _learn_peers(self) -> None:
        """Find the clients in texts that were not looked at before."""
        new = self.engine.table("new_peers")["peer"].to_pylist()
        found = [(peer, self.settings.proxies.client(peer)) for peer in new]
        self.engine.add("peers", relation(found, {"peer": pa.string(), "address": pa.string()}))

    def _count(self, lines: pa.Table) -> None:
        for log, number in lines_of_logs(lines):
            self.accounts[log].lines += number
        for row in self.engine.table("read_formats").to_pylist():
            self.accounts[row["log"]].formats[row["format"]] += row["lines"]
        if "zones" not in self.settings.corrections and any(account.unread for account in self.accounts):
            for row in self.engine.table("unread_zones").to_pylist():
                self.accounts[row["log"]].zones += row["lines"]
        add_examples(self.accounts, self.engine, "unread_lines")


def variables(settings: LogSettings) -> dict[str, Value]:
    """What the models of access logs read by name."""
    return {
        **grammar.ACCESS,
        **text.EXPRESSIONS,
        **{text.variable(name): pattern.expression for name, pattern in settings.patterns.items()},
        **Members(settings.members).wrappers(),
        "own_line": settings.own.expression if settings.own else NOTHING,
        "collector": collectors.PREFIX,
        "hub_zone": settings.zone,
        "reads_ipv6": "ipv6" in settings.corrections,
        "reads_offsets": "offsets" in settings.corrections,
        "reads_absolute_urls": "absolute-urls" in settings.corrections,
    }
