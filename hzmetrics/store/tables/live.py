"""The tables of the live side in the metrics database. Times are UTC; names compare byte by byte.

See spec 80 to 86.
"""

from __future__ import annotations

from sqlalchemy import Index, UniqueConstraint

from hzmetrics.store.tables.columns import column, key, optional, required, serial
from hzmetrics.store.tables.metrics import table
from hzmetrics.store.types import ExactText, Int, Json, Real, UtcTime

# how far each raw file of a course has been copied into columns (spec 86 §3)
course_files = table(
    "course_files",
    key("course", ExactText()),
    key("file", ExactText()),
    required("device", Int(64)),
    required("inode", Int(64)),
    required("offset", Int(64)),
    required("lines", Int(64)),
    required("skipped", Int(64)),
    required("head_len", Int(32)),
    required("head_hash", ExactText()),
    required("generation", Int(64)),
    required("updated", UtcTime()),
)

LONGEST_PATH = 255
"""Characters of a followed path."""

# followed logs: how far each file has been read under its path (spec 84 §3); `last_local` and `second_hour` are its
# clock
log_files = table(
    "log_files",
    serial("id", Int(64)),
    required("path", ExactText(LONGEST_PATH)),
    required("device", Int(64)),
    required("inode", Int(64)),
    required("offset", Int(64)),
    required("head_len", Int(32)),
    required("head_hash", ExactText(64)),
    required("done", Int(8)),
    optional("last_local", ExactText(19)),
    column("second_hour", Int(8)),
    required("updated", UtcTime()),
    Index("log_files_path", "path"),
)

# what each capability remembers (spec 80 §3)
capability_state = table(
    "capability_state",
    key("name", ExactText()),
    required("value", Json()),
)

# the event queue (spec 84 §5)
events = table(
    "events",
    serial("id", Int(64)),
    required("time", UtcTime()),
    required("name", ExactText()),
    required("source", ExactText(32)),
    column("duration", Real()),
    Index("events_time", "time"),
    sqlite_autoincrement=True,
)

# evaluations with an activity stress level above 0 (spec 84 §6)
anomalies = table(
    "anomalies",
    key("when", UtcTime()),
    required("alarm", Int(8)),
    required("events", Json()),
)

# event counts of each UTC hour, and free disk space in MiB at its end (spec 84 §8)
hourly_stats = table(
    "hourly_stats",
    key("start", UtcTime()),
    required("summary", Json()),
    required("free_disk_space", Int(64)),
)

# the latest event of each kind of each user (spec 82 §3)
user_last_event = table(
    "user_last_event",
    key("username", ExactText()),
    key("event", ExactText(32)),
    required("time", UtcTime()),
    Index("user_last_event_time", "time"),
)

# active users of the past day, week and month, one row a computation (spec 82 §3)
active_users = table(
    "active_users",
    key("time", UtcTime()),
    required("d1", Int(64)),
    required("d7", Int(64)),
    required("d30", Int(64)),
)

# activity instants of users from followed logs (spec 80 §3)
user_events = table(
    "user_events",
    key("username", ExactText()),
    key("time", UtcTime()),
    key("event", ExactText(32)),
    Index("user_events_time", "time"),
)

# whether each user was active at each sampling (spec 80 §3)
activity_samples = table(
    "activity_samples",
    serial("id", Int(64)),
    required("username", ExactText()),
    required("timestamp", UtcTime()),
    required("is_active", Int(8)),
    optional("last_activity", UtcTime()),
    UniqueConstraint("username", "timestamp"),
    Index("activity_samples_timestamp", "timestamp"),
)

# a cache: the samples of each user added up by weight, as of the origin that `capability_state` names
activity_weights = table(
    "activity_weights",
    key("username", ExactText()),
    required("active", Real()),
    required("total", Real()),
    required("active_samples", Int(64)),
    required("samples", Int(64)),
)

# the latest known state of each user (spec 80 §3)
activity_users = table(
    "activity_users",
    key("username", ExactText()),
    required("is_authorized", Int(8)),
    required("server_active", Int(8)),
    optional("last_activity", UtcTime()),
    optional("time_remaining_seconds", Int(64)),
    optional("cpu_percent", Real()),
    optional("memory_mb", Real()),
    optional("memory_percent", Real()),
    required("updated", UtcTime()),
)

# sizes of the users' volumes (spec 80 §3)
activity_volumes = table(
    "activity_volumes",
    key("username", ExactText()),
    key("volume", ExactText()),
    required("size_mb", Real()),
    required("updated", UtcTime()),
)
