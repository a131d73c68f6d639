"""Putting pending logs together, or away, by hand (spec 10 §15). The import uses neither."""

from __future__ import annotations

import datetime as dt
import gzip
import shutil
from collections.abc import Iterable
from pathlib import Path

from hzmetrics.config import Settings
from hzmetrics.errors import HzmetricsError
from hzmetrics.files import make_directory, open_regular, writing
from hzmetrics.ingest import sources
from hzmetrics.ingest.sources import Kind, Source
from hzmetrics.log import log
from hzmetrics.logs.packing import Limits, UnreadableLog
from hzmetrics.logs.reader import open_log

STAGED: dict[Kind, str] = {"access": "_hub_apache.log", "auth": "_hub_auth.log"}
"""The files that `fetch-logs` makes."""

UNPACKING = 15
"""How much larger than its packed file a log is taken to be."""
RESERVE = 500 * 2**20
"""Bytes of the staging file system that stay free."""
BLOCK = 2**20


def fetch_logs(settings: Settings, day: dt.date | None = None, dry_run: bool = False) -> int:
    """Concatenate the pending logs, unpacked, in the staging directory; files taken. Raises HzmetricsError.

    A kind without pending files leaves its staged file alone.
    """
    staging = settings.paths.staging
    files = _pending(settings, day)
    for source in files:
        log.info("%s: %s", "would be staged" if dry_run else "staging", source.path)
    if dry_run or not files:
        return len(files)
    try:
        make_directory(staging)
        _check_space(staging, files)
        for kind in sources.KINDS:
            paths = [source.path for source in files if source.kind == kind]
            if paths:
                _concatenate(paths, staging / STAGED[kind], Limits.of(settings))
    except OSError as error:
        raise HzmetricsError(f"cannot stage logs in {staging}: {error.strerror or error}") from None
    return len(files)


def _pending(settings: Settings, day: dt.date | None) -> list[Source]:
    return [source for source in sources.pending(settings) if day in (None, source.date)]


def _check_space(staging: Path, files: Iterable[Source]) -> None:
    needed = RESERVE + sum(
        source.path.stat().st_size * (UNPACKING if _is_packed(source.path) else 1) for source in files
    )
    free = shutil.disk_usage(staging).free
    if needed > free:
        raise HzmetricsError(f"{staging}: {needed:,} bytes needed, {free:,} free; nothing staged")


def _concatenate(paths: Iterable[Path], target: Path, limits: Limits) -> None:
    """Write the texts of `paths` one after the other, each ending its last line."""
    part = target.with_name(f"{target.name}.part")
    try:
        with writing(part) as staged:
            for path in paths:
                block = b"\n"
                with open_log(path, limits) as stream:
                    for block in stream.blocks():
                        staged.write(block)
                if not block.endswith(b"\n"):
                    staged.write(b"\n")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def archive_logs(settings: Settings, day: dt.date | None = None, dry_run: bool = False) -> int:
    """Compress the pending logs and put them away; files moved. Raises HzmetricsError if one could not be.

    Directories that are empty then go too, but not `daily` itself.
    """
    moved, failed = 0, 0
    left: set[Path] = set()
    for path, kind in _to_archive(settings, day):
        if dry_run:
            log.info("would be archived: %s", path)
            continue
        try:
            place = _archive(path, sources.base(settings, kind) / sources.IMPORTED)
        except (OSError, UnreadableLog) as error:
            log.error("cannot archive %s: %s", path, getattr(error, "strerror", None) or error)
            failed += 1
            continue
        log.info("%s is now %s", path, place)
        moved += 1
        left.add(path.parent)
    _remove_empty(settings, left)
    if failed:
        raise HzmetricsError(f"{failed} files could not be archived")
    return moved


def _to_archive(settings: Settings, day: dt.date | None) -> list[tuple[Path, Kind]]:
    found = [(source.path, source.kind) for source in _pending(settings, day)]
    for kind in sources.KINDS:
        pattern = sources.ALSO_ARCHIVED[kind].format(site=sources.literal(settings.hub.log_prefix))
        pattern += f"{day:%Y%m%d}*" if day else ""
        found += [(path, kind) for path in sources.matching(sources.base(settings, kind) / "daily", pattern)]
    return found


def _archive(path: Path, directory: Path) -> Path:
    """Put a file away compressed, with its mode and times; returns its new place. Raises OSError."""
    if _is_packed(path):
        return sources.put_away(path, directory)
    make_directory(directory)
    part = path.with_name(f".{path.name}.gz.part")
    try:
        with open_regular(path) as text, writing(part) as new, gzip.open(new, "wb") as packed:
            shutil.copyfileobj(text, packed, BLOCK)
        shutil.copystat(path, part)
        place = sources.free_name(directory / f"{path.name}.gz")
        sources.move(part, place)
    finally:
        part.unlink(missing_ok=True)
    path.unlink()
    return place


def _is_packed(path: Path) -> bool:
    with open_log(path) as stream:
        return stream.packed


def _remove_empty(settings: Settings, directories: Iterable[Path]) -> None:
    daily = {sources.base(settings, kind) / "daily" for kind in sources.KINDS}
    for directory in set(directories) - daily:
        if not any(directory.iterdir()):
            directory.rmdir()
            log.info("removed %s, which is empty", directory)
