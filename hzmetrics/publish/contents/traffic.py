"""What visitors asked for, from where, when and with what: a page a list, and a page a month with all lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from hzmetrics import __version__
from hzmetrics.calendar import Month
from hzmetrics.publish.figures import traffic
from hzmetrics.publish.figures.definitions import FIGURES, Figure
from hzmetrics.publish.figures.overview import Overview
from hzmetrics.publish.figures.traffic import HOURS, LISTS, VIEWS, VISITORS, Part, Span, Traffic
from hzmetrics.publish.pages import month_name
from hzmetrics.publish.writer import Writer

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.store import Store

PAGES = {
    "pages": ("Pages", ("pages",)),
    "referrers": ("Referrers", ("referrers",)),
    "countries": ("Countries", ("countries",)),
    "browsers": ("Browsers and systems", ("browsers", "systems")),
    "hours": ("Hours of the week", ("hours",)),
}
"""By name of the page: its title, and the lists that it shows."""
SHORT = {"browsers": "Browsers", "hours": "Hours"}
"""What pages with long titles are called in the navigation."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
COLUMNS = ("list", "first_month", "last_month", "name", "visitors", "page_views")


class Chart(NamedTuple):
    """One list, or the hours of the week, of some months."""

    id: str
    figure: Figure
    parts: Sequence[Part]
    hours: Sequence[tuple[str, Sequence[int]]]
    """Of each hour of the day the page views on each day of the week."""
    most: int
    """Page views of the busiest hour of the week."""


class Section(NamedTuple):
    """The charts of one span of months."""

    id: str
    title: str
    charts: Sequence[Chart]


@dataclass(frozen=True)
class Source:
    """The lists of all months; nothing is read before a list is needed, and then everything at once."""

    store: Store
    settings: Settings
    grids: Overview
    min_users: int

    @property
    def months(self) -> Sequence[Month]:
        """The months that are over."""
        return self.grids.months

    @property
    def spans(self) -> Sequence[tuple[str, str, Span]]:
        """Id, title and months of what the page of a list shows: twelve months, the newest one, and all time."""
        running = self.grids.running_month
        if not self.months:
            return [("month", f"{month_name(running)} (to date)", (running, running))] if running else []
        first, last = self.months[0], self.months[-1]
        year = ("year", "12 months", (max(first, last.back(11)), last))
        return [year, ("month", month_name(last), (last, last)), ("all", "All time", (first, last))]

    def made_of(self, *months: Month) -> list[Any]:
        """What the lists of months depend on: the months' cells, which are others when a month is counted anew."""
        rules = [__version__, self.min_users]
        return rules + [
            [self.grids.running_until]
            if month == self.grids.running_month
            else [str(month), *(self.grids.value(key, month, 1) for key in FIGURES)]
            for month in months
        ]

    def of(self, span: Span) -> Traffic:
        """The lists of a span. Raises StoreError."""
        return self._running if span[0] == self.grids.running_month else self._counted[span]

    @cached_property
    def _counted(self) -> dict[Span, Traffic]:
        spans = list({(month, month): None for month in self.months} | {span: None for _, _, span in self.spans})
        return dict(
            zip(spans, traffic.read(self.store, self.settings, self.months, spans, self.min_users), strict=True)
        )

    @cached_property
    def _running(self) -> Traffic:
        assert self.grids.running_month
        month = self.grids.running_month
        return traffic.read(self.store, self.settings, [month], [(month, month)], self.min_users)[0]


def navigation(source: Source) -> list[tuple[str, str]]:
    """Name and address of each page of a list."""
    return [(SHORT.get(name, title), f"traffic/{name}.html") for name, (title, _) in PAGES.items() if source.spans]


def write(writer: Writer, source: Source) -> None:
    """Put in the pages of lists and months with their data. Raises OSError, StoreError."""
    if not source.spans:
        return
    running = [source.grids.running_month] if source.grids.running_month else []
    months = [*source.months, *running]
    for name in PAGES:
        _write_list(writer, source, name, months)
    around = [None, *months, None]
    for earlier, month, later in zip(around, months, around[2:], strict=False):
        _write_month(writer, source, month, earlier, later)


def _write_list(writer: Writer, source: Source, name: str, months: Sequence[Month]) -> None:
    title, lists = PAGES[name]
    spans = source.spans
    made_of = [source.made_of(*(source.months or months)), [str(month) for month in months]]
    years: dict[int, list[Month]] = {}
    for month in reversed(months):
        years.setdefault(month.year, []).append(month)

    def values() -> dict[str, Any]:
        sections = [Section(key, heading, _charts(lists, key, source.of(span))) for key, heading, span in spans]
        return {"title": title, "sections": sections, "years": years, "first": lists[0]}

    last = spans[0][2][1]
    until = source.grids.running_until if last == source.grids.running_month else f"the end of {month_name(last)}"
    _put(writer, source, name, made_of, values, until, [span for _, _, span in spans], lists)


def _write_month(writer: Writer, source: Source, month: Month, earlier: Month | None, later: Month | None) -> None:
    lists = (*LISTS, HOURS.key)
    is_running = month == source.grids.running_month
    mark = "provisional: the month is not over" if is_running else source.grids.mark(month)

    def values() -> dict[str, Any]:
        charts = _charts(lists, "", source.of((month, month)))
        return {
            "title": month_name(month), "mark": mark, "sections": [Section("lists", "", charts)],
            "earlier": earlier, "month": None if is_running else month, "later": later,
        }  # fmt: skip

    until = source.grids.running_until if is_running else f"the end of {month_name(month)}"
    made_of = [source.made_of(month), mark, str(earlier), str(later)]
    _put(writer, source, str(month), made_of, values, until, [(month, month)], lists)


def _put(
    writer: Writer,
    source: Source,
    name: str,
    made_of: Any,
    values: Callable[[], dict[str, Any]],
    until: str,
    spans: Sequence[Span],
    lists: Sequence[str],
) -> None:
    """Put in a page and its data."""

    def given() -> dict[str, Any]:
        found = {"mark": "", "years": {}, "earlier": None, "month": None, "later": None, "first": "", **values()}
        return {
            **found,
            "data": name,
            "min_users": source.min_users,
            "visitors": VISITORS,
            "views": VIEWS,
            "weekdays": WEEKDAYS,
        }

    def rows() -> Iterator[tuple[Any, ...]]:
        for span in spans:
            yield from _rows(source.of(span), span, lists)

    writer.page(f"traffic/{name}.html", "traffic.html", made_of, given, until)
    writer.data(
        f"traffic/{name}", lambda: [dict(zip(COLUMNS, row, strict=True)) for row in rows()], COLUMNS, rows, made_of
    )


def _charts(lists: Sequence[str], span: str, found: Traffic) -> list[Chart]:
    hours = [(f"{hour:02d}:00", [day[hour] for day in found.hours]) for hour in range(24)]
    most = max(map(max, found.hours))
    ids = {name: f"{name}-{span}" if span else name for name in lists}
    return [
        Chart(ids[name], HOURS, (), hours, most)
        if name == HOURS.key
        else Chart(ids[name], LISTS[name], found.lists[name], (), 0)
        for name in lists
    ]


def _rows(found: Traffic, span: Span, lists: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The lines of some lists, for other programs."""
    first, last = map(str, span)
    for name in lists:
        if name == HOURS.key:
            for day, views in zip(WEEKDAYS, found.hours, strict=True):
                for hour, count in enumerate(views):
                    yield name, first, last, f"{day} {hour:02d}:00", None, count
        else:
            for part in found.lists[name]:
                yield name, first, last, part.name, part.visitors, part.views
