"""The pipeline over the logs of a demonstration, from files to grids."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Sequence
from contextlib import closing
from dataclasses import replace

import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.config import Settings
from hzmetrics.demo.directory import Directory
from hzmetrics.demo.progress import Reporter
from hzmetrics.errors import HzmetricsError, LookupFailure
from hzmetrics.ingest import imports
from hzmetrics.ingest.readers import Readers
from hzmetrics.log import log
from hzmetrics.pipeline import corrections, stages
from hzmetrics.pipeline import tick as ticking
from hzmetrics.pipeline.run import make_state_table
from hzmetrics.publish import publishing
from hzmetrics.store import Store
from hzmetrics.store.tables.metrics import domainclass, websessions

READING = "reading the logs"

MOST_FILES = 3
"""Log files whose formats are shown."""

TELLING_LABELS = {1: {"edu", "ac"}, 3: {"gov", "mil"}}
"""Labels at the end of a domain that indicate its class: education, government (spec 50 §6)."""


def settle_corrections(store: Store, settings: Settings) -> None:
    """Store which corrections the numbers will follow."""
    make_state_table(store)
    corrections.adopt(store, settings, yes=True)


def import_pending(store: Store, settings: Settings, reporter: Reporter) -> None:
    """Import every pending day. Raises HzmetricsError for a file that cannot be read."""
    days = imports.pending_days(settings)
    with reporter.piece(READING, len(days)) as advance, closing(Readers(settings)) as readers:
        for day in days:
            report = imports.import_day(store, settings, day, readers=readers)
            for source, reason in report.failed:
                raise HzmetricsError(f"{source.path}: {reason}")
            advance(str(day), 1)


def analyze(
    store: Store, settings: Settings, months: Sequence[Month], reporter: Reporter, skip: Container[str] = ()
) -> str:
    """Analyze and then summarize each month, without the steps named in `skip`.

    Returns the failures of look-ups: a name server or address source that does not answer does not stop the rest.
    """
    passes = [
        [(month, step) for month in months for part in stages.analysis(month, sessions=True) for step in part.steps],
        [(month, step) for month in months for step in stages.summary(month).steps],
    ]
    given_up: dict[str, str] = {}
    with reporter.piece("analyzing", sum(map(len, passes))) as advance:
        for steps in passes:
            for month, step in steps:
                advance(f"{month} {step.name}", 1)
                if step.name not in skip and step.name not in given_up:
                    try:
                        step.run(store, settings)
                    except LookupFailure as failure:
                        log.info("%s: %s", step.name, failure)
                        given_up[step.name] = str(failure)
            _guess_classes(store)
    return "; ".join(given_up.values())


def tick(store: Store, settings: Settings, reporter: Reporter) -> None:
    """Do a tick: the map and the live side, but not the run of half past the hour."""
    now = settings.clock.now
    if now.minute == ticking.RUN_MINUTE:
        settings = replace(settings, clock=replace(settings.clock, now=now - dt.timedelta(minutes=1)))
    with reporter.piece("following the logs", 1):
        ticking.tick(store, settings)


def publish(store: Store, settings: Settings, directory: Directory, reporter: Reporter) -> None:
    """Write the pages."""
    with reporter.piece("writing the pages", 1):
        publishing.publish(store, settings, directory.pages)


def _guess_classes(store: Store) -> None:
    """Classify domains by their last labels, if there is no list of organizations."""
    with store.metrics.begin() as connection:
        if connection.execute(sa.select(domainclass.c.domain).limit(1)).first() is None:
            domains = connection.execute(sa.select(websessions.c.domain).distinct()).scalars()
            guesses = [{"domain": domain, "class": kind} for domain in domains if domain and (kind := _class(domain))]
            if guesses:
                connection.execute(sa.insert(domainclass), guesses)


def _class(domain: str) -> int:
    labels = domain.split(".")[1:]
    return next((kind for kind, names in TELLING_LABELS.items() if names & set(labels)), 0)
