"""How far the requests of the running month are completed: the daily analysis takes only those that came since.

A request is completed once it has its host, domain and country, or no source of countries is there to ask, and no
filter matches it. From then on the steps of the analysis change it only if the filters, the sources of countries or
the program change (spec 60 §8.7).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from hzmetrics import __version__
from hzmetrics.calendar import DateSpan, Month
from hzmetrics.enrich import rows
from hzmetrics.enrich.countries import Countries
from hzmetrics.store import state
from hzmetrics.store.by_number import by_number
from hzmetrics.store.tables.metrics import exclude_list, web
from hzmetrics.store.types import is_empty

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.store import Store
    from hzmetrics.store.state import State


class Requests(NamedTuple):
    """The requests of a month before its analysis."""

    month: Month
    completed: int
    """Those with ids up to this one are completed; 0: any may be left."""
    last: int
    """The largest id."""
    rules: str
    """What the filters, the sources of countries and the version of the program are recognized by."""
    awaited: tuple[str, ...]
    """The columns that the analysis is to fill."""


def requests(store: Store, settings: Settings, known: State, month: Month) -> Requests:
    """The requests of a month. One that is marked dirty may have been changed by hand, so all of them are left."""
    last = int(store.metrics.scalar(sa.select(sa.func.max(web.c.id))) or 0)
    countries = Countries(store, settings)
    rules = _rules(store, countries)
    stored = known.completed_requests
    is_right = stored.get("month") == str(month) and stored.get("rules") == rules and month not in known.dirty_months
    completed = int(stored["last"]) if is_right else 0
    awaited = ("host", "domain", *(("ipcountry",) if countries.can_answer else ()))
    return Requests(month, completed if completed <= last else 0, last, rules, awaited)


def after_analysis(store: Store, before: Requests) -> dict[str, str]:
    """The state key to be stored with the end of an analysis that did not fail; none if a request lacks something."""
    span = DateSpan.of(before.month)
    lacking = sa.or_(*(is_empty(web.c[name]) for name in before.awaited))
    query = sa.select(web.c.id).where(web.c.id <= before.last, lacking).limit(1)
    window = rows.after_day_before(web.c.datetime, span)
    if store.metrics.scalar(by_number(store.metrics, query, web, window, before.completed)) is not None:
        return {}
    return state.completed_requests(before.month, before.last, before.rules)


def _rules(store: Store, countries: Countries) -> str:
    query = sa.select(exclude_list.c.type, exclude_list.c.filter).order_by(exclude_list.c.type, exclude_list.c.filter)
    rules = (__version__, list(map(tuple, store.metrics.rows(query))), countries.revision())
    return hashlib.sha256(repr(rules).encode()).hexdigest()[:16]
