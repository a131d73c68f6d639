"""Sampling runs, and the documents made of them (spec 80 §5, §8)."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from hzmetrics.activity import cells, sampling, state, weights
from hzmetrics.activity.settings import ActivitySettings
from hzmetrics.activity.weights import MOST_TIMES, Basis, window_start
from hzmetrics.calendar import epoch, utc
from hzmetrics.errors import HzmetricsError
from hzmetrics.log import log
from hzmetrics.store import Store
from hzmetrics.store.live_state import forget, recall, remember
from hzmetrics.store.tables.live import activity_samples, user_events
from hzmetrics.users.log_events import USER_EVENT_DAYS
from hzmetrics.users.user import Source

if TYPE_CHECKING:
    import pyarrow as pa

LAST_RUN = "activity.last_run"

columns = activity_samples.c


@contextmanager
def uncollected() -> Iterator[None]:
    """Switch the garbage collector off: it would visit hundreds of thousands of rows without cycles again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def sample(
    store: Store, settings: ActivitySettings, source: Source, now: int, force: bool = False
) -> dict[str, int] | None:
    """One sampling run, if one is due or forced: samples of now and of missed times, and retention. Counts of the run.

    If none is due, only the running servers are updated. Raises HzmetricsError if the source does not answer.
    """
    scoring = settings.scoring
    last_run = last_sampled(store)
    if last_run is not None and last_run > now + scoring.sample_interval:
        log.warning("activity: the last sampling run, at %s, is ahead of the clock; taken as of now", utc(last_run))
        last_run = now
        with store.metrics.begin() as connection:
            remember(connection, LAST_RUN, utc(now))
    if not force and not sampling.is_due(now, last_run, scoring):
        refresh(store, settings, source, now)
        return None
    from hzmetrics.activity import samples, states

    users = state.refresh_all(store, settings, source, now)
    taken = samples.of_everybody(users, now, scoring, settings.sample_users == "recent")
    missed = sampling.missed_times(last_run, now, scoring) if source.knows_the_past else []
    if missed:
        stored = _stored_times(store, columns.timestamp.between(utc(missed[0] - scoring.sample_interval), utc(now)))
        missed = [time for time in missed if sampling.is_gap(time, stored, scoring.sample_interval)]
    if missed:
        taken = samples.together(taken, _of_the_past(source, settings, missed))
    basis = _keep(store, settings, taken, [*missed, now], now)
    counts = states.counts(users, now, scoring)
    log.info(
        "activity: %d users, %d active, %d inactive, %d offline; %s",
        counts["total"], counts["active"], counts["inactive"], counts["offline"],
        ", ".join(f"{name} {number}" for name, number in weights.levels(store, basis, scoring, now).items()),
    )  # fmt: skip
    return counts


def refresh(store: Store, settings: ActivitySettings, source: Source, now: int) -> None:
    """Update the states of the users and the figures of their containers, without samples.

    Of a source that can tell who has a running server, only those are asked for. Raises HzmetricsError.
    """
    if source.knows_the_past:
        state.refresh_running(store, source, now)
    else:
        state.refresh_all(store, settings, source, now)


def backfill(store: Store, settings: ActivitySettings, source: Source, since: int, now: int) -> int:
    """Add samples from `since` on where none were taken; their number.

    Their times are the multiples of the interval that are not within half an interval of another sample, so a second
    call adds nothing. Raises HzmetricsError if the source knows only the present.
    """
    if not source.knows_the_past:
        raise HzmetricsError(f"the source {source.name} knows only the present: samples of the past cannot be added")
    sampled = _stored_times(store, sa.true())
    begin = max(since, window_start(settings.scoring, now))
    times = sampling.gaps(sampled, begin, now, settings.scoring.sample_interval)
    if not times:
        return 0
    added = _of_the_past(source, settings, times)
    with store.metrics.begin() as connection:
        _append(store, connection, added)
        weights.forget(connection)
    weights.rebuild(store, settings.scoring, now)
    return int(added.num_rows)


def last_sampled(store: Store) -> int | None:
    """When the last run was; None before the first."""
    stored = recall(store.metrics, LAST_RUN)
    return epoch(stored) if stored else None


class Selection(NamedTuple):
    """Rows of the document of all users."""

    document: dict[str, Any]
    matching: int
    """How many rows fit what was searched for."""
    rows: list[dict[str, Any]]
    """Those of them to show."""


def show(
    store: Store,
    settings: ActivitySettings,
    now: int,
    derived: bool = False,
    sort: str | None = None,
    ascending: bool | None = None,
    limit: int = 0,
) -> dict[str, Any]:
    """The document of `activity show --json`, from the last known states; its users as `table` selects them."""
    found = table(store, settings, now, derived, sort, ascending, limit)
    return {**found.document, "users": found.rows}


@uncollected()
def table(
    store: Store,
    settings: ActivitySettings,
    now: int,
    derived: bool,
    sort: str | None,
    ascending: bool | None,
    limit: int,
    search: str = "",
) -> Selection:
    """The document of all users, and those of its rows to show: the first `limit` (0: all) in the order of a column.

    Without a column, the rows are in the order of the document. `derived` values are added to the rows to show. Names
    that do not contain `search`, without case, are left out.
    """
    from hzmetrics.activity.document import derive, document

    scores = weights.read(store, settings.scoring, now)
    found = document(state.read(store), scores, now, settings.scoring)
    rows = found["users"]
    if search:
        rows = [row for row in rows if search.casefold() in row["username"].casefold()]
    if sort is not None:
        rows = cells.ordered(rows, sort, sort == "username" if ascending is None else ascending)
    shown = rows[: limit or None]
    if derived:
        derive(found, shown, scores, settings.scoring)
    return Selection(found, len(rows), shown)


def reset(store: Store) -> int:
    """Delete all samples, and forget when the last run was; the number of samples."""
    with store.metrics.begin() as connection:
        weights.forget(connection)
        forget(connection, LAST_RUN)
        return connection.execute(sa.delete(activity_samples)).rowcount


def reset_document(deleted: int) -> dict[str, Any]:
    """What `activity reset --json` says of a reset (spec 80 §8)."""
    return {"success": True, "deleted": deleted, "message": f"Deleted {deleted} activity samples"}


def _of_the_past(source: Source, settings: ActivitySettings, times: Sequence[int]) -> pa.Table:
    from hzmetrics.activity import samples

    found = samples.fill_in(source.instants(times[0]), times, settings.scoring)
    return found if settings.sample_users == "all" else samples.recent(found, settings.scoring)


def _keep(store: Store, settings: ActivitySettings, taken: pa.Table, times: Sequence[int], now: int) -> Basis:
    """Store the samples of these times, delete those that left the window, and remember the run, in one transaction.

    Returns the basis of the weights.
    """
    from hzmetrics.activity import samples

    scoring = settings.scoring
    basis = weights.prepare(store, scoring, now)
    since = utc(window_start(scoring, now))
    again = sorted({*times} & {*_stored_times(store, columns.timestamp.between(utc(times[0]), utc(now)))})
    expired = _stored_times(store, columns.timestamp < since)
    by_steps = len(times) + len(again) + len(expired) <= MOST_TIMES
    stored = [columns.timestamp.in_(map(utc, part)) for part in state.parts(again)]
    for part in stored:
        of_part = sa.select(*(columns[name] for name in samples.SCHEMA.names)).where(part)
        taken = samples.together(taken, samples.from_stored(store.metrics.read(of_part)))
    with store.metrics.begin() as connection:
        if by_steps:
            weights.take_off(connection, basis, [*again, *(time for time in expired if time >= basis.since)])
        for leaving in (columns.timestamp < since, *stored):
            connection.execute(sa.delete(activity_samples).where(leaving))
        forgotten = utc(now - max(USER_EVENT_DAYS, scoring.retention_days) * 86_400)
        connection.execute(sa.delete(user_events).where(user_events.c.time < forgotten))
        _append(store, connection, taken)
        if by_steps:
            weights.add(connection, basis, times)
            basis = weights.advance(connection, basis, scoring, now)
        else:
            weights.forget(connection)
        remember(connection, LAST_RUN, utc(now))
    return basis if by_steps else weights.rebuild(store, scoring, now)


def _stored_times(store: Store, which: sa.ColumnElement[bool]) -> list[int]:
    rows = store.metrics.rows(sa.select(columns.timestamp).where(which).distinct().order_by("timestamp"))
    return [epoch(row.timestamp) for row in rows]


def _append(store: Store, connection: sa.Connection, taken: pa.Table) -> None:
    from hzmetrics.activity import samples

    store.metrics.append(connection, activity_samples, samples.as_stored(taken))
