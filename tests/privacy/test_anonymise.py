"""What `anonymise` refuses, and how it goes on after a kill (spec 67)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.errors import HzmetricsError, UsageError
from hzmetrics.ingest import sources
from hzmetrics.privacy import anonymise as anonymising
from hzmetrics.store import pseudonyms, state
from hzmetrics.store.tables.metrics import anonymous_logins, dns_cache, userlogin, web
from tests.conftest import TestHub

BEFORE = Month(2026, 3)


@pytest.fixture
def small(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> TestHub:
    """A hub with five requests and three logins of one second; nothing is left to do."""
    monkeypatch.setattr(anonymising, "_refuse_unfinished", lambda *arguments: None)
    requests = [
        {"datetime": f"2026-01-0{n} 10:00:00", "ip": f"192.0.2.{n}", "host": f"h{n}.example"} for n in range(1, 6)
    ]
    requests += [{"datetime": "2026-03-01 00:00:00", "ip": "192.0.2.1", "host": "h1.example"}]
    logins = [{"datetime": "2026-02-01 10:00:00", "user": "ann", "ip": ip, "action": "login"}
              for ip in ("192.0.2.2", "192.0.2.1", "192.0.2.0")]  # fmt: skip
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.insert(web), requests)
        connection.execute(sa.insert(userlogin), logins)
        connection.execute(
            sa.insert(dns_cache),
            [{"ip": ip, "host": "h", "asked_at": "2026-01-01 00:00:00"} for ip in ("192.0.2.1", "198.51.100.1")],
        )
    return hub


def rows(hub: TestHub, *columns: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in hub.store.metrics.rows(sa.select(*columns).order_by(*columns))]


def test_rows_are_shortened_and_stay_different(small: TestHub) -> None:
    anonymising.anonymise(small.store, small.settings, BEFORE, yes=True)
    hosts = rows(small, web.c.datetime, web.c.ip, web.c.host)
    assert [ip for _, ip, _ in hosts] == ["192.0.2.0"] * 5 + ["192.0.2.1"]
    assert len({host for _, _, host in hosts[:5]}) == 5
    assert hosts[5][2] == "h1.example"
    assert [ip for (ip,) in rows(small, userlogin.c.ip)] == ["192.0.2.0", "192.0.2.1", "192.0.2.2"]
    assert len({pseudonym for (pseudonym,) in rows(small, anonymous_logins.c.pseudonym)}) == 3
    assert rows(small, dns_cache.c.ip) == [("198.51.100.1",)]


def test_it_goes_on_after_a_kill(small: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anonymising, "BATCH", 2)
    forget, calls = anonymising._forget, []

    def dying(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        forget(*arguments)

    monkeypatch.setattr(anonymising, "_forget", dying)
    with pytest.raises(KeyboardInterrupt):
        anonymising.anonymise(small.store, small.settings, BEFORE, yes=True)
    key = pseudonyms.key(small.store, small.settings)
    half = rows(small, web.c.id, web.c.ip, web.c.host)
    assert sum(host.startswith("#") for _, _, host in half) == 2

    assert anonymising.anonymise(small.store, small.settings, BEFORE, yes=True) == 3 + 3
    assert pseudonyms.key(small.store, small.settings) == key
    assert rows(small, web.c.id, web.c.ip, web.c.host)[:2] == half[:2]
    assert anonymising.anonymise(small.store, small.settings, BEFORE, yes=True) == 0


def test_a_month_to_come_is_refused(hub: TestHub) -> None:
    with pytest.raises(UsageError, match="has not begun"):
        anonymising.anonymise(hub.store, hub.settings, hub.settings.clock.month.plus(1), yes=True)


def test_a_dry_run_changes_nothing(small: TestHub) -> None:
    before = rows(small, web.c.id, web.c.ip, web.c.host)
    assert anonymising.anonymise(small.store, small.settings, BEFORE, dry_run=True) == 5 + 3
    assert rows(small, web.c.id, web.c.ip, web.c.host) == before
    assert not Path(pseudonyms.key_file(small.settings)).exists()


def test_months_that_are_not_done_are_refused(hub: TestHub) -> None:
    with hub.store.metrics.begin() as connection:
        state.add_dirty_months(connection, [Month(2026, 1)])
    with pytest.raises(HzmetricsError, match=r"2026-01.*run --all"):
        anonymising.anonymise(hub.store, hub.settings, BEFORE, yes=True)
    assert state.read(hub.store).anonymised_before is None


def test_it_must_be_agreed_to(small: TestHub) -> None:
    before = rows(small, web.c.id, web.c.ip, web.c.host)
    with pytest.raises(HzmetricsError, match="to agree, add --yes"):
        anonymising.anonymise(small.store, small.settings, BEFORE)
    assert rows(small, web.c.id, web.c.ip, web.c.host) == before


def test_a_log_that_waits_for_an_anonymised_month_is_named_and_not_in_the_way(
    small: TestHub, capsys: pytest.CaptureFixture[str]
) -> None:
    anonymising.anonymise(small.store, small.settings, BEFORE, yes=True)
    waiting = sources.base(small.settings, "access") / "daily" / "parity-access.log-19990101"
    waiting.parent.mkdir(parents=True, exist_ok=True)
    waiting.touch()
    assert small.run("process", "--next", "--dry-run") == 0
    capsys.readouterr()
    small.run("status")
    assert f"no import takes {waiting.name}" in capsys.readouterr().out


def test_a_key_that_is_gone_is_named(small: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    anonymising.anonymise(small.store, small.settings, BEFORE, yes=True)
    pseudonyms.key_file(small.settings).unlink()
    capsys.readouterr()
    assert small.run("status") == 1
    assert "pseudonyms.key: No such file or directory" in capsys.readouterr().out
    assert small.run("doctor") == 1
    assert "pseudonyms.key: No such file or directory" in capsys.readouterr().out
