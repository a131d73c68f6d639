"""Pages and their data, put into a generation of the site."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hzmetrics.calendar import Month
from hzmetrics.output.document import document
from hzmetrics.publish import documents, numbers, pages
from hzmetrics.publish.charts import Chart, Curve
from hzmetrics.publish.figures.definitions import PERIODS
from hzmetrics.publish.site import Generation


@dataclass(frozen=True)
class Frame:
    """What all pages show around their content."""

    title: str
    """Name of the site."""
    is_site: bool
    """Whether there is no hub."""
    navigation: Sequence[tuple[str, str]]
    """Name and address of each page of the first level."""
    note: str = ""
    """What is to be said on every page."""


@dataclass(frozen=True)
class Writer:
    """Writes the pages of one generation."""

    generation: Generation
    frame: Frame
    last: Month | None
    """The last month that is shown."""
    newest: str
    """Time of the newest request; empty: there is none."""
    computed: str
    """When that is written, in words."""

    def assets(self) -> None:
        """Put in the style sheet, the scripts and the libraries. Raises OSError."""
        for name, content in pages.assets():
            self.generation.put(f"assets/{name}", content, lambda content=content: content)  # type: ignore[misc]

    def until(self, month: Month | str | None) -> str:
        """What the numbers of a month reach to, in words: logs may end before it does."""
        if month is None or self.newest.startswith(str(month)):
            return self.newest
        return f"the end of {numbers.month_name(month)}"

    def page(
        self, address: str, template: str, made_of: Any, values: Callable[[], Mapping[str, Any]], until: str = ""
    ) -> None:
        """Put in a page; `until`: what its data reach to, if not as far as all data. Raises OSError.

        It is made again, and `values` are called for, only if what it is `made_of` changes, or the release: so it says
        when its numbers last changed.
        """
        given = {
            "site": self.frame,
            "root": "../" * address.count("/"),
            "here": address,
            "until": until or self.until(self.last),
            "periods": PERIODS,
            "computed": self.computed,
        }
        data = made_of if isinstance(made_of, str) else document(made_of)
        key = f"{self._release}{document([template, address, given['until']])}{data}"
        self.generation.put(address, key, lambda: pages.render(template, {**given, **values()}))

    @cached_property
    def _release(self) -> str:
        """What all pages depend on."""
        return document([pages.release(), vars(self.frame)])

    def keep(self, part: str, made_of: Any) -> bool:
        """Keep the files whose addresses begin with `part` as they are; False if they must be put in anew."""
        return self.generation.keep(part, self._release + document([self.until(self.last), made_of]))

    def script(self, name: str, text: str) -> None:
        """Put in a script that hands a value, which is JSON already, to a page. Raises OSError."""
        self.generation.put(f"{name}.js", text, lambda: documents.as_script(name, text))

    def charts(self, name: str, address: str, charts: Iterable[tuple[Chart | Curve, str]]) -> None:
        """Put in what the page that may be framed shows of charts, each with what it is about. Raises OSError."""
        framed = {chart.id: chart.framed(address, subject) for chart, subject in charts}
        self.script(name, documents.members({"charts": documents.members(framed)}))

    def data(self, name: str, text: str, columns: Sequence[str], rows: Callable[[], Iterable[Iterable[Any]]]) -> None:
        """Put in what a page shows for other programs: a value, which is JSON already, and a table of it as CSV.

        `rows` is called only if the value changes. Raises OSError.
        """
        self.generation.put(f"{name}.json", text, lambda: documents.as_json(text))
        self.generation.put(f"{name}.csv", f"{columns}{text}", lambda: documents.as_csv(columns, rows()))

    def records(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """The same for a table that is a list of records as JSON. Raises OSError."""
        self.data(name, document([dict(zip(columns, row, strict=True)) for row in rows]), columns, lambda: rows)
