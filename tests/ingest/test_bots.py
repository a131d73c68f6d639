"""Bots, recognized by what they call themselves (spec 10 §7)."""

from __future__ import annotations

import tracemalloc

import pyarrow as pa
import pytest

from hzmetrics.ingest import bots
from hzmetrics.ingest.bots import Bots, Recognized

AGENTS = ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0", "curl/8.5.0", "okhttp/4.9", "", None)
ASKED = ([0, 1, 4], [1, 2, 1, 3], [0, 1, 2, 3, 4])
"""The agents of some logs."""


def agents(numbers: list[int]) -> pa.Array:
    return pa.array([AGENTS[number] for number in numbers], pa.string())


@pytest.mark.parametrize("remembered", [0, 60, 2**24])
def test_agents_of_earlier_logs_are_recognized_as_before(remembered: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bots, "REMEMBERED", remembered)
    recognized = Recognized()
    for numbers in ASKED:
        for by_evidence in (False, True):
            rules = Bots(frozenset(), by_evidence)
            texts = pa.array([text or "" for text in agents(numbers).to_pylist()])
            for asked in (texts, agents(numbers)) if by_evidence else (texts,):
                assert recognized.of(rules, asked) == rules.recognize(asked)


def test_an_agent_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str | None] = []

    def has_token(texts: pa.Array) -> pa.Array:
        looked_at.extend(texts.to_pylist())
        return pa.array([text == "curl/8.5.0" for text in texts.to_pylist()])

    monkeypatch.setattr(bots, "has_token", has_token)
    recognized = Recognized()
    for numbers in ASKED:
        assert recognized.of(Bots(frozenset()), agents(numbers)) == [number == 1 for number in numbers]
    assert sorted(looked_at, key=str) == sorted(AGENTS, key=str)


def test_what_agents_are_remembered_takes_little_room() -> None:
    recognized, rules = Recognized(), Bots(frozenset())
    tracemalloc.start()
    for log in range(20):
        recognized.of(rules, pa.array([f"{log} {number} {'x' * 8_000}" for number in range(500)]))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 2 * bots.REMEMBERED
