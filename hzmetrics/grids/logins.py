"""`userlogin_lite`: the logins and simulations, which the grids and readers of the database count (spec 50 §4)."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.collation import fold
from hzmetrics.store import Store
from hzmetrics.store.remake import remake
from hzmetrics.store.tables.metrics import userlogin, userlogin_lite

ACTIONS = frozenset((fold("login"), fold("simulation")))


def remake_userlogin_lite(store: Store) -> None:
    """Make `userlogin_lite` anew out of `userlogin`; readers find the old rows or the new ones. Raises StoreError."""
    spellings = [row.action for row in store.metrics.rows(sa.select(userlogin.c.action).distinct())]
    wanted = [action for action in spellings if fold(action) in ACTIONS]
    remake(store.metrics, userlogin_lite, userlogin, userlogin.c.action.in_(wanted))
