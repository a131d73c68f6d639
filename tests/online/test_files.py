"""A document is replaced whole or not at all."""

import os
import resource
from pathlib import Path

import pytest

from hzmetrics import config
from hzmetrics.config import Source
from hzmetrics.errors import ConfigurationError, HzmetricsError
from hzmetrics.online.files import map_directory, replace

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="changes the owner of files")


def settings(text: str) -> config.Settings:
    sections = {"hub": {"hub_dir": text}}
    return config.build(Source(Path("hub.conf"), sections, environment={}))


def test_the_map_directory(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="hub_dir"):
        map_directory(settings(""))
    (tmp_path / "app").mkdir()
    with pytest.raises(ConfigurationError, match=f"{tmp_path}/app/site/stats/maps, then {tmp_path}/site/stats/maps"):
        map_directory(settings(str(tmp_path)))
    (tmp_path / "site/stats/maps").mkdir(parents=True)
    assert map_directory(settings(str(tmp_path))) == tmp_path / "site/stats/maps"
    (tmp_path / "app/site/stats/maps").mkdir(parents=True)
    assert map_directory(settings(str(tmp_path))) == tmp_path / "app/site/stats/maps"


def test_a_new_file_is_for_everybody_to_read(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        replace(tmp_path / "map.xml", "é\n")
    finally:
        os.umask(old)
    assert (tmp_path / "map.xml").read_bytes() == "é\n".encode()
    assert (tmp_path / "map.xml").stat().st_mode & 0o777 == 0o644
    assert [found.name for found in tmp_path.iterdir()] == ["map.xml"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/map.xml").write_text("old")
    (tmp_path / "map.xml").symlink_to("real/map.xml")
    replace(tmp_path / "map.xml", "new")
    assert (tmp_path / "map.xml").is_symlink()
    assert (tmp_path / "real/map.xml").read_text() == "new"


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "map.xml"
    for name in (".map.xml.a1b2c3d4.new", ".map.xml.original", "map.xml.old.new"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / ".map.xml.e5f6g7h8.new").touch()
    replace(target, "new")
    names = {found.name for found in tmp_path.iterdir()}
    assert names == {".map.xml.e5f6g7h8.new", ".map.xml.original", "map.xml", "map.xml.old.new"}


@as_root
def test_mode_and_owner_stay(tmp_path: Path) -> None:
    path = tmp_path / "map.xml"
    path.write_text("old")
    path.chmod(0o640)
    os.chown(path, NOBODY, NOBODY)
    before = path.stat()
    replace(path, "new")
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, NOBODY, NOBODY)
    assert after.st_ino != before.st_ino
    assert path.read_text() == "new"


def replace_as_nobody(path: Path, text: str, limit: int | None = None) -> str:
    """What `replace` complains of in a process of an unprivileged user, with a limit on the size of files."""
    answer, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            if os.geteuid() == 0:
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            replace(path, text)
        except HzmetricsError as error:
            os.write(told, str(error).encode())
        finally:
            os._exit(0)
    os.close(told)
    os.waitpid(child, 0)
    with os.fdopen(answer) as complaint:
        return complaint.read()


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A directory that an unprivileged user may read but not write."""
    for directory in (tmp_path, *tmp_path.parents):
        if not directory.stat().st_mode & 0o001:
            directory.chmod(0o755)
    path = tmp_path / "closed"
    path.mkdir()
    path.chmod(0o555)
    return path


def test_in_place_where_only_the_file_may_be_written(closed: Path) -> None:
    path = closed / "map.xml"
    closed.chmod(0o755)
    path.write_text("a long old text")
    path.chmod(0o666)
    closed.chmod(0o555)
    inode = path.stat().st_ino
    assert replace_as_nobody(path, "new") == ""
    assert path.read_text() == "new"
    assert path.stat().st_ino == inode
    assert "map.xml: File too large" in replace_as_nobody(path, "x" * 9000, limit=5000)
    assert path.read_text() == "new"


def test_nothing_may_be_written(closed: Path) -> None:
    assert replace_as_nobody(closed / "map.xml", "new").endswith("map.xml: Permission denied")
    closed.chmod(0o755)
    (closed / "map.xml").write_text("old")
    (closed / "map.xml").chmod(0o444)
    closed.chmod(0o555)
    assert replace_as_nobody(closed / "map.xml", "new").endswith("map.xml: Permission denied")
    assert (closed / "map.xml").read_text() == "old"


def test_no_room_leaves_the_old_document(tmp_path: Path) -> None:
    path = tmp_path / "map.xml"
    replace(path, "old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
    try:
        with pytest.raises(HzmetricsError, match="File too large"):
            replace(path, "x" * 9000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [found.name for found in tmp_path.iterdir()] == ["map.xml"]
    assert path.read_text() == "old"


def test_a_directory_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "map.xml").mkdir()
    with pytest.raises(HzmetricsError, match=r"cannot write .*map\.xml"):
        replace(tmp_path / "map.xml", "new")
    assert [found.name for found in tmp_path.iterdir()] == ["map.xml"]
