"""What the metrics database copies of the hub: tool sessions and profiles (spec 20 §7)."""

from __future__ import annotations

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.config import Settings
from hzmetrics.log import log
from hzmetrics.store import Store, copies
from hzmetrics.store.image import replace_with_image
from hzmetrics.store.tables.metrics import sessionlog_metrics


def import_hub_data(store: Store, settings: Settings, dry_run: bool = False) -> int:
    """Copy new tool sessions, and make the copy of the confirmed profiles anew; the rows written.

    A failure keeps the old copy of the profiles. Raises StoreError.
    """
    return _copy_sessions(store, dry_run) + _copy_profiles(store, dry_run)


def _copy_sessions(store: Store, dry_run: bool) -> int:
    columns = {"sessnum": "sessnum", "username": "user", "remoteip": "ip", "start": "start", "appname": "appname"}
    logged = copies.stream(store.hub, store.hub_tables.sessionlog, *columns).read_all().rename_columns(columns)
    copied = store.metrics.read(sa.select(sessionlog_metrics.c.sessnum))
    new = logged.join(copied, "sessnum", join_type="left anti").sort_by("sessnum")
    if dry_run:
        log.info("sessionlog_metrics: would insert %d rows", new.num_rows)
        return int(new.num_rows)
    with store.metrics.begin() as connection:
        first = store.metrics.next_id(connection, sessionlog_metrics)
        numbered = new.append_column("id", pa.array(range(first, first + new.num_rows), pa.int64()))
        return store.metrics.append(connection, sessionlog_metrics, numbered)


def _copy_profiles(store: Store, dry_run: bool) -> int:
    profiles = store.hub_tables.xprofiles
    confirmed = profiles.c.emailConfirmed > 0
    copy = f"{profiles.name}_metrics"
    if dry_run:
        count = store.hub.scalar(sa.select(sa.func.count()).select_from(profiles).where(confirmed))
        log.info("%s: would hold %d rows", copy, count)
        return int(count)
    return replace_with_image(store.metrics, copy, store.hub, profiles.name, confirmed, hidden="password")
