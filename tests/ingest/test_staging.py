"""Staging and archiving by hand (spec 10 §15)."""

import bz2
import datetime as dt
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from hzmetrics import config
from hzmetrics.calendar import compact_day
from hzmetrics.config import Settings, Source
from hzmetrics.errors import HzmetricsError, UsageError
from hzmetrics.ingest import staging

Write = Callable[[str, str], Path]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    environment = {"HZMETRICS_HOME": str(tmp_path / "home"), "HZMETRICS_LOG_ROOT": str(tmp_path)}
    return config.build(Source(tmp_path / "x.conf", {"hub": {"site": "s"}}, environment=environment))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return put


def test_staged_files_hold_whole_lines_in_order(settings: Settings, write: Write) -> None:
    write("httpd/daily/s-access.log-20250702", "c\nd")
    write("httpd/daily/s-access.log-20250701.gz", "a\nb")
    old = write("hubzero/metrics/_hub_auth.log", "old\n")
    assert staging.fetch_logs(settings) == 2
    assert (settings.paths.staging / "_hub_apache.log").read_text() == "a\nb\nc\nd\n"
    assert old.read_text() == "old\n"
    assert staging.fetch_logs(settings, dt.date(2025, 7, 2)) == 1
    assert (settings.paths.staging / "_hub_apache.log").read_text() == "c\nd\n"


def test_packed_files_are_staged_unpacked_and_archived_as_they_are(settings: Settings, tmp_path: Path) -> None:
    daily = tmp_path / "httpd/daily"
    daily.mkdir(parents=True)
    names = [f"s-access.log-2025070{number}" for number in range(1, 5)]
    packed = [lzma.compress(b"a\r\nb"), bz2.compress(b"c"), gzip.compress(b"d\n"), "é".encode("utf-16")]
    for name, end, data in zip(names, (".xz", "", ".gz.1", ""), packed, strict=True):
        (daily / f"{name}{end}").write_bytes(data)
    assert staging.fetch_logs(settings) == 4
    assert (settings.paths.staging / "_hub_apache.log").read_text() == "a\nb\nc\nd\né\n"
    assert staging.archive_logs(settings) == 4
    archived = {path.name: path.read_bytes() for path in (tmp_path / "httpd/imported").iterdir()}
    assert gzip.decompress(archived.pop(f"{names[3]}.gz")) == packed[3]
    assert archived == {f"{names[0]}.xz": packed[0], names[1]: packed[1], f"{names[2]}.gz.1": packed[2]}


def test_nothing_is_staged_without_space(settings: Settings, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("httpd/daily/s-access.log-20250701", "a\n")
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=staging.RESERVE + 1))
    with pytest.raises(HzmetricsError, match="nothing staged"):
        staging.fetch_logs(settings)
    assert not (settings.paths.staging / "_hub_apache.log").exists()


def test_archived_files_are_packed_and_overwrite_nothing(settings: Settings, write: Write, tmp_path: Path) -> None:
    first = write("httpd/daily/2025/s-access.log-20250701", "one\n")
    first.chmod(0o640)
    write("httpd/daily/2025/s-access.log-20250701.gz", "two\n")
    write("httpd/imported/s-access.log-20250701.gz", "zero\n")
    write("httpd/daily/new-s-access.log-20250701", "new\n")
    write("hubzero/daily/cmsdebug.log-20250701", "debug\n")
    write("hubzero/daily/cmsdebug.log-20250702", "debug\n")
    assert staging.archive_logs(settings, dt.date(2025, 7, 1)) == 4
    archived = {path.name: gzip.decompress(path.read_bytes()) for path in (tmp_path / "httpd/imported").iterdir()}
    assert archived == {
        "s-access.log-20250701.gz": b"zero\n",
        "s-access.log-20250701.gz.~1~": b"one\n",
        "s-access.log-20250701.gz.~2~": b"two\n",
        "new-s-access.log-20250701.gz": b"new\n",
    }
    assert (tmp_path / "httpd/imported/s-access.log-20250701.gz.~1~").stat().st_mode & 0o777 == 0o640
    assert not (tmp_path / "httpd/daily/2025").exists()
    assert (tmp_path / "httpd/daily").exists()
    assert [path.name for path in (tmp_path / "hubzero/daily").iterdir()] == ["cmsdebug.log-20250702"]


def test_a_dry_run_moves_nothing(settings: Settings, write: Write) -> None:
    path = write("httpd/daily/s-access.log-20250701", "a\n")
    staging.archive_logs(settings, dry_run=True)
    staging.fetch_logs(settings, dry_run=True)
    assert path.exists()
    assert not settings.paths.staging.exists()


@pytest.mark.parametrize("text", ["2025", "2025-07-01", "20250230", "202507010", ""])
def test_a_day_is_eight_digits(text: str) -> None:
    with pytest.raises(UsageError):
        compact_day(text)
