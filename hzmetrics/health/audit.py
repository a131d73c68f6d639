"""`audit`: gaps and contradictions in what is stored (spec 65 §11). Reads only.

Each check is a model in `models/`: a SELECT of what should not be there. The databases count and add up; the models
compare the results.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from hzmetrics.calendar import Month
from hzmetrics.output.text import printable
from hzmetrics.store import state

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.store import Store

CHECKS = (
    "enrichment",
    "all_time_drop",
    "asymmetric_coverage",
    "unsummarized_month",
    "missing_periods",
    "orphan_stamps",
    "webhits_parity",
    "hits_cell",
    "import_gap",
    "ledger_span",
    "ledger_overlap",
    "ledger_uncovered",
    "reconstruct_drift",
    "auto_increment",
    "state_shape",
    "stale_summary",
    "total_users",
    "dirty_stuck",
    "all_time_regression",
    "no_logins",
    "stale_snapshot",
)
"""The models of the checks, in the order of the report."""

NEED_DAILY_LOGS = frozenset({"asymmetric_coverage", "import_gap", "no_logins"})
"""The checks that expect daily files and login logs, which a site without a hub does not have."""


MONTHS = 24
"""How many months back it looks, unless told otherwise."""
FLOOR = 0.05
"""The share of unanswered rows that is no finding, unless told otherwise."""


@dataclass(frozen=True)
class Finding:
    """Something that should not be so."""

    check: str
    subject: str
    """The table, column or key it is about."""
    key: str
    """The month, or what else names the finding."""
    text: str
    command: str = ""
    """What repairs it; empty where a person has to look."""


@dataclass(frozen=True)
class Report:
    """The findings, in the order of the checks."""

    scope: str
    findings: tuple[Finding, ...]
    unfinished: dict[str, str] = field(default_factory=dict)
    """Closed months for which the next runs have something left to do (spec 60 §10.3): no fault, but not final."""

    @property
    def commands(self) -> list[str]:
        """One group a (check, subject) in order of first appearance, each sorted and without repetitions."""
        groups: dict[tuple[str, str], set[str]] = {}
        for finding in self.findings:
            if finding.command:
                groups.setdefault((finding.check, finding.subject), set()).add(finding.command)
        return [command for (check, _), group in groups.items() for command in _collapsed(check, group)]

    def lines(self) -> list[str]:
        """The report for people."""
        found = [f"{f.check:<21} {f.subject:<23} {f.key:<9} {f.text}" for f in self.findings]
        ending = [f"findings: {len(self.findings)}"] if self.findings else ["no findings"]
        if self.commands:
            each_once = dict.fromkeys((*self.commands, "run --all"))
            ending += [
                "Commands that repair them, in this order:",
                *(f"  hzmetrics {command}" for command in each_once),
            ]
        if self.unfinished:
            ending.append(f"unfinished, computed by the next runs: {', '.join(self.unfinished)}")
        return [printable(line) for line in (self.scope, *found, *ending)]

    def as_json(self) -> dict[str, Any]:
        return {
            "scope": self.scope,
            "findings": [asdict(f) for f in self.findings],
            "commands": self.commands,
            "unfinished": self.unfinished,
        }


def audit(store: Store, settings: Settings, months: int | None, floor: float) -> Report:
    """Run all checks over the last `months` months before the current one (None: from the oldest row on).

    `floor`: the share of unanswered rows that is never a finding. Raises StoreError.
    """
    from hzmetrics.engine import Engine
    from hzmetrics.health import evidence

    window = evidence.window(store, settings, months)
    with Engine("hzmetrics.health", corrections=settings.corrections) as engine:
        evidence.register(engine, store, settings, window, floor)
        checks = [check for check in CHECKS if not (settings.is_site and check in NEED_DAILY_LOGS)]
        findings = tuple(
            Finding(check.replace("_", "-"), **row) for check in checks for row in engine.table(check).to_pylist()
        )
    scope = f"audit of {(window.start or '')[:10]} up to {(window.stop or '')[:10]}"
    return Report(scope, findings, state.read(store).unfinished_before(settings.clock.month))


def _collapsed(check: str, commands: Iterable[str]) -> list[str]:
    """Sorted; look-ups of consecutive months become one range."""
    if check != "enrichment":
        return sorted(commands)
    ranges: list[tuple[str, Month, Month]] = []
    for command in sorted(commands):
        words, _, text = command.rpartition(" ")
        month = Month.parse(text)
        if ranges and ranges[-1][2].plus(1) == month:
            ranges[-1] = (words, ranges[-1][1], month)
        else:
            ranges.append((words, month, month))
    return [f"{words} {first}" if first == last else f"{words} {first}..{last}" for words, first, last in ranges]
