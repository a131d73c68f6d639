"""The cells that the stored requests of a month would give, if its sessions were built from all of them now.

Nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.calendar import PERIODS, Month
from hzmetrics.config import Settings
from hzmetrics.grids.logins import counted_logins
from hzmetrics.grids.sources import History, LoginRows, MonthRows, base_relations, stored_logins, stored_sessions
from hzmetrics.grids.summarize import compute_cells
from hzmetrics.sessions.build import read_requests, read_tool_starts, session_engine
from hzmetrics.snapshots import Snapshots
from hzmetrics.store import Store, pseudonyms
from hzmetrics.store.by_number import by_number
from hzmetrics.store.tables.metrics import web


def sessions_and_cells(
    store: Store, settings: Settings, month: Month, periods: Sequence[int] = PERIODS, with_new_logins: bool = False
) -> tuple[pa.Table, pa.Table]:
    """The sessions of the month as its requests give them, and the cells that come of these. Raises StoreError.

    Logins are those that the last summary counted; `with_new_logins`: all that have been imported.
    """
    key = pseudonyms.key(store, settings)
    sessions, downloads = _hypothetical(store, settings, month)
    snapshots = Snapshots(store, settings, key)
    relations = base_relations(store, month, periods)
    before = stored_sessions(store, snapshots, month, periods, with_last=False)
    rows = chain(before, [MonthRows(sessions, downloads)])
    logins = stored_logins(store, snapshots) if with_new_logins else iter([LoginRows(counted_logins(store, bool(key)))])
    return sessions, compute_cells(settings, month, relations, History(rows, logins), periods, pseudonym_key=key)


def _hypothetical(store: Store, settings: Settings, month: Month) -> tuple[pa.Table, pa.Table]:
    within = sa.and_(web.c.datetime >= month.start, web.c.datetime < month.stop)
    query = sa.select(web.c.id, web.c.ipcountry, web.c.dnload)
    details = store.metrics.read(by_number(store.metrics, query, web, within))
    requests = read_requests(store, month, stamped=True)
    with session_engine(settings, month, requests, read_tool_starts(store, month)) as engine:
        engine.register("request_details", details)
        return engine.table("hypothetical_sessions"), engine.table("hypothetical_downloads")
