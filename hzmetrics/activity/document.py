"""The document of `activity show --json` (spec 80 §8). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from hzmetrics.activity.sampling import was_active
from hzmetrics.activity.score import Weights, show
from hzmetrics.activity.settings import Scoring
from hzmetrics.calendar import utc
from hzmetrics.rounding import half_up
from hzmetrics.users.columns import utc_text
from hzmetrics.users.user import User

NONE = Weights()
STATUSES = ("Offline", "Inactive", "Active")


def document(
    users: Sequence[User], weights: Mapping[str, Weights], now: int, scoring: Scoring, derived: bool = False
) -> dict[str, Any]:
    """The users with a running server, a sample or a last activity: running servers first, then by score."""
    rows = []
    for user in users:
        one = weights.get(user.username, NONE)
        if user.server_active or one.samples or user.last_activity is not None:
            raw = one.raw(scoring)
            rows.append((user, one, None if raw is None else half_up(raw, 1)))
    rows.sort(key=lambda row: (not row[0].server_active, -(row[2] or 0), row[0].username))
    seen = utc_text(pa.chunked_array([[user.last_activity for user, *_ in rows]], pa.int64())).to_pylist()
    described = [_user(*row, last, now, scoring) for row, last in zip(rows, seen, strict=True)]
    found: dict[str, Any] = {"users": described, "timestamp": utc(now)}
    if derived:
        derive(found, found["users"], weights, scoring)
    return found


def derive(
    found: dict[str, Any], rows: Sequence[dict[str, Any]], weights: Mapping[str, Weights], scoring: Scoring
) -> None:
    """Add percentages, bars and tooltips to some rows of a document, and the values they depend on to the document."""
    for row in rows:
        shown = show(weights.get(row["username"], NONE), scoring)
        row["derived"] = {
            "percent": shown.percent,
            "status": STATUSES[row["server_active"] + row["recently_active"]],
            "segments": shown.segments,
            "colour": shown.colour,
            "enough_data": shown.enough_data,
            "tooltip": shown.tooltip,
        }
    samples = sum(one.samples for one in weights.values())
    found["target_hours"] = scoring.target_hours
    found["inactive_after_seconds"] = scoring.inactive_after * 60
    found["sampling_status"] = f"{samples} samples for {len(weights)} users" if samples else "No samples yet"


def total(sizes: Mapping[str, float]) -> float:
    """The sum of rounded volume sizes, rounded again; 0 for none."""
    return half_up(sum(sizes.values()), 1) if sizes else 0


def _user(
    user: User, weights: Weights, score: float | None, last: str | None, now: int, scoring: Scoring
) -> dict[str, Any]:
    return {
        "username": user.username,
        "is_authorized": user.is_authorized,
        "server_active": user.server_active,
        "recently_active": user.server_active and was_active(user.last_activity, now, scoring),
        "cpu_percent": user.cpu_percent if user.server_active else None,
        "memory_mb": user.memory_mb if user.server_active else None,
        "memory_percent": user.memory_percent if user.server_active else None,
        "volume_size_mb": total(user.volumes),
        "volume_breakdown": dict(user.volumes),
        "time_remaining_seconds": user.time_remaining_seconds,
        "activity_score": score,
        "sample_count": weights.samples,
        "last_activity": last,
    }
