"""Pages and their data, put into a generation of the site."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hzmetrics.calendar import Month
from hzmetrics.output.document import document
from hzmetrics.publish import documents, numbers, pages
from hzmetrics.publish.charts import Chart
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


@dataclass(frozen=True)
class Writer:
    """Writes the pages of one generation."""

    generation: Generation
    frame: Frame
    last: Month | None
    """The last month that is shown."""
    newest: str
    """Time of the newest request."""
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
        key = f"{self._release}{document([template, address, given['until'], made_of])}"
        self.generation.put(address, key, lambda: pages.render(template, {**given, **values()}))

    @cached_property
    def _release(self) -> str:
        """What all pages depend on."""
        return document([pages.release(), vars(self.frame)])

    def keep(self, part: str, made_of: Any) -> bool:
        """Keep the files whose addresses begin with `part` as they are; False if they must be put in anew."""
        return self.generation.keep(part, self._release + document([self.until(self.last), made_of]))

    def script(self, name: str, value: Any) -> None:
        """Put in a script that hands a value to a page. Raises OSError."""
        self.generation.put(f"{name}.js", document(value), lambda: documents.as_script(name, value))

    def charts(self, name: str, address: str, subject: str, charts: Iterable[Chart]) -> None:
        """Put in what the page that may be framed shows of the charts of a page about something. Raises OSError."""
        self.script(name, {"charts": {chart.id: chart.framed(address, subject) for chart in charts}})

    def data(
        self,
        name: str,
        made_of: str,
        value: Callable[[], Any],
        columns: Sequence[str],
        rows: Callable[[], Iterable[Iterable[Any]]],
    ) -> None:
        """Put in what a page shows for other programs: a value as JSON, and a table of it as CSV. Raises OSError.

        Both functions are called only if what they are made of changes.
        """
        self.generation.put(f"{name}.json", made_of, lambda: documents.as_json(value()))
        self.generation.put(f"{name}.csv", f"{columns}{made_of}", lambda: documents.as_csv(columns, rows()))
