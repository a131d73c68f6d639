"""Sampling runs, and what they know (80 §5, §8)."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from hzmetrics.activity import cells, sampling, state, weights
from hzmetrics.activity.document import derive, document
from hzmetrics.activity.log_users import USER_EVENT_DAYS
from hzmetrics.activity.sampling import Sample
from hzmetrics.activity.settings import ActivitySettings
from hzmetrics.activity.users import Source
from hzmetrics.activity.weights import MOST_TIMES, window_start
from hzmetrics.errors import HzmetricsError
from hzmetrics.events.update import epoch, remember, utc
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.activity import activity_samples, capability_state, user_events

LAST_RUN = "activity.last_run"

columns = activity_samples.c


@contextmanager
def uncollected() -> Iterator[None]:
    """Without looking for garbage: rows by the hundred thousand, no cycles among them, would be gone through again and
    again, for a third of all the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@uncollected()
def sample(
    store: Store, settings: ActivitySettings, source: Source, now: int, force: bool = False
) -> dict[str, int] | None:
    """One sampling run, if one is due: samples of the present and of missed times, and retention. Counts of the run.

    When none is due, only the servers that run are looked at. Raises HzmetricsError when the source does not answer.
    """
    scoring = settings.scoring
    last_run = last_sampled(store)
    if last_run is not None and now < last_run:
        log.warning("activity: the clock stands before the last sampling run at %s; nothing is sampled", utc(last_run))
        return None
    if not force and not sampling.is_due(now, last_run, scoring):
        if source.knows_the_past:
            state.refresh_running(store, source, now)
        else:
            state.refresh_all(store, settings, source, now)
        return None
    users = state.refresh_all(store, settings, source, now)
    recent_only = settings.sample_users == "recent"
    samples = sampling.sample_all(users, now, scoring, recent_only)
    missed = sampling.missed_times(last_run, now, scoring) if source.knows_the_past else []
    if missed:
        samples += _of_the_past(source, settings, missed)
    _keep(store, settings, samples, [*missed, now], now)
    counts = sampling.counts(users, now, scoring)
    log.info(
        "activity: %d users, %d active, %d inactive, %d offline; %s",
        counts["total"], counts["active"], counts["inactive"], counts["offline"],
        ", ".join(f"{name} {number}" for name, number in weights.levels(store, scoring, now).items()),
    )  # fmt: skip
    return counts


def backfill(store: Store, settings: ActivitySettings, source: Source, since: int, now: int) -> int:
    """Add samples where none were taken from `since` on, as far as the source knows the past; their number.

    They stand at whole multiples of the interval, wherever no run sampled within half an interval; so to do it again
    adds nothing. Raises HzmetricsError when the source knows only the present.
    """
    if not source.knows_the_past:
        raise HzmetricsError(f"the source {source.name} knows only the present: nothing can be filled in")
    sampled = [
        epoch(row.timestamp)
        for row in store.metrics.rows(sa.select(columns.timestamp).distinct().order_by("timestamp"))
    ]
    begin = max(since, window_start(settings.scoring, now))
    times = sampling.gaps(sampled, begin, now, settings.scoring.sample_interval)
    samples = _of_the_past(source, settings, times) if times else []
    if samples:
        with store.metrics.begin() as connection:
            _insert(store, connection, samples)
            weights.forget(connection)
        weights.rebuild(store, settings.scoring, now)
    return len(samples)


def last_sampled(store: Store) -> int | None:
    """When the last run was; None before the first."""
    stored = store.metrics.scalar(sa.select(capability_state.c.value).where(capability_state.c.name == LAST_RUN))
    return epoch(stored) if stored else None


@uncollected()
def show(store: Store, settings: ActivitySettings, now: int, derived: bool = False) -> dict[str, Any]:
    """The document of `activity show`, from what the last update knew."""
    scores = weights.read(store, settings.scoring, now)
    return document(state.read(store), scores, now, settings.scoring, derived)


@uncollected()
def table(
    store: Store, settings: ActivitySettings, now: int, sort: str, ascending: bool, limit: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The document for people, with its first `limit` rows (0: all) in an order of theirs; only these are derived."""
    scores = weights.read(store, settings.scoring, now)
    found = document(state.read(store), scores, now, settings.scoring)
    rows = cells.ordered(found["users"], sort, ascending)[: limit or None]
    derive(found, rows, scores, settings.scoring)
    return found, rows


def reset(store: Store) -> int:
    """Delete all samples; their number."""
    with store.metrics.begin() as connection:
        weights.forget(connection)
        return connection.execute(sa.delete(activity_samples)).rowcount


def _of_the_past(source: Source, settings: ActivitySettings, times: Sequence[int]) -> list[Sample]:
    window = settings.scoring.retention_days * 86_400
    samples = sampling.fill_in(source.instants(times[0]), times, settings.scoring)
    if settings.sample_users == "all":
        return samples
    return [one for one in samples if one.last_activity is not None and one.timestamp - one.last_activity <= window]


def _keep(store: Store, settings: ActivitySettings, samples: Sequence[Sample], times: Sequence[int], now: int) -> None:
    """Store the samples of these times, drop those that left the window, and remember the run: all at once."""
    scoring = settings.scoring
    basis = weights.prepare(store, scoring, now)
    since = utc(window_start(scoring, now))
    with store.metrics.begin() as connection:
        again = _stored_times(connection, columns.timestamp.in_(map(utc, times)))
        expired = _stored_times(connection, columns.timestamp < since)
        by_steps = len(times) + len(again) + len(expired) <= MOST_TIMES
        if by_steps:
            weights.take_off(connection, basis, [*again, *(time for time in expired if time >= basis.since)])
        connection.execute(sa.delete(activity_samples).where(columns.timestamp < since))
        forgotten = utc(now - max(USER_EVENT_DAYS, scoring.retention_days) * 86_400)
        connection.execute(sa.delete(user_events).where(user_events.c.time < forgotten))
        _insert(store, connection, _without_stored(connection, samples, again) if again else samples)
        if by_steps:
            weights.add(connection, basis, times)
            weights.advance(connection, basis, scoring, now)
        else:
            weights.forget(connection)
        remember(connection, LAST_RUN, utc(now))
    if not by_steps:
        weights.rebuild(store, scoring, now)


def _stored_times(connection: sa.Connection, which: sa.ColumnElement[bool]) -> list[int]:
    rows = connection.execute(sa.select(columns.timestamp).where(which).distinct().order_by("timestamp"))
    return [epoch(row.timestamp) for row in rows]


def _without_stored(connection: sa.Connection, samples: Iterable[Sample], times: Sequence[int]) -> list[Sample]:
    """The samples that no stored one of the same user and second stands for; a stored one becomes active with ours."""
    rows = connection.execute(sa.select(activity_samples).where(columns.timestamp.in_(map(utc, times))))
    stored: Mapping[tuple[str, int], Any] = {(row.username, epoch(row.timestamp)): row for row in rows}
    activated = []
    fresh = []
    for one in samples:
        known = stored.get((one.username, one.timestamp))
        if known is None:
            fresh.append(one)
        elif one.is_active and not known.is_active:
            activated.append({"of": known.id, "last": _utc(one.last_activity)})
    if activated:
        row = columns.id == sa.bindparam("of")
        change = sa.update(activity_samples).where(row).values(is_active=1, last_activity=sa.bindparam("last"))
        connection.execute(change, activated)
    return fresh


def _insert(store: Store, connection: sa.Connection, samples: Iterable[Sample]) -> None:
    """Store samples; of two of one user and second one, active if either is."""
    best: dict[tuple[str, int], Sample] = {}
    for one in samples:
        key = one.username, one.timestamp
        if key not in best or one.is_active:
            best[key] = one
    rows = [(one.username, utc(one.timestamp), int(one.is_active), _utc(one.last_activity)) for one in best.values()]
    state.insert(store.metrics, connection, activity_samples, rows)


def _utc(time: int | None) -> str | None:
    return None if time is None else utc(time)
