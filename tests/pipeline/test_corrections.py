"""The list of corrections in force is kept over upgrades (spec 15)."""

from __future__ import annotations

import pytest

from hzmetrics import config
from hzmetrics.config import CORRECTIONS, Settings, Source
from hzmetrics.config.schema import FIRST_CORRECTIONS
from hzmetrics.pipeline.corrections import in_force, listed, offered
from hzmetrics.store.state import State

ALL = frozenset(CORRECTIONS)
NEWER = [name for name in CORRECTIONS if name not in FIRST_CORRECTIONS]


def configured(text: str) -> Settings:
    return config.build(Source(sections={"metrics": {"corrections": text}}, environment={}))


def stored(names: frozenset[str], known: frozenset[str] = frozenset()) -> State:
    values = {"corrections": listed(names)} if names else {}
    return State({**values, "corrections_known": listed(known)} if known else values)


@pytest.mark.parametrize(
    ("text", "remembered", "expected"),
    [
        pytest.param("all", stored(frozenset()), ALL, id="a new hub gets all there are"),
        pytest.param("all", stored(FIRST_CORRECTIONS), FIRST_CORRECTIONS, id="all, stored by an earlier version"),
        pytest.param("all", stored(ALL - {"ipv6"}, ALL - {"ipv6"}), ALL - {"ipv6"}, id="all that existed then"),
        pytest.param("all, zones", stored(FIRST_CORRECTIONS), FIRST_CORRECTIONS | {"zones"}, id="all, and a new one"),
        pytest.param("all", stored(frozenset({"ipv6"}), ALL), ALL, id="all, after a shorter list"),
        pytest.param("all", stored(frozenset({"ipv6"})), ALL, id="all, after a shorter list of an earlier version"),
        pytest.param("ipv6", stored(ALL, ALL), frozenset({"ipv6"}), id="a list is what it says"),
        pytest.param("none", stored(ALL, ALL), frozenset(), id="none is none"),
    ],
)
def test_the_list_in_force(text: str, remembered: State, expected: frozenset[str]) -> None:
    assert in_force(configured(text), remembered).corrections == expected


def test_newer_ones_are_offered() -> None:
    def offers(text: str, remembered: State) -> list[str]:
        return offered(in_force(configured(text), remembered), remembered)

    assert offers("all", stored(FIRST_CORRECTIONS)) == NEWER
    assert offers("all, zones", stored(FIRST_CORRECTIONS)) == [name for name in NEWER if name != "zones"]
    assert offers("all", stored(ALL, ALL)) == []
    assert offers("none", stored(frozenset())) == []
    assert offers("half-up", stored(frozenset({"half-up"}), FIRST_CORRECTIONS)) == NEWER
