"""How far each raw file has been copied: rows of `course_files`. Finding out that nothing is new needs no engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from hzmetrics.courses.settings import Courses
from hzmetrics.errors import HzmetricsError
from hzmetrics.files import open_regular
from hzmetrics.follow.mark import FileMark
from hzmetrics.store import Store
from hzmetrics.store.tables.live import course_files

EVENTS = "events"
COUNTS = "counts"
KINDS = (EVENTS, COUNTS)
"""The raw files of a course are KIND.raw."""


@dataclass(frozen=True)
class Progress:
    """The state of the copy of one raw file."""

    mark: FileMark | None = None
    lines: int = 0
    """Lines copied or skipped."""
    skipped: int = 0
    generation: int = 1
    """Increased when the file is read again from the start, or its segments are merged."""

    @property
    def offset(self) -> int:
        return self.mark.offset if self.mark else 0


def load(store: Store, course: str, kind: str) -> Progress:
    """The progress of a raw file; the initial one if the file was never read."""
    query = sa.select(course_files).where(course_files.c.course == course, course_files.c.file == f"{kind}.raw")
    rows = store.metrics.rows(query)
    if not rows:
        return Progress()
    row = rows[0]
    mark = FileMark(row.device, row.inode, row.offset, row.head_len, row.head_hash)
    return Progress(mark, row.lines, row.skipped, row.generation)


def save(store: Store, course: str, kind: str, progress: Progress, now: str) -> None:
    """Store the progress of a raw file; from then on its new segments count."""
    file = f"{kind}.raw"
    mark = progress.mark
    assert mark is not None
    with store.metrics.begin() as connection:
        connection.execute(sa.delete(course_files).where(course_files.c.course == course, course_files.c.file == file))
        connection.execute(
            sa.insert(course_files).values(
                course=course,
                file=file,
                device=mark.device,
                inode=mark.inode,
                offset=mark.offset,
                head_len=mark.head_len,
                head_hash=mark.head_hash,
                lines=progress.lines,
                skipped=progress.skipped,
                generation=progress.generation,
                updated=now,
            )
        )


def has_news(store: Store, courses: Courses, course: str) -> bool:
    """Whether a raw file of the course has bytes that are not copied yet."""
    folder = courses.folder(course)
    return any(_file_has_news(folder / f"{kind}.raw", load(store, course, kind)) for kind in KINDS)


def _file_has_news(path: Path, progress: Progress) -> bool:
    try:
        with open_regular(path) as file:
            size = path.stat().st_size
            return size != progress.offset or (progress.mark is not None and not progress.mark.is_of(file))
    except FileNotFoundError:
        return False
    except OSError as error:
        raise HzmetricsError(f"cannot read {path}: {error.strerror}") from None
