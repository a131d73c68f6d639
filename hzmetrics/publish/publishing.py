"""The whole site, from the tables to its files."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hzmetrics.config.schema import Publish
from hzmetrics.engine.runner import beside
from hzmetrics.publish import site
from hzmetrics.publish.contents import about, months
from hzmetrics.publish.contents import online as online_page
from hzmetrics.publish.contents import overview as overview_pages
from hzmetrics.publish.contents import resources as resource_pages
from hzmetrics.publish.contents import tools as tool_pages
from hzmetrics.publish.contents import traffic as traffic_pages
from hzmetrics.publish.figures import online, overview, resources, running, tools
from hzmetrics.publish.figures.names import country_names
from hzmetrics.publish.figures.online import Online
from hzmetrics.publish.figures.overview import Overview
from hzmetrics.publish.writer import Frame, Writer
from hzmetrics.store import state
from hzmetrics.store.state import State
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
    with site.generation(directory) as generation:
        numbers = _read(store, settings, directory, generation)
        writer = _writer(settings, generation, numbers)
        _write(writer, store, settings, numbers)
        return Report(directory, len(generation.made.files), generation.written if generation.is_new else 0)


@dataclass(frozen=True)
class _Numbers:
    """What decides which pages there are."""

    grids: Overview
    remembered: State
    has_tools: bool
    has_resources: bool
    traffic: traffic_pages.Source | None
    online: Online | None
    countries: Mapping[str, str]
    """Their names, by code."""
    newest: str
    """Time of the newest request; empty: there is none."""


def _read(store: Store, settings: Settings, directory: Path, generation: site.Generation) -> _Numbers:
    section = settings.section(Publish)
    grids = overview.read(store).before(settings.clock.month)
    last = grids.months[-1] if grids.months else None
    to_date = running.read(store, settings, last, generation.known.notes.get("running"))
    generation.made.notes["running"] = to_date and vars(to_date)
    grids = overview.with_running_month(grids, to_date)
    has_traffic = settings.is_site if section.traffic is None else section.traffic
    names = country_names(store)
    return _Numbers(
        grids,
        state.read(store),
        not settings.is_site and tools.exist(store),
        not settings.is_site and resources.exist(store),
        traffic_pages.Source(store, settings, grids, section.min_users) if has_traffic else None,
        None if settings.is_site else online.read(settings, names, directory, section.min_users),
        names,
        str(store.metrics.scalar(sa.select(sa.func.max(web.c.datetime))) or ""),
    )


def _writer(settings: Settings, generation: site.Generation, numbers: _Numbers) -> Writer:
    """What writes the pages, with what is around all of them."""
    navigation = [
        ("Overview", "index.html"),
        ("Months", "months/index.html"),
        *(traffic_pages.navigation(numbers.traffic) if numbers.traffic else []),
        *([("Tools", "tools/index.html")] if numbers.has_tools else []),
        *([("Resources", "resources/index.html")] if numbers.has_resources else []),
        *([("Online", "online.html")] if numbers.online else []),
        ("About", "about.html"),
    ]
    title = settings.section(Publish).title or settings.hub.site or "This site"
    frame = Frame(title, settings.is_site or not numbers.grids.has_accounts, navigation)
    last = numbers.grids.months[-1] if numbers.grids.months else None
    return Writer(generation, frame, last, numbers.newest, f"{settings.clock.now:%Y-%m-%d %H:%M %Z}".strip())


@dataclass(frozen=True)
class _PagesOfMonths:
    """The pages of all months, and of tools: a task, which can be done in another process."""

    writer: Writer
    grids: Overview
    tools: tool_pages.Pages | None

    def __call__(self) -> site.Generation:
        """Put them in. Raises OSError, StoreError."""
        overview_pages.write(self.writer, self.grids)
        months.write(self.writer, self.grids)
        if self.tools:
            self.tools.write()
        return self.writer.generation


MANY = 100
"""With this many tools it takes longer to make their pages than to start a process that does it beside the others."""


def _write(writer: Writer, store: Store, settings: Settings, numbers: _Numbers) -> None:
    min_users = settings.section(Publish).min_users
    writer.assets()
    writer.page("embed.html", "embed.html", "", dict)
    tools = tool_pages.changed(writer, store, settings, min_users) if numbers.has_tools else None
    pages = _PagesOfMonths(writer, numbers.grids, tools)
    with beside(pages) if tools and len(tools.tools) >= MANY else nullcontext(pages) as made:
        if numbers.has_resources:
            resource_pages.write(writer, store)
        writer.generation.join(made())
    if numbers.traffic:
        traffic_pages.write(writer, numbers.traffic)
    if numbers.online:
        online_page.write(writer, numbers.online, numbers.countries)
    about.write(
        writer,
        numbers.grids,
        numbers.has_tools,
        numbers.has_resources,
        numbers.remembered.corrections,
        numbers.remembered.corrected_since,
        min_users,
        numbers.traffic is not None,
    )
