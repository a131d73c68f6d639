"""One refresh of the map: from the CMS's sessions to the published documents (spec 35 §3)."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from pathlib import Path

from hzmetrics.config import MariaDb, Settings
from hzmetrics.errors import HzmetricsError
from hzmetrics.log import log
from hzmetrics.online import tables, visitors
from hzmetrics.online.document import as_json, as_xml, spots
from hzmetrics.online.files import map_directory, replace
from hzmetrics.online.names import look_up
from hzmetrics.store import Store

NAME = "whoisonline.xml"
LOOKUP_BUDGET = 20.0
"""Seconds that all lookups of one refresh may take together."""


@dataclass(frozen=True)
class Report:
    """What a refresh did, in numbers."""

    document: Path
    visitors: int = 0
    places: int = 0
    arrived: int = 0
    left: int = 0
    looked_up: int = 0
    """Addresses whose name was asked for."""


def refresh_map(store: Store, settings: Settings, dry_run: bool = False) -> Report:
    """Refresh `session_geo`, then write `whoisonline.xml` and, beside it, `whoisonline.json`.

    A dry run says what it would write and touches no database. Raises ConfigurationError if the hub database or the map
    directory is missing, StoreError, and HzmetricsError if the document cannot be written: then the old one stays.
    """
    document = map_directory(settings) / NAME
    if isinstance(settings.db, MariaDb):
        store.require("hub")
    if dry_run:
        log.info("would refresh the table %s and write %s", store.hub_tables.session_geo.name, document)
        return Report(document)

    begun = time.monotonic()
    before = tables.read_visitors(store)
    clock = store.hub.clock(settings.clock)
    now = clock.now.timestamp()
    staying = visitors.present(before, now)
    arrived = visitors.arrivals(tables.read_sessions(store, now), staying)
    after = visitors.with_known_names(visitors.ordered([*staying, *arrived]))
    nameless = visitors.nameless(after)
    if nameless:
        after = visitors.with_names(after, look_up(settings.dns, nameless, LOOKUP_BUDGET))
    placeless = visitors.placeless(after)
    if placeless:
        from hzmetrics.online.places import locate  # brings the address database

        locations = locate(store, settings, placeless, begun + LOOKUP_BUDGET - time.monotonic())
        after = visitors.with_places(after, locations, tables.bot_domains(store))
    stored = set(before)
    after = visitors.ordered(
        [visitor for visitor in after if visitor in stored]
        + tables.fitted(store, [visitor for visitor in after if visitor not in stored])
    )
    tables.save(store, before, after)

    places = spots(after)
    replace(document, as_xml(places))
    try:
        replace(document.with_suffix(".json"), as_json(places, clock))
    except HzmetricsError as error:
        log.warning("%s", error)

    still = visitors.present(after, store.hub.clock(settings.clock).now.timestamp())
    tables.save(store, after, still)
    report = Report(
        document,
        visitors=len(after),
        places=sum(spot.latitude is not None for spot in places),
        arrived=len(arrived),
        left=len(before) - len(staying),
        looked_up=len(nameless),
    )
    log.info(
        "map: %d visitors at %d places, %d new, %d gone", report.visitors, report.places, report.arrived, report.left
    )
    return report


def map_age(settings: Settings) -> dt.timedelta | None:
    """How long ago the map was last written, by the system's clock; None if it never was."""
    try:
        written = (map_directory(settings) / NAME).stat().st_mtime
    except (HzmetricsError, OSError):
        return None
    return dt.timedelta(seconds=max(0.0, time.time() - written))
