"""Lines with dates that cannot be: the pipeline neither stops at them nor works on their months (spec 60 §3.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from hzmetrics.calendar import Month, Months, some
from hzmetrics.health.status import month_list
from hzmetrics.pipeline import decide
from hzmetrics.pipeline.facts import Facts, months_with_rows
from hzmetrics.store.state import State
from hzmetrics.store.tables import metrics
from tests.conftest import TestHub
from tests.enrich.dns_server import DnsServer, serve
from tests.pipeline.scenario import log_text, state
from tests.pipeline.test_failures import prepare, rows

TODAY = dt.date(2026, 5, 19)
PLAUSIBLE = Months(Month(1995, 1), Month(2026, 5))
APRIL = Month(2026, 4)
ODD_DAYS = ("0001-01-01", "0026-04-30", "1969-12-31", "1994-12-31", "9999-12-31", "2026-05-21")


def known(values: dict[str, str], **facts: object) -> Facts:
    return Facts(today=TODAY, state=State(values), plausible=PLAUSIBLE, **facts)  # type: ignore[arg-type]


def test_marks_of_implausible_months_are_no_backlog() -> None:
    assert known({"dirty_months": "0001-01,2026-04", "unfinished_months": "0026-04"}).backlog == (APRIL,)


@pytest.mark.parametrize("key", ["rebuild_cursor", "catchup_started"])
def test_the_walk_begins_with_the_first_plausible_month(key: str) -> None:
    facts = known({"mode": "rebuild", key: "0001-01"})
    assert decide.next_unit(facts).month == Month(1995, 1)
    assert decide.units_left(facts) == 377


def test_the_walk_is_not_sent_to_implausible_months() -> None:
    unit = decide.next_unit(known({"mode": "catchup", "rebuild_cascade_from": "0026-04"}))
    assert unit.actions == (decide.Remember({"mode": "rebuild", "rebuild_cursor": "1995-01"}),)


def test_the_months_of_status_begin_with_the_first_plausible_one() -> None:
    bases = {table.name: frozenset[Month]() for table in (metrics.web, metrics.userlogin, metrics.websessions)}
    facts = known({"dirty_months": "0001-01"}, months=bases, pending=frozenset({dt.date(1, 1, 1)}))
    assert next(month_list(facts, frozenset())).month == "1995-01"


def test_a_list_does_not_grow_without_end() -> None:
    assert some("abc") == "a, b, c"
    assert some(range(20), most=2) == "0, 1, and 18 more"


@pytest.fixture
def odd(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> TestHub:
    """A hub with a log of April that also has lines of other times."""
    with serve(DnsServer()) as names:
        prepare(hub, names, monkeypatch)
    with hub.configuration.open("a", encoding="utf-8") as file:
        file.write("concurrency = 1\n")
    for name in ("httpd/daily/parity-access.log-20260410", "hubzero/daily/cmsauth.log-20260410"):
        (hub.root / "logs" / name).write_bytes(log_text(name, ["2026-04-10", *ODD_DAYS]))
    return hub


def correct(hub: TestHub, names: str) -> None:
    text = hub.configuration.read_text()
    kept = [line for line in text.splitlines() if not line.startswith(("[metrics]", "corrections"))]
    hub.configuration.write_text("\n".join([*kept, "[metrics]", f"corrections = {names}"]) + "\n")


@pytest.mark.slow
@pytest.mark.integration
def test_a_change_of_corrections_redoes_the_months_with_rows(
    odd: TestHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hzmetrics.enrich.dns.resolve_dns", lambda *arguments, **options: None)
    assert odd.run("import", "--day", "2026-04-10") == 0
    assert rows(odd, metrics.web) == 1 + len(ODD_DAYS)
    correct(odd, "half-up")
    assert odd.run("run", "--all") == 0
    stored = state(odd)
    assert (stored["mode"], stored["rebuild_cursor"]) == ("normal", "2026-05")
    assert stored["dirty_months"] == "2026-05"  # the current month waits until it is over
    capsys.readouterr()
    odd.run("status")
    assert len(capsys.readouterr().out.splitlines()) < 60


@pytest.mark.integration
def test_such_lines_are_dropped_with_the_correction(odd: TestHub) -> None:
    correct(odd, "plausible-dates")
    assert odd.run("import", "--day", "2026-04-10") == 0
    assert (rows(odd, metrics.web), rows(odd, metrics.userlogin)) == (1, 1)
    log = (odd.root / "log.txt").read_text()
    assert f"date {len(ODD_DAYS)}; 0 downloads" in log
    assert f"{len(ODD_DAYS)} of dates that cannot be" in log


@pytest.mark.integration
def test_the_plausible_days_are_configured(odd: TestHub) -> None:
    with odd.configuration.open("a", encoding="utf-8") as file:
        file.write("[logs]\nearliest = 1994-12-31\ndays_ahead = 2\n")
    correct(odd, "plausible-dates")
    assert odd.run("import", "--day", "2026-04-10") == 0
    found = {str(month) for month in months_with_rows(odd.store, metrics.web)}
    assert found == {"1994-12", "2026-04", "2026-05"}


@pytest.mark.integration
def test_logins_of_very_many_days_are_read(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(DnsServer()) as names:
        prepare(hub, names, monkeypatch)
    name = "hubzero/daily/cmsauth.log-20260410"
    days = [str(dt.date(2019, 1, 1) + dt.timedelta(days=number)) for number in range(2500)]
    text = "".join(f"{day} 08:00:00 1001 [ann] 10.7.0.1 login\n" for day in days)
    (hub.root / "logs" / name).write_text(text)
    assert hub.run("import", "--day", "2026-04-10") == 0
    assert hub.store.metrics.scalar(sa.select(sa.func.count()).select_from(metrics.userlogin)) == 2500


@pytest.mark.parametrize(
    "command",
    [
        ("process", "--month"), ("analyze", "--month"), ("summarize", "--month"), ("rebuild-from",), ("mark-dirty",),
    ],
)  # fmt: skip
def test_months_before_the_plausible_ones_are_refused(
    command: tuple[str, ...], make_hub: Callable[[str], TestHub], capfd: pytest.CaptureFixture[str]
) -> None:
    hub = make_hub("sqlite")
    assert hub.run(*command, "0001-01") == 2
    assert "0001-01 is before 1995-01" in capfd.readouterr().err
