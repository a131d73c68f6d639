"""The figures of one hub, from its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb

from hzmetrics.calendar import Month
from hzmetrics.engine import Engine
from hzmetrics.errors import HzmetricsError, in_words
from hzmetrics.fleet import state
from hzmetrics.fleet.definition import Fleet, Hub
from hzmetrics.fleet.state import State
from hzmetrics.lake import manifest
from hzmetrics.lake.manifest import Manifest
from hzmetrics.lake.place import Place
from hzmetrics.lake.rows import rows_of
from hzmetrics.publish.figures import overview
from hzmetrics.publish.figures.definitions import VISITS, Figure
from hzmetrics.publish.figures.overview import Overview
from hzmetrics.publish.figures.values import Number


@dataclass(frozen=True)
class HubFigures:
    """What is known of a hub since the last run that succeeded."""

    hub: Hub
    overview: Overview
    found: Manifest | None
    """How its cells came about; None: it has none."""
    state: State
    is_damaged: bool = False
    """Whether its cells cannot be read."""

    @property
    def first(self) -> Month | None:
        return self.overview.months[0] if self.overview.months else None

    @property
    def last(self) -> Month | None:
        return self.overview.months[-1] if self.overview.months else None

    @property
    def missing(self) -> list[Month]:
        """The months between the first and the last of which there are no figures."""
        return [month for month in self.overview.months if not self.counts(month, 1)]

    def counts(self, month: Month, period: int) -> bool:
        """Whether a period was computed: the number of visits is in every one."""
        return self.overview.value(VISITS.key, month, period) is not None

    def value(self, figure: Figure, month: Month, period: int) -> Number:
        """A figure; the sum of nothing is 0. None: it is not counted here."""
        value = self.overview.value(figure.key, month, period)
        is_nothing = value is None and self.counts(month, period) and (figure.key, period) in self.overview.series
        return 0 if is_nothing and figure.unit != "text" else value

    @property
    def delay(self) -> str:
        """What is to be said of figures that are not of the last run. Reasons are for operators, not for pages."""
        if not self.state.failure:
            return ""
        since = f"{self.state.succeeded[:16].replace('T', ' ')} UTC" if self.state.succeeded else ""
        return f"The last run did not succeed: these figures are of {since}." if since else "No run has succeeded yet."


@dataclass(frozen=True)
class ReadHub:
    """A task: what is known of a hub. Cells that cannot be read are a failure of the hub."""

    fleet: Fleet
    hub: Hub

    def __call__(self) -> HubFigures:
        directory = self.fleet.results(self.hub)
        nothing = Overview([], {})
        try:
            known, found, place = state.read(directory), manifest.find(directory), Place(directory)
        except HzmetricsError as error:
            return HubFigures(self.hub, nothing, None, State(failure=str(error)))
        try:
            months = [month for month in place.computed() if month in self.fleet.months]
            return HubFigures(self.hub, _overview(place, months) if found and months else nothing, found, known)
        except duckdb.Error as error:
            reason = f"cannot read the cells in {directory}: {in_words(error)}; the next run computes them again"
            return HubFigures(self.hub, nothing, found, replace(known, failure=reason), is_damaged=True)


def _overview(place: Place, months: Sequence[Month]) -> Overview:
    with Engine() as engine:
        cells = engine.query(
            f"""
            SELECT
                grid, "rowid"::BIGINT AS rowid, colid::BIGINT AS colid, period::BIGINT AS period,
                split_part(filename, '/month=', -1)[:7] AS month, value
            FROM {rows_of(engine, [place.cells(month) for month in months], ", filename = true")}
            """
        )
    return overview.of_cells(cells)
