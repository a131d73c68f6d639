"""`userlogin_lite`: the logins and simulations, which the grids and readers of the database count (spec 50 §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from hzmetrics.collation import fold
from hzmetrics.store import Store
from hzmetrics.store.remake import remake
from hzmetrics.store.tables.metrics import anonymous_logins, userlogin, userlogin_lite

if TYPE_CHECKING:
    import pyarrow as pa

ACTIONS = frozenset((fold("login"), fold("simulation")))


def remake_userlogin_lite(store: Store) -> None:
    """Make `userlogin_lite` anew out of `userlogin`; readers find the old rows or the new ones. Raises StoreError."""
    remake(store.metrics, userlogin_lite, userlogin, userlogin.c.action.in_(_counted_actions(store)))


def current_logins(store: Store, has_pseudonyms: bool) -> pa.RecordBatchReader:
    """The relation `userlogin_lite` as it would be if it were made anew now. Raises StoreError."""
    login = userlogin.c
    pseudonym = (
        anonymous_logins.c.pseudonym if has_pseudonyms else sa.func.nullif(login.ip, login.ip, type_=login.ip.type)
    )
    source = userlogin.outerjoin(anonymous_logins, anonymous_logins.c.id == login.id) if has_pseudonyms else userlogin
    return store.metrics.stream(
        sa.select(login.user, login.ip, pseudonym.label("pseudonym"), login.datetime)
        .select_from(source)
        .where(login.action.in_(_counted_actions(store)))
    )


def _counted_actions(store: Store) -> list[str]:
    """The spellings of the actions that count."""
    spellings = [row.action for row in store.metrics.rows(sa.select(userlogin.c.action).distinct())]
    return [action for action in spellings if fold(action) in ACTIONS]
