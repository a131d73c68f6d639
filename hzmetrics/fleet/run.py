"""One run over all hubs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hzmetrics.calendar import Months, some
from hzmetrics.engine.runner import Here, Processes, Runner
from hzmetrics.engine.stages import Failure, together
from hzmetrics.fleet import figures, pages
from hzmetrics.fleet.definition import Fleet
from hzmetrics.fleet.work import Done, HubWork
from hzmetrics.log import log

if TYPE_CHECKING:
    from hzmetrics.config import Settings


@dataclass(frozen=True)
class Report:
    """What a run did."""

    hubs: Mapping[str, Done | Failure]
    """By name of the hub."""
    files: int
    """Files of the pages that are new or have changed."""

    def __str__(self) -> str:
        done = [one for one in self.hubs.values() if isinstance(one, Done)]
        logs, months = sum(one.logs for one in done), sum(one.months for one in done)
        text = (
            f"{len(done):,} of {len(self.hubs):,} hubs are up to date: {logs:,} new logs, {months:,} months computed, "
            f"{self.files:,} files of pages written"
        )
        return f"{text}; not up to date: {some(self.failed)}" if self.failed else text

    @property
    def failed(self) -> list[str]:
        """The hubs that could not be brought up to date."""
        return [name for name, one in self.hubs.items() if isinstance(one, Failure)]


def run(fleet: Fleet, settings: Settings, months: Months, runner: Runner) -> Report:
    """Bring the cells of all hubs up to date, and the pages. A hub that fails does not stop the others.

    Raises HzmetricsError.
    """
    works = {hub.name: HubWork(fleet, hub, months, settings.clock.utc) for hub in fleet.hubs}
    done = together({name: work.work() for name, work in works.items()}, runner)
    for name, outcome in done.items():
        if isinstance(outcome, Failure):
            works[name].fail(outcome.reason)
    local = runner if isinstance(runner, Processes) else Here()  # pages are made here: no other machine needs them
    found = figures.read(fleet, local)
    for one in found.hubs:
        if one.is_damaged:
            log.error("%s: %s", one.hub.name, one.state.failure)
            works[one.hub.name].forget_cells(one.state.failure)
            done[one.hub.name] = Failure(one.state.failure)
    return Report(done, pages.publish(fleet, found, settings, local))
