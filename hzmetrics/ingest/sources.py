"""Finding log files, and putting them away once they are imported (spec 10 §8, §10.3)."""

from __future__ import annotations

import datetime as dt
import fnmatch
import glob
import os
import re
import shutil
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Literal

from hzmetrics.calendar import Month, compact_day
from hzmetrics.config import Settings
from hzmetrics.config.schema import Logs
from hzmetrics.errors import UsageError
from hzmetrics.files import make_directory
from hzmetrics.log import log

Kind = Literal["access", "auth"]
KINDS: tuple[Kind, Kind] = ("access", "auth")

TARGET_OF: dict[Kind, str] = {"access": "web", "auth": "userlogin"}
"""The tables that logs become rows of."""

KIND_OF = {target: kind for kind, target in TARGET_OF.items()}
"""The kind of logs by the table that they become rows of."""

ALSO_ARCHIVED: dict[Kind, str] = {"access": "new-{site}-access*log*", "auth": "cmsdebug*log*"}
"""Names of logs that are not imported and that `archive-logs` puts away too."""

MOST_NAMED = 3
"""Files of a directory that a message names; the others are counted."""

PENDING = ("daily", "daily.holding")
"""Where new logs are; `daily` with all its subdirectories, `daily.holding` flat."""

IMPORTED = "imported"


@dataclass(frozen=True)
class Source:
    """One log file with a date."""

    path: Path
    kind: Kind
    date: dt.date

    @property
    def month(self) -> Month:
        return Month.of(self.date)


def base(settings: Settings, kind: Kind) -> Path:
    """The directory of a kind's logs."""
    return settings.paths.access_logs if kind == "access" else settings.paths.cms_logs


def name_pattern(settings: Settings, kind: Kind) -> str:
    return f"{literal(settings.hub.log_prefix)}-access*log*" if kind == "access" else "cmsauth*log*"


def literal(text: str) -> str:
    """`text` as a file name pattern that means just itself."""
    return re.sub(r"([*?[])", r"[\1]", text)


_DATE = re.compile(r"(?<![^._-])[0-9]{8}(?![^._-])")


def file_date(name: str) -> dt.date | None:
    """The date in a file name: its first part, cut at `.`, `-` and `_`, that is exactly 8 digits (spec 10 §8.2).

    None if the name has no such part. Raises UsageError if the digits are not a day of the calendar.
    """
    found = _DATE.search(name)
    return compact_day(found[0]) if found else None


def pending(settings: Settings) -> list[Source]:
    """The files to import, in import order: by date, access before auth, then as spec 10 §8.3.

    A file with a date before `[logs] earliest` is none.
    A site without a hub has none: its logs are read where they are (spec 10 §19).
    """
    if settings.is_site:
        return []
    earliest, _ = settings.plausible_days
    found = []
    for kind in KINDS:
        for place, directory in enumerate(PENDING):
            files = _files(base(settings, kind) / directory, deep=place == 0)
            for file, date in _dated(files, name_pattern(settings, kind)):
                if date < earliest:
                    continue
                source = Source(Path(file.path), kind, date)
                found.append((date, KINDS.index(kind), place, source.path.parts, source))
    return [entry[-1] for entry in sorted(found, key=lambda entry: entry[:-1])]


def unreadable(settings: Settings) -> list[str]:
    """What keeps this process from seeing the logs to import. A directory that is missing has no logs."""
    if settings.is_site:
        names = (name for pattern in settings.section(Logs).files for name in glob.iglob(pattern, recursive=True))  # noqa: PTH207
        return (
            [] if any(os.access(name, os.R_OK) for name in names) else ["no file that [logs] files names is readable"]
        )
    failed: list[OSError] = []
    for kind in KINDS:
        for place, directory in enumerate(PENDING):
            walk = os.walk(base(settings, kind) / directory, onerror=failed.append)
            deque(walk if place == 0 else islice(walk, 1), maxlen=0)
    return [
        f"cannot look into {error.filename}: {error.strerror}"
        for error in failed
        if not isinstance(error, FileNotFoundError)
    ]


def not_taken(settings: Settings, waiting: Iterable[Source]) -> list[tuple[Kind, Path]]:
    """Files beside those that wait for their import whose names neither an import nor `archive-logs` takes.

    Each with the kind of logs whose directories it lies in.
    """
    taken = {source.path for source in waiting}
    found: list[tuple[Kind, Path]] = []
    for kind in KINDS:
        archived = ALSO_ARCHIVED[kind].format(site=literal(settings.hub.log_prefix))
        for place, directory in enumerate(PENDING):
            for file in _files(base(settings, kind) / directory, deep=place == 0):
                path = Path(file.path)
                if path not in taken and not file.name.startswith(".") and not fnmatch.fnmatchcase(file.name, archived):
                    found.append((kind, path))
    return found


def tell_not_taken(paths: Iterable[Path]) -> list[str]:
    """What is wrong with the names of those files, a line a directory; a few of them are named."""
    by_directory: dict[Path, list[str]] = {}
    for path in paths:
        by_directory.setdefault(path.parent, []).append(path.name)
    return [
        f"{directory}: no import takes {', '.join(names[:MOST_NAMED])}"
        + (f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else "")
        for directory, names in by_directory.items()
    ]


def expected_names(settings: Settings) -> str:
    """How files must be named to be imported."""
    access, auth = (name_pattern(settings, kind) for kind in KINDS)
    return f"access logs are named {access}, auth logs {auth}, both with the date, YYYYMMDD, between -, _ or ."


def imported_dates(settings: Settings, kind: Kind = "access") -> list[dt.date]:
    """The dates of the files that were put away, ascending, one a file (spec 10 §8.4)."""
    if settings.is_site:
        return []
    files = _files(base(settings, kind) / IMPORTED, deep=False)
    return sorted(date for _, date in _dated(files, name_pattern(settings, kind)))


def matching(directory: Path, pattern: str) -> list[Path]:
    """The files directly in a directory whose names match a pattern."""
    files = _files(directory, deep=False)
    return [Path(file.path) for file in files if fnmatch.fnmatchcase(file.name, pattern)]


def dated_files(directory: Path, pattern: str, kind: Kind) -> list[Source]:
    """The dated files directly in a directory whose names match a pattern, by date, then path."""
    found = _dated(_files(directory, deep=False), pattern)
    files = (Source(Path(file.path), kind, date) for file, date in found)
    return sorted(files, key=lambda source: (source.date, source.path.parts))


def _files(directory: Path, deep: bool) -> Iterator[os.DirEntry[str]]:
    """Files of a directory, links to nowhere too; a missing one has none. Links to directories are not followed."""
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        log.warning("cannot look into %s: %s", directory, error.strerror or error)
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if deep:
                yield from _files(Path(entry.path), deep)
        elif Path(entry.path).is_file() or not Path(entry.path).exists():  # no pipe: reading one could wait for ever
            yield entry


def _dated(files: Iterator[os.DirEntry[str]], pattern: str) -> Iterator[tuple[os.DirEntry[str], dt.date]]:
    """The files whose names match a pattern and have a date, with it."""
    for file in files:
        if not fnmatch.fnmatchcase(file.name, pattern):
            continue
        try:
            date = file_date(file.name)
        except UsageError as error:
            log.warning("%s: %s; the file is skipped", file.path, error)
            continue
        if date:
            yield file, date


def put_away(path: Path, directory: Path) -> Path:
    """Move a file into a directory without overwriting anything; returns its new place. Raises OSError.

    A file of its name that is there already stays: the moved one gets a number (spec 10 §10.3).
    """
    make_directory(directory)
    if path.parent.samefile(directory):
        return path
    target = directory / path.name
    if target.exists() and target.samefile(path):
        path.unlink()
        return target
    target = free_name(target)
    move(path, target)
    return target


def free_name(path: Path) -> Path:
    """`path`, or the first of `path.~1~`, `path.~2~`, ... that does not exist."""
    numbered = (path.with_name(f"{path.name}.~{number}~") for number in count(1))
    return path if not os.path.lexists(path) else next(name for name in numbered if not os.path.lexists(name))


def move(path: Path, target: Path) -> None:
    """Rename; from another file system through a copy, so that `target` is whole from its first moment on."""
    if path.stat().st_dev == target.parent.stat().st_dev:
        path.rename(target)
        return
    part = target.with_name(f".{target.name}.part")
    try:
        shutil.copy2(path, part)
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)
    path.unlink()
