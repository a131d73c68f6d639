"""Keeping the numbers to one definition: a changed list of corrections redoes the months (spec 15)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.config import CORRECTIONS, expanded
from hzmetrics.config.schema import AT_IMPORT, FIRST_CORRECTIONS
from hzmetrics.errors import HzmetricsError
from hzmetrics.log import log
from hzmetrics.output.document import document
from hzmetrics.pipeline.facts import BASE_TABLES, months_with_rows
from hzmetrics.store import state
from hzmetrics.store.state import State
from hzmetrics.store.tables.metrics import userlogin, web

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.store import Store


def in_force(settings: Settings, remembered: State) -> Settings:
    """The settings with the corrections in force.

    `all` means all that existed when the list was stored: an upgrade switches no new one on.
    """
    chosen = settings.chosen_corrections
    known = known_then(remembered)
    if "all" not in chosen or not known or not known <= remembered.corrections:
        return settings
    return replace(settings, corrections=expanded(chosen, known))


def known_then(remembered: State) -> frozenset[str]:
    """The corrections that `all` stood for when the list in force was stored; empty: no list is stored."""
    if not remembered.corrections:
        return remembered.corrections_known
    return remembered.corrections_known or frozenset(FIRST_CORRECTIONS)


def offered(settings: Settings, remembered: State) -> list[str]:
    """Corrections that are newer than the list in force, and off."""
    known = known_then(remembered)
    return [name for name in CORRECTIONS if known and name not in known | settings.corrections]


def adopt(store: Store, settings: Settings, yes: bool) -> None:
    """Before numbers are computed: if the configuration asks for other corrections, redo the months of the old ones.

    Raises HzmetricsError on a terminal, unless `yes`: so much work is not begun by mistake.
    """
    note_start(store, settings)
    remembered = state.read(store)
    if remembered.corrections == settings.corrections:
        return
    before, after = listed(remembered.corrections), listed(settings.corrections)
    months = affected_months(store, settings, remembered)
    what = f"the corrections change from {before} to {after}: {len(months)} months are computed again"
    if months and sys.stdin is not None and sys.stdin.isatty() and not yes:
        raise HzmetricsError(f"{what}; to agree, add --yes")
    every = settings.corrections if "all" in settings.chosen_corrections else frozenset(CORRECTIONS)
    with store.metrics.begin() as connection:
        state.add_dirty_months(connection, months)
        state.put(connection, {state.CORRECTIONS: after, state.CORRECTIONS_KNOWN: listed(every)})
    if months:
        log.warning("%s", what)


def note_start(store: Store, settings: Settings) -> None:
    """Before log lines are imported: store from which day on they follow each correction that acts at import.

    Lines imported before that day follow it only after `reimport`.
    """
    remembered = state.read(store)
    before = remembered.corrected_since
    on = [name for name in AT_IMPORT if name in settings.corrections]
    new = [name for name in on if name not in before and name not in remembered.corrections]
    start = str(settings.clock.today) if new and _has_rows(store) else ""
    after = {name: before.get(name, start) for name in on if name in before or name in new}
    if after != before:
        _store_since(store, after)


def note_reimport(store: Store, settings: Settings, since: Month) -> None:
    """After `reimport`: store that the lines of all months from `since` on follow the corrections."""
    on = [name for name in AT_IMPORT if name in settings.corrections]
    before = state.read(store).corrected_since
    months = months_with_rows(store, web) | months_with_rows(store, userlogin)
    first = str(since.first_day) if any(month < since for month in months) else ""
    _store_since(store, {name: min(before.get(name, first), first) for name in on})


def _store_since(store: Store, since: Mapping[str, str]) -> None:
    with store.metrics.begin() as connection:
        state.put(connection, {state.CORRECTED_SINCE: document(since)})


def _has_rows(store: Store) -> bool:
    return any(store.metrics.scalar(sa.select(table.c.id).limit(1)) is not None for table in (web, userlogin))


def since_lines(since: Mapping[str, str]) -> list[str]:
    """From when on imported lines follow the corrections, in words: a line a day."""
    names: dict[str, list[str]] = {}
    for name, day in since.items():
        if day:
            names.setdefault(day, []).append(name)
    return [f"lines imported from {day} on: {', '.join(names[day])}" for day in sorted(names)]


def affected_months(store: Store, settings: Settings, remembered: State) -> tuple[Month, ...]:
    """The months with rows through the current one; those before the history floor are left alone."""
    plausible, current = settings.plausible_months, settings.clock.month
    with_rows = {month for table in BASE_TABLES for month in months_with_rows(store, table, plausible)}
    first = remembered.floor or plausible.first
    return tuple(sorted(month for month in with_rows if first <= month <= current))


def listed(names: frozenset[str]) -> str:
    """A list of corrections as the configuration writes it."""
    return ",".join(name for name in CORRECTIONS if name in names) or "none"


@dataclass(frozen=True)
class Effect:
    """What switching one correction the other way would change in a month; None: only an import can tell."""

    name: str
    is_on: bool
    sessions: int | None = None
    visitors: int | None = None
    cells: int | None = None


def effects(store: Store, settings: Settings, month: Month) -> list[Effect]:
    """Every correction's effect on the rows of a month as they are stored. Writes nothing. Raises StoreError.

    The corrections of imports decide which log lines become rows: what they would change, the rows cannot show.
    """
    from hzmetrics.grids.corrections import effects as effects_on_rows

    found = {effect.name: effect for effect in effects_on_rows(store, settings, month)}
    described = []
    for name in CORRECTIONS:
        is_on, effect = name in settings.corrections, found.get(name)
        described.append(
            Effect(name, is_on, effect.sessions, effect.visitors, effect.cells) if effect else Effect(name, is_on)
        )
    return described


def effect_lines(month: Month, described: list[Effect]) -> list[str]:
    """The effects for people."""
    lines = [f"what switching each correction would change in {month}", ""]
    lines.append(f"{'correction':<18}{'now':<5}{'sessions':>10}{'visitors':>10}{'cells':>10}")
    for effect in described:
        now = "on" if effect.is_on else "off"
        if effect.cells is None:
            lines.append(f"{effect.name:<18}{now:<5}  decides on lines as they are imported")
        else:
            numbers = (effect.sessions, effect.visitors, effect.cells)
            lines.append(f"{effect.name:<18}{now:<5}" + "".join(f"{number:>10,}" for number in numbers))
    return lines
