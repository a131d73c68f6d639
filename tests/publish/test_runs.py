"""Runs bring the pages up to date."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hzmetrics import lock
from tests.conftest import TestHub
from tests.publish.conftest import fill

pytestmark = pytest.mark.integration


@pytest.fixture
def pages(hub: TestHub) -> Path:
    """Where the pages of a hub will be."""
    directory = hub.root / "usage"
    with hub.configuration.open("a", encoding="utf-8") as file:
        file.write(f"\n[publish]\ndir = {directory}\n")
    return directory


def test_a_run_publishes(hub: TestHub, pages: Path) -> None:
    fill(hub.store)
    assert hub.run("run", "--dry-run") == 0
    assert not pages.exists()
    assert hub.run("run") == 0
    assert len(json.loads((pages / "data/overview-1.json").read_text(encoding="utf-8"))["months"]) >= 27


def test_a_run_whose_pages_cannot_be_written_says_so(
    hub: TestHub, pages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages.mkdir()
    (pages / "mine").touch()
    assert hub.run("run") == 1
    assert "the pages are not up to date" in capsys.readouterr().err
    assert (pages / "mine").exists()


def test_a_run_beside_another_publication_leaves_the_pages_to_it(hub: TestHub, pages: Path) -> None:
    assert hub.run("run") == 0
    shown = pages.readlink()
    fill(hub.store)
    with lock.hold(hub.settings, lock.PUBLISH):
        assert hub.run("run") == 0
    assert pages.readlink() == shown
    assert hub.run("run") == 0
    assert pages.readlink() != shown
