"""From logs to the requests and logins of a lake, without a database."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from hzmetrics.calendar import some
from hzmetrics.engine.runner import Runner
from hzmetrics.engine.stages import Work, alone
from hzmetrics.errors import HzmetricsError
from hzmetrics.ingest import unread
from hzmetrics.ingest.bots import Bots, Recognized
from hzmetrics.ingest.log_file import day_limits, report_unread
from hzmetrics.ingest.readers import SMALL
from hzmetrics.ingest.sources import Kind
from hzmetrics.lake import dimensions, ledger, manifest, rows, tables
from hzmetrics.lake.export import BUCKETS
from hzmetrics.lake.ledger import IngestedLog, Ledger
from hzmetrics.lake.logins import PlaceLogins, ReadAuthLogs
from hzmetrics.lake.manifest import Manifest
from hzmetrics.lake.place import CELLS, PRIVATE, WORK, Place
from hzmetrics.lake.reading import Found, PlaceRequests, ReadAccessLogs, Reading, ReadLogs
from hzmetrics.lake.storage import Location
from hzmetrics.log import log
from hzmetrics.logs.formats import HUB
from hzmetrics.logs.packing import Limits
from hzmetrics.logs.reader import CHUNK
from hzmetrics.logs.settings import log_settings

if TYPE_CHECKING:
    from hzmetrics.config import Settings

Placing = PlaceRequests | PlaceLogins
"""What puts a log that was read into the lake."""

BATCH = 1024
"""Logs that enter a lake together: after a crash, no more than these are read anew."""

TOGETHER = CHUNK // SMALL
"""Small logs that one task reads: their lines are a chunk at most."""


@dataclass
class Report:
    """What became of the logs."""

    logs: int = 0
    """Logs that are in the lake now and were not before."""
    requests: int = 0
    known: list[Path] = field(default_factory=list)
    """Logs whose text was there already."""
    failed: list[tuple[Path, str]] = field(default_factory=list)
    """Logs that could not be read, and why; nothing of them is in the lake."""


def ingest(
    settings: Settings,
    root: Location,
    paths: Sequence[Path],
    runner: Runner,
    buckets: int | None,
    plain: bool,
    dimensions_from: Location | None = None,
) -> Report:
    """Add what logs hold to a lake, in the order of `paths`: as if each had been imported after the other.

    A log that cannot be read does not stop the others. `buckets`, `plain`: of a new lake. `dimensions_from`: a lake
    exported with private tables. Raises HzmetricsError.
    """
    return alone(ingesting(settings, root, paths, buckets, plain, dimensions_from), runner)


def ingesting(
    settings: Settings,
    root: Location,
    paths: Sequence[Path],
    buckets: int | None,
    plain: bool,
    dimensions_from: Location | None = None,
) -> Work[Report]:
    """The same as a work."""
    place = Place.of_run(root)
    before = manifest.find(root)
    source = dimensions.exported(dimensions_from) if dimensions_from else None
    plan = _plan(settings, before, source, buckets, plain)
    if before and (different := plan.differences(before)):
        raise HzmetricsError(f"{root} was made otherwise: {some(different)} changed; ingest to another directory")
    if plan.has_hub and (auth := [path for path in paths if kind_of(path) == "auth"]):
        raise HzmetricsError(f"{auth[0]} is an auth log: {root} has its logins from the hub")
    place.make_private()
    if before is None or dimensions_from:
        _open(place, plan)
    if dimensions_from:
        dimensions.copy(Place(dimensions_from), place, plan.buckets)
    ingestion = _Ingesting(settings, place, plan)
    with place.cleared(f"{PRIVATE}/{WORK}"):
        for start in range(0, len(paths), BATCH):
            yield from ingestion.add([path.absolute() for path in paths[start : start + BATCH]])
    return ingestion.report


def _plan(
    settings: Settings, before: Manifest | None, source: Manifest | None, buckets: int | None, plain: bool
) -> Manifest:
    """What the lake will be, with the dimensions of `source`. Raises HzmetricsError if they do not fit."""
    kept, latest = before or source, source or before
    plan = Manifest(
        source=manifest.LOGS,
        has_hub=bool(source) or (before is not None and before.has_hub),
        hub=settings.hub.site,
        time_zone=settings.hub.timezone,
        corrections=tuple(sorted(settings.corrections)),
        names="plain" if plain else "pseudonyms",
        key="" if plain else tables.fingerprint(tables.key(settings)),
        buckets=buckets or (kept.buckets if kept else BUCKETS),
        through=latest.through if latest else settings.clock.month.plus(-1),
        months=before.months if before else (),
        missing=before.missing if before else (),
        exported=settings.clock.utc,
        is_complete=False,
    )
    if source:
        comparable = dataclasses.replace(source, source=plan.source, has_hub=True, corrections=plan.corrections)
        if different := plan.differences(comparable):
            raise HzmetricsError(f"the dimensions were exported otherwise: {some(different)} changed")
    return plan


def _open(place: Place, plan: Manifest) -> None:
    """Let a lake say that what it has is not all made into sessions, and take away its cells."""
    plan.write(place.root)
    place.clear(CELLS)


def kind_of(path: Path) -> Kind:
    """Auth logs have a name that begins as the hub begins it (spec 10 §8.1); all others are access logs."""
    return "auth" if path.name.startswith("cmsauth") else "access"


def _is_small(path: Path) -> bool:
    try:
        return path.stat().st_size <= SMALL
    except OSError:
        return False


class _Ingesting:
    """The driver's part of an ingestion: the order of the logs, and what follows from it."""

    def __init__(self, settings: Settings, place: Place, plan: Manifest) -> None:
        self.settings = settings
        self.plan = plan
        self.place = place
        self.reading = Reading(
            Limits.of(settings), dimensions.excludes(place), log_settings(settings), day_limits(settings)
        )
        self.ledger = ledger.read(place.private)
        self.texts = {known.text for known in self.ledger.logs}
        self.bots = Bots.of(self.ledger.bots.union(dimensions.bots(place)), settings.corrections)
        self.recognized = Recognized()
        self.report = Report()

    def add(self, paths: Sequence[Path]) -> Work[None]:
        """Add some logs; they are in the lake when this returns."""
        tasks = list(self._reading(paths))
        read = yield tasks
        found = {
            number: one
            for task, of_task in zip(tasks, read, strict=True)
            for (number, _), one in zip(task.logs, of_task, strict=True)
        }
        accepted = list(self._accepted(paths, [found[number] for number in range(len(paths))]))
        months = yield [task for _, task in accepted]
        new = [dataclasses.replace(one, months=found) for (one, _), found in zip(accepted, months, strict=True)]
        self.place.publish(
            target for (_, task), found in zip(accepted, months, strict=True) for target in task.targets(found)
        )
        if new:
            changed = {month for one in new for month in one.months}
            kept = tuple(month for month in self.plan.months if month not in changed)
            self.plan = dataclasses.replace(self.plan, months=kept)
            _open(self.place, self.plan)
        self.ledger = Ledger((*self.ledger.logs, *new), self.bots.known)
        self.ledger.write(self.place.private)
        self.report.logs += len(new)
        self.report.requests += sum(one.requests for one in new)

    def _reading(self, paths: Sequence[Path]) -> Iterator[ReadLogs]:
        """The tasks that read some logs. Small ones of a kind are read together, if their format is known."""
        for kind, task in (("access", ReadAccessLogs), ("auth", ReadAuthLogs)):
            logs = [(number, path) for number, path in enumerate(paths) if kind_of(path) == kind]
            is_format_known = kind == "auth" or self.reading.logs.format == HUB
            small = [log for log in logs if is_format_known and _is_small(log[1])]
            groups = [small[start : start + TOGETHER] for start in range(0, len(small), TOGETHER)]
            groups += [[log] for log in logs if log not in small]
            yield from (task(self.place, tuple(group), self.reading) for group in groups)

    def _accepted(
        self, paths: Sequence[Path], found: Sequence[Found]
    ) -> Iterator[tuple[IngestedLog, PlaceRequests | PlaceLogins]]:
        """The logs that become part of the lake, in order, and the tasks that place what they hold."""
        number, first = len(self.ledger.logs), self.ledger.next_id
        for read, (path, one) in enumerate(zip(paths, found, strict=True)):
            kind = kind_of(path)
            if reason := one.error or self._refusal(one, kind):
                log.error("%s: %s", path, reason)
                self.report.failed.append((path, reason))
                continue
            assert one.text is not None
            if one.text in self.texts:
                log.info("%s is in the lake already", path)
                self.report.known.append(path)
                continue
            self.texts.add(one.text)
            dropped, requests = self._judge(read) if kind == "access" else ((), 0)
            lines, unrecognized = one.account.lines, one.account.unread
            log.info("%s: %d lines, %d unrecognized; %d requests", path, lines, unrecognized, requests)
            report_unread(one.account)
            self.bots = dataclasses.replace(self.bots, flagged=list(one.bots)).next()
            if kind == "access":
                zone = self.reading.logs.zone
                task: Placing = PlaceRequests(self.place, read, number, first, dropped, zone)
            else:
                task = PlaceLogins(self.place, read, number)
            yield IngestedLog(str(path), kind, one.text, first, requests, ()), task
            number, first = number + 1, first + requests

    def _refusal(self, found: Found, kind: Kind) -> str:
        """Why a log that was read does not count: most of its lines are not understood. Empty: it counts."""
        try:
            unread.refuse(found.account, kind, self.settings)
        except unread.UnreadLog as error:
            return str(error)
        return ""

    def _judge(self, read: int) -> tuple[tuple[str, ...], int]:
        """The agents of a log that are known as bots when it begins, and how many requests the others made."""
        found = rows.read(self.place.read_agents(read))
        agents = found["agent"].combine_chunks()
        drops = pa.array(self.bots.drops(agents, self.recognized.of(self.bots, agents)), pa.bool_())
        dropped = found.filter(drops)
        total = sum(found["requests"].to_pylist()) - sum(dropped["requests"].to_pylist())
        return tuple(dropped["agent"].to_pylist()), total
