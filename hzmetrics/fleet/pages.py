"""The pages: one of the fleet, and a site within it for each hub and for the sums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hzmetrics.engine.runner import Runner
from hzmetrics.fleet.definition import Fleet
from hzmetrics.fleet.figures import COLUMNS, NOTE, FleetFigures
from hzmetrics.fleet.hub import HubFigures
from hzmetrics.publish import site
from hzmetrics.publish.charts import Chart
from hzmetrics.publish.contents import about, months, overview
from hzmetrics.publish.figures.definitions import CORRECTIONS, PERIODS, USERS, VISITORS, VISITS, Figure
from hzmetrics.publish.figures.overview import Overview
from hzmetrics.publish.site import Generation
from hzmetrics.publish.writer import Frame, Writer

if TYPE_CHECKING:
    from hzmetrics.config import Settings

SUMS = "sums"
"""The directory of the site with the sums over all hubs."""
PERIOD = 12
"""Months by which hubs stand beside each other."""
CHARTS = (VISITS, VISITORS, USERS[0])
MIN_USERS = 5
"""What the page about the numbers says of breakdowns, of which there are none here."""


def publish(fleet: Fleet, found: FleetFigures, settings: Settings, runner: Runner) -> int:
    """Bring the pages up to date; returns the number of files that are new or have changed. Raises HzmetricsError."""
    computed = f"{settings.clock.now:%Y-%m-%d %H:%M %Z}".strip()
    with site.generation(fleet.pages.absolute()) as generation:
        sites = list(_sites(fleet, found))
        tasks = [_PublishSite(generation.within(one.name), one, computed) for one in sites]
        for one, made in zip(sites, runner.map(tasks), strict=True):
            generation.add(one.name, made)
        _write(generation, fleet, found, computed)
        return generation.written if generation.is_new else 0


@dataclass(frozen=True)
class _Site:
    """The pages of one hub, or of the sums."""

    name: str
    """Their directory."""
    title: str
    note: str
    overview: Overview
    corrections: frozenset[str]


@dataclass(frozen=True)
class _PublishSite:
    """A task."""

    generation: Generation
    site: _Site
    computed: str

    def __call__(self) -> Generation:
        """Put them in. Raises OSError."""
        site, figures = self.site, self.site.overview
        up = "../" * (site.name.count("/") + 1)
        navigation = [
            ("All hubs", f"{up}index.html"),
            ("Overview", "index.html"),
            ("Months", "months/index.html"),
            ("About", "about.html"),
        ]
        frame = Frame(site.title, not figures.has_accounts, navigation, site.note)
        writer = Writer(self.generation, frame, figures.months[-1], "", self.computed)
        writer.assets()
        writer.page("embed.html", "embed.html", "", dict)
        overview.write(writer, figures)
        months.write(writer, figures)
        about.write(writer, figures, False, False, site.corrections, {}, MIN_USERS, False)
        return self.generation


def _sites(fleet: Fleet, found: FleetFigures) -> Iterator[_Site]:
    """The sites within the fleet's."""
    for one in found.counted:
        if not one.hub.url and one.found:
            corrections = frozenset(one.found.corrections)
            yield _Site(f"hubs/{one.hub.name}", one.hub.title, one.delay, one.overview, corrections)
    if found.counted:
        note = f"Sums over those of {len(found.counted):,} hubs that have figures of the month. {NOTE}"
        yield _Site(SUMS, fleet.title, note, found.sums, found.usual.corrections)


def address(one: HubFigures) -> str:
    """The address of the pages of a hub; empty: there are none."""
    return one.hub.url or (f"hubs/{one.hub.name}/index.html" if one.overview.months else "")


def _write(generation: Generation, fleet: Fleet, found: FleetFigures, computed: str) -> None:
    """The page of the fleet and its data."""
    navigation = [
        ("All hubs", "index.html"),
        *([("Sums", f"{SUMS}/index.html")] if found.counted else []),
        ("About", "about.html"),
    ]
    last = found.newest if found.counted else None
    writer = Writer(generation, Frame(fleet.title, False, navigation), last, "", computed)
    writer.assets()
    writer.page("embed.html", "embed.html", "", dict)
    charts = list(_charts(found)) if found.counted else []
    values, table = _values(found, charts), rows(found)
    made_of = {
        "headlines": [[one.value, one.year_ago, number] for one, number in values.get("headlines", ())],
        "hubs": [list(row.values()) for row in table],
        "addresses": list(map(address, found.hubs)),
        "charts": [[chart.names, chart.columns, chart.values, sorted(chart.marks.items())] for chart, _ in charts],
    }
    writer.page("index.html", "fleet.html", made_of, lambda: values)
    about.write(writer, found.sums, False, False, found.usual.corrections, {}, MIN_USERS, False)
    if not found.counted:
        return
    writer.records("data/hubs", list(table[0]), [list(row.values()) for row in table])
    writer.charts("data/months-charts", "index.html", [(chart, fleet.title) for chart, _ in charts])
    writer.records("data/months", ("month", "hub", "figure", "value", "hubs"), list(_by_month(found)))


def _values(found: FleetFigures, charts: Sequence[tuple[Chart, Figure]]) -> dict[str, Any]:
    """What the page of the fleet shows."""
    if not found.counted:
        return {"month": None, "hubs": found.hubs}
    month, sums = found.newest, found.sums
    columns = [figure for figure in COLUMNS if any(one.overview.has(figure) for one in found.counted)]
    period = next(period for period in PERIODS if period.code == PERIOD)
    corrections = found.usual.corrections
    return {
        "month": month,
        "hubs": found.hubs,
        "counted": len(found.counted),
        "headlines": [
            (sums.compared(figure, month, period), found.number(figure, month, PERIOD)) for figure in columns
        ],
        "columns": columns,
        "rows": [
            (one, address(one), [one.value(figure, month, PERIOD) for figure in columns], found.remarks(one))
            for one in found.hubs
        ],
        "sums": [sums.value(figure.key, month, PERIOD) for figure in columns],
        "numbers": [found.number(figure, month, PERIOD) for figure in columns],
        "usual": found.usual,
        "corrections": [(name, meaning) for name, meaning in CORRECTIONS.items() if name in corrections],
        "different": [one for one in found.counted if found.differences(one)],
        "failed": [one for one in found.hubs if one.state.failure],
        "charts": charts,
        "note": NOTE,
        "sums_address": f"{SUMS}/index.html",
    }


def _charts(found: FleetFigures) -> Iterator[tuple[Chart, Figure]]:
    """Figures over the months: the sums, and each hub."""
    names = list(map(str, found.months))
    marks = {place: mark for place, month in enumerate(found.months) if (mark := found.mark(month))}
    for figure in CHARTS:
        hubs = [one for one in found.counted if one.overview.has(figure)]
        if hubs:
            values = [
                [found.sums.value(figure.key, month, 1) for month in found.months],
                *([one.value(figure, month, 1) for month in found.months] for one in hubs),
            ]
            columns = ["All hubs", *(one.hub.title for one in hubs)]
            yield Chart(figure.id, "curve", figure.title, figure.unit, columns, names, values, marks), figure


def rows(found: FleetFigures) -> list[dict[str, Any]]:
    """A record for each hub: what it is, how it is counted, and its figures of twelve months."""
    names = {figure.title.lower().replace(" ", "_"): figure for figure in COLUMNS}
    return [
        {
            "hub": one.hub.name,
            "title": one.hub.title,
            "first": one.first and str(one.first),
            "last": one.last and str(one.last),
            "missing": " ".join(map(str, one.missing)),
            "has_users": one.found.has_hub if one.found else None,
            "time_zone": one.found.time_zone if one.found else "",
            "corrections": " ".join(one.found.corrections) if one.found else "",
            "is_counted_as_most": not found.differences(one) if one.found else None,
            "remarks": " ".join(found.remarks(one)),
            "month": str(found.newest),
            **{name: one.value(figure, found.newest, PERIOD) for name, figure in names.items()},
        }
        for one in (found.hubs if found.counted else ())
    ]


def _by_month(found: FleetFigures) -> Iterator[tuple[Any, ...]]:
    """The figures that stand beside each other, by month: of all hubs together, where `hub` is empty, and of each."""
    for month in found.months:
        for figure in COLUMNS:
            if (value := found.sums.value(figure.key, month, 1)) is not None:
                yield str(month), "", figure.title, value, found.number(figure, month, 1)
            for one in found.counted:
                if (value := one.value(figure, month, 1)) is not None:
                    yield str(month), one.hub.name, figure.title, value, 1
