"""The stages of a month and the order of their steps (spec 60 §8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from hzmetrics.calendar import PERIODS, DateSpan, Month
from hzmetrics.errors import LookupFailure
from hzmetrics.log import log, stage
from hzmetrics.pipeline.steps import Step, Through
from hzmetrics.store import state

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.enrich.known import KnownAddresses
    from hzmetrics.store import Store


class Part(NamedTuple):
    """Steps that belong together, in the order in which they run."""

    name: str
    steps: tuple[Step, ...]


WITH_DOMAINS = {"with_domains": True}
"""Shortcut of `resolve-dns` where `fill-domain` follows (spec 60 §8.8)."""


def tools_part(month: Month) -> Part:
    """The statistics of each tool."""
    logged = ("metrics", "sessionlog_metrics", DateSpan.of(month))
    return Part(
        "tools",
        (
            Step("import-hub-data"),
            Step("resolve-dns", logged, shortcuts=WITH_DOMAINS),
            Step("fill-domain", logged),
            Step("fill-user-info", logged),
            Step("fill-ipcountry", logged),
            Step("gen-tool-stats", (month,)),
            Step("gen-tool-tops", (month,)),
            Step("gen-tool-toplists", (month,)),
        ),
    )


def usage_part(month: Month) -> Part:
    """What is known of each request and each tool job."""
    span = DateSpan.of(month)
    requests, jobs = ("metrics", "web", span), ("metrics", "toolstart", span)
    return Part(
        "usage",
        (
            Step("import-hub-data"),
            Step("middleware-wall"),
            Step("middleware-cpu"),
            Step("resolve-dns", requests, shortcuts=WITH_DOMAINS),
            Step("resolve-dns", jobs, shortcuts=WITH_DOMAINS),
            Step("fill-domain", requests),
            Step("fill-domain", jobs),
            Step("clean-bots", ("web", span)),
            Step("rebuild-webhits", options={"month": month}),
            Step("fill-user-info", jobs),
            Step("fill-ipcountry", requests),
            Step("fill-ipcountry", jobs),
        ),
    )


def sessions_part(month: Month) -> Part:
    """The sessions. Only for months that are over: building them ends every session that is open at that moment."""
    span = DateSpan.of(month)
    sessions = ("metrics", "websessions", span)
    return Part(
        "sessions",
        (
            Step("logfix-session", (month,)),
            Step("clean-bots", ("websessions", span)),
            Step("clear-orphan-stamps", (span,)),
            Step("resolve-dns", sessions, shortcuts=WITH_DOMAINS),
            Step("fill-domain", sessions),
            Step("fill-ipcountry", sessions),
        ),
    )


HUB_STEPS = frozenset({"import-hub-data", "middleware-wall", "middleware-cpu", "andmore-usage"})
HUB_TABLES = frozenset({"sessionlog_metrics", "toolstart"})


def without_hub(part: Part) -> Part:
    """A part as a site does it: without the steps that are about a hub (spec 60 §13)."""
    return Part(
        part.name,
        tuple(step for step in part.steps if step.name not in HUB_STEPS and not HUB_TABLES & set(step.arguments)),
    )


def analysis(month: Month, sessions: bool, is_site: bool = False) -> tuple[Part, ...]:
    """The parts of `analyze`."""
    parts = (usage_part(month), *((sessions_part(month),) if sessions else ()))
    return tuple(map(without_hub, parts)) if is_site else (tools_part(month), *parts)


def summary(month: Month, periods: Sequence[int] = PERIODS, is_site: bool = False) -> Part:
    """The steps of `summarize`. The reports on resources always cover their own three periods."""
    chosen = {} if tuple(periods) == PERIODS else {"periods": tuple(periods)}
    cells = (Step("import-hub-data"), Step("summarize-month", (month,), chosen))
    part = Part("summary", cells if tuple(periods) == (1,) else (*cells, Step("andmore-usage", (month,))))
    return without_hub(part) if is_site else part


def analyze(
    store: Store,
    settings: Settings,
    month: Month,
    sessions: bool = True,
    dry_run: bool = False,
    *,
    go_on_without_lookups: bool = False,
    through: Through | None = None,
    completed: int = 0,
    known: KnownAddresses | None = None,
) -> list[LookupFailure]:
    """Run the parts of the analysis of `month` (spec 60 §8.3).

    Stops at the first step that fails and raises its error. With `go_on_without_lookups` a failed lookup does not stop
    the analysis: the failures are logged and returned. `completed`: the requests with ids up to this one are.
    `known`: what the run knows of addresses. Raises HzmetricsError for an anonymised month.
    """
    state.refuse_anonymised(store, month)
    failures: list[LookupFailure] = []
    for part in analysis(month, sessions, settings.is_site):
        with stage(f"{part.name} of {month}"):
            for step in part.steps:
                try:
                    step.run(store, settings, dry_run, through, completed, known)
                except LookupFailure as failure:
                    if not go_on_without_lookups:
                        raise
                    log.warning("%s: %s", step, failure)
                    failures.append(failure)
    return failures


def summarize(
    store: Store,
    settings: Settings,
    month: Month,
    periods: Sequence[int] = PERIODS,
    dry_run: bool = False,
    *,
    through: Through | None = None,
) -> None:
    """Write the cells of `month` (spec 60 §8.4). Raises the error of the step that fails."""
    part = summary(month, periods, settings.is_site)
    with stage(f"{part.name} of {month}"):
        for step in part.steps:
            step.run(store, settings, dry_run, through)
