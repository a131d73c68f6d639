"""Logs that somebody gave: read into the databases of the demonstration, and what is to be said of their lines."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from hzmetrics.calendar import Month, moment
from hzmetrics.config import Settings
from hzmetrics.demo.progress import Reporter
from hzmetrics.demo.run import READING
from hzmetrics.ingest import imports
from hzmetrics.ingest.filters import BOT
from hzmetrics.ingest.imports import Reading
from hzmetrics.logs.account import Account
from hzmetrics.logs.packing import Limits
from hzmetrics.logs.reader import IDENTITY_BYTES, STANDARD_INPUT, Identity, open_log
from hzmetrics.logs.remedy import nearest
from hzmetrics.store import Store
from hzmetrics.store.tables.metrics import web

LONG_GAP = 13
"""Months from one with page views to the next, beyond which the two do not belong together."""
FEW = 20
"""Months far from the others belong to the report unless the others have this many times their page views."""
MOST_FILES = 3
"""Files whose formats are shown."""
ZONES = dt.timedelta(hours=14)
"""How far a time zone moves the clock at most."""
FIRST = Month(1995, 1)
"""No log is older."""


@dataclass(frozen=True)
class OwnLogs:
    """What logs that were given held."""

    readings: Sequence[Reading]
    repeated: Sequence[tuple[Path, Path]]
    """Files that were not read because another one has the same text, each with that one."""

    @property
    def account(self) -> Account:
        """What the lines of all of them were read as."""
        total = Account()
        for reading in self.readings:
            total.add(reading.account)
        return total

    @property
    def notes(self) -> list[str]:
        """The formats of the first files, the lines that were not read or all dropped, and texts given twice."""
        account = self.account
        notes = [f"{one.name} is read as {one.format}." for one in self.readings if one.format and one.format.format][
            :MOST_FILES
        ]
        notes += [f"{again} holds the same text as {one}: counted once." for again, one in self.repeated]
        notes.append(f"{account}.")
        if not any(one.kept for one in self.readings):
            notes += self._drops
        odd = sum(one.dropped.get("date", 0) for one in self.readings)
        if odd:
            notes.append(f"Left out for dates that cannot be, too early or still to come: {odd:,} of the lines.")
        near = nearest(account.examples)
        if near:
            notes.append(f"The nearest format of these is {near.title}.")
        return notes

    @property
    def _drops(self) -> list[str]:
        """How many lines each filter dropped, and what to do about agents that are not named."""
        dropped = sum((Counter(one.dropped) for one in self.readings), Counter[str]())
        if not dropped:
            return []
        filters = ", ".join(f"{name} {lines:,}" for name, lines in dropped.most_common())
        notes = [f"Lines dropped by each filter: {filters}."]
        if dropped[BOT]:
            notes.append(
                "Filter bot drops machines, and lines whose user agent is empty or -: "
                "if yours are so, let the server log the user agent."
            )
        return notes


def import_files(store: Store, settings: Settings, paths: Sequence[Path], reporter: Reporter) -> OwnLogs:
    """Import access logs of any web server, all or none; the same text only once. Raises HzmetricsError."""
    chosen, repeated = without_repetitions(paths, Limits.of(settings))
    sizes = {path: path.stat().st_size for path in chosen if path.is_file()}
    with reporter.piece(READING, max(1, sum(sizes.values()))) as advance:
        before = 0

        def watch(done: int, total: int) -> None:
            nonlocal before
            advance("", max(0, done - before))
            before = done if done < total else 0

        return OwnLogs(imports.import_files(store, settings, chosen, watch), repeated)


def without_repetitions(paths: Sequence[Path], limits: Limits) -> tuple[list[Path], list[tuple[Path, Path]]]:
    """The files whose texts differ, and each of the others with the one that has its text.

    Whole texts are compared only where their heads are equal. Raises UnreadableLog.
    """
    if len(paths) < 2:
        return list(paths), []
    heads = [None if path == STANDARD_INPUT else _identity(path, limits, whole=False).head for path in paths]
    chosen: list[Path] = []
    repeated: list[tuple[Path, Path]] = []
    known: dict[Identity | None, Path] = {}
    for path, head in zip(paths, heads, strict=True):
        identity = _identity(path, limits) if head and heads.count(head) > 1 else None
        if identity in known:
            repeated.append((path, known[identity]))
            continue
        chosen.append(path)
        if identity:
            known[identity] = path
    return chosen, repeated


def _identity(path: Path, limits: Limits, whole: bool = True) -> Identity:
    """The identity of a file's text; of its head alone unless `whole`."""
    with open_log(path, limits) as stream:
        for _ in stream.blocks():
            if not whole and stream.identity.size >= IDENTITY_BYTES:
                break
        return stream.identity


def months_of(store: Store) -> dict[Month, int]:
    """The months in which anything was asked for, ascending, and how many page views each has."""
    month = sa.func.substr(web.c.datetime, 1, 7)
    query = sa.select(month.label("month"), sa.func.count().label("views")).group_by(month).order_by(month)
    return {Month.parse(row.month): row.views for row in store.metrics.rows(query)}


def of_the_bulk(months: Mapping[Month, int], now: Month) -> list[Month]:
    """The months without those that are far from most page views and have few, or cannot be: clocks that were wrong.

    Months belong together unless more than a year without page views lies between them.
    """
    groups: list[list[Month]] = []
    for month in months:
        if groups and month < groups[-1][-1].plus(LONG_GAP):
            groups[-1].append(month)
        else:
            groups.append([month])

    def views(group: list[Month]) -> int:
        return sum(months[month] for month in group)

    def can_be(group: list[Month]) -> bool:
        return group[0] >= FIRST and group[-1] <= now.plus(1)

    largest = max(groups, key=lambda group: (views(group), can_be(group)), default=[])
    kept = [group for group in groups if group is largest or (can_be(group) and views(group) * FEW >= views(largest))]
    return [month for group in kept for month in group]


def without_edges(store: Store, months: Sequence[Month]) -> list[Month]:
    """The months without a first or last one of which the logs have a few hours only, as a time zone moves them there.

    The only month stays.
    """
    kept, time = list(months), web.c.datetime
    if len(kept) > 1:
        last = store.metrics.scalar(sa.select(sa.func.max(time)).where(time < kept[-1].stop))
        if moment(str(last)) < moment(kept[-1].start) + ZONES:
            kept.pop()
    if len(kept) > 1:
        first = store.metrics.scalar(sa.select(sa.func.min(time)).where(time >= kept[0].start))
        if moment(str(first)) >= moment(kept[0].stop) - ZONES:
            kept.pop(0)
    return kept
