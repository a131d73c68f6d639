"""A document of the map is replaced where it lies, but root follows no link that another user made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hzmetrics.errors import HzmetricsError
from hzmetrics.online import files


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused links that others made")
def test_links(tmp_path: Path) -> None:
    target, path = tmp_path / "target", tmp_path / "whoisonline.xml"
    target.write_text("old")
    path.symlink_to(target)
    os.lchown(path, 65534, 65534)
    with pytest.raises(HzmetricsError, match="is not root's, so root does not follow it"):
        files.replace(path, "new")
    assert target.read_text() == "old"
    os.lchown(path, 0, 0)
    files.replace(path, "new")
    assert target.read_text() == "new" and path.is_symlink()
