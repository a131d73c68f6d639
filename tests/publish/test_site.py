"""Generations of the site: one rename between the old files and the new, whatever happens meanwhile."""

from __future__ import annotations

import gzip
import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from hzmetrics.errors import HzmetricsError
from hzmetrics.publish import site


def publish(directory: Path, contents: Mapping[str, bytes]) -> int:
    """Publish some files; returns how many were written."""
    with site.generation(directory) as generation:
        for name, content in contents.items():
            generation.put(name, content, lambda content=content: content)  # type: ignore[misc]
        return generation.written


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "usage"


def test_files_that_did_not_change_are_linked(directory: Path) -> None:
    long = b"number " * 6000
    assert publish(directory, {"index.html": long, "tools/1.html": b"one"}) == 2
    before = directory.resolve()
    assert publish(directory, {"index.html": long, "tools/1.html": b"two"}) == 1
    assert (directory / "tools/1.html").read_bytes() == b"two"
    assert (before / "tools/1.html").read_bytes() == b"one"  # until the next generation
    for name in ("index.html", "index.html.gz"):
        assert (before / name).samefile(directory / name)
    assert gzip.decompress((directory / "index.html.gz").read_bytes()) == long
    publish(directory, {"index.html": b"other"})
    assert not before.exists()


def test_nothing_happens_if_nothing_changed(directory: Path) -> None:
    publish(directory, {"a.html": b"a"})
    before = directory.resolve()
    assert publish(directory, {"a.html": b"a"}) == 0
    assert directory.resolve() == before
    assert len(list(before.parent.iterdir())) == 1


def publish_part(directory: Path, made_of: str, contents: Mapping[str, bytes]) -> int:
    """Publish a page, and a part made of something; returns how many files were written."""
    with site.generation(directory) as generation:
        generation.put("index.html", made_of, lambda: made_of.encode("ascii"))
        if not generation.keep("tools/", made_of.partition(" ")[0]):
            for name, content in contents.items():
                generation.put(f"tools/{name}", content, lambda content=content: content)  # type: ignore[misc]
        return generation.written


def test_a_part_made_of_the_same_is_kept_whole(directory: Path) -> None:
    assert publish_part(directory, "one", {"1.html": b"1", "2.html": b"2"}) == 3
    before = directory.resolve()
    assert publish_part(directory, "one again", {}) == 1
    assert {path.name for path in (directory / "tools").iterdir()} == {"1.html", "2.html"}
    assert (before / "tools/1.html").samefile(directory / "tools/1.html")
    assert publish_part(directory, "two", {"2.html": b"2"}) == 1
    assert {path.name for path in (directory / "tools").iterdir()} == {"2.html"}


def test_a_part_that_lacks_a_file_is_put_in_anew(directory: Path) -> None:
    publish_part(directory, "one", {"1.html": b"1", "2.html": b"2"})
    (directory / "tools/2.html").unlink()
    assert publish_part(directory, "one", {"1.html": b"1", "2.html": b"2"}) == 1
    assert (directory / "tools/2.html").read_bytes() == b"2"


def test_a_failure_leaves_the_old_site(directory: Path) -> None:
    publish(directory, {"a.html": b"old"})
    with pytest.raises(RuntimeError), site.generation(directory) as generation:
        generation.put("a.html", b"new", lambda: b"new")
        raise RuntimeError
    assert (directory / "a.html").read_bytes() == b"old"
    assert len(list(directory.resolve().parent.iterdir())) == 1


def test_what_a_killed_process_left_is_removed(directory: Path) -> None:
    publish(directory, {"a.html": b"old"})
    left = directory.resolve().parent / "7"
    left.mkdir()
    (left / "half.html").write_bytes(b"half")
    publish(directory, {"a.html": b"new"})
    assert not left.exists()
    assert (directory / "a.html").read_bytes() == b"new"


def test_everybody_can_read_the_site(directory: Path) -> None:
    before = os.umask(0o077)
    try:
        publish(directory, {"tools/1.html": b"one"})
    finally:
        os.umask(before)
    assert stat.S_IMODE((directory / "tools").stat().st_mode) == 0o755
    assert stat.S_IMODE((directory / "tools/1.html").stat().st_mode) == 0o644
    for place in (directory.resolve(), directory.resolve().parent):
        assert stat.S_IMODE(place.stat().st_mode) == 0o755


def test_a_damaged_manifest_means_that_all_is_written_anew(directory: Path) -> None:
    publish(directory, {"a.html": b"a"})
    (directory / site.MANIFEST).write_text("[", encoding="utf-8")
    assert publish(directory, {"a.html": b"a"}) == 1


def test_an_empty_directory_gives_way(directory: Path) -> None:
    directory.mkdir()
    publish(directory, {"a.html": b"a"})
    assert (directory / "a.html").read_bytes() == b"a"


def test_a_copy_that_is_no_link_any_more_is_a_site_again(directory: Path, tmp_path: Path) -> None:
    publish(directory, {"a.html": b"a", "b.html": b"b"})
    copy = tmp_path / "copy"
    shutil.copytree(directory, copy)
    assert publish(copy, {"a.html": b"a", "b.html": b"other"}) == 1
    assert copy.is_symlink()
    assert (copy / "b.html").read_bytes() == b"other"


@pytest.mark.parametrize("kind", ["full", "file", "link"])
def test_what_is_no_site_is_left_alone(kind: str, directory: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    match kind:
        case "full":
            directory.mkdir()
            (directory / "mine").touch()
        case "file":
            directory.touch()
        case "link":
            directory.symlink_to(other)
    with pytest.raises(HzmetricsError, match="name another directory"):
        publish(directory, {"a.html": b"a"})
    assert not (other / "a.html").exists()
