"""A configuration file of a given text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hzmetrics import config
from hzmetrics.config import Source

Write = Callable[..., Source]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes `hz.conf` and reads it as a source, with an environment."""

    def source(text: str, **environment: str) -> Source:
        path = tmp_path / "hz.conf"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return config.read(path, environment)

    return source
