"""What names a lake on the command line, and lakes in a store without a server."""

from __future__ import annotations

import sys

import pytest

from hzmetrics.calendar import Months
from hzmetrics.cli import main
from hzmetrics.engine import runner
from hzmetrics.errors import UsageError
from hzmetrics.lake import storage
from hzmetrics.lake.export import export
from hzmetrics.lake.place import Place
from hzmetrics.lake.summarize import summarize
from tests.conftest import TestHub
from tests.lake.test_lake import MONTH


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("s3://", "names no bucket"),
        ("s3:///lake", "names no bucket"),
        ("sftp://host/lake", "sftp:// cannot hold a lake"),
        ("file:///lake", "file:// cannot hold a lake"),
        ("s3://key:word@bucket/lake", "credentials are no part of a URL"),
        ("s3://bucket/a*", "cannot have *"),
        ("gs://bucket/lake", "run: pip install universal-pathlib gcsfs"),
    ],
)
def test_other_urls_are_wrong_use(url: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lake", "summarize", url]) == 2
    said = capsys.readouterr().err
    assert reason in said and "word" not in said


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "upath", None)
    with pytest.raises(UsageError, match=r"^s3:// needs more packages; run: pip install 'hzmetrics\[s3\]'$"):
        storage.location("s3://bucket/lake")


@pytest.mark.slow
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
