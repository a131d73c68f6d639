"""What the corrections of sessions and grids would change in a month (spec 15). Nothing is written."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import pyarrow as pa

from hzmetrics.calendar import PERIODS, Month
from hzmetrics.config import Settings
from hzmetrics.engine import Engine
from hzmetrics.grids.hypothetical import sessions_and_cells
from hzmetrics.grids.logins import counted_logins
from hzmetrics.grids.sources import History, LoginRows, base_relations, stored_sessions
from hzmetrics.grids.summarize import compute_cells
from hzmetrics.snapshots import Snapshots
from hzmetrics.store import Store, pseudonyms

OF_SESSIONS = ("all-days", "last-session", "session-order")
OF_GRIDS = ("window-start", "dated-logins", "distinct-total", "half-up", "countries")


class Effect(NamedTuple):
    """What one correction, switched the other way, would change in a month."""

    name: str
    sessions: int
    """Sessions of the month that would be others, appear or vanish."""
    visitors: int
    """By how many the month's visitors (misc row 4) would be more or fewer."""
    cells: int
    """Cells of the month, of all six periods, with another value."""


def effects(store: Store, settings: Settings, month: Month) -> list[Effect]:
    """The effect of each correction of sessions and grids, the others as configured. Raises StoreError.

    Corrections of sessions are measured on the sessions that all requests of the month would give, not on the stored
    ones.
    """
    found = []
    for names, with_sessions in ((OF_SESSIONS, True), (OF_GRIDS, False)):
        sessions, cells = _outcome(store, settings, month, with_sessions)
        for name in names:
            switched = dataclasses.replace(settings, corrections=settings.corrections ^ {name})
            other_sessions, other_cells = _outcome(store, switched, month, with_sessions)
            found.append(_effect(name, sessions, other_sessions, cells, other_cells))
    return found


def _outcome(store: Store, settings: Settings, month: Month, with_sessions: bool) -> tuple[pa.Table | None, pa.Table]:
    """The month's sessions as the corrections make them, where asked for, and the cells that come of them."""
    if with_sessions:
        return sessions_and_cells(store, settings, month)
    key = pseudonyms.key(store, settings)
    relations = base_relations(store, month, PERIODS)
    sessions = stored_sessions(store, Snapshots(store, settings, key), month, PERIODS)
    history = History(sessions, iter([LoginRows(counted_logins(store, bool(key)))]))
    return None, compute_cells(settings, month, relations, history, pseudonym_key=key)


def _effect(name: str, before: pa.Table | None, after: pa.Table | None, cells: pa.Table, others: pa.Table) -> Effect:
    changed = 0
    if before is not None and after is not None:
        with Engine("hzmetrics.sessions") as engine:
            engine.register("sessions_before", before.drop_columns(["id"]))
            engine.register("sessions_after", after.drop_columns(["id"]))
            changed = engine.table("changed_sessions")["number"][0].as_py()
    old, new = _values(cells), _values(others)
    visitors = ("misc", 4, 1, 1)
    return Effect(
        name=name,
        sessions=changed,
        visitors=abs(int(new[visitors]) - int(old[visitors])),
        cells=sum(old.get(key) != new.get(key) for key in old.keys() | new.keys()),
    )


def _values(cells: pa.Table) -> dict[tuple[Any, ...], str]:
    """Value by grid, row, column and period."""
    return {(row["grid"], row["rowid"], row["colid"], row["period"]): row["value"] for row in cells.to_pylist()}
