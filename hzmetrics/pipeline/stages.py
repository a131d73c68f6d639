"""The stages of a month and the order of their steps (spec 60 §8). Each step is the command of the same name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from hzmetrics.calendar import PERIODS, DateSpan, Month, Window
from hzmetrics.errors import LookupFailure
from hzmetrics.log import log, stage

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.store import Store


class Part(NamedTuple):
    """Steps that belong together: each a command and its arguments, as an operator would type them."""

    name: str
    steps: tuple[tuple[str, ...], ...]


def tools_part(month: Month) -> Part:
    """The figures of each tool."""
    return Part(
        "tools",
        (
            ("import-hub-data",),
            ("resolve-dns", "metrics", "sessionlog_metrics", str(month)),
            ("fill-domain", "metrics", "sessionlog_metrics", str(month)),
            ("fill-user-info", "metrics", "sessionlog_metrics", str(month)),
            ("fill-ipcountry", "metrics", "sessionlog_metrics", str(month)),
            ("gen-tool-stats", str(month)),
            ("gen-tool-tops", str(month)),
            ("gen-tool-toplists", str(month)),
        ),
    )


def usage_part(month: Month) -> Part:
    """What is known of each request and each tool job."""
    return Part(
        "usage",
        (
            ("import-hub-data",),
            ("middleware-wall",),
            ("middleware-cpu",),
            ("resolve-dns", "metrics", "web", str(month)),
            ("resolve-dns", "metrics", "toolstart", str(month)),
            ("fill-domain", "metrics", "web", str(month)),
            ("fill-domain", "metrics", "toolstart", str(month)),
            ("clean-bots", "web", str(month)),
            ("rebuild-webhits", str(month)),
            ("fill-user-info", "metrics", "toolstart", str(month)),
            ("fill-ipcountry", "metrics", "web", str(month)),
            ("fill-ipcountry", "metrics", "toolstart", str(month)),
        ),
    )


def sessions_part(month: Month) -> Part:
    """The visits: only for months that are over, because building them cuts every visit that is open at that moment."""
    return Part(
        "sessions",
        (
            ("logfix-session", str(month)),
            ("clean-bots", "websessions", str(month)),
            ("clear-orphan-stamps", f"{month}-01", f"{month.plus(1)}-01"),
            ("resolve-dns", "metrics", "websessions", str(month)),
            ("fill-domain", "metrics", "websessions", str(month)),
            ("fill-ipcountry", "metrics", "websessions", str(month)),
        ),
    )


def analysis(month: Month, sessions: bool) -> tuple[Part, ...]:
    """The parts of `analyze`."""
    parts = (tools_part(month), usage_part(month))
    return (*parts, sessions_part(month)) if sessions else parts


def summary(month: Month, periods: Sequence[int] = PERIODS) -> Part:
    """The steps of `summarize`. The reports on resources always come with their own three periods."""
    steps: tuple[tuple[str, ...], ...] = (("import-hub-data",), ("summarize-month", str(month)))
    return Part("summary", steps if tuple(periods) == (1,) else (*steps, ("andmore-usage", str(month))))


def analyze(
    store: Store,
    settings: Settings,
    month: Month,
    sessions: bool = True,
    dry_run: bool = False,
    *,
    go_on_without_lookups: bool = False,
) -> list[LookupFailure]:
    """Work out everything about the rows of `month` (spec 60 §8.3).

    Stops at the first step that fails and raises what it raised. With `go_on_without_lookups` a lookup that got no
    answer stops nothing: the failures are logged and returned.
    """
    failures: list[LookupFailure] = []
    for part in analysis(month, sessions):
        with stage(f"{part.name} of {month}"):
            for words in part.steps:
                try:
                    run_step(store, settings, words, dry_run=dry_run)
                except LookupFailure as failure:
                    if not go_on_without_lookups:
                        raise
                    log.warning("%s: %s", " ".join(words), failure)
                    failures.append(failure)
    return failures


def summarize(
    store: Store, settings: Settings, month: Month, periods: Sequence[int] = PERIODS, dry_run: bool = False
) -> None:
    """Write the cells of `month` (spec 60 §8.4). Raises what the failing step raised."""
    part = summary(month, periods)
    with stage(f"{part.name} of {month}"):
        for words in part.steps:
            run_step(store, settings, words, periods, dry_run)


def run_step(
    store: Store, settings: Settings, words: Sequence[str], periods: Sequence[int] = PERIODS, dry_run: bool = False
) -> None:
    """Run one step; `periods` are those of `summarize-month`."""
    with stage(" ".join(words)) as running:
        running.rows = _call(store, settings, tuple(words), periods, dry_run)


def _call(store: Store, settings: Settings, words: tuple[str, ...], periods: Sequence[int], dry_run: bool) -> int:
    """The function behind a step; its room is opened here, so that a run pays only for what it does."""
    match words:
        case ("import-hub-data",):
            from hzmetrics.enrich.hubdata import import_hub_data

            return import_hub_data(store, settings, dry_run=dry_run)
        case ("middleware-wall",):
            from hzmetrics.enrich.jobs import middleware_wall

            return middleware_wall(store, settings, dry_run=dry_run)
        case ("middleware-cpu",):
            from hzmetrics.enrich.jobs import middleware_cpu

            return middleware_cpu(store, settings, dry_run=dry_run)
        case ("resolve-dns", database, table, month):
            from hzmetrics.enrich.dns import resolve_dns

            return resolve_dns(store, settings, database, table, _span(month), dry_run=dry_run)
        case ("fill-domain", _, table, month):
            from hzmetrics.enrich.domains import fill_domain

            return fill_domain(store, settings, table, _span(month), dry_run=dry_run)
        case ("fill-ipcountry", _, table, month):
            from hzmetrics.enrich.geo import fill_ipcountry

            return fill_ipcountry(store, settings, table, _span(month), dry_run=dry_run)
        case ("fill-user-info", _, table, _):
            from hzmetrics.enrich.people import fill_user_info

            return fill_user_info(store, settings, table, dry_run=dry_run)
        case ("clean-bots", table, month):
            from hzmetrics.enrich.bots import clean_bots

            return clean_bots(store, settings, table, _span(month), dry_run=dry_run)
        case ("rebuild-webhits", month):
            from hzmetrics.ingest.webhits import rebuild_webhits

            return rebuild_webhits(store, settings, Month.parse(month), dry_run=dry_run)
        case ("logfix-session", month):
            from hzmetrics.sessions.build import build_sessions

            return build_sessions(store, settings, Month.parse(month), dry_run=dry_run)
        case ("clear-orphan-stamps", start, stop):
            from hzmetrics.sessions.stamps import clear_orphans

            return clear_orphans(store, Window(f"{start} 00:00:00", f"{stop} 00:00:00"), dry_run=dry_run)
        case ("gen-tool-stats", month):
            from hzmetrics.tools.stats import gen_tool_stats

            return gen_tool_stats(store, settings, Month.parse(month), dry_run=dry_run)
        case ("gen-tool-tops", month):
            from hzmetrics.tools.tops import gen_tool_tops

            return gen_tool_tops(store, settings, Month.parse(month), dry_run=dry_run)
        case ("gen-tool-toplists", month):
            from hzmetrics.tools.toplists import gen_tool_toplists

            return gen_tool_toplists(store, settings, Month.parse(month), dry_run=dry_run)
        case ("andmore-usage", month):
            from hzmetrics.tools.resources import andmore_usage

            return andmore_usage(store, settings, Month.parse(month), dry_run=dry_run)
        case ("summarize-month", month):
            from hzmetrics.grids.summarize import summarize_month

            return summarize_month(store, settings, Month.parse(month), periods=periods, dry_run=dry_run)
    raise AssertionError(f"no step {' '.join(words)}")


def _span(month: str) -> DateSpan:
    return DateSpan.parse(month)
