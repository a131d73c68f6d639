"""The figures of all hubs, and what can be added up over them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import duckdb
import numpy as np

from hzmetrics.calendar import Month, some
from hzmetrics.engine import Engine
from hzmetrics.engine.runner import Runner
from hzmetrics.errors import HzmetricsError, in_words
from hzmetrics.fleet import state
from hzmetrics.fleet.definition import Fleet, Hub
from hzmetrics.fleet.state import State
from hzmetrics.lake import manifest
from hzmetrics.lake.manifest import Manifest
from hzmetrics.lake.place import Place
from hzmetrics.lake.rows import rows_of
from hzmetrics.publish.figures import overview
from hzmetrics.publish.figures.definitions import (
    ACCOUNTS,
    GROUPS,
    HITS,
    ORGANIZATION,
    PERIODS,
    RESIDENCE,
    SESSION_TIME,
    SESSIONS,
    SIMULATION,
    USERS,
    VISITORS,
    VISITS,
    Figure,
    Period,
)
from hzmetrics.publish.figures.overview import Compared, Overview
from hzmetrics.publish.figures.values import Number

T = TypeVar("T")

EVENTS = (VISITS, SESSIONS, SESSION_TIME, HITS, *SIMULATION[1:5])
"""What happens at one hub: the sum is the number at all of them."""

PEOPLE = (
    *USERS, *(group.figure(column) for group in GROUPS for column in (2, *RESIDENCE, 7, *ORGANIZATION)),
    SIMULATION[0], SIMULATION[5], SIMULATION[8], SIMULATION[9], VISITORS, ACCOUNTS,
)  # fmt: skip
"""Who comes to two hubs is counted at each of them. Quotients, means and distinct domains have no sum."""

ADDED = {figure.key: figure for figure in (*EVENTS, *PEOPLE)}

COLUMNS = (USERS[0], VISITORS, VISITS, USERS[3], HITS, SIMULATION[1])
"""The figures by which hubs stand beside each other."""

NOTE = (
    "Visits, requests and runs are added. People are counted at each hub: who comes to two hubs counts twice. "
    "Sums of different months can be over different hubs."
)
MOST_NAMED = 4
"""Of a list of corrections."""
UNKNOWN_ZONE = "of its machine"


@dataclass(frozen=True)
class HubFigures:
    """What is known of a hub since the last run that succeeded."""

    hub: Hub
    overview: Overview
    found: Manifest | None
    """How its cells came about; None: it has none."""
    state: State

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


@dataclass(frozen=True)
class Way:
    """By what rules a hub is counted."""

    corrections: frozenset[str]
    time_zone: str

    @classmethod
    def of(cls, found: Manifest) -> Way:
        return cls(frozenset(found.corrections), found.time_zone or UNKNOWN_ZONE)

    def differences(self, usual: Way) -> list[str]:
        """In words, what differs from the usual way."""
        found = []
        if lacking := sorted(usual.corrections - self.corrections):
            found.append(f"without {some(lacking, MOST_NAMED)}")
        if more := sorted(self.corrections - usual.corrections):
            found.append(f"with {some(more, MOST_NAMED)}")
        if self.time_zone != usual.time_zone:
            found.append(f"in the time zone {self.time_zone}")
        return found


@dataclass(frozen=True)
class FleetFigures:
    """The figures of all hubs."""

    hubs: Sequence[HubFigures]
    """As the file lists them."""

    @cached_property
    def counted(self) -> list[HubFigures]:
        """The hubs that have figures."""
        return [one for one in self.hubs if one.overview.months]

    @cached_property
    def months(self) -> list[Month]:
        """From the first of any hub to the last of any, ascending."""
        if not self.counted:
            return []
        return list(min(one.overview.months[0] for one in self.counted).through(self.last))

    @property
    def last(self) -> Month:
        return max(one.overview.months[-1] for one in self.counted)

    @cached_property
    def newest(self) -> Month:
        """The last month of which half of the hubs or more have figures."""
        ends = sorted(one.overview.months[-1] for one in self.counted)
        return ends[len(ends) // 2]

    @cached_property
    def usual(self) -> Way | None:
        """The way in which most hubs are counted, in each respect."""
        ways = [Way.of(one.found) for one in self.counted if one.found]
        if not ways:
            return None
        return Way(_commonest(way.corrections for way in ways), _commonest(way.time_zone for way in ways))

    def differences(self, one: HubFigures) -> list[str]:
        """In words, what a hub is counted by that most are not."""
        return Way.of(one.found).differences(self.usual) if one.found and self.usual else []

    def remarks(self, one: HubFigures) -> list[str]:
        """What is to be said of the figures of a hub, in sentences."""
        differences, missing = self.differences(one), one.missing
        found = [
            state_of(one),
            f"Counted {', '.join(differences)}." if differences else "",
            "Users and tools are not known." if one.found and not one.found.has_hub else "",
            f"No figures of {some(missing, MOST_NAMED)}." if missing else "",
        ]
        return list(filter(None, found))

    def begun(self, month: Month) -> list[HubFigures]:
        """The hubs that have figures of a month or of an earlier one."""
        return [one for one in self.counted if one.overview.months[0] <= month]

    def mark(self, month: Month) -> str:
        """What is to be said beside the sums of a month."""
        begun = self.begun(month)
        number = sum(one.counts(month, 1) for one in begun)
        return f"{number:,} of {len(begun):,} hubs" if number < len(begun) else ""

    @cached_property
    def sums(self) -> Overview:
        """The sums over the hubs, of each figure that has one; None where no hub has the figure."""
        series: dict[tuple[str, int], Sequence[Number]] = {}
        for key in ADDED:
            for period in PERIODS:
                if (values := self._sum(key, period.code)) is not None:
                    series[key, period.code] = values
        return Overview(self.months, series)

    def _sum(self, key: str, period: int) -> list[Number] | None:
        total, number = (np.zeros(len(self.months), np.int64) for _ in range(2))
        for one in self.counted:
            values = one.overview.series.get((key, period))
            visits = one.overview.series.get((VISITS.key, period))
            if values and visits:
                begin = self.months.index(one.overview.months[0])
                part = slice(begin, begin + len(values))
                total[part] += [value if isinstance(value, int) else 0 for value in values]
                number[part] += [visit is not None for visit in visits]
        if not number.any():
            return None
        return [int(value) if hubs else None for value, hubs in zip(total, number, strict=True)]

    def number(self, figure: Figure, month: Month, period: int) -> int:
        """How many hubs a sum is over."""
        return len(self._in_sum(figure, month, period))

    def compared(self, figure: Figure, month: Month, period: Period) -> Compared:
        """A sum beside earlier ones; None where these are over other hubs."""
        found = self.sums.compared(figure, month, period)
        hubs = self._in_sum(figure, month, period.code)
        before, year_ago = (self._in_sum(figure, month.back(step), period.code) for step in (period.step, 12))
        return replace(
            found,
            before=found.before if before == hubs else None,
            year_ago=found.year_ago if year_ago == hubs else None,
        )

    def _in_sum(self, figure: Figure, month: Month, period: int) -> list[str]:
        """The names of the hubs that a sum is over."""
        return [one.hub.name for one in self.counted if one.value(figure, month, period) is not None]


def state_of(one: HubFigures) -> str:
    """What is to be said of figures that are not of the last run. Reasons are for operators, not for these pages."""
    if not one.state.failure:
        return ""
    since = f"{one.state.succeeded[:16].replace('T', ' ')} UTC" if one.state.succeeded else ""
    return f"The last run did not succeed: these figures are of {since}." if since else "No run has succeeded yet."


def _commonest(values: Iterable[T]) -> T:
    return Counter(values).most_common(1)[0][0]


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
            return HubFigures(self.hub, _overview(place) if found else nothing, found, known)
        except duckdb.Error as error:
            reason = f"cannot read the cells in {directory}: {in_words(error)}; without them, they are computed again"
            return HubFigures(self.hub, nothing, found, replace(known, failure=reason))


def _overview(place: Place) -> Overview:
    months = place.computed()
    if not months:
        return Overview([], {})
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


def read(fleet: Fleet, runner: Runner) -> FleetFigures:
    """The figures of all hubs. Raises HzmetricsError."""
    return FleetFigures(runner.map([ReadHub(fleet, hub) for hub in fleet.hubs]))
