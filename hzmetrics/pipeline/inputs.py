"""What each step reads and writes, as far as that decides whether it has anything left to do (spec 60 §8.6).

The names are those of tables. `TABLE.COLUMN` is a column that steps fill in, and `TABLE.removed` stands for the removal
of rows, which leaves most steps nothing to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hzmetrics.calendar import ALL_MONTHS, DateSpan, Month, Months
from hzmetrics.store import copies
from hzmetrics.store.tables.metrics import countries, exclude_list

if TYPE_CHECKING:
    import sqlalchemy as sa

    from hzmetrics.pipeline.steps import Step
    from hzmetrics.store import Store
    from hzmetrics.store.database import Database

HUB = "hub"
"""The hub as a whole: it counts as changed whenever it is looked at again."""

TOOL_SESSIONS = "sessionlog"
"""The hub's tool sessions. Steps that read `sessionlog_metrics` read them: its rows are copies.

That rows have been copied matters only to what the run keeps of that table (`store/copies.py`).
"""

Rows = Mapping[str, Months]
"""The months of the rows of each table."""


@dataclass(frozen=True)
class Inputs:
    """What a step reads, and what it writes if it writes any rows."""

    kind: tuple[str, ...]
    """What it has in common with steps that do the same for other months."""
    reads: Rows
    writes: Rows = field(default_factory=dict)
    month: Month | None = None
    """The month whose rows it completes, if what it does to a row depends on that row alone."""
    margin: tuple[Month, ...] = ()
    """Months of which it also takes some rows. The step of their own month takes these too."""


def inputs(step: Step) -> Inputs | None:
    """What a step reads and writes; None: it always runs, and writes nothing that others read."""
    match step.name, step.arguments:
        case "import-hub-data" as name, ():
            return Inputs((name,), _always(HUB), _always("sessionlog_metrics"))
        case "middleware-wall" as name, ():
            return Inputs((name,), _always("joblog", TOOL_SESSIONS, "toolstart"), _always("toolstart"))
        case "middleware-cpu" as name, ():
            return Inputs((name,), _always("joblog", TOOL_SESSIONS, "toolstart"))
        case "fill-user-info" as name, (_, str(table), _):
            reads = _always(_rows(table), "users", "user_profiles")
            return Inputs((name, table), reads, _always(f"{table}.countryresident"))
        case "resolve-dns" | "fill-domain" | "fill-ipcountry" as name, (_, str(table), DateSpan() as span):
            return _completion(name, table, _month(span))
        case "clean-bots" as name, (str(table), DateSpan() as span):
            return _completion(name, table, _month(span))
        case "logfix-session" as name, (Month() as month,):
            requests = ("web", "web.host", "web.domain", "web.removed", "web.sessionid")
            linked = Months(month, _after(month))
            writes = {**_of(month, "websessions", "web.sessionid"), "toolstart.sessionid": linked}
            return Inputs((str(step),), _of(month, *requests), writes)
        case "clear-orphan-stamps", (DateSpan() as span,):
            stamps = _of(_month(span), "web.sessionid", "toolstart.sessionid")
            removed = {"websessions.removed": Months(_month(span).back(1), _month(span))}
            return Inputs((str(step),), {**stamps, **removed}, stamps)
        case "gen-tool-stats", (Month() as month,):
            reads = _always("resources", "tool_version", TOOL_SESSIONS, "joblog")
            return Inputs((str(step),), reads, _of(month, "resource_stats_tools"))
        case "gen-tool-tops", (Month() as month,):
            looked_up = ("sessionlog_metrics.domain", "sessionlog_metrics.countryresident")
            lists = _always(TOOL_SESSIONS, "resources", "tool_version", "xprofiles", "countries")
            stats = _of(month, "resource_stats_tools")
            return Inputs((str(step),), {**lists, **stats, **dict.fromkeys(looked_up, Months(last=month))})
        case "gen-tool-toplists", (Month() as month,):
            return Inputs((str(step),), {**_always(TOOL_SESSIONS, "resources"), **_of(month, "resource_stats_tools")})
    return None


def _completion(name: str, table: str, month: Month) -> Inputs:
    """A step that gives rows of a month a value, or deletes them, each for what it is."""
    before, after = month.back(1), _after(month)
    rows, host, domain = _rows(table), f"{table}.host", f"{table}.domain"
    kind = name, table
    match name:
        case "resolve-dns":
            return Inputs(kind, _of(month, rows), _of(month, host, domain), month)
        case "fill-domain":
            return Inputs(kind, _of(month, rows, host), {domain: Months(before, month)}, month, (before,))
        case "fill-ipcountry":
            return Inputs(kind, _of(month, rows), _always(f"{table}.ipcountry"), month, (before, after))
        case _:
            reads = {**_of(month, rows, host, domain), **_always(exclude_list.name)}
            return Inputs(kind, reads, {f"{table}.removed": Months(before, after)}, month, (before, after))


def _rows(table: str) -> str:
    return TOOL_SESSIONS if table == "sessionlog_metrics" else table


def _month(span: DateSpan) -> Month:
    """The month that a span is."""
    assert span.start is not None
    return Month.of(span.start)


def _after(month: Month) -> Month:
    return min(month, ALL_MONTHS.last.plus(-1)).plus(1)


def _always(*names: str) -> Rows:
    return dict.fromkeys(names, ALL_MONTHS)


def _of(month: Month, *names: str) -> Rows:
    return dict.fromkeys(names, Months(month, month))


def of_others(store: Store) -> Mapping[str, tuple[Database, sa.Table, Sequence[str]]]:
    """The tables that others write, with the columns that steps read."""
    hub, metrics, tables = store.hub, store.metrics, store.hub_tables
    return {
        "resources": (hub, tables.resources, ("id", "alias", "type", "title", "published", "standalone")),
        "tool_version": (hub, tables.tool_version, ("toolname", "instance")),
        TOOL_SESSIONS: (hub, tables.sessionlog, copies.READ["sessionlog"]),
        "joblog": (hub, tables.joblog, copies.READ["joblog"]),
        "users": (hub, tables.users, ("id", "username")),
        "user_profiles": (hub, tables.user_profiles, ("id", "user_id", "profile_key", "profile_value")),
        "xprofiles": (hub, tables.xprofiles, ("uidNumber", "username", "orgtype", "emailConfirmed")),
        "countries": (metrics, countries, ("code", "name")),
        exclude_list.name: (metrics, exclude_list, ("filter", "type")),
    }
