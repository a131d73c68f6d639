"""Ledger ranges that earlier versions recorded wrongly (spec 10 §12)."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from hzmetrics.ingest.ledger import Record, records
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.tables import metrics
from hzmetrics.store.tables.metrics import imported_sources

TARGETS = ("web", "userlogin")


@dataclass(frozen=True)
class Correction:
    """The range a record should have."""

    record: Record
    start: int
    end: int


@dataclass(frozen=True)
class Plan:
    """The corrections of one table; `left` records were older than the reconstructed ones and not looked at."""

    corrections: tuple[Correction, ...]
    left: int = 0


def repair_imported_sources(store: Store, apply: bool = False) -> int:
    """Report the ranges that are wrong, or write the right ones; their number."""
    database = store.metrics
    corrected = 0
    with database.begin() if apply else database.connect() as connection:
        ledger = records(connection)
        for target in TARGETS:
            table = metrics.metadata.tables[target]
            entries = [entry for entry in ledger if entry.target == target]
            largest = connection.execute(sa.select(sa.func.max(table.c.id))).scalar()
            if largest is None:
                log.warning("%s is empty: nothing to compare the ledger with", target)
                continue
            plan = correct_ranges(entries, largest, database.next_id(connection, table) - 1)
            _report(target, plan, apply)
            corrected += len(plan.corrections)
            for correction in plan.corrections if apply else ():
                connection.execute(
                    sa.update(imported_sources)
                    .where(imported_sources.c.id == correction.record.id)
                    .values(pk_start=correction.start, pk_end=correction.end)
                )
    return corrected


def correct_ranges(entries: list[Record], largest: int, issued: int) -> Plan:
    """Walk the importer's records of one table back from the newest id (spec 10 §12).

    `largest` is the largest id in the table, `issued` the largest that was ever given. A range is kept when it ends
    where it may and holds as many ids as there were rows. One of logins may hold more, for duplicates that were left
    out leave gaps in it; one of requests that holds more keeps its end.
    """
    watermark = max((entry.end or 0 for entry in entries if entry.origin == "reconstruct"), default=0)
    walk = [entry for entry in reversed(entries) if entry.origin == "importer" and entry.has_range and entry.rows > 0]
    corrections: list[Correction] = []
    cursor = issued
    for position, entry in enumerate(walk):
        assert entry.start is not None and entry.end is not None
        excess = entry.end - entry.start + 1 - entry.rows
        fits = entry.end <= cursor and excess >= 0
        if fits and (excess == 0 or entry.target == "userlogin"):
            start, end = entry.start, entry.end
        else:
            end = min(entry.end if fits else cursor, largest)
            start = end - entry.rows + 1
        if start <= watermark:
            return Plan(tuple(corrections), len(walk) - position)
        if (start, end) != (entry.start, entry.end):
            corrections.append(Correction(entry, start, end))
        cursor = start - 1
    return Plan(tuple(corrections))


def _report(target: str, plan: Plan, apply: bool) -> None:
    for correction in plan.corrections:
        entry = correction.record
        log.info(
            "%s, %s: %s to %s %s %d to %d",
            entry.filename, target, entry.start, entry.end,
            "corrected to" if apply else "should be", correction.start, correction.end,
        )  # fmt: skip
    if plan.left:
        log.info("%s: %d older records reach into reconstructed ones and were not looked at", target, plan.left)
    log.info("%s: %d ranges are wrong", target, len(plan.corrections))
