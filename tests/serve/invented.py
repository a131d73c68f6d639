"""A hub with users, events, courses, imported files and a log, all of them known."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.calendar import epoch, utc
from hzmetrics.store import Store
from hzmetrics.store.tables.live import (
    active_users,
    activity_samples,
    activity_users,
    activity_volumes,
    anomalies,
    capability_state,
    events,
    hourly_stats,
)
from hzmetrics.store.tables.metrics import imported_sources

NOW = "2026-03-10T12:00:00Z"
"""A Tuesday."""

HOSTILE = "<img src=x onerror=alert(1)>\"'{{7*7}}"
"""The name of a user and of a notebook."""

FIRST = ("zoe", "Ann", "bob", HOSTILE)
"""Running servers: active, active, not active, not active."""
OTHERS = 496
"""Users without a running server."""

COURSE = "py"
OPENS = [
    ("2026-03-01T08:00:00", "ann", "week1/n1.ipynb"),
    ("2026-03-01T09:00:00", "bob", "week1/n1.ipynb"),
    ("2026-03-02T08:00:00", "ann", "week2/n%202.ipynb"),
    ("2026-03-03T08:00:00", "cyd", "week1/n1.ipynb"),
    ("2026-03-03T08:00:01", "cyd", HOSTILE.replace(" ", "%20")),
]  # fmt: skip

LOG = """\
2026-03-09T12:30:01.000+00:00 INFO  import of 2026-03-08: start
2026-03-09T12:30:05.000+00:00 INFO  import of 2026-03-08: done, 1,234 rows, 4.0 s
2026-03-09T12:30:15.000+00:00 INFO  summarize-month 2026-03: done, 10.0 s
2026-03-10T11:30:09.000+00:00 INFO  import of 2026-03-09: failed, 2.5 s
2026-03-10T11:30:10.000+00:00 ERROR  cannot read <script>alert(1)</script>
Traceback (most recent call last):
"""


def fill(store: Store, users: int = OTHERS) -> None:
    """Write it all into the databases; `users`: those without a running server."""
    now = epoch(NOW)
    names = [*FIRST, *(f"user{number:05d}" for number in range(users))]
    last = [60, 120, 7200, 86_400 * 40, *(3600 * (1 + number % 900) for number in range(users))]
    running = len(FIRST)
    columns = {
        "username": names,
        "is_authorized": [1, 1, 0, 1, *(number % 7 > 0 for number in range(users))],
        "server_active": [1] * running + [0] * users,
        "last_activity": [utc(now - ago) for ago in last],
        "time_remaining_seconds": pa.array([90_000, 0, 12_300, 1500, *[None] * users], pa.int64()),
        "cpu_percent": pa.array([12.45, 3.0, 0.0, 99.9, *[None] * users], pa.float64()),
        "memory_mb": pa.array([512.4, 1228.8, 8.0, 1023.6, *[None] * users], pa.float64()),
        "memory_percent": pa.array([50.0, 60.0, 1.0, 99.9, *[None] * users], pa.float64()),
        "updated": [utc(now)] * len(names),
    }
    columns["is_authorized"] = list(map(int, columns["is_authorized"]))
    samples = [
        {"username": name, "timestamp": utc(now - 600 * step), "is_active": int(step < active), "last_activity": None}
        for name, active in (("zoe", 72), ("Ann", 0), ("bob", 30))
        for step in range(72 if name == "bob" else 150)
    ]
    hours = [
        {
            "start": f"2026-03-09T{hour:02d}:00:00Z",
            "summary": json.dumps({"failed_logins": hour, "logouts": 1} if hour else {}),
            "free_disk_space": 1000 + hour,
        }
        for hour in range(24)
    ]
    with store.metrics.begin() as connection:
        store.metrics.append(connection, activity_users, pa.table(columns))
        connection.execute(sa.insert(activity_samples), samples)
        volumes = [("zoe", "home", 900.0), ("zoe", "cache", 600.4), ("bob", "home", 10.0)]
        keys = ("username", "volume", "size_mb", "updated")
        connection.execute(
            sa.insert(activity_volumes), [dict(zip(keys, (*one, utc(now)), strict=True)) for one in volumes]
        )
        connection.execute(sa.insert(hourly_stats), hours)
        connection.execute(
            sa.insert(anomalies),
            [
                {"when": "2026-03-09T10:00:30Z", "alarm": 2, "events": json.dumps({"failed_logins": 42, "files": 11})},
                {"when": "2026-03-09T10:01:00Z", "alarm": 1, "events": "{}"},
                {"when": "2026-03-10T11:58:30Z", "alarm": 1, "events": json.dumps({HOSTILE: 7})},
            ],
        )
        connection.execute(
            sa.insert(events),
            [
                {"time": utc(now - 30 + second), "name": name, "source": "auth", "duration": duration}
                for second, name, duration in (
                    (0, "successful_logins", 0.0),
                    (5, "failed_logins", 0.25),
                    (9, HOSTILE, 0.0),
                )
            ],
        )
        connection.execute(
            sa.insert(capability_state), [{"name": "events.evaluated_until", "value": "2026-03-10T11:58:30Z"}]
        )
        connection.execute(
            sa.insert(active_users),
            [
                {"time": utc(now - 3600 * hour), "d1": 10 + hour % 24, "d7": 60, "d30": 1234 - hour}
                for hour in range(1, 200)
            ],
        )
        connection.execute(
            sa.insert(imported_sources),
            [
                {"filename": name, "target_table": table, "row_count": rows, "imported_at": "2026-03-09 12:30:05"}
                for name, table, rows in (
                    ("nano-access.log-20260308", "web", 1234),
                    ("cmsauth.log 20260308'", "userlogin", 56),
                )
            ],
        )


def write_files(home: Path, log_file: Path) -> None:
    """The raw files of a course, and the log."""
    folder = home / "raw" / COURSE
    folder.mkdir(parents=True)
    (folder / "events.raw").write_text(
        "".join(f"{time} {COURSE} {student} {notebook} opened -\n" for time, student, notebook in OPENS)
    )
    counts = [
        f"2026-03-0{day}T10:00:00 {day} 0 1 3 10 20 30 50 5000 60 6000 70 7000 1000 400 500 {day} 1\n"
        for day in (1, 2, 3)
    ]
    (folder / "counts.raw").write_text("".join(counts))
    log_file.write_text(LOG)
