"""Which users are active: the rule of spec 80 §5 over the columns of all users."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.activity.settings import Scoring


def counts(users: pa.Table, now: int, scoring: Scoring) -> dict[str, int]:
    """The number of users, of active and inactive ones with a running server, and of those without."""
    running = users.filter(pc.equal(users["server_active"], 1))
    active = pc.sum(are_active(running, now, scoring)).as_py() or 0
    return {
        "total": users.num_rows,
        "active": active,
        "inactive": running.num_rows - active,
        "offline": users.num_rows - running.num_rows,
    }


def are_active(users: pa.Table, at: int, scoring: Scoring) -> pa.ChunkedArray:
    """The rule of `was_active` over a column, as 0 and 1."""
    recent = pc.less_equal(pc.subtract(at, users["last_activity"]), scoring.inactive_after * 60)
    return pc.fill_null(recent, False).cast(pa.int64())
