"""The grids of a lake, computed from its files: cell by cell the numbers of the database."""

from __future__ import annotations

from collections.abc import Collection

from hzmetrics.calendar import ALL_MONTHS, PERIODS, Month, Months, some
from hzmetrics.engine.runner import Runner
from hzmetrics.engine.stages import Work, alone
from hzmetrics.errors import HzmetricsError
from hzmetrics.grids.sources import widest
from hzmetrics.lake import manifest, storage
from hzmetrics.lake.manifest import Manifest
from hzmetrics.lake.place import WORK, Place
from hzmetrics.lake.storage import Location
from hzmetrics.lake.tasks import CountVisitors, FillCells, GroupSessions, Lake
from hzmetrics.log import log


def summarize(root: Location, months: Months, runner: Runner) -> dict[Month, int]:
    """Write the cells of some months of a lake into it; returns their numbers by month.

    Raises HzmetricsError.
    """
    return alone(summarizing(root, months), runner)


def summarizing(
    root: Location, months: Months | Collection[Month], to: Location | None = None
) -> Work[dict[Month, int]]:
    """The same as a work of three stages. The cells are written to another directory, if one is given.

    Raises HzmetricsError also if the lake is changed meanwhile; no cells are written then.
    """
    found = manifest.read(root)
    anchors = {month: periods for month in _asked(found, months) if (periods := found.periods(month))}
    for month, periods in anchors.items():
        if left_out := [code for code in PERIODS if code not in periods]:
            log.warning("%s: some months of periods %s were not exported: left out", month, some(left_out))
    if not anchors:
        raise HzmetricsError(f"{root} has none of these months")
    if not found.has_hub:
        log.warning("%s has no tables of a hub: cells of users and tools are left out", root)
    place = Place.of_run(root)
    if storage.exists(more := place.part("userlogin_lite", found.buckets)):
        raise HzmetricsError(f"{more} is there, and {root / manifest.NAME} says that there are {found.buckets} buckets")
    results = Place(to.absolute(), place.work) if to else place
    lake = Lake(place, results, found.buckets, frozenset(found.corrections), found.has_hub)
    buckets = range(found.buckets)
    read = {month: _months_of(found, month, periods) for month, periods in anchors.items()}
    with results.cleared(WORK):
        needed = sorted({month for months in read.values() for month in months})
        log.info("lake: sessions of %d months in %d buckets", len(needed), found.buckets)
        yield [GroupSessions(lake, month, bucket) for month in needed for bucket in buckets]
        log.info("lake: visitors of %d months", len(anchors))
        yield [
            CountVisitors(lake, month, periods, read[month], bucket)
            for month, periods in anchors.items()
            for bucket in buckets
        ]
        cells = yield [FillCells(lake, month, periods) for month, periods in anchors.items()]
        if manifest.find(root) != found:
            raise HzmetricsError(f"{root} was changed while its cells were computed")
        results.publish(map(results.cells, anchors))
    return dict(zip(anchors, cells, strict=True))


def _asked(found: Manifest, months: Months | Collection[Month]) -> list[Month]:
    """The months whose cells are asked for: those with sessions, or where both ends are given all from A to B."""
    if isinstance(months, Months) and ALL_MONTHS.first < months.first and months.last < ALL_MONTHS.last:
        return list(months.first.through(min(months.last, found.through)))
    return [month for month in found.months if month in months]


def _months_of(found: Manifest, month: Month, periods: tuple[int, ...]) -> tuple[Month, ...]:
    """The months with sessions in the windows of some periods that end with a month."""
    window = widest(month, periods)
    return tuple(other for other in found.months if str(window.start) <= other.start < str(window.stop))
