"""The tables of the live side in the metrics database. Times are UTC; names compare byte by byte.

See spec 80 to 86.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, UniqueConstraint

from hzmetrics.store.tables.metrics import INNODB, metadata
from hzmetrics.store.types import ExactText, Int, Json, Real, UtcTime

# how far each raw file of a course has been copied into columns (spec 86 §3)
course_files = Table(
    "course_files",
    metadata,
    Column("course", ExactText(), primary_key=True),
    Column("file", ExactText(), primary_key=True),
    Column("device", Int(64), nullable=False),
    Column("inode", Int(64), nullable=False),
    Column("offset", Int(64), nullable=False),
    Column("lines", Int(64), nullable=False),
    Column("skipped", Int(64), nullable=False),
    Column("head_len", Int(32), nullable=False),
    Column("head_hash", ExactText(), nullable=False),
    Column("generation", Int(64), nullable=False),
    Column("updated", UtcTime(), nullable=False),
    **INNODB,
)

LONGEST_PATH = 255
"""Characters of a followed path."""

# followed logs: how far each file has been read under its path (spec 84 §3); `last_local` and `second_hour` are its
# clock
log_files = Table(
    "log_files",
    metadata,
    Column("id", Int(64), primary_key=True),
    Column("path", ExactText(LONGEST_PATH), nullable=False),
    Column("device", Int(64), nullable=False),
    Column("inode", Int(64), nullable=False),
    Column("offset", Int(64), nullable=False),
    Column("head_len", Int(32), nullable=False),
    Column("head_hash", ExactText(64), nullable=False),
    Column("done", Int(8), nullable=False),
    Column("last_local", ExactText(19)),
    Column("second_hour", Int(8), nullable=False, server_default="0"),
    Column("updated", UtcTime(), nullable=False),
    Index("log_files_path", "path"),
    **INNODB,
)

# what each capability remembers (spec 80 §3)
capability_state = Table(
    "capability_state",
    metadata,
    Column("name", ExactText(), primary_key=True),
    Column("value", Json(), nullable=False),
    **INNODB,
)

# the event queue (spec 84 §5)
events = Table(
    "events",
    metadata,
    Column("id", Int(64), primary_key=True),
    Column("time", UtcTime(), nullable=False),
    Column("name", ExactText(), nullable=False),
    Column("source", ExactText(32), nullable=False),
    Column("duration", Real(), nullable=False, server_default="0"),
    Index("events_time", "time"),
    **INNODB,
    sqlite_autoincrement=True,
)

# evaluations with an activity stress level above 0 (spec 84 §6)
anomalies = Table(
    "anomalies",
    metadata,
    Column("when", UtcTime(), primary_key=True),
    Column("alarm", Int(8), nullable=False),
    Column("events", Json(), nullable=False),
    **INNODB,
)

# event counts of each UTC hour, and free disk space in MiB at its end (spec 84 §8)
hourly_stats = Table(
    "hourly_stats",
    metadata,
    Column("start", UtcTime(), primary_key=True),
    Column("summary", Json(), nullable=False),
    Column("free_disk_space", Int(64), nullable=False),
    **INNODB,
)

# the latest event of each kind of each user (spec 82 §3)
user_last_event = Table(
    "user_last_event",
    metadata,
    Column("username", ExactText(), primary_key=True),
    Column("event", ExactText(32), primary_key=True),
    Column("time", UtcTime(), nullable=False),
    Index("user_last_event_time", "time"),
    **INNODB,
)

# active users of the past day, week and month, one row a computation (spec 82 §3)
active_users = Table(
    "active_users",
    metadata,
    Column("time", UtcTime(), primary_key=True),
    Column("d1", Int(64), nullable=False),
    Column("d7", Int(64), nullable=False),
    Column("d30", Int(64), nullable=False),
    **INNODB,
)

# activity instants of users from followed logs (spec 80 §3)
user_events = Table(
    "user_events",
    metadata,
    Column("username", ExactText(), primary_key=True),
    Column("time", UtcTime(), primary_key=True),
    Column("event", ExactText(32), primary_key=True),
    Index("user_events_time", "time"),
    **INNODB,
)

# whether each user was active at each sampling (spec 80 §3)
activity_samples = Table(
    "activity_samples",
    metadata,
    Column("id", Int(64), primary_key=True),
    Column("username", ExactText(), nullable=False),
    Column("timestamp", UtcTime(), nullable=False),
    Column("is_active", Int(8), nullable=False),
    Column("last_activity", UtcTime()),
    UniqueConstraint("username", "timestamp"),
    Index("activity_samples_timestamp", "timestamp"),
    **INNODB,
)

# a cache: the samples of each user added up by weight, as of the origin that `capability_state` names
activity_weights = Table(
    "activity_weights",
    metadata,
    Column("username", ExactText(), primary_key=True),
    Column("active", Real(), nullable=False),
    Column("total", Real(), nullable=False),
    Column("active_samples", Int(64), nullable=False),
    Column("samples", Int(64), nullable=False),
    **INNODB,
)

# the latest known state of each user (spec 80 §3)
activity_users = Table(
    "activity_users",
    metadata,
    Column("username", ExactText(), primary_key=True),
    Column("is_authorized", Int(8), nullable=False),
    Column("server_active", Int(8), nullable=False),
    Column("last_activity", UtcTime()),
    Column("time_remaining_seconds", Int(64)),
    Column("cpu_percent", Real()),
    Column("memory_mb", Real()),
    Column("memory_percent", Real()),
    Column("updated", UtcTime(), nullable=False),
    **INNODB,
)

# sizes of the users' volumes (spec 80 §3)
activity_volumes = Table(
    "activity_volumes",
    metadata,
    Column("username", ExactText(), primary_key=True),
    Column("volume", ExactText(), primary_key=True),
    Column("size_mb", Real(), nullable=False),
    Column("updated", UtcTime(), nullable=False),
    **INNODB,
)
