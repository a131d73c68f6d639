"""Concurrent transactions that are committed in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import sqlalchemy as sa

from hzmetrics.store.database import Database

Work = Callable[[sa.Connection], int]

AT_ONCE = 2
"""Concurrent transactions on a MariaDB server. SQLite allows one writer."""


def commit_in_order(database: Database, works: Iterable[Work]) -> Iterator[int]:
    """Do each work in a transaction of its own and yield its result once it is committed.

    The next work is asked for meanwhile; if asking fails, those before are committed all the same. A transaction waits
    with its commit for all before it; after one that failed, none is committed and its error is raised. So what a crash
    leaves is always a prefix. The works must not touch each other's rows.
    """
    under_way: deque[Future[int]] = deque()
    with ThreadPoolExecutor(AT_ONCE if database.is_mariadb else 1) as pool:
        for work in works:
            before = under_way[-1] if under_way else None
            under_way.append(pool.submit(_transaction, database, work, before))
            if len(under_way) > AT_ONCE:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


def _transaction(database: Database, work: Work, before: Future[int] | None) -> int:
    with database.begin() as connection:
        result = work(connection)
        if before is not None:
            before.result()
        return result
