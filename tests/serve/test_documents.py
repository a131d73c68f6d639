"""The documents over HTTP are those of the command line: the reference answers, and everything that has `--json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hzmetrics import config, lock
from hzmetrics.activity import cells
from hzmetrics.live.steps import FOLLOW
from hzmetrics.serve.shapes import Column
from hzmetrics.store import Store
from tests.legacy.test_golden import assert_agrees, play, vectors
from tests.serve.running import running

ADDRESSES = {
    "activity show --json": "/api/activity",
    "events anomalies --json": "/admin/anomalies",
    "events anomalies --recent --json": "/admin/anomalies?recent=1",
    "events stats --recent 5 --json": "/admin/stats?recent=5",
    "events stats --recent 1 --json": "/admin/stats?recent=1",
    "events activities --json": "/admin/activities",
    "courses daily py --json": "/staff/stats/daily_metrics/py",
    "courses usage py --json": "/staff/stats/material_usage/py",
    "courses counts py --json": "/staff/stats/monitor_counts/py",
}


def over_http(words: list[str], folder: Path) -> Any:
    """The answer of a server that begins and ends with the request, while another process reads the logs."""
    settings = config.load()
    store = Store(settings)
    try:
        with lock.hold(settings, lock.of_step(FOLLOW)), running(store, settings, folder) as server:
            return server.get(ADDRESSES[" ".join(words)])
    finally:
        store.close()


@pytest.mark.integration
@pytest.mark.parametrize(
    "path",
    [case for case in vectors() if "/scenario" in case.id and not case.id.startswith("active-users")],
)
def test_reference_answers(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    found = play(vector["input"], tmp_path, monkeypatch, capsys, lambda words: over_http(words, tmp_path))
    assert_agrees(found, vector["expected"]["queries"], vector["title"])


def test_the_columns_are_those_of_the_table() -> None:
    assert set(Column.__args__) == set(cells.COLUMNS)  # type: ignore[attr-defined]
