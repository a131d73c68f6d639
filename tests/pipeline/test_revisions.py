"""No statement of ours changes the rows of a month without a new revision for it in the same transaction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from hzmetrics.calendar import Month, Window
from hzmetrics.grids.comparison import differences
from tests.conftest import TestHub
from tests.enrich.dns_server import DnsServer
from tests.pipeline.test_convergence import logs, names, place, prepare, settle  # noqa: F401  a fixture

WRITES = re.compile(r'(INSERT INTO|UPDATE|DELETE FROM|INTO TABLE) [`"]?(websessions|userlogin|web)[`"]?(?=[ (])')
LINKS = re.compile(r"SET .*\b(?:sessionid|dnload)\b", re.DOTALL)
ASKED = re.compile(r"SELECT DISTINCT substr\(websessions|session_revisions")


@contextmanager
def watched() -> Iterator[list[tuple[str, bool]]]:
    """The statements that change sessions, logins or requests that count, each with whether its months were noted."""
    found: list[tuple[str, bool]] = []

    def see(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        info = connection.info.setdefault("seen", {"writes": [], "asked": False})
        write = WRITES.search(statement)
        if write and (write.groups() != ("UPDATE", "web") or LINKS.search(statement)):
            info["writes"].append((statement, write.groups() != ("UPDATE", "web") and cursor.rowcount != 0))
        if ASKED.search(statement):
            info["asked"] = True
        if "session_revisions" in statement and "INSERT" in statement:
            info["renewed"] = True

    def end(connection: Any) -> None:
        info = connection.info.pop("seen", {"writes": []})
        for statement, needs_revision in info["writes"]:
            found.append((statement, bool(info.get("renewed") if needs_revision else info["asked"])))

    def drop(connection: Any) -> None:
        connection.info.pop("seen", None)

    listeners = (("after_cursor_execute", see), ("commit", end), ("rollback", drop), ("begin", drop))
    for name, listener in listeners:
        event.listen(sa.Engine, name, listener)
    try:
        yield found
    finally:
        for name, listener in listeners:
            event.remove(sa.Engine, name, listener)


@pytest.mark.slow
def test_all_writes_renew_the_revisions(hub: TestHub, names: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    prepare(hub, names, monkeypatch)
    place(hub, list(logs()))
    with watched() as found:
        settle(hub)
        assert hub.run("mark-dirty", "2026-02") == 0
        settle(hub)
        assert hub.run("logfix-session", "2026-04") == 0
        for table in ("web", "websessions"):
            assert hub.run("clean-bots", table, "2026-01") == 0
        assert hub.run("clear-orphan-stamps", "2026-01") == 0
        assert hub.run("anonymise", "--before", "2026-02", "--yes") == 0
    kinds = {re.split(r" SET | \(|WHERE", statement)[0].replace("`", "").replace('"', "") for statement, _ in found}
    assert {kind.split()[0] for kind in kinds} >= {"UPDATE", "DELETE"} and len(kinds) >= 7
    assert [statement for statement, is_noted in found if not is_noted] == []
    assert hub.run("summarize-month", "2026-04") == 0
    whole = Window(Month(2026, 1).start, Month(2026, 5).start)
    assert list(differences(hub.store, hub.settings, whole)) == []
