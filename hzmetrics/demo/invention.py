"""An invented hub, ready to be imported: its logs, its databases, and a database of the addresses of its visitors."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.config import Settings
from hzmetrics.demo import hub, logs, maxmind, present, traffic, world
from hzmetrics.demo.directory import SITE, Directory
from hzmetrics.demo.progress import Reporter
from hzmetrics.demo.proportions import DEMO, Proportions
from hzmetrics.store import Store
from hzmetrics.store.tables.metrics import countries

GROWTH = 1.09
"""How much busier each month is than the one before."""

BUSY = 3
"""How busy the present is, compared with the busiest day of the past."""

WEEKEND = 0.55
"""How busy a Saturday or Sunday is, compared with the other days."""


def sections(directory: Directory) -> dict[str, dict[str, str]]:
    """The configuration of an invented hub."""
    return {
        "hub": {"site": SITE, "apps_dir": str(directory.applications), "hub_dir": str(directory.root / "hub")},
        "db": {"sqlite": str(directory.databases)},
        "metrics": {"corrections": "all"},
        "publish": {"dir": str(directory.pages), "title": "An invented hub"},
        "geoip": {"database": str(directory.addresses)},
    }


def invent(
    directory: Directory,
    settings: Settings,
    store: Store,
    first: Month,
    last: Month,
    lines: int,
    seed: int,
    reporter: Reporter,
    proportions: Proportions = DEMO,
) -> int:
    """Invent a hub with about `lines` access log lines from `first` to `last`; returns the exact number.

    The logs are ready to be imported: those of the oldest quarter have the older format and are compressed. The live
    logs, which are followed and not imported, are those of yesterday and today.
    """
    invented = world.invent(seed, first.first_day, last.last_day, lines, proportions)
    pages = traffic.known_pages(invented)
    days = [first.first_day + dt.timedelta(days=n) for n in range((last.last_day - first.first_day).days + 1)]
    weights = np.array([_busyness(day, first) for day in days])
    shares = lines * weights / weights.sum()
    access, auth = settings.paths.access_logs / "daily", settings.paths.cms_logs / "daily"
    (directory.root / "hub/app/site/stats/maps").mkdir(parents=True)
    written, sessions = 0, []
    with reporter.piece("inventing a hub", len(days)) as advance:
        for number, (date, share) in enumerate(zip(days, shares.tolist(), strict=True)):
            day = traffic.day(invented, pages, date, share)
            old = number < len(days) // 4
            end = f"{date:%Y%m%d}{'.gz' if old else ''}"
            written += logs.write(logs.access_lines(day, 14 if old else 23), access / f"{SITE}-access.log-{end}")
            logs.write(logs.auth_lines(day), auth / f"cmsauth.log-{end}")
            sessions.append(day.tool_sessions)
            advance(str(date), 1)
        recent = present.days(invented, pages, settings.clock, BUSY * max(shares))
        sessions.append(present.tool_sessions(recent, settings.clock))
        hub.fill(store, invented, pa.concat_tables(sessions), settings.clock)
        names = {row.code: row.name for row in store.metrics.rows(sa.select(countries))}
        places = world.places(invented.organizations, names)
        maxmind.write(directory.addresses, places)
        for alias, _ in world.TOOLS:
            tool = directory.applications / alias / "r26"
            tool.mkdir(parents=True)
            (tool / "tool.xml").touch()
        present.invent(settings, store, invented, recent)
    return written


def _busyness(day: dt.date, first: Month) -> float:
    months = (day.year - first.year) * 12 + day.month - first.number + day.day / 31
    return float(GROWTH**months * (WEEKEND if day.weekday() >= 5 else 1))
