"""The figures of all hubs, and what can be added up over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hzmetrics.calendar import Month, some
from hzmetrics.engine.runner import Runner
from hzmetrics.fleet.definition import Fleet
from hzmetrics.fleet.hub import HubFigures, ReadHub
from hzmetrics.fleet.ways import Way
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
from hzmetrics.publish.figures.overview import Overview
from hzmetrics.publish.figures.values import Number

EVENTS = (VISITS, SESSIONS, SESSION_TIME, HITS, *SIMULATION[1:5])
"""What happens at one hub: the sum is the number at all of them."""

PEOPLE = (
    *USERS, *(group.figure(column) for group in GROUPS for column in (2, *RESIDENCE, 7, *ORGANIZATION)),
    SIMULATION[0], SIMULATION[5], SIMULATION[8], SIMULATION[9], VISITORS, ACCOUNTS,
)  # fmt: skip
"""Who comes to two hubs is counted at each of them. Quotients, means and distinct domains have no sum."""

ADDED = {figure.key: figure for figure in (*EVENTS, *PEOPLE)}

MOST_NAMED = 4
"""Of a list of months."""

COLUMNS = (USERS[0], VISITORS, VISITS, USERS[3], HITS, SIMULATION[1])
"""The figures by which hubs stand beside each other."""

NOTE = (
    "Visits, requests and runs are added. People are counted at each hub: who comes to two hubs counts twice. "
    "Sums of different months can be over different hubs."
)


@dataclass(frozen=True)
class Sums(Overview):
    """The sums over hubs, of each figure that has one; None where no hub has the figure."""

    hubs: Sequence[HubFigures] = ()

    def is_comparable(self, figure: Figure, month: Month, step: int, period: Period) -> bool:
        """Whether an earlier sum is over the same hubs, and over the whole period of each."""
        then = month.back(step)
        hubs, before = (self.summands(figure, end, period.code) for end in (month, then))
        names, names_before = ([one.hub.name for one in found] for found in (hubs, before))
        return names == names_before and all(one.overview.covers(then, period) for one in hubs)

    def summands(self, figure: Figure, month: Month, period: int) -> list[HubFigures]:
        """The hubs that a sum is over."""
        return [one for one in self.hubs if one.value(figure, month, period) is not None]

    def mark(self, month: Month) -> str:
        """Of how many hubs a month has figures, if not of all."""
        number = sum(one.counts(month, 1) for one in self.hubs)
        return f"{number:,} of {len(self.hubs):,} hubs" if number < len(self.hubs) else ""

    def remarks(self, period: Period) -> dict[str, Any]:
        """The marks of months; and by figure, for each month, whether earlier sums can be compared."""
        of_hubs: dict[tuple[str, ...], dict[str, list[bool]]] = {}
        comparable = {}
        for key in (key for key, code in self.series if code == period.code):
            hubs = tuple(one.hub.name for one in self.hubs if (key, period.code) in one.overview.series)
            if hubs not in of_hubs:
                of_hubs[hubs] = {
                    kind: [self.is_comparable(ADDED[key], month, step, period) for month in self.months]
                    for kind, step in (("before", period.step), ("year", 12))
                }
            comparable[key] = of_hubs[hubs]
        marks = {str(month): mark for month in self.months if (mark := self.mark(month))}
        return {"marks": marks, "comparable": comparable}


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
    def usual(self) -> Way:
        """The way in which most hubs are counted, in each respect."""
        return Way.usual([Way.of(one.found) for one in self.counted if one.found])

    def differences(self, one: HubFigures) -> list[str]:
        """In words, what a hub is counted by that most are not."""
        return Way.of(one.found).differences(self.usual) if one.found else []

    def remarks(self, one: HubFigures) -> list[str]:
        """What is to be said of the figures of a hub, in sentences."""
        differences, missing = self.differences(one), one.missing
        found = [
            one.delay,
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
    def sums(self) -> Sums:
        """The sums over the hubs."""
        series: dict[tuple[str, int], Sequence[Number]] = {}
        for key in ADDED:
            for period in PERIODS:
                if (values := self._sum(key, period.code)) is not None:
                    series[key, period.code] = values
        return Sums(self.months, series, hubs=self.counted)

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
        return len(self.sums.summands(figure, month, period))


def read(fleet: Fleet, runner: Runner) -> FleetFigures:
    """The figures of all hubs. Raises HzmetricsError."""
    return FleetFigures(runner.map([ReadHub(fleet, hub) for hub in fleet.hubs]))
