"""The files of the site, a generation at a time: readers find the old site or the new one.

The directory of the site is a symbolic link to a generation, a directory in `.NAME.generations` beside it. A new
generation hard-links the files that did not change, and takes the place of the old one by one rename. The old one's
files stay until the next.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from hzmetrics import files
from hzmetrics.errors import HzmetricsError
from hzmetrics.output.document import document

MANIFEST = ".manifest.json"
PACKED = frozenset((".html", ".js", ".css", ".csv", ".json", ".svg"))
"""Files that have a compressed one beside them, for web servers that send it."""
SMALL = 1024
"""Bytes up to which a file is not compressed."""
DIRECTORY = 0o755
"""Web servers read the site."""


@dataclass
class Generation:
    """The files of a new generation, while they are written."""

    root: Path
    old: Path | None
    """The generation that is shown; None: there is none."""
    known: dict[str, str]
    """The digest of what each of its files was made of."""
    made: dict[str, str] = field(default_factory=dict)
    written: int = 0
    """Files that are not those of the old one."""

    @property
    def is_new(self) -> bool:
        """Whether it differs from the old one."""
        return self.old is None or self.made != self.known

    def put(self, name: str, made_of: str | bytes, content: Callable[[], bytes]) -> None:
        """Put a file in; `content` is called only if the old one's file was made of something else. Raises OSError."""
        digest = sha256(made_of.encode("utf-8", "replace") if isinstance(made_of, str) else made_of).hexdigest()
        self.made[name] = digest
        path = self.root / name
        files.make_directory(path.parent, DIRECTORY)
        if self.old and self.known.get(name) == digest and self._link(name):
            return
        text = content()
        self._write(path, text)
        if path.suffix in PACKED and len(text) > SMALL:
            self._write(path.with_name(f"{path.name}.gz"), gzip.compress(text, 6, mtime=0))
        self.written += 1

    def _link(self, name: str) -> bool:
        """Hard-link a file and its compressed one from the old generation; whether that was possible."""
        assert self.old
        try:
            os.link(self.old / name, self.root / name)
        except OSError:
            return False
        with suppress(FileNotFoundError):
            os.link(self.old / f"{name}.gz", self.root / f"{name}.gz")
        return True

    def _write(self, path: Path, content: bytes) -> None:
        with os.fdopen(files.make(path, files.PUBLISHED), "wb") as file:
            file.write(content)


@contextmanager
def generation(directory: Path) -> Iterator[Generation]:
    """A new generation of the site, which is shown if the block ends without an error and anything has changed.

    Raises HzmetricsError if the directory cannot be written, or holds something else than a site.
    """
    place = directory.with_name(f".{directory.name}.generations")
    try:
        old = _shown(directory, place)
        _make_room(place)
        numbers = [int(path.name) for path in place.iterdir() if path.name.isdecimal()]
        for path in place.iterdir():
            if path != old and (old is None or path.name != _before(old, numbers)):
                shutil.rmtree(path)  # left by a killed process, or older than the one before
        new = Generation(place / str(_highest(place) + 1), old, _manifest(old))
        files.make_directory(new.root, DIRECTORY)
        try:
            yield new
            if new.is_new:
                files.replace(new.root / MANIFEST, document(new.made).encode("ascii"), files.PUBLISHED)
        except BaseException:
            shutil.rmtree(new.root, ignore_errors=True)
            raise
        if not new.is_new:
            shutil.rmtree(new.root)
            return
        _show(directory, new.root)
        for path in place.iterdir():
            if path not in (new.root, old):
                shutil.rmtree(path)
    except OSError as error:
        raise HzmetricsError(f"cannot publish to {directory}: {error.filename or ''}: {error.strerror}") from error


def _make_room(place: Path) -> None:
    """Make the directory of the generations."""
    files.make_directory(place, DIRECTORY)
    place.chmod(DIRECTORY)


def _highest(place: Path) -> int:
    """The number of the newest generation; 0 if there is none."""
    return max((int(path.name) for path in place.iterdir() if path.name.isdecimal()), default=0)


def _before(old: Path, numbers: list[int]) -> str:
    """The name of the generation before one."""
    return str(max((number for number in numbers if number < int(old.name)), default=0))


def _shown(directory: Path, place: Path) -> Path | None:
    """The generation that is shown. An empty directory gives way to a site."""
    if directory.is_symlink():
        target = directory.parent / directory.readlink()
        if target.parent != place:
            raise HzmetricsError(f"{directory} is a link to {target}, and no site: name another directory")
        return target if target.is_dir() else None
    if (directory / MANIFEST).is_file():  # a copy, whose maker has followed the link
        _make_room(place)
        copied = place / str(_highest(place) + 1)
        directory.rename(copied)
        _show(directory, copied)
        return copied
    if directory.is_dir():
        if any(directory.iterdir()):
            raise HzmetricsError(f"{directory} is not empty, and no site: name another directory")
        directory.rmdir()
    elif directory.exists():
        raise HzmetricsError(f"{directory} is a file: name another directory")
    return None


def _manifest(old: Path | None) -> dict[str, str]:
    if old is None:
        return {}
    try:
        found = json.loads(files.read(old / MANIFEST))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _show(directory: Path, root: Path) -> None:
    """Make the directory of the site a link to a generation, in one step."""
    link = directory.with_name(f".{directory.name}.new")
    with suppress(FileNotFoundError):
        link.unlink()
    link.symlink_to(root.relative_to(directory.parent))
    link.replace(directory)
