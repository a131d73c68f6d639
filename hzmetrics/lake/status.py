"""What a lake holds, and what is to be done next."""

from __future__ import annotations

from dataclasses import dataclass

from hzmetrics.calendar import Month
from hzmetrics.errors import HzmetricsError
from hzmetrics.lake import ledger, manifest
from hzmetrics.lake.manifest import LOGS, Manifest
from hzmetrics.lake.place import Place
from hzmetrics.lake.storage import Location


@dataclass(frozen=True)
class Status:
    """A lake, as its files say."""

    manifest: Manifest
    logs: int
    """The logs that were ingested."""
    requests: int
    """The numbers that their requests have taken."""
    computed: list[Month]
    """The months whose cells are there."""

    @property
    def lacking(self) -> list[Month]:
        """The months with sessions whose cells can be computed and are not there."""
        found = self.manifest
        return [month for month in found.months if found.periods(month) and month not in self.computed]

    @property
    def next(self) -> str:
        """The command of `lake` that is to be run next; empty: none."""
        if not self.manifest.is_complete:
            return "sessions" if self.manifest.source == LOGS else "export"
        return "summarize" if self.lacking else ""


def status(root: Location) -> Status:
    """What a lake holds. Raises HzmetricsError if there is none, or it cannot be read."""
    found = manifest.find(root)
    if found is None:
        raise HzmetricsError(f"{root} is no lake: there is no {manifest.NAME}")
    place = Place(root)
    logs = ledger.read(place.private)
    return Status(found, len(logs.logs), logs.next_id - 1, place.computed())
