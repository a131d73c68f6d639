"""Finding logs and putting them away (spec 10 §8, §10.3)."""

import datetime as dt
import errno
import os
import tempfile
from pathlib import Path

import pytest

from hzmetrics import config
from hzmetrics.config import Settings, Source
from hzmetrics.ingest import sources


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    environment = {"HZMETRICS_HOME": str(tmp_path / "home"), "HZMETRICS_LOG_ROOT": str(tmp_path)}
    return config.build(Source(tmp_path / "x.conf", {"hub": {"site": "hub[1]"}}, environment=environment))


def put(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("s-access.log-20250710.gz", dt.date(2025, 7, 10)),
        ("s-access-20250710.log", dt.date(2025, 7, 10)),
        ("s_20250711_20250710", dt.date(2025, 7, 11)),
        ("s-access.log", None),
        ("s-access.log-2025-07-17", None),
        ("s-access.log20250718", None),
        ("s-access.log-1234567890", None),
        ("s-access.log-２０２５0101", None),
    ],
)
def test_the_first_eight_digits_are_the_date(name: str, date: dt.date | None) -> None:
    assert sources.file_date(name) == date


def test_order_of_pending_files(settings: Settings, tmp_path: Path) -> None:
    put(
        tmp_path / "httpd",
        "daily/hub[1]-access.log-20250702", "daily/2025/hub[1]-access.log-20250702", "daily/hub[1]-access.log-20250701",
        "daily/hub[1]-access-ssl.log-20250702", "daily.holding/hub[1]-access.log-20250702",
        "daily.holding/deep/hub[1]-access.log-20250702", "daily/new-hub[1]-access.log-20250702",
        "daily/hub1-access.log-20250702", "daily/hub[1]-error.log-20250702", "daily/hub[1]-access.log-20251302",
        "imported/hub[1]-access.log-20250601", "imported/deep/hub[1]-access.log-20250602",
    )  # fmt: skip
    put(tmp_path / "hubzero", "daily/cmsauth.log-20250702", "daily.holding/cmsauth.log-20250630")
    found = [str(source.path.relative_to(tmp_path)) for source in sources.pending(settings)]
    assert found == [
        "hubzero/daily.holding/cmsauth.log-20250630",
        "httpd/daily/hub[1]-access.log-20250701",
        "httpd/daily/2025/hub[1]-access.log-20250702",
        "httpd/daily/hub[1]-access-ssl.log-20250702",
        "httpd/daily/hub[1]-access.log-20250702",
        "httpd/daily.holding/hub[1]-access.log-20250702",
        "hubzero/daily/cmsauth.log-20250702",
    ]
    assert sources.imported_dates(settings) == [dt.date(2025, 6, 1)]


def test_links_to_directories_are_not_followed(settings: Settings, tmp_path: Path) -> None:
    put(tmp_path, "elsewhere/cmsauth.log-20250702", "hubzero/daily/cmsauth.log-20250703")
    (tmp_path / "hubzero/daily/link").symlink_to(tmp_path / "elsewhere")
    assert [source.path.name for source in sources.pending(settings)] == ["cmsauth.log-20250703"]


def test_a_pipe_is_no_log(settings: Settings, tmp_path: Path) -> None:
    put(tmp_path, "hubzero/daily/cmsauth.log-20250703")
    os.mkfifo(tmp_path / "hubzero/daily/cmsauth.log-20250704")
    (tmp_path / "hubzero/daily/cmsauth.log-20250705").symlink_to(tmp_path / "nowhere")
    assert [source.date.day for source in sources.pending(settings)] == [3, 5]


def test_putting_away_overwrites_nothing(tmp_path: Path) -> None:
    archive = tmp_path / "imported"
    places = []
    for content in ("one", "two", "three"):
        (tmp_path / "a.log").write_text(content)
        places.append(sources.put_away(tmp_path / "a.log", archive).name)
    assert places == ["a.log", "a.log.~1~", "a.log.~2~"]
    assert [(archive / name).read_text() for name in places] == ["one", "two", "three"]
    assert not (tmp_path / "a.log").exists()


def test_a_move_to_a_full_file_system_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(source: Path, target: Path) -> None:
        target.write_text("ha")
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "a.log").write_text("half")
    monkeypatch.setattr("shutil.copy2", fill)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        if Path(elsewhere).stat().st_dev == tmp_path.stat().st_dev:
            pytest.skip("no second file system")
        with pytest.raises(OSError, match="No space"):
            sources.put_away(tmp_path / "a.log", Path(elsewhere))
        assert not list(Path(elsewhere).iterdir())
    assert (tmp_path / "a.log").read_text() == "half"


def test_a_hard_link_is_only_removed(tmp_path: Path) -> None:
    (tmp_path / "imported").mkdir()
    (tmp_path / "a.log").write_text("one")
    os.link(tmp_path / "a.log", tmp_path / "imported/a.log")
    sources.put_away(tmp_path / "a.log", tmp_path / "imported")
    assert [path.name for path in (tmp_path / "imported").iterdir()] == ["a.log"]
    assert not (tmp_path / "a.log").exists()


def test_a_file_that_is_away_already_stays(tmp_path: Path) -> None:
    put(tmp_path, "imported/a.log")
    assert sources.put_away(tmp_path / "imported/a.log", tmp_path / "imported") == tmp_path / "imported/a.log"
    assert (tmp_path / "imported/a.log").exists()


def test_links_that_lead_nowhere_and_impossible_dates(settings: Settings, tmp_path: Path) -> None:
    daily = tmp_path / "httpd/daily"
    put(daily, "hub[1]-access.log-19941231", "hub[1]-access.log-00010101", "hub[1]-access.log-20250701")
    loop = daily / "hub[1]-access.log-20250702"
    loop.symlink_to(loop)
    waiting = sources.pending(settings)
    assert [source.path.name[-8:] for source in waiting] == ["20250701", "20250702"]
    assert [path.name[-8:] for _, path in sources.not_taken(settings, waiting)] == ["00010101", "19941231"]
