"""What names a lake on the command line, and lakes in a store without a server."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hzmetrics.calendar import Months
from hzmetrics.engine import runner
from hzmetrics.errors import UsageError
from hzmetrics.lake import storage
from hzmetrics.lake.export import export
from hzmetrics.lake.place import Place
from hzmetrics.lake.summarize import summarize
from tests.conftest import TestHub
from tests.lake.test_lake import MONTH


def test_paths_are_paths() -> None:
    assert storage.location("a/lake") == Path("a/lake")
    assert str(storage.location("s3://bucket/a/lake/")) == "s3://bucket/a/lake"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("s3://", "names no bucket"),
        ("s3:///lake", "names no bucket"),
        ("sftp://host/lake", "sftp:// cannot hold a lake"),
        ("file:///lake", "file:// cannot hold a lake"),
        ("s3://key:word@bucket/lake", "credentials are no part of a URL"),
        ("s3://bucket/a*", r"cannot have \*"),
        ("gs://bucket/lake", "run: pip install universal-pathlib gcsfs"),
    ],
)
def test_other_urls_are_wrong_use(filled: TestHub, url: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match=reason) as raised:
        storage.location(url)
    assert "word" not in str(raised.value)
    assert filled.run("lake", "summarize", url) == 2
    assert str(raised.value) in capsys.readouterr().err


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "upath", None)
    with pytest.raises(UsageError, match=r"^s3:// needs more packages; run: pip install 'hzmetrics\[s3\]'$"):
        storage.location("s3://bucket/lake")


def test_another_store(filled: TestHub) -> None:
    """The memory of this process, for all stores that fsspec knows."""
    root, directory = storage.location("memory://a lake"), filled.root / "lake"
    for where in (root, directory):
        export(filled.store, filled.settings, where, Months(), 2, plain=False)
        summarize(where, Months(MONTH, MONTH), runner.Here())
    found = [Place(where).cells(MONTH) for where in (root, directory)]
    assert storage.read(found[0]) == storage.read(found[1])
    storage.remove(root)
    assert storage.is_empty(root)
