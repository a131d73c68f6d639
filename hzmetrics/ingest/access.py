"""Access logs: lines to the rows of `web` (spec 10 §2 to §5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from hzmetrics.config import Settings
from hzmetrics.engine import Value, relation
from hzmetrics.ingest import filters, log_file
from hzmetrics.ingest.addresses import Clients
from hzmetrics.ingest.bots import Bots, Recognized
from hzmetrics.ingest.filters import Excludes
from hzmetrics.ingest.log_file import (
    ANY_DAY,
    Complete,
    Judged,
    LogFile,
    as_they_are,
    day_limits,
    report_months,
    report_unread,
)
from hzmetrics.log import log
from hzmetrics.logs.account import Account
from hzmetrics.logs.formats import HUB
from hzmetrics.logs.reader import LogStream
from hzmetrics.logs.requests import Kind, Requests
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


AGENTS = {
    "log": pa.int64(),
    "agent": pa.string(),
    "is_excluded": pa.bool_(),
    "is_bot": pa.bool_(),
    "is_old_explorer": pa.bool_(),
}
"""Columns of the relation `agents`."""


@dataclass(frozen=True)
class Rules(log_file.Rules):
    """What the lines of an access log are filtered by, as it is when the log begins."""

    clients: Clients
    excludes: Excludes
    bots: Bots
    """Those of `bots.known`; with `bots.flagged`, those that the log shows."""
    logs: LogSettings = field(default_factory=LogSettings)
    days: Mapping[str, Value] = field(default_factory=lambda: ANY_DAY)

    @classmethod
    def read(cls, connection: sa.Connection, settings: Settings) -> Rules:
        """As the metrics database and the configuration have them."""
        bots = Bots.read(connection, settings)
        return cls.of(Excludes.read(connection), bots, log_settings(settings), day_limits(settings))

    @classmethod
    def of(cls, excludes: Excludes, bots: Bots, logs: LogSettings, days: Mapping[str, Value]) -> Rules:
        """With the corrections of the settings of logs."""
        clients = replace(Clients.of(logs.corrections, excludes.ip), reads_ipv6=logs.reads_ipv6)
        return cls(clients, excludes, bots, logs, days)

    def agree(self, other: Rules) -> bool:
        return self.excludes == other.excludes and self.bots.known == other.bots.known

    def next(self) -> Self:
        """The rules of the next log, once the bots of this one are stored."""
        return replace(self, bots=self.bots.next())

    def report(self) -> None:
        log.info(
            "filters: %d ip, %d useragent, %d url; %d known bots",
            len(self.excludes.ip),
            len(self.excludes.useragent),
            len(self.excludes.url),
            len(self.bots.known),
        )


@dataclass
class Tally(log_file.Tally):
    """What became of the lines of an access log."""

    ipv6: int = 0
    """Unrecognized only because the client's address is IPv6."""
    downloads: int = 0
    agents: int = 0


class AccessLog(LogFile[Rules, Tally]):
    """An access log, filtered by its rules."""

    def __init__(self, rules: Rules, complete: Complete = as_they_are) -> None:
        super().__init__({**filters.EXPRESSIONS, **rules.days}, complete)
        self.any_server = rules.logs.format != HUB
        self.requests = Requests(self.engine, rules.logs)
        self._recognized = Recognized()
        self.begin(rules)

    @property
    def accounts(self) -> Sequence[Account]:
        return self.requests.accounts

    @property
    def kind(self) -> Kind | None:
        return self.requests.kind

    def begin(self, rules: Rules, logs: int = 1) -> None:
        super().begin(rules, logs)
        self.requests.begin(logs)
        self.engine.set_variable("excluded_urls", rules.excludes.url)
        self.engine.load("agents", relation([], AGENTS))

    def new_tally(self) -> Tally:
        return Tally()

    def kept(self, stream: LogStream) -> Iterator[pa.Table]:
        if stream.heading:
            self.requests.learn_heading(stream.heading)
        return super().kept(stream)

    def filter(self, lines: pa.Table) -> pa.Table:
        self.read(lines)
        self._learn_agents()
        for row in self.engine.table("unread_ipv6").to_pylist():
            self._tallies[row["log"]].ipv6 += row["lines"]
        counts = self.engine.table("request_counts")
        for row in counts.filter(pc.greater(counts["downloads"], 0)).to_pylist():
            self._tallies[row["log"]].downloads += row["downloads"]
        return counts

    def rows(self) -> pa.Table:
        """The rows of `web` that the chunk's lines become (spec 10 §5.1)."""
        kept = self.engine.table("kept_requests")
        requests = self.requests.of_lines("kept_requests", list(STORED.values()))
        stored = {column: pc.fill_null(requests[field], "") for column, field in STORED.items()}
        return pa.table({**stored, **{name: kept[name] for name in ("ip", "uidNumber", "dnload", "number")}})

    def read(self, lines: pa.Table) -> None:
        """Take a chunk's lines apart: `requests` and `clients` tell what they are."""
        self.requests.read(lines)
        self.learn_clients("new_request_clients")

    def _learn_agents(self) -> None:
        """Look at agents that were not seen before in their log. The bots of each log are known to those after it."""
        new = self.engine.table("new_agents")
        agents = new["agent"].combine_chunks().unique()
        recognized = pa.array(self._recognized.of(self.rules.bots, agents), pa.bool_())
        rows = []
        for number, tally in enumerate(self._tallies):
            if number:
                self._rules[number] = self._rules[number - 1].next()
            own = new.filter(pc.equal(new["log"], number))["agent"].combine_chunks()
            are_bots = pc.take(recognized, pc.index_in(own, agents)).to_pylist()
            tally.agents += len(own.filter(pc.not_equal(own, "")))
            rows.append(_agent_rows(number, own, are_bots, self._rules[number]))
        self.engine.add("agents", pa.concat_tables(rows))


def report(judged: LogFile[Rules, Tally] | Judged[Rules, Tally], is_daily: bool = True) -> None:
    """Tell what became of a log's lines (spec 10 §16); of a daily log, also whether it has lines of several months."""
    tally, account = judged.tally, judged.account
    log.info(
        "%d lines, %d recognized, %d unrecognized (%d of them only because of an IPv6 address), %d comments, %d kept; "
        "dropped: %s; %d downloads; webhits %d on %d dates",
        account.lines,
        tally.recognized,
        account.lines - account.comments - tally.recognized,
        tally.ipv6,
        account.comments,
        tally.kept.total(),
        ", ".join(f"{name} {tally.dropped[name]}" for name in filters.COUNTERS),
        tally.downloads,
        tally.kept.total(),
        len(tally.kept),
    )
    if judged.rules.logs.format != HUB:
        by_format = ", ".join(f"{name} {lines}" for name, lines in account.formats.most_common())
        log.info("format: %s; lines by format: %s", judged.kind or "unknown: no lines", by_format or "none")
    if account.zones:
        log.info("%d lines are unrecognized only because of their time zone: correction zones", account.zones)
    report_unread(account)
    if is_daily:
        report_months(tally.months)


def report_agents(judged: LogFile[Rules, Tally] | Judged[Rules, Tally]) -> None:
    """Tell what the search for bots found (spec 10 §16)."""
    tally, account = judged.tally, judged.account
    log.info(
        "%d lines, %d user agents, %d of them flagged as bots, %d lines unrecognized",
        account.lines,
        tally.agents,
        len(judged.rules.bots.flagged),
        account.lines - account.comments - tally.recognized,
    )


def _agent_rows(number: int, agents: pa.Array, are_bots: Sequence[bool], rules: Rules) -> pa.Table:
    """The relation `agents` of some user agents of a log, by first appearance; `are_bots` are recognized as bots."""
    texts = agents.to_pylist()
    rules.bots.flag(agents, are_bots)
    columns = (
        [number] * len(texts),
        texts,
        map(rules.excludes.has_agent, texts),
        rules.bots.drops(agents, are_bots),
        map(filters.is_old_explorer, texts),
    )
    return relation(list(zip(*columns, strict=True)), AGENTS)
