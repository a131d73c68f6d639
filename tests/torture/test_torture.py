"""Whatever happens to an entry point, cron ends in the tables of an undisturbed run (architecture, rule 4)."""

from __future__ import annotations

import pytest

from tests.torture.entry_points import ENTRY_POINTS, EntryPoint
from tests.torture.hubs import Hub
from tests.torture.torment import faults, killed_at_random, problems, undisturbed

pytestmark = [pytest.mark.integration, pytest.mark.slow]

SAMPLED = ("tick", "run-all", "process-next", "summarize-month", "events")
"""Entry points of which `make test` does some points."""

torture = pytest.mark.torture
entry_points = pytest.mark.parametrize("entry", ENTRY_POINTS, ids=str)
sampled = pytest.mark.parametrize("entry", [one for one in ENTRY_POINTS if one.name in SAMPLED], ids=str)


@sampled
def test_some_kills_and_full_disks(tormented: Hub, entry: EntryPoint) -> None:
    expected = undisturbed(tormented, entry)
    for kind, most in (("kill", 2), ("full", 1)):
        assert not list(problems(tormented, entry, expected, faults(kind, expected, most)))


@torture
@pytest.mark.timeout(0)
@entry_points
@pytest.mark.parametrize("kind_of_fault", ["kill", "full", "short"])
def test_every_boundary(tormented: Hub, entry: EntryPoint, kind_of_fault: str) -> None:
    expected = undisturbed(tormented, entry)
    assert not list(problems(tormented, entry, expected, faults(kind_of_fault, expected, None)))


@torture
@pytest.mark.timeout(0)
@entry_points
def test_kills_at_random_moments(tormented: Hub, entry: EntryPoint) -> None:
    assert not list(killed_at_random(tormented, entry, undisturbed(tormented, entry), 20))
