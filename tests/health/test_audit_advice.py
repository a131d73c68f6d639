"""What the audit advises, done to the letter: nothing is found any more, and all numbers are as they were."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from importlib import resources

import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.health.audit import CHECKS, Report, audit
from tests.conftest import TestHub
from tests.enrich.dns_server import DnsServer, name, serve
from tests.pipeline.scenario import log_text
from tests.pipeline.test_unfinished import numbers, prepare

pytestmark = pytest.mark.slow

LINES = 40
"""Enough that a month has the hundred rows from which on its completeness is judged."""

ROUNDS = (
    {
        "enrichment": (
            "UPDATE web SET host = '', domain = '', ipcountry = '' WHERE datetime LIKE '2026-01-%'",
            "UPDATE websessions SET domain = NULL WHERE datetime LIKE '2026-01-%'",
        ),
        "orphan-stamps": ("UPDATE web SET sessionid = 999999 WHERE datetime LIKE '2026-02-06%'",),
        "all-time-drop": (
            "UPDATE summary_user_vals SET value = value - 1 "
            "WHERE datetime LIKE '2026-02-%' AND rowid = 1 AND colid = 1 AND period = 14",
        ),
        "total-users": (),
        "stale-snapshot": (),
        "missing-periods": ("DELETE FROM summary_misc_vals WHERE datetime LIKE '2026-03-%' AND period = 12",),
        "webhits-parity": ("UPDATE webhits SET hits = hits + 1 WHERE datetime LIKE '2026-02-06%'",),
        "hits-cell": (
            "UPDATE summary_misc_vals SET value = '7' WHERE datetime LIKE '2026-03-%' AND rowid = 8 AND period = 1",
        ),
        "ledger-span": ("UPDATE imported_sources SET pk_start = pk_end WHERE filename LIKE '%access.log-20260213%'",),
        "ledger-uncovered": ("DELETE FROM imported_sources WHERE filename LIKE '%20260102%'",),
    },
    {
        "unsummarized-month": ("DELETE FROM summary_user_vals WHERE datetime LIKE '2026-02-%'",),
        "ledger-span": ("UPDATE imported_sources SET pk_start = pk_start - 3 WHERE filename LIKE '%access%20260213%'",),
        "ledger-overlap": (),
        "reconstruct-drift": ("UPDATE imported_sources SET row_count = 7 WHERE filename LIKE 'cmsauth%20260102%'",),
        "stale-summary": ("UPDATE summary_user_vals SET value = NULL WHERE datetime LIKE '2026-03-%'",),
    },
)  # fmt: skip
"""Damage by the check that finds it. A check without its own is found by the damage before it."""


@pytest.fixture
def hub(make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch) -> Iterator[TestHub]:
    """Three closed months and a part of the current one, with logs of every seventh day."""
    with serve(DnsServer({f"10.7.0.{n}": name(f"host{n}.example.edu") for n in range(1, LINES + 1)})) as names:
        hub = prepare(make_hub("sqlite"), names, monkeypatch)
        day = dt.date(2026, 1, 2)
        while day < dt.date(2026, 4, 19):
            for file in ("httpd/daily/parity-access.log", "hubzero/daily/cmsauth.log"):
                text = log_text(file, [str(day)] * LINES)
                (hub.root / f"logs/{file}-{day:%Y%m%d}").write_bytes(text)
            day += dt.timedelta(days=7)
        assert hub.run("run", "--all") == 0
        yield hub


def look(hub: TestHub) -> Report:
    return audit(hub.store, config.load(), 24, 0.05)


def test_there_is_a_round_for_all_that_is_advised() -> None:
    models = resources.files("hzmetrics.health") / "models"
    silent = {
        check for check in CHECKS if "empty: a person has to look" in (models / f"{check}.sql").read_text("utf-8")
    }
    assert silent
    advising = {check.replace("_", "-") for check in CHECKS if check not in silent}
    assert advising <= {check for damage in ROUNDS for check in damage}


def test_following_the_advice_repairs_everything(hub: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert look(hub).findings == ()
    whole = numbers(hub)
    for damage in ROUNDS:
        with hub.store.metrics.begin() as connection:
            for statements in damage.values():
                for statement in statements:
                    connection.execute(sa.text(statement))
        found = look(hub)
        assert set(damage) == {finding.check for finding in found.findings}
        places = [(finding.check, finding.subject, finding.key) for finding in found.findings]
        assert len(places) == len(set(places))
        capsys.readouterr()
        assert hub.run("audit") == 1
        advice = [line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("  hzmetrics ")]
        assert len(advice) == len(set(advice))
        for line in advice:
            assert hub.run(*line.split()[1:]) == 0, line
        assert look(hub).findings == ()
        assert look(hub).unfinished == {}
        assert numbers(hub) == whole
