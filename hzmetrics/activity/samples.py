"""Samples in columns: whether a user was active at a time. Imports the engine, so only for a run that is due.

See spec 80 §5.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.activity.sampling import was_active
from hzmetrics.activity.settings import Scoring
from hzmetrics.activity.states import are_active
from hzmetrics.users.columns import seconds, utc_text

SCHEMA = pa.schema(
    [("username", pa.string()), ("timestamp", pa.int64()), ("is_active", pa.int64()), ("last_activity", pa.int64())]
)
"""The columns of samples, and of `activity_samples`; times are UTC seconds of the epoch."""


def of_everybody(users: pa.Table, now: int, scoring: Scoring, recent_only: bool) -> pa.Table:
    """One sample of each user; with `recent_only`, of those whose server runs or who were active in the window."""
    if recent_only:
        seen = pc.greater_equal(users["last_activity"], now - scoring.retention_days * 86_400)
        users = users.filter(pc.or_kleene(pc.equal(users["server_active"], 1), pc.fill_null(seen, False)))
    times = pa.repeat(pa.scalar(now, pa.int64()), users.num_rows)
    columns = users["username"], times, are_active(users, now, scoring), users["last_activity"]
    return pa.table(list(columns), SCHEMA)


def fill_in(instants: Mapping[str, Sequence[int]], times: Sequence[int], scoring: Scoring) -> pa.Table:
    """Samples at missed times, from the activity instants (ascending) of each user; none before the first instant."""
    samples = []
    for username, known in instants.items():
        for time in times:
            position = bisect_right(known, time)
            if position:
                last = known[position - 1]
                samples.append((username, time, int(was_active(last, time, scoring)), last))
    return pa.table([list(column) for column in zip(*samples, strict=True)] or [[]] * len(SCHEMA), SCHEMA)


def recent(samples: pa.Table, scoring: Scoring) -> pa.Table:
    """The samples of users whose last activity was in the window at that time."""
    ages = pc.subtract(samples["timestamp"], samples["last_activity"])
    return samples.filter(pc.less_equal(ages, scoring.retention_days * 86_400))


def together(*of_several: pa.Table) -> pa.Table:
    """All samples; of two samples of the same user and second the larger flag stays."""
    samples = pa.concat_tables(of_several)
    keys, values = SCHEMA.names[:2], SCHEMA.names[2:]
    largest = samples.group_by(keys, use_threads=False).aggregate([(name, "max") for name in values])
    return largest.select([*keys, *(f"{name}_max" for name in values)]).rename_columns(SCHEMA.names)


def as_stored(samples: pa.Table) -> pa.Table:
    """Samples with their times as the store holds them."""
    return _with_times(samples, utc_text)


def from_stored(samples: pa.Table) -> pa.Table:
    """Samples as read from the store, with their times as seconds."""
    return _with_times(samples, seconds)


def _with_times(samples: pa.Table, form: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> pa.Table:
    name, time, is_active, last = samples.columns
    return pa.table([name, form(time), is_active, form(last)], SCHEMA.names)
