"""Copying what was appended to a course's raw files into columns (spec 86 §3).

The copy is a set of Parquet segments, one a block of lines, named by the generation of the copy and the offset in the
file where they begin. The row in `course_files` says how far the copy reaches: a segment beyond that is left over from
an interrupted update, and is written again. An update can end at any point without losing or repeating a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from hzmetrics import files
from hzmetrics.courses import progress
from hzmetrics.courses.blocks import blocks
from hzmetrics.courses.progress import COUNTS, EVENTS, KINDS, Progress
from hzmetrics.courses.settings import Courses
from hzmetrics.engine import Engine
from hzmetrics.errors import HzmetricsError
from hzmetrics.follow.mark import FileMark
from hzmetrics.log import log
from hzmetrics.store import Store

PACKAGE = "hzmetrics.courses"
MODELS = {EVENTS: ("events", "malformed_event_lines"), COUNTS: ("counts", "malformed_count_lines")}
"""The models of the rows of a raw file, and of its malformed lines."""
NAMED = 5
"""The number of bad lines that a warning names."""
NO_LINES = pa.table({"number": pa.array([], pa.int64()), "line": pa.array([], pa.string())})
PARQUET: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 1,
    "use_dictionary": ["student", "notebook", "action"],
    "column_encoding": {"position": "DELTA_BINARY_PACKED", "time": "DELTA_BINARY_PACKED"},
}
"""How segments are stored: names by dictionary, positions and times by differences."""
MOST_SEGMENTS = 40
"""If there are more segments than this, they are merged into one."""


@dataclass(frozen=True)
class Copied:
    """Counts of an update."""

    rows: int = 0
    skipped: int = 0

    def __add__(self, other: Copied) -> Copied:
        return Copied(self.rows + other.rows, self.skipped + other.skipped)


def update(store: Store, courses: Courses, course: str, told: Callable[[int], None] = lambda size: None) -> Copied:
    """Bring the copy of a course up to date; `told` gets the bytes read, block by block. Raises HzmetricsError."""
    total = Copied()
    for kind in KINDS:
        path = courses.folder(course) / f"{kind}.raw"
        try:
            with files.open_regular(path) as file:
                total += _Copy(store, courses, course, kind, path).bring_up_to_date(file, told)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise HzmetricsError(f"cannot copy {path}: {error.strerror or error}") from None
    return total


def segments(store: Store, courses: Courses, course: str, kind: str) -> list[Path]:
    """The segments that make up the copy of a raw file, in file order."""
    reached = progress.load(store, course, kind)
    return [path for path in _all_segments(courses, course, kind) if _counts(path, reached)]


def register_events(engine: Engine, store: Store, courses: Courses, course: str) -> None:
    """Make the copied events of a course the relation `events` (position, time, student, notebook, action)."""
    engine.register_parquet("events", [str(path) for path in segments(store, courses, course, EVENTS)])


def read_counts(store: Store, courses: Courses, course: str) -> pa.Table:
    """The copied counts of a course, in file order: columns position, time, vals."""
    paths = segments(store, courses, course, COUNTS)
    return pa.concat_tables([pq.read_table(path) for path in paths] or [rows_of(NO_LINES, COUNTS)[0]])


def rows_of(lines: pa.Table, kind: str) -> tuple[pa.Table, list[int]]:
    """The rows of some lines (columns number, line) of a raw file, and the numbers of the bad ones among the lines."""
    well_formed, malformed = MODELS[kind]
    with Engine(PACKAGE) as engine:
        engine.register("lines", lines)
        rows = engine.table(well_formed)
        bad = engine.table(malformed)["number"].to_pylist() if rows.num_rows < lines.num_rows else []
    return rows, bad


class _Copy:
    """The copy of one raw file."""

    def __init__(self, store: Store, courses: Courses, course: str, kind: str, path: Path) -> None:
        self.store = store
        self.courses = courses
        self.course = course
        self.kind = kind
        self.path = path

    def bring_up_to_date(self, file: BinaryIO, told: Callable[[int], None]) -> Copied:
        before = progress.load(self.store, self.course, self.kind)
        self._remove(lambda path: not _counts(path, before))
        start = before
        if before.mark is not None and not before.mark.is_of(file):
            log.warning("%s was replaced or cut: reading it again from the start", self.path)
            start = Progress(generation=before.generation + 1)

        offset, lines, rows, bad = start.offset, start.lines, 0, 0
        named: list[int] = []
        with ThreadPoolExecutor(1) as writer:  # one block is written while the next is read
            written: Future[None] | None = None
            for block in blocks(file, offset, lines + 1):
                table, numbers = rows_of(block.lines, self.kind)
                if written is not None:
                    written.result()
                written = writer.submit(self._write, start.generation, offset, [table])
                told(block.end - offset)
                offset = block.end
                lines += block.lines.num_rows
                rows += table.num_rows
                bad += len(numbers)
                named = (named + numbers)[:NAMED]
            if written is not None:
                written.result()

        if offset != before.offset or start is not before:
            reached = Progress(FileMark.at(file, offset), lines, start.skipped + bad, start.generation)
            self._save(reached)
            self._merge(reached)
        if bad:
            more = f" and {bad - len(named)} more" if bad > len(named) else ""
            log.warning("%s: %d malformed lines skipped: %s%s", self.path, bad, ", ".join(map(str, named)), more)
        return Copied(rows, bad)

    def _merge(self, reached: Progress) -> None:
        """Put many small segments into one of a new generation."""
        current = [path for path in _all_segments(self.courses, self.course, self.kind) if _counts(path, reached)]
        if len(current) > MOST_SEGMENTS:
            merged = replace(reached, generation=reached.generation + 1)
            self._write(merged.generation, 0, (pq.read_table(path) for path in current))
            self._save(merged)

    def _save(self, reached: Progress) -> None:
        progress.save(self.store, self.course, self.kind, reached, self.courses.settings.clock.utc)
        self._remove(lambda path: not _counts(path, reached))

    def _write(self, generation: int, begin: int, tables: Iterable[pa.Table]) -> None:
        folder = self.courses.copies / self.course
        files.make_directory(folder, files.SECRET_DIRECTORY)
        path = folder / f"{self.kind}-{generation:06d}-{begin:016d}.parquet"
        writer: pq.ParquetWriter | None = None
        for table in tables:
            writer = writer or pq.ParquetWriter(path, table.schema, **PARQUET)
            writer.write_table(table)
        if writer is not None:
            writer.close()

    def _remove(self, unwanted: Callable[[Path], bool]) -> None:
        for path in _all_segments(self.courses, self.course, self.kind):
            if unwanted(path):
                path.unlink(missing_ok=True)


def _all_segments(courses: Courses, course: str, kind: str) -> list[Path]:
    return sorted((courses.copies / course).glob(f"{kind}-*.parquet"))


def _counts(path: Path, reached: Progress) -> bool:
    """Whether a segment is part of the copy that `reached` describes."""
    _, generation, begin = path.stem.rsplit("-", 2)
    return reached.mark is not None and int(generation) == reached.generation and int(begin) < reached.offset
