"""What the requests of a lake of logs are completed by: names and countries of addresses, filters, the hub's tables.

The database writes them (`lake export --private`); the lake of logs has a copy, and needs no database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from hzmetrics import files
from hzmetrics.engine import Engine
from hzmetrics.errors import HzmetricsError
from hzmetrics.ingest.bots import Bots
from hzmetrics.ingest.filters import Excludes
from hzmetrics.lake import manifest, storage, tables
from hzmetrics.lake.manifest import Manifest
from hzmetrics.lake.place import Place
from hzmetrics.lake.rows import read, write
from hzmetrics.lake.storage import Location
from hzmetrics.store.tables.metrics import bot_useragents, dns_cache, exclude_list, toolstart, web
from hzmetrics.store.types import epoch_seconds

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.store import Store

PRIVATE = ("addresses", "exclude_list", "bot_useragents", "tool_starts")
"""The tables that nobody else may read."""

COPIED = tuple(table for table in tables.WHOLE if table != "webhits")
"""Of the tables that are not partitioned, those that logs say nothing of."""

NAMES = """
    SELECT ip, arg_max(host, id) AS host, arg_max(domain, id) AS domain, arg_max(ipcountry, id) AS ipcountry
    FROM requests
    GROUP BY ip
    UNION ALL
    SELECT c.ip, c.host, d.domain, NULL
    FROM rows_without_domain AS r
    JOIN cached AS c ON c.number = r.row
    JOIN domains_found AS d USING (row)
    WHERE c.ip NOT IN (SELECT ip FROM requests WHERE ip IS NOT NULL)
"""


def write_private(store: Store, settings: Settings, place: Place) -> None:
    """Write the private tables of a hub to a lake. Raises HzmetricsError."""
    metrics, start = store.metrics, toolstart.c
    place.make_private()
    bots = Bots.of((), settings.corrections)
    agents = metrics.read(sa.select(bot_useragents.c.useragent))
    by_hand = agents.filter(pc.invert(pa.array(bots.recognize(agents["useragent"].combine_chunks()), pa.bool_())))
    starts = sa.select(start.id, start.datetime, epoch_seconds(start.datetime).label("t"), start.ip, start.host)
    with Engine("hzmetrics.enrich") as engine:
        cached = metrics.read(sa.select(dns_cache.c.ip, sa.func.lower(dns_cache.c.host).label("host")))
        engine.lend("known", cached)
        engine.keep("cached", "SELECT row_number() OVER () AS number, ip, host FROM known")
        engine.define("rows_without_domain", "SELECT number AS row, host, NULL::VARCHAR AS domain FROM cached", ())
        engine.build("domains_found")
        requests = sa.select(web.c.id, web.c.ip, web.c.host, web.c.domain, web.c.ipcountry)
        engine.lend("stored", metrics.stream(requests))
        engine.keep("requests", "FROM stored")
        engine.keep("addresses", NAMES)
        for name, rows in (
            ("exclude_list", metrics.read(sa.select(exclude_list.c.filter, exclude_list.c.type))),
            ("bot_useragents", by_hand),
            ("tool_starts", metrics.read(starts.where(start.success == 1))),
        ):
            engine.lend(name, rows)
        for name in PRIVATE:
            write(engine, f"SELECT * FROM {name} ORDER BY ALL", place.dimension(name), files.SECRET)


def exported(root: Location) -> Manifest:
    """The manifest of an export with private tables. Raises HzmetricsError."""
    found, place = manifest.read(root), Place(root)
    if found.source != manifest.DATABASE or not all(place.has_dimension(name) for name in PRIVATE):
        raise HzmetricsError(f"{root} has no names of addresses; `hzmetrics lake export --private` writes them")
    return found


def copy(source: Place, target: Place, buckets: int) -> None:
    """Copy the tables of an export to a lake of logs. Raises HzmetricsError."""
    pairs = [(source.whole(table), target.whole(table), files.INTERNAL) for table in COPIED]
    for table in tables.BY_BUCKET:
        parts = range(buckets)
        pairs += [(source.part(table, part), target.part(table, part), files.INTERNAL) for part in parts]
    pairs += [(source.dimension(name), target.dimension(name), files.SECRET) for name in PRIVATE]
    for old, new, mode in pairs:
        storage.copy(old, new, mode)


def excludes(place: Place) -> Excludes:
    """The operator's filters; none without dimensions."""
    rows = _rows(place, "exclude_list")
    return Excludes.of((row["type"], row["filter"]) for row in rows)


def bots(place: Place) -> list[str]:
    """The user agents that an operator has declared as bots."""
    return [row["useragent"] for row in _rows(place, "bot_useragents")]


def _rows(place: Place, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(place.dimension(table)).to_pylist() if place.has_dimension(table) else []
    return found
