"""Access logs: lines to the rows of `web` (spec 10 §2 to §5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from hzmetrics.config import Settings
from hzmetrics.engine import Value
from hzmetrics.ingest import filters
from hzmetrics.ingest.addresses import Clients
from hzmetrics.ingest.bots import Bots
from hzmetrics.ingest.filters import Excludes
from hzmetrics.ingest.log_file import ANY_DAY, LogFile, day_limits, report_months, report_unread
from hzmetrics.log import log
from hzmetrics.logs.formats import HUB
from hzmetrics.logs.reader import LogStream
from hzmetrics.logs.requests import Requests
from hzmetrics.logs.settings import LogSettings, log_settings

STORED = {
    "datetime": "datetime", "content": "url", "referrer": "referrer", "useragent": "agent",
    **{
        name: name
        for name in (
            "apache_pid", "joomla_sessionid", "site_cookie", "auth_type", "component_name", "view_name", "task_name",
            "action_name", "item_name",
        )
    },
}  # fmt: skip
"""Columns of `web` that are fields of requests as they are: what a format does not have is empty."""


@dataclass(frozen=True)
class Rules:
    """What a file's lines are filtered by; read once a file."""

    clients: Clients
    excludes: Excludes
    bots: Bots
    logs: LogSettings = field(default_factory=LogSettings)
    days: Mapping[str, Value] = field(default_factory=lambda: ANY_DAY)
    """The days whose lines are kept."""

    @classmethod
    def read(cls, connection: sa.Connection, settings: Settings) -> Rules:
        excludes = Excludes.read(connection)
        logs = log_settings(settings)
        clients = replace(Clients.of(settings, excludes.ip), reads_ipv6=logs.reads_ipv6)
        return cls(clients, excludes, Bots.read(connection, settings), logs, day_limits(settings))

    def report(self) -> None:
        log.info(
            "filters: %d ip, %d useragent, %d url; %d known bots",
            len(self.excludes.ip),
            len(self.excludes.useragent),
            len(self.excludes.url),
            len(self.bots.known),
        )


@dataclass
class Tally:
    """What became of a file's lines."""

    lines: int = 0
    ipv6: int = 0
    """Unrecognized only because the client's address is IPv6."""
    dropped: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    """Kept lines by day, `YYYY-MM-DD`."""
    downloads: int = 0
    months: set[str] = field(default_factory=set)
    """Months of the recognized lines whose dates are believed."""
    agents: int = 0

    @property
    def recognized(self) -> int:
        return self.kept.total() + self.dropped.total()


class AccessLog(LogFile):
    """An access log, filtered by `rules`."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules.clients, {**filters.EXPRESSIONS, "excluded_urls": rules.excludes.url, **rules.days})
        self.rules = rules
        self.any_server = rules.logs.format != HUB
        self.tally = Tally()
        self.engine.load("agents", _agent_rows(pa.array([], pa.string()), rules))
        self.requests = Requests(self.engine, rules.logs)

    def kept(self, stream: LogStream) -> Iterator[pa.Table]:
        """The rows of `web` without their ids, chunk by chunk in file order. The tally grows with them."""
        for lines in self.chunks(stream):
            self.filter(lines)
            self._count(len(lines))
            yield self.rows()
        self.tally.lines += stream.blank

    def filter(self, lines: pa.Table) -> None:
        """Take a chunk's lines apart and look at their clients and agents: `filtered_requests` tells which count."""
        self.read(lines)
        self._learn_agents()

    def rows(self) -> pa.Table:
        """The rows of `web` of the chunk that was filtered, in file order and without their ids (spec 10 §5.1)."""
        kept = self.engine.table("kept_requests")
        requests = self.requests.of_lines("kept_requests", list(STORED.values()))
        stored = {column: pc.fill_null(requests[field], "") for column, field in STORED.items()}
        return pa.table({**stored, **{name: kept[name] for name in ("ip", "uidNumber", "dnload")}})

    def read(self, lines: pa.Table) -> None:
        """Take a chunk's lines apart: `requests` and `clients` tell what they are."""
        self.requests.read(lines)
        self.learn_clients("new_request_clients")

    def _learn_agents(self) -> None:
        new = self.engine.table("new_agents")["agent"].combine_chunks()
        self.tally.agents += len(new.filter(pc.not_equal(new, "")))
        self.engine.add("agents", _agent_rows(new, self.rules))

    def _count(self, lines: int) -> None:
        tally = self.tally
        tally.lines += lines
        tally.ipv6 += self.engine.table("unread_ipv6")["lines"][0].as_py()
        for row in self.engine.table("request_counts").to_pylist():
            if row["dropped_by"] != filters.DATE:
                tally.months.add(row["day"][:7])
            if row["dropped_by"]:
                tally.dropped[row["dropped_by"]] += row["lines"]
            else:
                tally.kept[row["day"]] += row["lines"]
                tally.downloads += row["downloads"]

    def report(self, is_daily: bool = True) -> None:
        """Tell what became of the lines (spec 10 §16); of a daily log, also whether it has lines of several months."""
        tally = self.tally
        log.info(
            "%d lines, %d recognized, %d unrecognized (%d of them only because of an IPv6 address), %d kept; "
            "dropped: %s; %d downloads; webhits %d on %d dates",
            tally.lines,
            tally.recognized,
            tally.lines - tally.recognized,
            tally.ipv6,
            tally.kept.total(),
            ", ".join(f"{name} {tally.dropped[name]}" for name in filters.COUNTERS),
            tally.downloads,
            tally.kept.total(),
            len(tally.kept),
        )
        account = self.requests.account
        if self.rules.logs.format != HUB:
            by_format = ", ".join(f"{name} {lines}" for name, lines in account.formats.most_common())
            log.info("format: %s; lines by format: %s", self.requests.kind or "unknown: no lines", by_format or "none")
        if account.zones:
            log.info("%d lines are unrecognized only because of their time zone: correction zones", account.zones)
        report_unread(account)
        if is_daily:
            report_months(tally.months)

    def report_agents(self) -> None:
        """Tell what the search for bots found (spec 10 §16)."""
        log.info(
            "%d lines, %d user agents, %d of them flagged as bots, %d lines unrecognized",
            self.tally.lines,
            self.tally.agents,
            len(self.rules.bots.flagged),
            self.tally.lines - self.tally.recognized,
        )


def _agent_rows(agents: pa.Array, rules: Rules) -> pa.Table:
    """The relation `agents` (agent, is_excluded, is_bot, is_old_explorer) of some user agents, by first appearance."""
    texts = agents.to_pylist()
    recognized = rules.bots.recognize(agents)
    rules.bots.flag(agents, recognized)
    return pa.table(
        {
            "agent": agents,
            "is_excluded": pa.array(map(rules.excludes.has_agent, texts), pa.bool_()),
            "is_bot": pa.array(rules.bots.drops(agents, recognized), pa.bool_()),
            "is_old_explorer": pa.array(map(filters.is_old_explorer, texts), pa.bool_()),
        }
    )
