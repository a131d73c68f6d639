"""The sources of users and their activity: the hub's tables, a JupyterHub, followed logs."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.config import MariaDb, Settings
from hzmetrics.store import Store
from hzmetrics.users.settings import UserSettings, hub_database_counts
from hzmetrics.users.user import Source


def hub_has_users(store: Store, settings: Settings) -> bool:
    """Whether a hub database is configured; on SQLite, whether its users table has rows (spec 65 §2.3)."""
    if isinstance(settings.db, MariaDb):
        return hub_database_counts(settings)
    users = store.hub_tables.users
    return bool(store.hub.rows(sa.select(users.c.id).limit(1)))


def source_of(
    store: Store, settings: UserSettings, now: int, inactive_after: int, connected_minutes: int = 60
) -> Source:
    """The source that the settings name. Only its module is imported, which keeps ticks cheap."""
    match settings.source:
        case "hub":
            from hzmetrics.users.hub import HubSource

            return HubSource(store, now, settings.ignore_users, connected_minutes)
        case "jupyterhub":
            from hzmetrics.users.jupyterhub import JupyterHubSource

            return JupyterHubSource(settings.jupyterhub, now, settings.ignore_users, inactive_after)
        case _:
            from hzmetrics.users.logs import LogSource

            return LogSource(store, now, settings.ignore_users, settings.session_hours)
