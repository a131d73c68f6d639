"""Which steps would find no row to complete, asked of the rows of a month before its analysis.

A month that is analyzed again mostly lacks nothing. One look through its requests and one through its sessions tell
what resolve-dns, fill-domain, fill-ipcountry and logfix-session would each look for (spec 60 §8.6).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hzmetrics.calendar import DateSpan, Month
from hzmetrics.enrich import rows
from hzmetrics.enrich.dns import lacks_host
from hzmetrics.enrich.domains import lacks_domain
from hzmetrics.enrich.geo import lacks_country
from hzmetrics.errors import StoreError
from hzmetrics.sessions.build import lacks_session, session_windows
from hzmetrics.store.by_number import by_number
from hzmetrics.store.tables.metrics import web, websessions

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.pipeline.steps import Step
    from hzmetrics.store import Store

Gap = sa.ColumnElement[bool]
"""Whether a row lacks what a step gives it."""


def without_rows(store: Store, settings: Settings, month: Month, steps: Sequence[Step]) -> list[Step]:
    """Those of the steps of a month's analysis that would find no row, as far as that is cheap to tell."""
    return [step for table in (web, websessions) for step in _of_table(store, settings, month, table, steps)]


def _of_table(store: Store, settings: Settings, month: Month, table: sa.Table, steps: Sequence[Step]) -> list[Step]:
    asked = [(step, gap) for step in steps if (gap := _gap(step, table, settings)) is not None]
    if not asked:
        return []
    # most rows lack nothing: each gap is asked again, by itself, only of the others
    lacking = sa.select(*(sa.func.max(sa.case((gap, 1), else_=0)) for _, gap in asked))
    lacking = lacking.where(sa.or_(*(gap for _, gap in asked)))
    window = rows.in_any_window(table.c.datetime, DateSpan.of(month))
    try:
        (found,) = store.metrics.rows(by_number(store.metrics, lacking, table, window))
    except StoreError:  # the steps will report it
        return []
    return [step for (step, _), has_rows in zip(asked, found, strict=True) if not has_rows]


def _gap(step: Step, table: sa.Table, settings: Settings) -> Gap | None:
    """What a step looks for in the rows of a table; None: it does not complete them."""
    match step.name, step.arguments:
        case "resolve-dns", (_, table.name, _):
            return lacks_host(table)
        case "fill-domain", (_, table.name, _):
            return lacks_domain(table)
        case "fill-ipcountry", (_, table.name, _):
            return lacks_country(table)
        case "logfix-session", (Month() as month,) if table is web:
            time = web.c.datetime
            searched = (sa.and_(time >= part.start, time < part.stop) for part in session_windows(month, settings))
            return sa.and_(lacks_session(), sa.or_(*searched))
    return None
