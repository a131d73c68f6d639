"""The sum of the weights of each user's samples, kept current from run to run (spec 80 §6).

As time passes, all weights shrink by the same factor. The sums are therefore kept as of a fixed origin, where they do
not change: a run adds its samples and subtracts those that left the window. When the kept sums do not fit (other
parameters, a clock that went back, many missed runs), they are computed again from the samples.

Computing them in each run would be too slow: with 5.2 million samples of 100,000 users it takes 10 seconds of CPU time,
where a run with kept sums takes 1 (`python -m benchmarks.activity`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa

from hzmetrics.activity.score import LEVELS, Weights
from hzmetrics.activity.settings import Scoring
from hzmetrics.calendar import epoch, utc
from hzmetrics.output.document import document
from hzmetrics.store import Store
from hzmetrics.store.live_state import forget as forget_state
from hzmetrics.store.live_state import recall, remember
from hzmetrics.store.tables.live import activity_samples, activity_weights, capability_state
from hzmetrics.store.upsert import add_to

BASIS = "activity.weights"
DAY = 86_400
MOST_TIMES = 64
"""Sampling times that are added or subtracted one by one; for more, computing the sums again is cheaper."""
FARTHEST = 256
"""Half-lives after which the sums get a new origin; until then they are far below the largest double."""

kept, samples = activity_weights.c, activity_samples.c


@dataclass(frozen=True)
class Basis:
    """The kept sums hold the samples from `since` to `until`; one weighs 1 at `origin`, 2 a half-life later."""

    half_life: int
    origin: int
    since: int
    until: int
    samples: int = 0
    """Their number; if the tables hold another number (they may have been emptied), the sums are not used."""

    def growth(self, time: int) -> float:
        """The weight of a sample of this time, as of the origin."""
        return float(2 ** ((time - self.origin) / 3600 / self.half_life))

    def fits(self, scoring: Scoring, now: int) -> bool:
        """Whether the sums can be used for the scores of this moment."""
        since = window_start(scoring, now)
        is_near = now - self.origin <= FARTHEST * 3600 * self.half_life
        is_same = self.half_life == scoring.half_life
        return is_same and is_near and now >= self.until and self.since <= since <= self.since + DAY


def window_start(scoring: Scoring, now: int) -> int:
    """The time from which on samples count."""
    return now - scoring.retention_days * DAY


def read(store: Store, scoring: Scoring, now: int) -> dict[str, Weights]:
    """The weights of every user with samples in the window."""
    basis = _basis(store)
    if basis is None or not basis.fits(scoring, now):
        return _add_up(store, scoring.half_life, window_start(scoring, now), now)
    old = sa.select(samples.username, samples.timestamp, samples.is_active).where(
        samples.timestamp < utc(window_start(scoring, now))
    )
    expired = store.metrics.read(old).to_pylist()  # before the sums: a run in between would subtract them itself
    basis_then = sa.select(capability_state.c.value).where(capability_state.c.name == BASIS).scalar_subquery()
    found = store.metrics.read(sa.select(*kept, basis_then.label("basis"))).to_pydict()
    if not found["username"] or found["basis"][0] is None:
        return _add_up(store, scoring.half_life, window_start(scoring, now), now)
    basis = Basis(**json.loads(found["basis"][0]))
    names, *numbers = (found[column.name] for column in kept)
    sums = dict(zip(names, zip(*numbers, strict=True), strict=True))
    for row in expired:
        time, name, is_active = epoch(row["timestamp"]), row["username"], row["is_active"]
        if time >= basis.since and name in sums:
            weight = basis.growth(time)
            active, total, active_samples, number = sums[name]
            sums[name] = active - weight * is_active, total - weight, active_samples - is_active, number - 1
    shrunk = 1 / basis.growth(now)
    return {
        name: Weights(active * shrunk if active_samples else 0.0, total * shrunk, number)
        for name, (active, total, active_samples, number) in sums.items()
        if number
    }


def levels(store: Store, basis: Basis, scoring: Scoring, now: int) -> dict[str, int]:
    """How many users fall in each level of the raw score."""
    whole = sa.literal(scoring.full_window * basis.growth(now)) if scoring.score_base == "window" else kept.total
    level = sa.case(*((kept.active * 100 >= whole * least, name) for name, least in LEVELS[:-1]), else_=LEVELS[-1][0])
    found = dict.fromkeys((name for name, _ in LEVELS), 0)
    for row in store.metrics.rows(sa.select(level.label("level"), sa.func.count().label("users")).group_by(level)):
        found[row.level] = row.users
    return found


def prepare(store: Store, scoring: Scoring, now: int) -> Basis:
    """The basis of the kept sums, which are computed again if they do not fit."""
    basis = _basis(store)
    if basis is not None and basis.fits(scoring, now):
        return basis
    return rebuild(store, scoring, now)


def rebuild(store: Store, scoring: Scoring, now: int) -> Basis:
    """Compute the sums of the window from the samples."""
    newest = store.metrics.scalar(sa.select(sa.func.max(samples.timestamp)))
    until = max(now, epoch(newest)) if newest else now
    basis = Basis(scoring.half_life, until, window_start(scoring, now), until)
    table = _engine_sums(store, scoring.half_life, basis.since, until)
    with store.metrics.begin() as connection:
        connection.execute(sa.delete(activity_weights))
        store.metrics.append(connection, activity_weights, table)
        _remember(connection, basis)
    return basis


def forget(connection: sa.Connection) -> None:
    """Delete the sums; the next run computes them again."""
    connection.execute(sa.delete(activity_weights))
    forget_state(connection, BASIS)


def take_off(connection: sa.Connection, basis: Basis, times: Sequence[int]) -> None:
    """Subtract the stored samples of these times from the sums; rounding errors of empty sums are removed."""
    for time in times:
        _count(connection, time, -basis.growth(time), -1)
    if times:
        connection.execute(sa.delete(activity_weights).where(kept.samples <= 0))
        nothing = sa.update(activity_weights).where(kept.active_samples <= 0, kept.active != 0)
        connection.execute(nothing.values(active=0))


def add(connection: sa.Connection, basis: Basis, times: Sequence[int]) -> None:
    """Add the stored samples of these times to the sums."""
    for time in times:
        _count(connection, time, basis.growth(time), 1)


def advance(connection: sa.Connection, basis: Basis, scoring: Scoring, now: int) -> Basis:
    """The basis of a window that ends now."""
    new = replace(basis, since=window_start(scoring, now), until=now)
    _remember(connection, new)
    return new


def _remember(connection: sa.Connection, basis: Basis) -> None:
    number = connection.execute(sa.select(sa.func.coalesce(sa.func.sum(kept.samples), 0))).scalar()
    remember(connection, BASIS, document(asdict(replace(basis, samples=int(number or 0)))))


def _count(connection: sa.Connection, time: int, weight: float, one: int) -> None:
    numbers = weight * samples.is_active, sa.literal(weight), one * samples.is_active, sa.literal(one)
    add_to(connection, activity_weights, sa.select(samples.username, *numbers).where(samples.timestamp == utc(time)))


def _basis(store: Store) -> Basis | None:
    """The basis, if it agrees with the tables."""
    stored = recall(store.metrics, BASIS)
    if not stored:
        return None
    basis = Basis(**json.loads(stored))
    number = store.metrics.scalar(sa.select(sa.func.sum(kept.samples))) or 0
    is_any = bool(store.metrics.rows(sa.select(samples.id).limit(1)))
    return basis if number == basis.samples and is_any == bool(number) else None


def _add_up(store: Store, half_life: int, since: int, at: int) -> dict[str, Weights]:
    found = _engine_sums(store, half_life, since, at).to_pydict()
    columns = zip(*(found[name] for name in ("username", "active", "total", "samples")), strict=True)
    return {name: Weights(active, total, number) for name, active, total, number in columns}


def _engine_sums(store: Store, half_life: int, since: int, at: int) -> Any:
    """An Arrow table of the columns of `activity_weights`, as of the time `at`."""
    from hzmetrics.engine import Engine

    inside = sa.select(samples.username, samples.timestamp, samples.is_active).where(samples.timestamp >= utc(since))
    with Engine("hzmetrics.activity") as engine:
        engine.register("samples", store.metrics.stream(inside))
        engine.register_values("decay", {"at": at, "half_life": half_life})
        return engine.table("weights")
