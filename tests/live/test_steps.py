"""Every step of a tick records how it ended, and since when it has ended so (spec 80 §1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hzmetrics import config, journal
from hzmetrics.errors import HzmetricsError
from hzmetrics.live import steps
from tests.conftest import TestHub


def fail(error: BaseException) -> Callable[[], object]:
    def work() -> None:
        raise error

    return work


@pytest.fixture
def step(make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch) -> Callable[..., journal.Entry]:
    """Does the step `map` at a minute of an hour; returns its record."""
    hub = make_hub("sqlite")

    def do(minute: int, work: Callable[[], object]) -> journal.Entry:
        monkeypatch.setenv("HZMETRICS_NOW", f"2026-05-19T09:{minute:02d}:00")
        steps.do(config.load(hub.configuration), steps.MAP, work)
        return steps.outcomes(hub.settings)[steps.MAP]

    return do


def test_since_when_a_step_fails_or_works(step: Callable[..., journal.Entry]) -> None:
    broken = fail(HzmetricsError("no map directory"))
    found = [step(minute, work) for minute, work in enumerate((int, int, broken, broken, broken, int, int))]
    assert [entry.since[14:16] for entry in found] == ["00", "00", "02", "02", "02", "05", "05"]
    assert [entry.has_failed for entry in found] == [False, False, True, True, True, False, False]
    assert [entry.succeeded[14:16] for entry in found] == ["00", "01", "01", "01", "01", "05", "06"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (HzmetricsError("no map directory"), "no map directory"),
        (HzmetricsError(""), "HzmetricsError"),
        (ValueError("two\nlines"), "ValueError: two lines"),
        (AssertionError(), "AssertionError"),
    ],
)
def test_a_reason_is_one_line_and_never_empty(step: Callable[..., journal.Entry], error: Exception, said: str) -> None:
    assert step(0, fail(error)).error == said


def test_a_step_that_does_not_apply_any_more_has_no_outcome(
    make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub("sqlite")
    (hub.root / "hubroot/app/site/stats/maps").rmdir()
    assert hub.run("tick") == 0
    assert "no map directory" in steps.outcomes(hub.settings)[steps.MAP].error
    hub.configuration.write_text(f"[hub]\nsite = parity\n[db]\nsqlite = {hub.root}/db\n", encoding="utf-8")
    assert hub.run("tick") == 0
    assert steps.MAP not in steps.outcomes(hub.settings)
