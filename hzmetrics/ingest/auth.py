"""CMS auth logs: lines to the rows of `userlogin` (spec 10 §6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.config import Settings
from hzmetrics.engine import Value
from hzmetrics.ingest import log_file
from hzmetrics.ingest.addresses import Clients
from hzmetrics.ingest.filters import DATE, Excludes
from hzmetrics.ingest.log_file import ANY_DAY, Judged, LogFile, Tally, day_limits, report_months, report_unread
from hzmetrics.log import log
from hzmetrics.logs.account import Account
from hzmetrics.logs.auth import AuthEvents


@dataclass(frozen=True)
class Rules(log_file.Rules):
    """What the lines of an auth log are filtered by, as it is when the log begins."""

    clients: Clients
    excluded: Sequence[str] = ()
    """The operator's filters of addresses."""
    days: Mapping[str, Value] = field(default_factory=lambda: ANY_DAY)

    @classmethod
    def read(cls, connection: sa.Connection, settings: Settings) -> Rules:
        excluded = Excludes.read(connection).ip
        return cls(Clients.of(settings.corrections, excluded), excluded, day_limits(settings))

    def agree(self, other: Rules) -> bool:
        return self.excluded == other.excluded


class AuthLog(LogFile[Rules, Tally]):
    """An auth log, filtered by its rules. Its rows may be there already (`ingest.logins`)."""

    kind = None

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules.days)
        self.events = AuthEvents(self.engine)
        self.begin(rules)

    @property
    def accounts(self) -> Sequence[Account]:
        return self.events.accounts

    def begin(self, rules: Rules, logs: int = 1) -> None:
        super().begin(rules, logs)
        self.events.begin(logs)

    def new_tally(self) -> Tally:
        return Tally()

    def filter(self, lines: pa.Table) -> pa.Table:
        self.read(lines)
        return self.engine.table("auth_event_counts")

    def rows(self) -> pa.Table:
        """The rows of `userlogin` that the chunk's lines become, with duplicates."""
        return self.engine.table("userlogin_rows")

    def read(self, lines: pa.Table) -> None:
        """Take a chunk's lines apart and look at their clients: `filtered_auth_events` tells which count."""
        self.events.read(lines)
        self.learn_clients("new_auth_clients")


def report(judged: LogFile[Rules, Tally] | Judged[Rules, Tally]) -> None:
    """Tell what became of a log's lines (spec 10 §16)."""
    tally, account = judged.tally, judged.account
    log.info(
        "%d lines, %d kept, %d unrecognized, %d filtered, %d of other actions, %d of dates that cannot be",
        account.lines,
        tally.kept.total(),
        account.lines - tally.recognized,
        tally.dropped["filtered"],
        tally.dropped["other action"],
        tally.dropped[DATE],
    )
    report_unread(account)
    report_months(tally.months)
