"""The cells of a month: computed all at once, then written in one transaction (spec 50)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set
from contextlib import ExitStack
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.calendar import PERIODS, Month
from hzmetrics.config import Settings
from hzmetrics.engine import Engine, windows
from hzmetrics.grids import SECTIONS
from hzmetrics.grids.applications import tool_directories
from hzmetrics.grids.counting import count_settled, count_visitors, nothing_settled
from hzmetrics.grids.grouping import grouped
from hzmetrics.grids.logins import remake_userlogin_lite
from hzmetrics.grids.sources import History, base_relations, stored_history
from hzmetrics.log import log
from hzmetrics.snapshots import Snapshots
from hzmetrics.store import Store, pseudonyms
from hzmetrics.store.tables.metrics import summary_misc_vals, summary_simusage_vals, summary_user_vals

REFERENCES = ("country_continent", "domainclass")
"""The relations that, beside sessions and logins, decide on what is counted of them."""

GRIDS = {"user": summary_user_vals, "simusage": summary_simusage_vals, "misc": summary_misc_vals}


def summarize_month(
    store: Store,
    settings: Settings,
    month: Month,
    periods: Sequence[int] = PERIODS,
    only: Sequence[str] = SECTIONS,
    dry_run: bool = False,
) -> int:
    """Write the cells of a month in the three grids, of the sections `only`; returns their number (spec 50).

    `userlogin_lite` is made anew first. A dry run logs the windows and reads nothing. Raises StoreError; the grids then
    are as they were.
    """
    store.require("hub", "metrics")
    if dry_run:
        for code in periods:
            window = month.period(code)
            log.info("summary of %s: period %d would be %s to %s", month, code, window.start, window.stop)
        return 0
    remake_userlogin_lite(store)
    key = pseudonyms.key(store, settings)
    snapshots = Snapshots(store, settings, key)
    relations = base_relations(store, month, periods)
    history = stored_history(store, snapshots, month, periods)
    cells = compute_cells(settings, month, relations, history, periods, only, key)
    return write_cells(store, month, cells)


def compute_cells(
    settings: Settings,
    month: Month,
    relations: Mapping[str, Any],
    history: History,
    periods: Sequence[int] = PERIODS,
    sections: Sequence[str] = SECTIONS,
    pseudonym_key: str = "",
) -> pa.Table:
    """The cells of a month: grid, rowid, colid, period, valfmt, value (text). Pure but for the applications root.

    `pseudonym_key`: that of `store.pseudonyms`, where addresses have been shortened.
    """
    has_tool_sessions = "sim-usage" in sections and relations["sessionlog"].num_rows > 0
    applications = tool_directories(settings.hub.apps_dir) if has_tool_sessions else []
    with Engine("hzmetrics.grids", corrections=settings.corrections) as engine, ExitStack() as held:
        engine.set_variable("pseudonym_key", pseudonym_key)
        for name, rows in relations.items():
            engine.register(name, rows)
        engine.register("applications", pa.table({"name": pa.array(applications, pa.string())}))
        engine.register("sections", pa.table({"section": pa.array(sections, pa.string())}))
        engine.register("windows", windows(month, periods))
        logins, sessions = grouped(engine, held, history.logins), grouped(engine, held, history.sessions)
        if history.settled:
            rules = _digest(settings.corrections, *(relations[name] for name in REFERENCES))
            returning, settled_logins = count_settled(engine, held, history.settled, sessions, logins, rules)
            sessions, logins = [*sessions, returning], [*logins, *settled_logins]
            engine.register("windows", windows(month, periods))
        else:
            nothing_settled(engine)
        engine.register_parquet("grouped_logins", logins)
        engine.register_parquet("grouped_sessions", sessions)
        count_visitors(engine)
        return engine.table("cells")


def _digest(corrections: Set[str], *tables: pa.Table) -> str:
    """What tells corrections and tables from others."""
    digest = hashlib.blake2b(repr(sorted(corrections)).encode())
    for table in tables:
        for batch in table.to_batches():
            digest.update(batch.serialize())
    return digest.hexdigest()


def write_cells(store: Store, month: Month, cells: pa.Table) -> int:
    """Replace the rows with the same keys by these cells, in one transaction; returns their number.

    See spec 50 §4.
    """
    database = store.metrics
    cells = cells.append_column("datetime", pa.repeat(month.key, cells.num_rows))
    with database.begin() as connection:
        for grid, table in GRIDS.items():
            rows = cells.filter(pc.equal(cells["grid"], grid)).drop_columns(["grid"])
            database.delete(connection, table, rows.select(["rowid", "colid", "datetime", "period"]))
            database.append(connection, table, rows)
    return int(cells.num_rows)
