"""Results depend neither on the number of threads nor on the run: all tables are equal, bit for bit."""

from __future__ import annotations

import pytest

from tests.torture.entry_points import LIVE, begin
from tests.torture.hubs import NOW, Hub, difference

pytestmark = [pytest.mark.integration, pytest.mark.slow]

SAMPLE = ("process --next", "tick")
WHOLE = ("run --all", "tick")


@pytest.mark.parametrize(
    ("kind", "commands", "now"),
    [
        pytest.param("sqlite", SAMPLE, LIVE, id="sample"),
        pytest.param("sqlite", WHOLE, NOW, id="sqlite", marks=pytest.mark.torture),
        pytest.param("mariadb", WHOLE, NOW, id="mariadb", marks=[pytest.mark.torture, pytest.mark.mariadb]),
    ],
)
@pytest.mark.timeout(1800)
def test_any_number_of_threads(tormented: Hub, commands: tuple[str, ...], now: str) -> None:
    found = []
    for threads in (1, 4):
        begin(tormented, "new")
        tormented.now = now
        assert not tormented.does(commands, threads), tormented.said
        found.append(tormented.tables(exact=True))
    assert sum(map(len, found[0].values())) > 1000
    assert [difference(one, found[0]) for one in found] == [{}] * 2
