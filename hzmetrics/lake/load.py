"""From the cells of a lake to the grids of the metrics database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from hzmetrics.calendar import Month, Months
from hzmetrics.errors import HzmetricsError, in_words
from hzmetrics.grids.summarize import write_cells
from hzmetrics.lake import manifest
from hzmetrics.lake.place import Place
from hzmetrics.lake.rows import read
from hzmetrics.lake.storage import Location
from hzmetrics.pipeline import unfinished
from hzmetrics.pipeline.run import make_state_table

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.store import Store

COLUMNS = ("grid", "rowid", "colid", "period", "valfmt", "value")
"""Those of a file of cells."""


def load(store: Store, settings: Settings, root: Location, months: Months) -> dict[Month, int]:
    """Write the cells of some months, one transaction a month; returns their numbers.

    What is left to do for these months stays remembered. Raises HzmetricsError: if the lake is another hub's, its
    numbers follow other corrections, or a file is damaged, nothing is written.
    """
    store.require("metrics")
    found = manifest.read(root)
    if found.hub != settings.hub.site:
        raise HzmetricsError(f"{root} is a lake of {found.hub or 'a site'}, not of {settings.hub.site or 'this site'}")
    if frozenset(found.corrections) != settings.corrections:
        raise HzmetricsError(f"the numbers of {root} follow other corrections than those of {settings.file}")
    place = Place(root)
    chosen = [month for month in place.computed() if month in months]
    if not chosen:
        raise HzmetricsError(f"{root} has no cells of these months; `hzmetrics lake summarize` computes them")
    cells = {month: _cells(place.cells(month)) for month in chosen}
    make_state_table(store)
    numbers = {}
    for month in chosen:
        with unfinished.summary(store, settings, month, is_whole=False):
            numbers[month] = write_cells(store, month, cells[month])
    return numbers


def _cells(path: Location) -> pa.Table:
    """The cells of a file. Raises HzmetricsError if it does not hold cells."""
    try:
        return read(path, COLUMNS).select(list(COLUMNS))
    except (OSError, pa.ArrowException, KeyError) as error:
        raise HzmetricsError(
            f"cannot read {path}: {in_words(error)}; `hzmetrics lake summarize` makes it anew"
        ) from None
