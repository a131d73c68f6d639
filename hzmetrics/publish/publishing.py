"""The whole site, from the tables to its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hzmetrics.config.schema import Publish
from hzmetrics.publish import site
from hzmetrics.publish.contents import about, months
from hzmetrics.publish.contents import online as online_page
from hzmetrics.publish.contents import overview as overview_pages
from hzmetrics.publish.contents import resources as resource_pages
from hzmetrics.publish.contents import tools as tool_pages
from hzmetrics.publish.contents import traffic as traffic_pages
from hzmetrics.publish.figures import online, overview, resources, running, tools
from hzmetrics.publish.writer import Frame, Writer
from hzmetrics.store import state
from hzmetrics.store.tables.metrics import web

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.store import Store


@dataclass(frozen=True)
class Report:
    """What was published."""

    directory: Path
    files: int
    written: int
    """Files that are new or have changed; 0: the site was up to date."""


def publish(store: Store, settings: Settings, directory: Path | None = None) -> Report:
    """Bring the site up to date, in `directory` or else in `[publish] dir`. Raises HzmetricsError."""
    section = settings.section(Publish)
    directory = directory or section.dir
    if directory is None:
        raise section.error("dir", "no directory for the pages: name one here or with --dir")
    directory = directory.absolute()
    remembered = state.read(store)
    has_tools = not settings.is_site and tools.exist(store)
    has_resources = not settings.is_site and resources.exist(store)
    present = None if settings.is_site else online.read(settings, directory, section.min_users)
    grids = overview.read(store).before(settings.clock.month)
    last = grids.months[-1] if grids.months else None
    newest = str(store.metrics.scalar(sa.select(sa.func.max(web.c.datetime))) or "now")
    with site.generation(directory) as generation:
        to_date = running.read(store, settings, last, generation.known.notes.get("running"))
        generation.made.notes["running"] = to_date and vars(to_date)
        grids = overview.with_running_month(grids, to_date)
        has_traffic = settings.is_site if section.traffic is None else section.traffic
        of_traffic = traffic_pages.Source(store, settings, grids, section.min_users) if has_traffic else None
        navigation = [
            ("Overview", "index.html"),
            ("Months", "months/index.html"),
            *(traffic_pages.navigation(of_traffic) if of_traffic else []),
            *([("Tools", "tools/index.html")] if has_tools else []),
            *([("Resources", "resources/index.html")] if has_resources else []),
            *([("Online", "online.html")] if present else []),
            ("About", "about.html"),
        ]
        is_site = settings.is_site or not grids.has_accounts
        frame = Frame(section.title or settings.hub.site or "This site", is_site, navigation)
        writer = Writer(generation, frame, last, newest, f"{settings.clock.now:%Y-%m-%d %H:%M %Z}".strip())
        writer.assets()
        writer.page("embed.html", "embed.html", "", dict)
        overview_pages.write(writer, grids)
        months.write(writer, grids)
        if has_tools:
            tool_pages.write(writer, store, section.min_users)
        if has_resources:
            resource_pages.write(writer, store)
        if of_traffic:
            traffic_pages.write(writer, of_traffic)
        online_page.write(writer, present)
        about.write(
            writer,
            grids,
            has_tools,
            has_resources,
            remembered.corrections,
            remembered.corrected_since,
            section.min_users,
            has_traffic,
        )
        return Report(directory, len(generation.made.files), generation.written if generation.is_new else 0)
