"""A run compares what it keeps with the rows of the whole history once, however many months it summarizes."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.conftest import TestHub
from tests.enrich.dns_server import DnsServer
from tests.pipeline.test_convergence import cells, logs, names, place, prepare, settle  # noqa: F401  a fixture
from tests.statements import asked, whole_counts

ONCE = {"websessions": 1, "web": 2, "userlogin": 2}
"""By table: of requests, the downloads are counted for the sessions and all of them for the users of resources."""


@pytest.mark.slow
@pytest.mark.parametrize("command", [("rebuild-from", "2026-01"), ("mark-dirty", "2026-02")], ids=" ".join)
def test_a_run_counts_the_whole_history_once(
    hub: TestHub,
    names: DnsServer,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
) -> None:
    prepare(hub, names, monkeypatch)
    place(hub, list(logs()))
    settle(hub)
    before = cells(hub)
    assert hub.run(*command) == 0
    with asked() as statements:
        assert hub.run("run", "--all") == 0
    assert Counter(whole_counts(statements)) <= Counter(ONCE)
    assert cells(hub) == before


@pytest.mark.slow
def test_so_does_a_command_for_many_months(
    hub: TestHub,
    names: DnsServer,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepare(hub, names, monkeypatch)
    place(hub, list(logs()))
    settle(hub)
    before = cells(hub)
    with asked() as statements:
        assert hub.run("rebuild-summaries", "--since", "2026-01") == 0
    assert Counter(whole_counts(statements)) <= Counter(ONCE)
    assert cells(hub) == before
