"""Reading the new lines of the followed logs, and storing the results together with the position in the files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa

from hzmetrics.calendar import Clock
from hzmetrics.errors import HzmetricsError, UnreadLogs
from hzmetrics.follow import tail
from hzmetrics.follow.mark import FileMark
from hzmetrics.follow.settings import Following
from hzmetrics.log import log
from hzmetrics.logs.clock import LogClock
from hzmetrics.store import Store
from hzmetrics.store.live_state import forget as forget_names
from hzmetrics.store.live_state import recall, remember
from hzmetrics.store.tables import metrics as tables
from hzmetrics.store.tables.live import LONGEST_PATH, log_files

if TYPE_CHECKING:
    import pyarrow as pa

KEPT = dt.timedelta(days=40)
"""How long the row of a file that was read to its end is kept."""
UNREAD = "follow.unread"
"""The sources of which a log could not be read the last time; there is no such name if all could."""


class Consumer(Protocol):
    """Uses the entries of one update."""

    def take(self, source: str, entries: pa.Table) -> None:
        """Take some entries of a log, in the columns of `logs.entries`; those of a log come in file order."""

    def store(self, connection: sa.Connection, reading: Reading) -> None:
        """Write the results, in the transaction that stores how far the logs were read."""


@dataclass
class Reading:
    """Counts of one update."""

    lines: int = 0
    unrecognized: int = 0
    cut_at: int | None = None
    """If a log was too long for one update, the time of the last line read (the smallest, if several were)."""
    unread: list[tuple[str, str]] = field(default_factory=list)
    """The logs that could not be read to their end: the source of each, and the reason."""

    def cut(self, last_time: int | None) -> None:
        """Note that a log was too long. Without the time of a line, no time is complete."""
        at = 0 if last_time is None else last_time
        self.cut_at = at if self.cut_at is None else min(at, self.cut_at)

    def require_all(self) -> None:
        """Raises UnreadLogs if a log could not be read: what was read of the others is stored."""
        if self.unread:
            raise UnreadLogs("; ".join(reason for _, reason in self.unread))


@dataclass
class _Log:
    """One followed log, with its files as stored and as they will be stored."""

    source: str
    path: Path
    seen: list[tail.Seen]
    clock: LogClock
    changed: bool = False
    last_time: int | None = field(default=None)


def update(store: Store, following: Following, now: Clock, consumers: Sequence[Consumer]) -> Reading:
    """Read the new lines of all followed logs, pass them to the consumers, and store everything in one transaction.

    A log that cannot be read does not stop the others: the caller asks the reading for it.
    """
    reading = Reading()
    excluded = _excluded_addresses(store, following)
    logs = [_remembered(store, following, source, path) for source, path in following.logs]
    for one in logs:
        try:
            _read(one, following, excluded, consumers, reading)
        except OSError as error:
            reading.unread.append((one.source, f"cannot follow {one.path}: {error.strerror or error}"))
    with store.metrics.begin() as connection:
        if reading.unread:
            remember(connection, UNREAD, ",".join(sorted({source for source, _ in reading.unread})))
        else:
            forget_names(connection, UNREAD)
        for one in logs:
            if one.changed:
                _remember(connection, one, now)
        for consumer in consumers:
            consumer.store(connection, reading)
    return reading


def require_read(store: Store, sources: Set[str]) -> None:
    """Raises UnreadLogs if a log of one of these sources could not be read the last time."""
    if unread := sources & {*(recall(store.metrics, UNREAD) or "").split(",")}:
        raise UnreadLogs(f"the followed logs could not be read: {', '.join(sorted(unread))}")


def first_times(following: Following) -> list[int]:
    """The time of the first recognized line of each followed log that exists."""
    found = []
    for source, path in following.logs:
        if path.is_file():
            text, _, _ = tail.read(tail.Piece(path, None, False), tail.CHUNK)
            for entries in _entries(source, b"", text, following, LogClock(following.zone), Reading()):
                found += entries["time"][:1].to_pylist()
    return found


def forget(connection: sa.Connection, following: Following) -> None:
    """Read the followed logs from their start next time."""
    paths = [str(path) for _, path in following.logs]
    connection.execute(sa.delete(log_files).where(log_files.c.path.in_(paths)))


def _read(
    one: _Log, following: Following, excluded: Sequence[str], consumers: Sequence[Consumer], reading: Reading
) -> None:
    pieces, lost = tail.plan(one.path, one.seen, following.rotated_dirs)
    if lost:
        log.warning(
            "%s was replaced, and the old file was not found: lines after byte %d may be missing",
            one.path, one.seen[-1].mark.offset,
        )  # fmt: skip
        one.seen = [tail.Seen(seen.mark, True) for seen in one.seen]
        one.changed = True
    limit = following.max_bytes
    for piece in pieces:
        text, mark, complete = tail.read(piece, limit, limit == following.max_bytes, following.limits)
        limit -= mark.offset - piece.offset
        heading = tail.heading(piece) if text and one.source == "access" else b""
        for entries in list(_entries(one.source, heading, text, following, one.clock, reading)):  # all of them, or none
            one.last_time = entries["time"][-1].as_py()
            kept = _kept(entries, following, excluded)
            for consumer in consumers:
                consumer.take(one.source, kept)
        if mark.offset or not one.seen:  # an unread file could not be told from another
            _see(one, piece, tail.Seen(mark, piece.rotated and complete))
        if not complete:
            reading.cut(one.last_time)
            break


def _entries(
    source: str, heading: bytes, text: bytes, following: Following, clock: LogClock, reading: Reading
) -> Iterator[pa.Table]:
    """The entries in some text of a log under its heading, at least one at a time."""
    if not text:
        return
    import pyarrow.compute as pc  # the engine: only where there are lines

    from hzmetrics.logs.entries import Entries
    from hzmetrics.logs.reader import CHUNK, Lines, line_feeds

    pieces = (text[begin : begin + CHUNK] for begin in range(0, len(text), CHUNK))
    lines = Lines()
    with Entries(source, following.reading(), clock) as reader:
        for table in Lines().tables(line_feeds([heading])):
            reader.read(table.set_column(0, "number", pc.subtract(table["number"], len(table))))
        for table in lines.tables(line_feeds(pieces), any_server=source != "auth"):
            entries = reader.read(table)
            reading.lines += len(table)
            reading.unrecognized += len(table) - len(entries)
            if len(entries):
                yield entries
    reading.lines += lines.blank
    reading.unrecognized += lines.blank


def _kept(entries: pa.Table, following: Following, excluded: Sequence[str]) -> pa.Table:
    """The entries that are not of excluded addresses or of ignored users."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def without(column: str, is_dropped: Callable[[str], bool], table: pa.Table) -> pa.Table:
        values = [value for value in table[column].unique().to_pylist() if is_dropped(value)]
        return table.filter(pc.invert(pc.is_in(table[column], pa.array(values, pa.string())))) if values else table

    kept = without("user", lambda user: user.casefold() in following.ignore_users, entries)
    if excluded:
        kept = without("address", lambda address: any(part in address.lower() for part in excluded), kept)
    return kept


def _see(one: _Log, piece: tail.Piece, now: tail.Seen) -> None:
    """Replace the mark of a piece by the new one."""
    seen = [*(before for before in one.seen if before.mark != piece.mark), now]
    one.changed |= seen != one.seen
    one.seen = seen


def _excluded_addresses(store: Store, following: Following) -> list[str]:
    """Substrings of addresses whose lines are ignored: from the settings and from `exclude_list` (spec 10 §3.1)."""
    listed = [
        str(row.filter)
        for row in store.metrics.rows(sa.select(tables.exclude_list.c.filter, tables.exclude_list.c.type))
        if str(row.type).strip().lower() == "ip"
    ]
    return [part.lower() for part in (*following.exclude_ips, *listed) if part]


def _remembered(store: Store, following: Following, source: str, path: Path) -> _Log:
    rows = store.metrics.rows(sa.select(log_files).where(log_files.c.path == str(path)).order_by(log_files.c.id))
    clock = LogClock(following.zone)
    for row in rows:
        if row.last_local is not None:
            clock.last, clock.is_second = row.last_local, bool(row.second_hour)
    seen = [
        tail.Seen(FileMark(row.device, row.inode, row.offset, row.head_len, row.head_hash), bool(row.done))
        for row in rows
    ]
    return _Log(source, path, seen, clock)


def _remember(connection: sa.Connection, one: _Log, now: Clock) -> None:
    path = str(one.path)
    if len(path) > LONGEST_PATH:
        raise HzmetricsError(f"cannot follow {path}: the path is longer than {LONGEST_PATH} characters")
    kept = now.utc_time - KEPT
    known = {
        (row.head_hash, row.head_len, row.inode): row.updated
        for row in connection.execute(sa.select(log_files).where(log_files.c.path == path))
        if row.done
    }
    connection.execute(sa.delete(log_files).where(log_files.c.path == path))
    for seen in one.seen:
        mark = seen.mark
        updated = known.get((mark.head_hash, mark.head_len, mark.inode), now.utc) if seen.done else now.utc
        if updated < f"{kept:%Y-%m-%dT%H:%M:%SZ}":
            continue
        connection.execute(
            sa.insert(log_files).values(
                path=path,
                device=mark.device,
                inode=mark.inode,
                offset=mark.offset,
                head_len=mark.head_len,
                head_hash=mark.head_hash,
                done=int(seen.done),
                last_local=one.clock.last or None,
                second_hour=int(one.clock.is_second),
                updated=updated,
            )
        )
