"""A report for funders: the figures of one period beside those before, each with what it counts, in one document."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Any

from hzmetrics.calendar import Clock, Month
from hzmetrics.config.schema import Publish
from hzmetrics.errors import HzmetricsError
from hzmetrics.output.document import document
from hzmetrics.publish import documents, numbers, pages
from hzmetrics.publish.figures import overview, resources, tools
from hzmetrics.publish.figures.definitions import CORRECTIONS, ORGANIZATION, PERIODS, RESIDENCE, Figure, Period
from hzmetrics.publish.figures.overview import Compared, Overview
from hzmetrics.publish.figures.resources import USERS
from hzmetrics.publish.figures.values import Number
from hzmetrics.store import state

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.store import Store

FORMATS = ("html", "xlsx", "csv", "json")
MOST = 20
"""Tools and resources in the report, those with the most users."""
RANKED = ("users", "simulations", "tot_wall", "tot_cpu")
COLUMNS = ("section", "figure", "value", "before", "year_ago", "unit", "definition", "limits")
"""What other programs are told of a figure."""
WIDTH, HEIGHT = 640, 160
"""Size of a curve, in units of the drawing."""


@dataclass(frozen=True)
class Section:
    """Figures that belong together."""

    id: str
    title: str
    figures: Sequence[Compared]
    known: Compared | None = None
    """Of a breakdown: of how many people the part is known."""


@dataclass(frozen=True)
class Part:
    """A hub of several, whose figures are added up in the report."""

    title: str
    first: Month | None
    last: Month | None
    values: Sequence[Number]
    """Its figures of the period."""
    remarks: str
    """What is to be said of them."""


@dataclass(frozen=True)
class Report:
    """The content of a report."""

    title: str
    month: Month
    period: Period
    begin: str
    """First day of the period."""
    sections: Sequence[Section]
    curves: Sequence[tuple[Figure, Sequence[tuple[Month, int]]]]
    """The figures over time: of periods of this kind, ending in each month that has them."""
    tools: Sequence[tuple[str, Sequence[float | None]]]
    tool_figures: Sequence[Figure]
    resources: Sequence[tuple[str, int | None]]
    resource_figure: Figure
    corrections: Sequence[tuple[str, str]]
    data_from: Month | None
    """The first month with data, if that is known."""
    is_running: bool
    """Whether the month is not over. A part of a month is not compared with whole ones."""
    is_marked: bool
    """Whether the month will be counted again."""
    computed: str
    note: str = ""
    """What is to be said of all figures."""
    parts: Sequence[Part] = ()
    part_figures: Sequence[Figure] = ()
    columns: int = 0
    """How many of these are shown beside each other; files for other programs have all."""

    @property
    def covered(self) -> str:
        """The months of the period, in words, and from when there are data, if that is later."""
        last, first = numbers.month_name(self.month), numbers.month_name(self.begin[:7])
        months = f"{first} to {last}" if self.period.step else f"until the end of {last}"
        data = f", with data from {numbers.month_name(self.data_from)}" if self.data_from and self.begins_late else ""
        return f"{last if first == last else months}{data}"

    @property
    def begins_late(self) -> bool:
        """Whether the data begin after the period does."""
        return self.data_from is not None and str(self.data_from) > self.begin[:7]

    @property
    def is_incomplete(self) -> bool:
        """Whether there are numbers of a part of the period only, or they will change. All time has no beginning."""
        return self.is_running or self.is_marked or (self.begins_late and self.period.step > 0)

    @property
    def mark(self) -> str:
        """What is to be said of the month."""
        if self.is_running:
            return "incomplete: the month is not over"
        return "incomplete: this month will be counted again" if self.is_marked else ""

    def hubs_of(self, figure: Figure) -> int:
        """How many hubs a sum is over."""
        keys = [one.key for one in self.part_figures]
        return sum(part.values[keys.index(figure.key)] is not None for part in self.parts) if figure.key in keys else 0

    @property
    def users(self) -> Number:
        """The users of the period: those of whom residence and organization may be known."""
        return self.sections[0].figures[0].value


def build(store: Store, settings: Settings, month: Month | None, code: int) -> Report:
    """The report of a period that ends with `month`, or else with the last one that is over. Raises HzmetricsError."""
    grids = overview.read(store)
    if not grids.months:
        raise HzmetricsError("no month has been summarized: there is nothing to report")
    month = month or grids.before(settings.clock.month).months[-1]
    remembered = state.read(store)
    title = settings.section(Publish).title or settings.hub.site or "This site"
    report = of_figures(title, grids, month, code, remembered.corrections, settings.clock)
    of_tools = () if settings.is_site else tools.read(store, month)
    of_resources = () if settings.is_site else resources.read(store, month)
    with_runs = [(tool.title, of_period[code]) for tool, of_period in of_tools if of_period.get(code, {}).get("users")]
    with_runs.sort(key=lambda tool: -tool[1]["users"])
    used = [(one.title, number) for one, users in of_resources if (number := users.get(code))]
    used.sort(key=lambda one: -one[1])
    return replace(
        report,
        tools=[(title, [numbers[key] for key in RANKED]) for title, numbers in with_runs[:MOST]],
        tool_figures=[figure for figure in tools.FIGURES if figure.key in RANKED],
        resources=used[:MOST],
    )


def of_figures(
    title: str, grids: Overview, month: Month, code: int, corrections: Collection[str], clock: Clock
) -> Report:
    """A report without tools and resources. Raises HzmetricsError if the period was not counted."""
    period = next(period for period in PERIODS if period.code == code)
    if grids.value("misc.5.1", month, code) is None and grids.value("user.1.1", month, code) is None:
        first, last = grids.months[0], grids.months[-1]
        raise HzmetricsError(f"{month} has no summary of this period; there are months from {first} to {last}")
    is_running = month >= clock.month
    return Report(
        title=title,
        month=month,
        period=period,
        begin=str(month.period(code).start)[:10],
        sections=list(_sections(grids, month, period, corrections, is_running)),
        curves=[(figure, _curve(grids, figure, month, code)) for figure in grids.headlines[:4]],
        tools=(),
        tool_figures=(),
        resources=(),
        resource_figure=USERS,
        corrections=[(name, meaning) for name, meaning in CORRECTIONS.items() if name in corrections],
        data_from=grids.first,
        is_running=is_running,
        is_marked=month in grids.incomplete,
        computed=f"{clock.now:%Y-%m-%d %H:%M %Z}".strip(),
    )


def _sections(
    grids: Overview, month: Month, period: Period, corrections: Collection[str], is_alone: bool
) -> Iterator[Section]:
    """The sections; `is_alone`: their figures are not compared with earlier ones."""

    def of(figure: Figure) -> Compared:
        found = grids.compared(figure, month, period)
        return replace(found, before=None, year_ago=None) if is_alone else found

    def compared(figures: Sequence[Figure]) -> list[Compared]:
        return [of(replace(figure, limits="") if figure.corrected in corrections else figure) for figure in figures]

    yield Section("figures", "Users", compared([group.figure(1) for group in grids.groups]))
    for name, title, known, columns in (
        ("residence", "Where users live", 2, RESIDENCE),
        ("organization", "Where users work", 7, ORGANIZATION),
    ):
        if grids.has_parts(columns):
            group = grids.groups[0]
            parts = compared([group.figure(column) for column in columns])
            yield Section(name, title, parts, of(group.figure(known)))
    for name, title, figures in (("simulation", "Simulation", grids.simulation), ("visits", "Visits", grids.traffic)):
        if figures:
            yield Section(name, title, compared(figures))


def _curve(grids: Overview, figure: Figure, until: Month, code: int) -> list[tuple[Month, int]]:
    values = ((month, grids.value(figure.key, month, code)) for month in grids.months if month <= until)
    return [(month, value) for month, value in values if isinstance(value, int)]


def write(report: Report, form: str, file: IO[bytes]) -> None:
    """Write a report in one of the formats. Raises OSError."""
    match form:
        case "html":
            style = dict(pages.assets())["style.css"].decode("utf-8")
            file.write(pages.render("report.html", {"report": report, "style": style, "paths": _paths(report)}))
        case "xlsx":
            _write_workbook(report, file)
        case "csv":
            about, corrections = _about(report), " ".join(name for name, _ in report.corrections)
            rows = ((*about.values(), *row, corrections) for row in _rows(report))
            file.write(documents.as_csv((*about, *COLUMNS, "corrections"), rows))
        case "json":
            file.write(documents.as_json(document(_as_value(report))))


def _rows(report: Report) -> Iterator[tuple[Any, ...]]:
    for section in report.sections:
        for one in (*([section.known] if section.known else []), *section.figures):
            figure = one.figure
            yield (
                section.title, figure.title, one.value, one.before, one.year_ago,
                figure.unit, figure.definition, figure.limits,
            )  # fmt: skip
    for part in report.parts:
        for figure, number in zip(report.part_figures, part.values, strict=True):
            yield f"Hub: {part.title}", figure.title, number, None, None, figure.unit, figure.definition, figure.limits
    for title, values in report.tools:
        for figure, value in zip(report.tool_figures, values, strict=True):
            yield f"Tool: {title}", figure.title, value, None, None, figure.unit, figure.definition, figure.limits
    for title, users in report.resources:
        figure = report.resource_figure
        yield f"Resource: {title}", figure.title, users, None, None, figure.unit, figure.definition, figure.limits


def _about(report: Report) -> dict[str, Any]:
    """What all figures have in common, for other programs."""
    return {
        "title": report.title,
        "month": str(report.month),
        "period": report.period.code,
        "begin": report.begin,
        "data_from": report.data_from and str(report.data_from),
        "is_incomplete": report.is_incomplete,
        "computed": report.computed,
    }


def _as_value(report: Report) -> dict[str, Any]:
    return {
        **_about(report),
        "corrections": [name for name, _ in report.corrections],
        "figures": [dict(zip(COLUMNS, row, strict=True)) for row in _rows(report)],
        **({"hubs_of_sums": {one.title: report.hubs_of(one) for one in report.part_figures}} if report.parts else {}),
        **({"note": report.note, "hubs": list(map(_hub, report.parts))} if report.parts else {}),
    }


def _hub(part: Part) -> dict[str, Any]:
    ends = {"first": part.first and str(part.first), "last": part.last and str(part.last)}
    return {"title": part.title, **ends, "remarks": part.remarks}


def _write_workbook(report: Report, file: IO[bytes]) -> None:
    from hzmetrics.publish.workbook import Workbook

    with Workbook(file) as book:
        columns = ("section", "figure", "value", "before", "year ago", "unit", "what it counts", "known limits")
        sheet = book.sheet("figures", columns)
        for row in _rows(report):
            sheet.add(row)
        months = book.sheet("months", ("period", "ends with", *(figure.title for figure, _ in report.curves)))
        known = [dict(points) for _, points in report.curves]
        for month in sorted(set().union(*known)):
            months.add((report.period.title, str(month), *(points.get(month) for points in known)))
        if report.parts:
            figures = [figure.title for figure in report.part_figures]
            hubs = book.sheet("hubs", ("hub", "first month", "last month", *figures, "remarks"))
            for part in report.parts:
                first, last = (month and str(month) for month in (part.first, part.last))
                hubs.add((part.title, first, last, *part.values, part.remarks))
        about = book.sheet("about", ("", ""))
        about.add(("Site", report.title))
        about.add(("Period", f"{report.period.title}: {report.covered}"))
        if report.mark:
            about.add(("Month", report.mark))
        about.add(("Computed", report.computed))
        if report.note:
            about.add(("Sums", report.note))
        for name, meaning in report.corrections:
            about.add((f"Correction {name}", meaning))


def _paths(report: Report) -> list[dict[str, Any]]:
    """Each curve as an outline in a drawing of `WIDTH` by `HEIGHT`, its highest value, and its ends."""
    drawn = []
    for figure, points in report.curves:
        if len(points) < 2:
            continue
        most = max(1, *(value for _, value in points))
        step = WIDTH / (len(points) - 1)
        line = " ".join(
            f"{place * step:.1f},{HEIGHT * (1 - value / most):.1f}" for place, (_, value) in enumerate(points)
        )
        drawn.append({"figure": figure, "line": line, "most": most, "first": points[0][0], "last": points[-1][0]})
    return drawn
