"""Results depend neither on the number of threads nor on the run: all tables are equal, bit for bit."""

from __future__ import annotations

import pytest

from tests.torture.entry_points import begin
from tests.torture.hubs import Hub, difference

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(1800)]


def test_any_number_of_threads(tormented: Hub) -> None:
    found = []
    for threads in (1, 4):
        begin(tormented, "new")
        assert not tormented.does(("run --all", "tick"), threads), tormented.said
        found.append(tormented.tables(exact=True))
    assert sum(map(len, found[0].values())) > 1000
    assert [difference(one, found[0]) for one in found] == [{}] * 2
