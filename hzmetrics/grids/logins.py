"""`userlogin_lite`: the logins and simulations, which the grids and readers of the database count (spec 50 §4)."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hzmetrics.collation import fold
from hzmetrics.keeping import keep
from hzmetrics.store import Store
from hzmetrics.store.remake import remake
from hzmetrics.store.tables.metrics import anonymous_logins, userlogin, userlogin_lite

if TYPE_CHECKING:
    import pyarrow as pa

ACTIONS = frozenset((fold("login"), fold("simulation")))

_of_run: ContextVar[set[int | None] | None] = ContextVar("newest logins in userlogin_lite", default=None)


def kept() -> AbstractContextManager[None]:
    """Within this context, `userlogin_lite` is made anew only for logins that come: in a run, none goes or changes."""
    return keep(_of_run, nullcontext(set()))


def remake_userlogin_lite(store: Store) -> None:
    """Make `userlogin_lite` anew out of `userlogin`; readers find the old rows or the new ones. Raises StoreError."""
    made = _of_run.get()
    newest = store.metrics.scalar(sa.select(sa.func.max(userlogin.c.id)))  # one that comes gets a larger id
    if made and newest in made:
        return
    remake(store.metrics, userlogin_lite, userlogin, userlogin.c.action.in_(_counted_actions(store, sa.true())))
    if made is not None:
        made.add(newest)


def counted_logins(store: Store, has_pseudonyms: bool) -> pa.RecordBatchReader:
    """The relation `userlogin_lite`: the logins that the last summary counted. Raises StoreError.

    `has_pseudonyms`: some addresses have been shortened.
    """
    return store.metrics.stream(_logins(userlogin_lite, has_pseudonyms))


def current_logins(
    store: Store, has_pseudonyms: bool, where: sa.ColumnElement[bool] | None = None
) -> pa.RecordBatchReader:
    """The same as it would be if it were made anew now, or those of its rows `where` holds for. Raises StoreError."""
    where = sa.true() if where is None else where
    counted = userlogin.c.action.in_(_counted_actions(store, where))
    return store.metrics.stream(_logins(userlogin, has_pseudonyms).where(counted, where))


def _logins(table: sa.Table, has_pseudonyms: bool) -> sa.Select[Any]:
    login = table.c
    if not has_pseudonyms:
        none = sa.func.nullif(login.ip, login.ip, type_=login.ip.type)
        return sa.select(login.user, login.ip, none.label("pseudonym"), login.datetime)
    return sa.select(login.user, login.ip, anonymous_logins.c.pseudonym, login.datetime).select_from(
        table.outerjoin(anonymous_logins, anonymous_logins.c.id == login.id)
    )


def _counted_actions(store: Store, where: sa.ColumnElement[bool]) -> list[str]:
    """The spellings of the actions that count, among some logins."""
    spellings = [row.action for row in store.metrics.rows(sa.select(userlogin.c.action).distinct().where(where))]
    return [action for action in spellings if fold(action) in ACTIONS]
