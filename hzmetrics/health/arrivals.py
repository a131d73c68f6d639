"""The days whose logs have arrived, and logs that arrive under names that no import takes (spec 65 §7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from hzmetrics.config import Settings
from hzmetrics.errors import UsageError
from hzmetrics.ingest import sources
from hzmetrics.ingest.sources import Kind, Source
from hzmetrics.store import Store
from hzmetrics.store.tables.metrics import imported_sources

BESIDE = dt.timedelta(days=1)
"""How much newer than all imported logs another file may be: one that is rotated with them and never imported."""


def days_in_ledger(store: Store, kind: Kind = "access") -> frozenset[dt.date]:
    """The dates in the names of the imported logs of a kind. Raises StoreError."""
    target = next(table for table, its_kind in sources.KIND_OF.items() if its_kind == kind)
    query = sa.select(imported_sources.c.filename).where(imported_sources.c.target_table == target)
    days = set()
    for row in store.metrics.rows(query):
        with suppress(UsageError):
            days.add(sources.file_date(row.filename))
    return frozenset(filter(None, days))


def misnamed(store: Store, settings: Settings, waiting: Sequence[Source]) -> tuple[list[str], list[str]]:
    """Files that no import takes, in words: those that are the logs to import, by all appearance, and the others.

    A log is meant if `access` or `auth` is in its name and nothing of its kind is as new. Raises StoreError.
    """
    strays = sources.not_taken(settings, waiting)
    if not strays:
        return [], []
    newest = {
        kind: max(
            [*days_in_ledger(store, kind), *(source.date for source in waiting if source.kind == kind)], default=None
        )
        for kind in sources.KINDS
    }
    lost: list[Path] = []
    others: list[Path] = []
    for kind, path in strays:
        taken = newest[kind]
        is_meant = kind in path.name.lower() and (taken is None or _date(path) - taken > BESIDE)
        (lost if is_meant else others).append(path)
    expected = sources.expected_names(settings)
    return [f"{told}; {expected}" for told in sources.tell_not_taken(lost)], _with_names(others, expected)


def _with_names(paths: Iterable[Path], expected: str) -> list[str]:
    told = sources.tell_not_taken(paths)
    return [*told, expected] if told else []


def _date(path: Path) -> dt.date:
    """The date in a file's name, else that of its last change; of a file that is gone, the first of all dates."""
    with suppress(UsageError):
        if date := sources.file_date(path.name):
            return date
    try:
        return dt.datetime.fromtimestamp(path.stat().st_mtime).date()
    except OSError:
        return dt.date.min
