"""What a run does for one hub: new logs, sessions, cells. The works of all hubs are done together."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hzmetrics import lock
from hzmetrics.calendar import Month, Months
from hzmetrics.engine.stages import Work
from hzmetrics.errors import HzmetricsError
from hzmetrics.fleet import changes, logs, state
from hzmetrics.fleet.definition import LAKE, Fleet, Hub
from hzmetrics.fleet.settings import of_hub
from hzmetrics.fleet.state import State
from hzmetrics.lake import dimensions, ledger, manifest
from hzmetrics.lake.ingest import ingesting
from hzmetrics.lake.place import CELLS, Place
from hzmetrics.lake.sessions import is_waiting, making_sessions
from hzmetrics.lake.summarize import summarizing

if TYPE_CHECKING:
    from hzmetrics.config import Settings


BUCKETS = 1
"""Of a lake that a run begins: hubs and months are enough pieces of work, and small ones have a price each."""


@dataclass(frozen=True)
class Done:
    """What was done for a hub."""

    logs: int = 0
    """Logs that are in its lake now and were not before."""
    months: int = 0
    """Months whose cells were computed."""


class HubWork:
    """One hub in a run."""

    def __init__(self, fleet: Fleet, hub: Hub, months: Months, now: str) -> None:
        self.hub = hub
        self.months = months
        self.root = fleet.lake(hub)
        self.directory = fleet.results(hub)
        self.results = Place(self.directory)
        self.fleet = fleet
        self.now = now
        self.known = State(tried=now)

    def work(self) -> Work[Done]:
        """Bring the cells of the hub up to date. Raises HzmetricsError: those of the last success stay."""
        self.known = state.read(self.directory)
        self._remember(tried=self.now, failure="this run was cut short, or is at work")
        number = 0
        with lock.hold_lake(self.directory / LAKE) if self.hub.logs else nullcontext():
            if self.hub.logs:
                settings = of_hub(self.fleet, self.hub)
                number = yield from self._take_in(settings)
                if is_waiting(settings, self.root):
                    self._remember(lake="")  # it may be made within the second in which the last one was
                    yield from making_sessions(settings, self.root, None)
            computed = yield from self._compute()
        self._remember(succeeded=self.now, failure="")
        return Done(number, computed)

    def fail(self, reason: str) -> None:
        """Remember why the hub is not up to date."""
        with suppress(HzmetricsError):  # the reason may be that nothing can be written
            self._remember(failure=reason)

    def forget_cells(self, reason: str) -> None:
        """Let the next run compute all cells again. Raises HzmetricsError."""
        self.results.clear(CELLS)
        self._remember(lake="", months={}, failure=reason)

    def _remember(self, **values: object) -> None:
        self.known = replace(self.known, **values)  # type: ignore[arg-type]
        self.known.write(self.directory)

    def _take_in(self, settings: Settings) -> Work[int]:
        """Add the logs to the lake that are not in it; returns their number."""
        stamps = logs.found(self.hub.logs)
        begun = manifest.find(self.root)
        if begun and (set(begun.corrections) != settings.corrections or begun.time_zone != settings.hub.timezone):
            raise HzmetricsError(
                "the corrections or the time zone have changed since its logs were read; to have them read again, "
                f"remove {self.directory}"
            )
        known = self.known.logs if begun else {}
        new = [path for path, stamp in stamps.items() if known.get(path) != stamp]
        source = dimensions.exported(self.hub.dimensions) if self.hub.dimensions else None
        is_newer = source is not None and source.exported != self.known.dimensions
        if not new and not is_newer:
            return 0
        logs.refuse_grown(map(Path, new), ledger.read(Place(self.root).private))
        plain = source is not None and source.names == "plain"
        buckets = self.hub.buckets or (None if source or begun else BUCKETS)
        report = yield from ingesting(settings, self.root, list(map(Path, new)), buckets, plain, self.hub.dimensions)
        failed = {str(path) for path, _ in report.failed}
        kept = {path: stamp for path, stamp in stamps.items() if path not in failed}
        self._remember(logs=kept, dimensions=source.exported if source else "")
        if report.failed:
            path, reason = report.failed[0]
            raise HzmetricsError(f"{len(failed):,} of {len(new):,} new logs could not be read; {path}: {reason}")
        return report.logs

    def _compute(self) -> Work[int]:
        """Compute the cells of the months that have changed; returns their number."""
        found = manifest.read(self.root)
        lake = changes.digest(found, self.months)
        there = set(self.results.computed())
        if lake == self.known.lake and {*map(str, there)}.issuperset(self.known.months):
            return 0
        sums = yield changes.tasks(found, Place(self.root.absolute()))
        now = changes.digests(found, sums)
        before = {month: self.known.months.get(str(month)) for month in there}
        asked = [month for month in found.months if month in self.months and found.periods(month)]
        changed = [month for month in asked if before.get(month) != now[month]]
        if manifest.read(self.root) != found:
            raise HzmetricsError(f"{self.root} was changed while it was read; the next run reads it again")
        if changed:
            self._remember(lake="")  # until they are there, the cells are not those of this lake
            yield from summarizing(self.root, changed, self.results.root)
        gone = [month for month in map(Month.parse, self.known.months) if month not in now]
        self.results.clear(*(f"{CELLS}/month={month}" for month in gone))
        found.write(self.results.root)
        kept = {str(month): text for month, text in now.items() if month in changed or before.get(month) == text}
        self._remember(lake=lake, months=kept)
        return len(changed)
