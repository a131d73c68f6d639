"""How the last tick, its steps and the last run ended.

Small files in the state directory: they can be read when the database cannot.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from hzmetrics import files
from hzmetrics.config import Settings
from hzmetrics.errors import HzmetricsError, in_words
from hzmetrics.log import warn_once
from hzmetrics.output.document import document


@dataclass(frozen=True)
class Entry:
    """One tick, run or step. Times are local, by the clock of the invocation."""

    started: str
    what: str = ""
    """The unit of work, in words."""
    exit_code: int | None = None
    """None: still running, or killed."""
    error: str = ""
    succeeded: str = ""
    """When the last one with exit code 0 started."""
    since: str = ""
    """When the first one started of those that ended like this one without a break: well, or not."""

    @property
    def has_failed(self) -> bool:
        """Whether it ended badly; not of one that is running or was killed."""
        return bool(self.exit_code)


def read(settings: Settings, kind: str) -> Entry | None:
    """The last record of a kind; None if there was none or it cannot be read."""
    try:
        return Entry(**json.loads(files.read(_path(settings, kind))))
    except (OSError, ValueError, TypeError):
        return None


def forget(settings: Settings, kind: str) -> None:
    """Drop the record of something that is not done any more."""
    with suppress(OSError):
        _path(settings, kind).unlink(missing_ok=True)


def written_at(settings: Settings, kind: str) -> float | None:
    """When the record of a kind was written, in real time (epoch seconds)."""
    try:
        return _path(settings, kind).stat().st_mtime
    except OSError:
        return None


@contextmanager
def record(settings: Settings, kind: str) -> Iterator[Recording]:
    """Record a tick (`tick`), one of its steps (`live-STEP`) or a run (`run`): when it started, how it ended."""
    recording = Recording(settings, kind)
    if kind == "run":
        recording.save()
    try:
        yield recording
    except BaseException as error:
        exit_code = error.exit_code if isinstance(error, HzmetricsError) else 1
        recording.update(exit_code=exit_code, error=in_words(error))
        raise
    finally:
        recording.save()


class Recording:
    """The record of something that is going on."""

    def __init__(self, settings: Settings, kind: str) -> None:
        self._path = _path(settings, kind)
        self._before = _without_future(read(settings, kind) or Entry(""), settings.clock.local)
        self.entry = Entry(settings.clock.local, succeeded=self._before.succeeded)

    def update(self, what: str | None = None, exit_code: int | None = None, error: str | None = None) -> None:
        """Note what is being done, or how it ended."""
        entry = self.entry
        self.entry = replace(
            entry,
            what=entry.what if what is None else what,
            exit_code=entry.exit_code if exit_code is None else exit_code,
            error=entry.error if error is None else error,
            succeeded=entry.started if exit_code == 0 else entry.succeeded,
            since=entry.since if exit_code is None else self._since(exit_code),
        )

    def _since(self, exit_code: int) -> str:
        before = self._before
        is_alike = before.exit_code is not None and bool(before.exit_code) == bool(exit_code)
        return before.since if is_alike and before.since else self.entry.started

    def save(self) -> None:
        """Replace the file as a whole. If that fails, for example on a full disk, only the record is lost."""
        try:
            files.make_directory(self._path.parent)
            files.replace(self._path, f"{document(asdict(self.entry))}\n".encode(), files.INTERNAL)
        except OSError as error:
            warn_once(f"cannot write to {self._path.parent}: {error.strerror}")


def _without_future(entry: Entry, now: str) -> Entry:
    """An entry without times that are still to come, as a clock that was ahead leaves them."""
    return replace(
        entry,
        succeeded=entry.succeeded if entry.succeeded <= now else "",
        since=entry.since if entry.since <= now else "",
    )


def _path(settings: Settings, kind: str) -> Path:
    return settings.paths.state / f"last-{kind}.json"
