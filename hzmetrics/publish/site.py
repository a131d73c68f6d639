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
from typing import Any

from hzmetrics import files
from hzmetrics.errors import HzmetricsError, in_words
from hzmetrics.output.document import document

MANIFEST = ".manifest.json"
PACKED = frozenset((".html", ".js", ".css", ".svg"))
"""Files that have a compressed one beside them, for web servers that send it: those that pages consist of."""
SMALL = 32_768
"""Bytes up to which a file is not compressed: it is quick to fetch, and there are thousands of such pages."""
LEVEL = 4
"""Of compression: twice as fast as 6, and 7 % larger."""
DIRECTORY = 0o755
"""Web servers read the site."""


@dataclass
class Manifest:
    """What a generation was made of."""

    files: dict[str, str] = field(default_factory=dict)
    """Its files, each with the digest of what it was made of."""
    parts: dict[str, str] = field(default_factory=dict)
    """Likewise its parts, groups of files that begin with the same path."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What the next generation wants to know besides."""
    sites: list[str] = field(default_factory=list)
    """The directories of sites within this one, which have manifests of their own."""


@dataclass
class Generation:
    """The files of a new generation, while they are written. Its directory is made with the first of them."""

    root: Path
    old: Path | None
    """The generation that is shown; None: there is none."""
    known: Manifest
    """What that was made of."""
    made: Manifest = field(default_factory=Manifest)
    _written: set[str] = field(default_factory=set)
    _sites: list[Generation] = field(default_factory=list)
    _directories: set[Path] = field(default_factory=set)

    @property
    def written(self) -> int:
        """Files that are not those of the old one."""
        return len(self._written) + sum(site.written for site in self._sites)

    @property
    def is_new(self) -> bool:
        """Whether it differs from the old one."""
        return (
            self.old is None
            or bool(self._written)
            or self.made.files.keys() != self.known.files.keys()
            or self.made.sites != self.known.sites
            or any(site.is_new for site in self._sites)
        )

    def put(self, name: str, made_of: str | bytes, content: Callable[[], bytes]) -> None:
        """Put a file in; `content` is called only if the old one's file was made of something else. Raises OSError."""
        digest = _digest(made_of)
        self.made.files[name] = digest
        if self.known.files.get(name) == digest and self._has(name):
            return
        path, text = self.root / name, content()
        self._make_directory(path.parent)
        self._write(path, text)
        if path.suffix in PACKED and len(text) > SMALL:
            self._write(_packed(path), gzip.compress(text, LEVEL, mtime=0))
        self._written.add(name)

    def keep(self, part: str, made_of: str | bytes) -> bool:
        """Keep the old one's files whose paths begin with `part`; False if they were made of something else."""
        digest = _digest(made_of)
        self.made.parts[part] = digest
        kept = {name: made for name, made in self.known.files.items() if name.startswith(part)}
        if self.known.parts.get(part) != digest or not all(map(self._has, kept)):
            return False
        self.made.files |= kept
        return True

    def join(self, part: Generation) -> None:
        """Take note of the files that another process has put in."""
        self.made.files |= part.made.files
        self.made.parts |= part.made.parts
        self._written |= part._written

    def within(self, name: str) -> Generation:
        """A generation of a site in a directory of this one. It is part of this one once it is added."""
        old = self.old / name if self.old and name in self.known.sites else None
        return Generation(self.root / name, old, _manifest(old))

    def add(self, name: str, site: Generation) -> None:
        """Let a site within this one, whose files are put in, be shown with it."""
        self.made.sites.append(name)
        self._sites.append(site)

    def complete(self) -> None:
        """Link the files of the old one that stay, and write the manifest. Raises OSError."""
        for site in self._sites:
            site.complete()
        for name in self.made.files.keys() - self._written:
            assert self.old
            self._make_directory((self.root / name).parent)
            for path in (self.old / name, _packed(self.old / name)):
                with suppress(FileNotFoundError):
                    _link(path, self.root / path.relative_to(self.old))
        self.remember(self.root)

    def remember(self, place: Path) -> None:
        """Write the manifest of the generation in `place`. Raises OSError."""
        files.replace(place / MANIFEST, document(vars(self.made)).encode("ascii"), files.PUBLISHED)

    def _has(self, name: str) -> bool:
        return self.old is not None and (self.old / name).is_file()

    def _make_directory(self, path: Path) -> None:
        if path not in self._directories:
            files.make_directory(path, DIRECTORY)
            self._directories.add(path)

    def _write(self, path: Path, content: bytes) -> None:
        with os.fdopen(files.make(path, files.PUBLISHED), "wb") as file:
            file.write(content)


def _digest(made_of: str | bytes) -> str:
    return sha256(made_of.encode("utf-8", "replace") if isinstance(made_of, str) else made_of).hexdigest()


def _packed(path: Path) -> Path:
    """The compressed file beside one."""
    return path.with_name(f"{path.name}.gz")


def _link(old: Path, new: Path) -> None:
    """Hard-link a file; copy it where the file system has no links. Raises OSError."""
    try:
        new.hardlink_to(old)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copy2(old, new)


@contextmanager
def generation(directory: Path) -> Iterator[Generation]:
    """A new generation of the site, which is shown if the block ends without an error and anything has changed.

    Raises HzmetricsError if the directory cannot be written, or holds something else than a site.
    """
    place = _place(directory)
    try:
        require_site(directory)
        old = _shown(directory, place)
        _make_room(place)
        numbers = [int(path.name) for path in place.iterdir() if path.name.isdecimal()]
        for path in place.iterdir():
            if path != old and (old is None or path.name != _before(old, numbers)):
                shutil.rmtree(path)  # left by a killed process, or older than the one before
        new = Generation(place / str(_highest(place) + 1), old, _manifest(old))
        try:
            yield new
            if old and not new.is_new:
                if new.made != new.known:
                    new.remember(old)
                return
            files.make_directory(new.root, DIRECTORY)
            new.complete()
        except BaseException:
            shutil.rmtree(new.root, ignore_errors=True)
            raise
        _show(directory, new.root)
        for path in place.iterdir():
            if path not in (new.root, old):
                shutil.rmtree(path)
    except OSError as error:
        raise HzmetricsError(f"cannot publish to {directory}: {in_words(error)}") from error


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
        return target if target.is_dir() else None
    if (directory / MANIFEST).is_file():  # a copy, whose maker has followed the link
        _make_room(place)
        copied = place / str(_highest(place) + 1)
        directory.rename(copied)
        _show(directory, copied)
        return copied
    if directory.is_dir():
        directory.rmdir()
    return None


def require_site(directory: Path) -> None:
    """Raises HzmetricsError if the directory of the site is something else; nothing is fine."""
    if directory.is_symlink():
        target = directory.parent / directory.readlink()
        if target.parent != _place(directory):
            raise HzmetricsError(f"{directory} is a link to {target}, and no site: name another directory")
    elif directory.is_dir():
        if any(directory.iterdir()) and not (directory / MANIFEST).is_file():
            raise HzmetricsError(f"{directory} is not empty, and no site: name another directory")
    elif directory.exists():
        raise HzmetricsError(f"{directory} is a file: name another directory")


def _place(directory: Path) -> Path:
    """The directory of the generations of a site."""
    return directory.with_name(f".{directory.name}.generations")


def _manifest(old: Path | None) -> Manifest:
    if old is None:
        return Manifest()
    try:
        return Manifest(**json.loads(files.read(old / MANIFEST)))
    except (OSError, ValueError, TypeError):
        return Manifest()


def _show(directory: Path, root: Path) -> None:
    """Make the directory of the site a link to a generation, in one step."""
    link = directory.with_name(f".{directory.name}.new")
    with suppress(FileNotFoundError):
        link.unlink()
    link.symlink_to(root.relative_to(directory.parent))
    link.replace(directory)
