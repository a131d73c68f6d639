"""What visitors asked for, from where, when and with what: lists of months, computed from the stored requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.publish.figures.anonymity import OTHER, UNKNOWN, label
from hzmetrics.publish.figures.definitions import Figure
from hzmetrics.publish.figures.names import browser_of, country_names, page_of, system_of
from hzmetrics.store import pseudonyms
from hzmetrics.store.tables.metrics import web

if TYPE_CHECKING:
    import pyarrow as pa

    from hzmetrics.config import Settings
    from hzmetrics.engine import Engine
    from hzmetrics.store import Store

LISTS = {
    "pages": Figure("pages", "Pages", "Paths that were asked for, without queries; names of people and tokens are *."),
    "referrers": Figure(
        "referrers", "Referrers", "Other hosts on whose pages visitors followed a link to a page of the site.",
        "Many browsers and sites do not tell.",
    ),
    "countries": Figure("countries", "Countries", "Countries of the visitors' addresses."),
    "browsers": Figure("browsers", "Browsers", "What the user agents name, of all versions together."),
    "systems": Figure("systems", "Systems", "Operating systems that the user agents name, of all versions together."),
}  # fmt: skip
HOURS = Figure("hours", "Hours of the week", "Page views in each hour of the week, on the clock of the site.")
VISITORS = Figure(
    "visitors", "Visitors", "Distinct addresses; machines that are recognized are left out.",
    "People behind one address are one; a person who moves is several. Who asks for two pages is a visitor of both.",
)  # fmt: skip
VIEWS = Figure("views", "Page views", "Requests that were kept: no pictures, scripts or style sheets, no machines.")
EXPLAINED = (*LISTS.values(), HOURS, VISITORS, VIEWS)
MOST = 25
"""Names that a list shows at most."""


@dataclass(frozen=True)
class Part:
    """One line of a list; without numbers if it stands for fewer people than may be told."""

    name: str
    visitors: int | None
    views: int | None


@dataclass(frozen=True)
class Traffic:
    """The lists of some months together."""

    lists: Mapping[str, Sequence[Part]]
    """By name of the list; those with the most visitors first, then `other` and `unknown`."""
    hours: Sequence[Sequence[int]]
    """Page views of the 24 hours of each day of the week, Monday first."""


Span = tuple[Month, Month]
"""First and last month."""


def read(
    store: Store, settings: Settings, months: Sequence[Month], spans: Sequence[Span], min_users: int
) -> list[Traffic]:
    """The lists of each span of `months`, which are read once. Raises StoreError.

    Names of fewer than `min_users` visitors are `other`.
    """
    from hzmetrics.engine import Engine

    names = country_names(store)
    with Engine("hzmetrics.publish") as engine:
        engine.set_variable("pseudonym_key", pseudonyms.key(store, settings))
        engine.set_variable("min_users", min_users)
        for function in (page_of, browser_of, system_of):
            engine.function(function.__name__, function)
        _collect(store, engine, months)
        return [_traffic(engine, span, names, min_users) for span in spans]


def _collect(store: Store, engine: Engine, months: Sequence[Month]) -> None:
    """Give the engine what counts of the months, one at a time."""
    collected = {
        "page_names": "new_page_names",
        "agent_names": "new_agent_names",
        "parts": "month_parts",
        "hours": "month_hours",
        "referring_hosts": "month_referrers",
    }
    for name in collected:
        engine.create(name)
    request = web.c
    for month in months:
        engine.register("requests", store.metrics.stream(
            sa.select(
                request.datetime, request.ip, request.host, request.ipcountry, request.content, request.referrer,
                request.useragent,
            ).where(request.datetime >= month.start, request.datetime < month.stop)
        ))  # fmt: skip
        for name, model in collected.items():
            engine.collect(name, model)


def _traffic(engine: Engine, span: Span, countries: Mapping[str, str], min_users: int) -> Traffic:
    first, last = span
    engine.set_variable("first_month", str(first))
    engine.set_variable("last_month", str(last))
    engine.register("shown_names", _shown(engine.table("candidates"), countries))
    lists: dict[str, list[Part]] = {name: [] for name in LISTS}
    for row in engine.table("breakdowns").to_pylist():
        is_told = row["name"] not in (OTHER, UNKNOWN) or row["visitors"] >= min_users
        numbers = (row["visitors"], row["views"]) if is_told else (None, None)
        lists[row["list"]].append(Part(row["name"], *numbers))
    views = engine.table("span_hours")["views"].to_pylist()
    return Traffic(lists, [views[day : day + 24] for day in range(0, len(views), 24)])


def _shown(candidates: pa.Table, countries: Mapping[str, str]) -> pa.Table:
    """The relation `shown_names`: the first of the candidates of each list, and those of which nothing may be told."""
    import pyarrow as pa

    rows: list[tuple[str, str, str]] = []
    counts = dict.fromkeys(LISTS, 0)
    for row in candidates.to_pylist():
        kind, name = row["list"], row["name"]
        shown = label(countries.get(name, name) if kind == "countries" else name)
        if shown != UNKNOWN:
            counts[kind] += 1
        if shown == UNKNOWN or counts[kind] <= MOST:
            rows.append((kind, name, shown))
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table(
        {name: pa.array(values, pa.string()) for name, values in zip(("list", "name", "shown"), columns, strict=True)}
    )
