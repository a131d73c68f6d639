"""Where the map's documents lie, and how one is replaced (spec 35 §6)."""

from __future__ import annotations

import os
from contextlib import suppress
from io import FileIO
from pathlib import Path

from hzmetrics import files
from hzmetrics.config import Settings
from hzmetrics.errors import ConfigurationError, HzmetricsError


def map_directory(settings: Settings) -> Path:
    """The directory of the map, which is the CMS's and never made here. Raises ConfigurationError if it is missing."""
    root = settings.hub.hub_dir
    if root is None:
        raise ConfigurationError(f"{settings.file}: [hub] hub_dir is empty")
    places = [root / above / "site/stats/maps" for above in ("app", "")]
    for directory in places:
        if directory.is_dir():
            return directory
    looked = ", then ".join(map(str, places))
    raise ConfigurationError(f"no map directory: looked for {looked}; create one of them for the map")


def replace(path: Path, text: str) -> None:
    """Give a file a new content in one step; mode and owner stay, links are followed. Raises HzmetricsError.

    A reader finds the old content or the new, and a failure leaves the old. Only where the file may be written but its
    directory may not is it written in place.
    """
    content = text.encode("utf-8")
    try:
        target = files.place(path)
        try:
            files.replace(target, content, files.PUBLISHED, like_old=True)
        except PermissionError:
            if not target.exists():
                raise
            _overwrite(target, content)
    except OSError as error:
        raise HzmetricsError(f"cannot write {path}: {error.strerror or error}") from error


def _overwrite(target: Path, content: bytes) -> None:
    with target.open("r+b", buffering=0) as file:
        old = file.readall()
        try:
            _fill(file, content)
        except OSError:
            with suppress(OSError):
                _fill(file, old)
            raise


def _fill(file: FileIO, content: bytes) -> None:
    file.seek(0)
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]
    file.truncate()
    os.fsync(file.fileno())
