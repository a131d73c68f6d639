"""From the databases of a hub to a lake."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pyarrow as pa

from hzmetrics.calendar import PERIODS, Month, Months, some
from hzmetrics.engine import Engine
from hzmetrics.errors import HzmetricsError
from hzmetrics.grids.applications import tool_directories
from hzmetrics.grids.logins import current_logins
from hzmetrics.grids.sources import base_relations, month_rows, occupied_months, widest
from hzmetrics.lake import dimensions, manifest, tables
from hzmetrics.lake.manifest import Manifest
from hzmetrics.lake.place import CELLS, WORK, Place
from hzmetrics.lake.rows import write
from hzmetrics.lake.storage import Location
from hzmetrics.log import log
from hzmetrics.store import pseudonyms

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.store import Store

BUCKETS = 8


def export(
    store: Store,
    settings: Settings,
    root: Location,
    months: Months,
    buckets: int | None,
    plain: bool,
    private: bool = False,
) -> Manifest:
    """Write the sessions of some months and everything else that the grids read to a lake.

    Months that are not over are left out. `buckets`: of a new lake. `plain`: with names and addresses.
    `private`: with what requests from logs are completed by (`dimensions`). Raises HzmetricsError: a lake that is there
    stays as it was, or says that it is incomplete.
    """
    store.require("hub", "metrics")
    found = _Export(store, settings, root, plain).run(months, buckets)
    if private:
        dimensions.write_private(store, settings, Place(root))
    return found


class _Export:
    """One export."""

    def __init__(self, store: Store, settings: Settings, root: Location, plain: bool) -> None:
        self.store = store
        self.settings = settings
        self.place = Place(root)
        self.plain = plain
        self.key_of_anonymised = pseudonyms.key(store, settings)
        if plain and self.key_of_anonymised:
            raise HzmetricsError("addresses of some months have been taken away: --plain is not possible")
        self.key = b"" if plain else tables.key(settings)
        self.through = settings.clock.month.plus(-1)

    def run(self, months: Months, buckets: int | None) -> Manifest:
        manifest.refuse_others(self.place.root)
        before = manifest.find(self.place.root)
        occupied = list(occupied_months(self.store, widest(self.through, PERIODS)))
        chosen = [month for month in occupied if month in months]
        plan = self._plan(before, buckets, occupied, chosen)
        if before and (different := plan.differences(before)):
            raise HzmetricsError(
                f"{self.place.root} was exported otherwise: {some(different)} changed; export to another directory"
            )
        kept = tuple(month for month in plan.months if month not in chosen)
        dataclasses.replace(plan, months=kept).write(self.place.root)
        self.place.clear(WORK, CELLS)
        for month in chosen:
            self._month(month, plan.buckets)
            log.info("lake: %s exported", month)
        self._others(plan.buckets)
        done = dataclasses.replace(plan, is_complete=True)
        done.write(self.place.root)
        return done

    def _plan(
        self, before: Manifest | None, buckets: int | None, occupied: list[Month], chosen: list[Month]
    ) -> Manifest:
        """What the lake will be."""
        there = {*(before.months if before else ()), *chosen}
        return Manifest(
            source=manifest.DATABASE,
            has_hub=True,
            hub=self.settings.hub.site,
            time_zone=self.settings.hub.timezone,
            corrections=tuple(sorted(self.settings.corrections)),
            names="plain" if self.plain else "pseudonyms",
            key="" if self.plain else tables.fingerprint(self.key),
            buckets=buckets or (before.buckets if before else BUCKETS),
            through=self.through,
            months=tuple(month for month in occupied if month in there),
            missing=tuple(month for month in occupied if month not in there),
            exported=self.settings.clock.utc,
            is_complete=False,
        )

    def _engine(self) -> Engine:
        engine = Engine("hzmetrics.grids")
        engine.set_variable("pseudonym_key", self.key_of_anonymised)
        tables.set_key(engine, self.key)
        return engine

    def _month(self, month: Month, buckets: int) -> None:
        """The sessions of a month and their downloads, by bucket."""
        rows = month_rows(self.store, month)
        with self._engine() as engine:
            engine.load("websessions", rows.sessions)
            engine.load("download_requests", rows.downloads)
            query = tables.bucketed(tables.rows("websessions", self.plain), buckets)
            engine.keep("sessions", query)
            for bucket in range(buckets):
                of_bucket = f"FROM sessions WHERE bucket = {bucket}"
                write(
                    engine,
                    f"SELECT * EXCLUDE (bucket) {of_bucket} ORDER BY datetime, id",
                    self.place.month("websessions", month, bucket),
                )
                write(
                    engine,
                    f"SELECT * FROM download_requests WHERE sessionid IN (SELECT id {of_bucket}) ORDER BY ALL",
                    self.place.month("download_requests", month, bucket),
                )

    def _others(self, buckets: int) -> None:
        """All other tables: logins by bucket, the rest whole."""
        relations = base_relations(self.store, self.through, PERIODS)
        names = tool_directories(self.settings.hub.apps_dir) if relations["sessionlog"].num_rows else []
        relations["applications"] = pa.table({"name": pa.array(names, pa.string())})
        with self._engine() as engine:
            for table in tables.WHOLE:
                engine.load(table, relations[table])
                write(engine, f"{tables.rows(table, self.plain)} ORDER BY ALL", self.place.whole(table))
            engine.load("userlogin_lite", current_logins(self.store, bool(self.key_of_anonymised)))
            query = tables.bucketed(tables.rows("userlogin_lite", self.plain), buckets)
            engine.keep("bucketed_logins", query)
            for bucket in range(buckets):
                write(
                    engine,
                    f"SELECT * EXCLUDE (bucket) FROM bucketed_logins WHERE bucket = {bucket} ORDER BY ALL",
                    self.place.part("userlogin_lite", bucket),
                )
