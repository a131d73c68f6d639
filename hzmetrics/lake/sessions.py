"""From the requests of a lake to its sessions, and to all other tables that the grids read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from hzmetrics.calendar import Month, Months, some
from hzmetrics.engine import Engine
from hzmetrics.engine.runner import Runner
from hzmetrics.engine.stages import Work, alone
from hzmetrics.errors import HzmetricsError
from hzmetrics.lake import ledger, manifest, storage, tables
from hzmetrics.lake.cutting import KEEP_LAST, CutSessions, NumberSessions, Piece, Requests, Survey, SurveyMonth
from hzmetrics.lake.dimensions import COPIED
from hzmetrics.lake.logins import write_logins
from hzmetrics.lake.manifest import Manifest
from hzmetrics.lake.place import CELLS, WORK, Place
from hzmetrics.lake.rows import read, rows_of, write
from hzmetrics.lake.storage import Location
from hzmetrics.log import log
from hzmetrics.sessions.build import session_windows
from hzmetrics.store import seeds
from hzmetrics.store.tables.metrics import country_continent

if TYPE_CHECKING:
    from hzmetrics.config import Settings

LEAST = 50_000
"""Requests that are worth a task of their own."""


def make_sessions(settings: Settings, root: Location, months: Months | None, runner: Runner) -> dict[Month, int]:
    """Make the sessions of some months anew, out of their requests; returns their numbers by month (spec 30).

    None: of those that have none, or have got requests since. Months that are not over are left out. Raises
    HzmetricsError: the lake then says that it is incomplete.
    """
    return alone(making_sessions(settings, root, months), runner)


def making_sessions(settings: Settings, root: Location, months: Months | None) -> Work[dict[Month, int]]:
    """The same as a work."""
    found = manifest.find(root)
    if found is None or found.source != manifest.LOGS:
        raise HzmetricsError(f"{root} has no requests; `hzmetrics lake ingest` takes them from logs")
    key = tables.key(settings) if found.names == "pseudonyms" else b""
    if different := found.differences(_made_now(found, settings, key)):
        raise HzmetricsError(f"{root} was made otherwise: {some(different)} changed")
    return (yield from _Making(settings, found, Place.of_run(root), key).run(months))


def is_waiting(settings: Settings, root: Location) -> bool:
    """Whether a lake of logs has requests of months that are over without their sessions. Raises HzmetricsError."""
    found = manifest.find(root)
    if found is None or not found.is_complete:
        return found is not None
    requests = ledger.read(Place(root).private).months
    return any(found.through < month <= _through(settings, found) for month in requests)


def _through(settings: Settings, found: Manifest) -> Month:
    """The last month whose sessions can be made: it is over, and the tables of the hub reach to its end."""
    over = settings.clock.month.plus(-1)
    return min(over, found.through) if found.has_hub else over


def _made_now(found: Manifest, settings: Settings, key: bytes) -> Manifest:
    """What the lake would be if its logs were ingested with these settings."""
    return dataclasses.replace(
        found,
        hub=settings.hub.site,
        time_zone=settings.hub.timezone,
        corrections=tuple(sorted(settings.corrections)),
        key=tables.fingerprint(key) if key else "",
    )


class _Making:
    """The driver's part."""

    def __init__(self, settings: Settings, found: Manifest, place: Place, key: bytes) -> None:
        self.settings = settings
        self.found = found
        self.place = place
        self.key = key
        self.ledger = ledger.read(place.private)
        self.through = _through(settings, found)

    def run(self, months: Months | None) -> Work[dict[Month, int]]:
        over = [month for month in self.ledger.months if month <= self.through]
        chosen = [month for month in over if (month in months if months else month not in self.found.months)]
        if months and not chosen:
            raise HzmetricsError(f"{self.place.root} has no requests of these months")
        kept = [month for month in self.found.months if month not in chosen]
        plan = dataclasses.replace(self.found, through=self.through, months=tuple(kept), is_complete=False)
        plan.write(self.place.root)
        self.place.clear(CELLS, *(f"{table}/month={month}" for table in tables.BY_MONTH for month in chosen))
        with self.place.cleared(WORK):
            counts = yield from self._sessions(chosen, self._last_id(kept))
        there = sorted({*kept, *(month for month, number in counts.items() if number)})
        missing = [month for month in over if month not in there and month not in chosen]
        dataclasses.replace(
            plan, months=tuple(there), missing=tuple(missing), exported=self.settings.clock.utc, is_complete=True
        ).write(self.place.root)
        return counts

    def _requests(self, month: Month) -> Requests:
        logs = tuple(self.ledger.logs_of(month))
        return Requests(self.place, month, logs, session_windows(month, self.settings), self.settings.corrections)

    def _sessions(self, months: Sequence[Month], last_id: int) -> Work[dict[Month, int]]:
        """The sessions of some months, numbered after `last_id`, and how many there are."""
        requests = {month: self._requests(month) for month in months}
        log.info("lake: requests of %d months", len(months))
        surveys = yield [SurveyMonth(requests[month], self.found.buckets, LEAST) for month in months]
        surveyed = dict(zip(months, surveys, strict=True))
        cuts = {month: list(self._cuts(requests[month], survey)) for month, survey in surveyed.items()}
        numbers = iter((yield [cut for month in months for cut in cuts[month]]))
        tasks: list[NumberSessions] = []
        for month in months:
            pieces = []
            before = last_id
            for cut in cuts[month]:
                pieces.append(Piece(cut, last_id))
                last_id += next(numbers)
            left_out = None
            if KEEP_LAST not in self.settings.corrections and last_id > before:
                left_out, last_id = last_id, last_id - 1
            buckets = range(self.found.buckets if pieces else 0)
            tasks += [NumberSessions(self.place, month, bucket, tuple(pieces), left_out) for bucket in buckets]
        counts = dict.fromkeys(months, 0)
        for task, number in zip(tasks, (yield tasks), strict=True):
            counts[task.month] += number
        self.place.publish(task.path(table) for task in tasks for table in tables.BY_MONTH)
        self._others({month: survey.hits for month, survey in surveyed.items()})
        return counts

    def _cuts(self, requests: Requests, survey: Survey) -> Iterator[CutSessions]:
        """The pieces of a month, in the order in which its sessions are numbered."""
        for window, divisions in sorted(survey.divisions.items()):
            for number, (begin, end) in enumerate(zip(("", *divisions), (*divisions, None), strict=True)):
                yield CutSessions(
                    requests, window, number, begin, end, self.found.names == "plain", self.key, self.found.buckets
                )

    def _last_id(self, months: Sequence[Month]) -> int:
        """The highest number of the sessions of some months; 0 if there are none."""
        paths = [
            self.place.month("websessions", month, bucket) for month in months for bucket in range(self.found.buckets)
        ]
        if not paths:
            return 0
        with Engine() as engine:
            found = engine.query(f"SELECT coalesce(max(id), 0) AS id FROM {rows_of(engine, paths)}")
            return int(found["id"][0].as_py())

    def _others(self, hits: Mapping[Month, Mapping[str, int]]) -> None:
        """Hits a day; in a lake without the tables of a hub also continents, and the others empty."""
        with Engine("hzmetrics.grids") as engine:
            engine.register("webhits", self._hits(hits))
            write(engine, "SELECT * FROM webhits ORDER BY ALL", self.place.whole("webhits"))
            if self.found.has_hub:
                return
            continents = seeds.rows()[country_continent]
            engine.register("country_continent", pa.Table.from_pylist(continents))
            for table in COPIED:
                if table != "country_continent":
                    engine.create(table)
            for table in COPIED:
                write(engine, f'SELECT * FROM "{table}" ORDER BY ALL', self.place.whole(table))
        write_logins(self.place, self.ledger.auth_logs, self.found, self.key)

    def _hits(self, hits: Mapping[Month, Mapping[str, int]]) -> pa.Table:
        """The rows of `webhits`: those of the months given, and what the lake has of others."""
        days = {f"{day} 00:00:00": number for of_month in hits.values() for day, number in of_month.items()}
        if storage.exists(path := self.place.whole("webhits")):
            of_others = read(path).to_pylist()
            days |= {row["datetime"]: row["hits"] for row in of_others if Month.parse(row["datetime"][:7]) not in hits}
        return pa.table(
            {
                "datetime": pa.array(sorted(days), pa.string()),
                "hits": pa.array([days[day] for day in sorted(days)], pa.int64()),
            }
        )
