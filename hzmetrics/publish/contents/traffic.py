"""What visitors asked for, from where, when and with what: a page a list, and a page a month with all lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from hzmetrics import __version__
from hzmetrics.calendar import Month
from hzmetrics.publish.charts import Chart
from hzmetrics.publish.figures import traffic
from hzmetrics.publish.figures.definitions import FIGURES
from hzmetrics.publish.figures.overview import Overview
from hzmetrics.publish.figures.traffic import HOURS, LISTS, VIEWS, VISITORS, Span, Traffic
from hzmetrics.publish.numbers import month_name
from hzmetrics.publish.writer import Writer

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.store import Store

PART = "traffic/"
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
HOURS_OF_DAY = [f"{hour:02d}:00" for hour in range(24)]
FEW = "a few"
"""Instead of the number of fewer visitors than may be told."""
COLUMNS = ("list", "period", "first_month", "last_month", "name", "visitors", "page_views")


class View(NamedTuple):
    """Some months together, as a page shows them."""

    id: str
    title: str
    period: int
    """Its code."""
    span: Span


@dataclass(frozen=True)
class Source:
    """The lists of all months; nothing is read before a list is needed, and then everything at once."""

    store: Store
    settings: Settings
    grids: Overview
    min_users: int

    @property
    def months(self) -> Sequence[Month]:
        """The months that have lists, ascending."""
        running = self.grids.running_month
        return [*self.grids.months, *([running] if running else [])]

    @property
    def views(self) -> Sequence[View]:
        """What the page of a list shows: of the months that are over, twelve, the newest one and all."""
        running = self.grids.running_month
        if not self.grids.months:
            return [View("month", f"{month_name(running)} (to date)", 1, (running, running))] if running else []
        first, last = self.grids.months[0], self.grids.months[-1]
        year = View("year", "12 months", 12, (max(first, last.back(11)), last))
        return [year, View("month", month_name(last), 1, (last, last)), View("all", "All time", 14, (first, last))]

    def made_of(self, first: Month, last: Month) -> list[Any]:
        """What the lists of some months depend on: their cells, which are others when a month has been counted anew."""
        rules = [__version__, self.min_users]
        if first == self.grids.running_month:
            return [*rules, self.grids.running_until]
        return [*rules, *([str(month), *self._cells[month]] for month in first.through(last))]

    @cached_property
    def _cells(self) -> Mapping[Month, list[Any]]:
        return {month: [self.grids.value(key, month, 1) for key in FIGURES] for month in self.grids.months}

    def of(self, span: Span) -> Traffic:
        """The lists of a span. Raises StoreError."""
        return self._running if span[0] == self.grids.running_month else self._counted[span]

    @cached_property
    def _counted(self) -> dict[Span, Traffic]:
        months = self.grids.months
        spans = list(dict.fromkeys([*((month, month) for month in months), *(view.span for view in self.views)]))
        return dict(zip(spans, traffic.read(self.store, self.settings, months, spans, self.min_users), strict=True))

    @cached_property
    def _running(self) -> Traffic:
        month = self.months[-1]
        return traffic.read(self.store, self.settings, [month], [(month, month)], self.min_users)[0]


def navigation(source: Source) -> list[tuple[str, str]]:
    """Name and address of each page of a list."""
    return [(SHORT.get(name, title), f"{PART}{name}.html") for name, (title, _) in PAGES.items() if source.months]


def write(writer: Writer, source: Source) -> None:
    """Put in the pages of lists and months with their data. Raises OSError, StoreError."""
    if not source.months:
        return
    years: dict[int, list[Month]] = {}
    for month in reversed(source.months):
        years.setdefault(month.year, []).append(month)
    for name, (title, lists) in PAGES.items():
        _put(writer, source, name, source.views, lists, {"title": title, "years": years, "first": lists[0]})
    around = [None, *source.months, None]
    for earlier, month, later in zip(around, source.months, around[2:], strict=False):
        is_running = month == source.grids.running_month
        values = {
            "title": month_name(month),
            "mark": "provisional: the month is not over" if is_running else source.grids.mark(month),
            "earlier": earlier,
            "month": None if is_running else month,
            "later": later,
        }
        _put(writer, source, str(month), [View("", "", 1, (month, month))], (*LISTS, HOURS.key), values)


def _put(
    writer: Writer,
    source: Source,
    name: str,
    views: Sequence[View],
    lists: Sequence[str],
    values: Mapping[str, Any],
) -> None:
    """Put in a page and its data; kept as they are if the months were not counted anew."""
    around = {key: str(value) for key, value in values.items()}
    first, last = min(view.span[0] for view in views), max(view.span[1] for view in views)
    if writer.keep(f"{PART}{name}.", [source.made_of(first, last), around]):
        return
    sections = [(view, _charts(lists, view.id, source.of(view.span))) for view in views]
    address = f"{PART}{name}.html"
    given = {
        "mark": "", "years": {}, "earlier": None, "month": None, "later": None, "first": "", **values,
        "sections": sections, "figures": {**LISTS, HOURS.key: HOURS}, "data": name, "embed": f"{PART}{name}",
        "min_users": source.min_users, "visitors": VISITORS, "views": VIEWS,
    }  # fmt: skip
    rows = [row for view in views for row in _rows(source.of(view.span), view, lists)]
    writer.page(address, "traffic.html", [rows, around, source.min_users], lambda: given, writer.until(last))
    charts = [(chart, view.title or values["title"]) for view, found in sections for chart in found]
    writer.charts(f"{PART}{name}", address, charts)
    writer.records(f"{PART}{name}", COLUMNS, rows)


def _charts(lists: Sequence[str], view: str, found: Traffic) -> list[Chart]:
    """Some lists as charts; their ids begin with the name of the list."""
    ids = {name: f"{name}-{view}" if view else name for name in lists}
    charts = [
        Chart(
            ids[name], "bars", LISTS[name].title, "count", [VISITORS.title, VIEWS.title],
            [part.name for part in parts],
            [[FEW if part.visitors is None else part.visitors for part in parts], [part.views for part in parts]],
        )
        for name, parts in found.lists.items()
        if name in lists
    ]  # fmt: skip
    if HOURS.key in lists:
        charts.append(Chart(ids[HOURS.key], "hours", HOURS.title, "count", WEEKDAYS, HOURS_OF_DAY, found.hours))
    return charts


def _rows(found: Traffic, view: View, lists: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The lines of some lists, for other programs."""
    period, (first, last) = view.period, map(str, view.span)
    for name in lists:
        if name == HOURS.key:
            for day, views in zip(WEEKDAYS, found.hours, strict=True):
                for hour, count in zip(HOURS_OF_DAY, views, strict=True):
                    yield name, period, first, last, f"{day} {hour}", None, count
        else:
            for part in found.lists[name]:
                yield name, period, first, last, part.name, part.visitors, part.views
