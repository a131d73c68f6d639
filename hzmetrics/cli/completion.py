"""What a shell offers when the Tab key is pressed: months, tools and imported files of the configured hub.

A completion is never an error: without a readable configuration or database, nothing is offered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import click
import sqlalchemy as sa
from click.shell_completion import CompletionItem

from hzmetrics import config
from hzmetrics.output.text import printable
from hzmetrics.store import Store
from hzmetrics.store.tables.metrics import imported_sources, summary_misc_vals

DAY_IN_NAME = re.compile(r"-(\d{4})(\d{2})\d{2}", re.ASCII)

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _completion(values: Callable[[Store], Iterator[str]]) -> Complete:
    """Offer those of the values that begin with what has been typed, in ascending order."""

    def complete(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
        with suppress(Exception):
            settings = config.load(context.find_root().params.get("config"))
            if not isinstance(settings.db, config.MariaDb) and not _exists(settings.db.directory):
                return []
            store = Store(settings)
            try:
                offered = sorted(value for value in set(values(store)) if value.startswith(typed))
                return [CompletionItem(value) for value in offered if value == printable(value)]
            finally:
                store.close()
        return []

    return complete


def _exists(directory: Path) -> bool:
    """Whether there are SQLite databases: a completion does not create them."""
    return all((directory / f"{name}.db").is_file() for name in ("metrics", "hub"))


@_completion
def months(store: Store) -> Iterator[str]:
    """The months that have been imported or summarized."""
    for (name,) in store.metrics.rows(sa.select(imported_sources.c.filename).distinct()):
        if found := DAY_IN_NAME.search(name):
            yield f"{found[1]}-{found[2]}"
    cells = summary_misc_vals.c
    for (month,) in store.metrics.rows(sa.select(cells.datetime).where(cells.period == 1).distinct()):
        yield month[:7]


@_completion
def tools(store: Store) -> Iterator[str]:
    """The aliases of the hub's tools."""
    from hzmetrics.tools.rules import TOOL

    resources = store.hub_tables.resources.c
    for (alias,) in store.hub.rows(sa.select(resources.alias).where(resources.type == TOOL)):
        yield alias


@_completion
def imported_files(store: Store) -> Iterator[str]:
    """The names of the imported log files."""
    for (name,) in store.metrics.rows(sa.select(imported_sources.c.filename).distinct()):
        yield name
