"""Where the files of a lake are, and how they get there."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hzmetrics import files
from hzmetrics.calendar import Month
from hzmetrics.errors import HzmetricsError, StoreUnavailable
from hzmetrics.lake import storage
from hzmetrics.lake.storage import Location
from hzmetrics.log import log

WORK = "work"
CELLS = "cells"
PRIVATE = "private"
"""What holds addresses and URLs as they were logged; nobody else may enter it."""


@dataclass(frozen=True)
class Place:
    """A lake: its directory, or its prefix in an object store, and the names of the files there."""

    root: Location
    work: str = WORK
    """The directory in it for what is there only during a run. Each run has its own: a task of an earlier one may still
    be at work on a machine that was cut off."""

    @classmethod
    def of_run(cls, root: Location) -> Place:
        """The lake for one run. Its directory becomes absolute: tasks have none of their own."""
        return cls(root.absolute(), f"{WORK}/{secrets.token_hex(8)}")

    def whole(self, table: str) -> Location:
        """The file of a table that is not partitioned."""
        return self.root / f"{table}.parquet"

    def part(self, table: str, bucket: int) -> Location:
        """The file of a bucket of a table."""
        return self.root / table / f"bucket-{bucket:04d}.parquet"

    def month(self, table: str, month: Month, bucket: int) -> Location:
        """The file of a month and bucket of a table."""
        return self.root / table / f"month={month}" / f"bucket-{bucket:04d}.parquet"

    def cells(self, month: Month) -> Location:
        """The file of the cells of a month."""
        return self.root / CELLS / f"month={month}" / "cells.parquet"

    def computed(self) -> list[Month]:
        """The months that have cells, ascending. Raises HzmetricsError."""
        names = (path.parent.name for path in storage.found(self.root, f"{CELLS}/month=????-??/cells.parquet"))
        return sorted(Month.parse(name.removeprefix("month=")) for name in names)

    def grouped(self, month: Month, bucket: int) -> Location:
        """What a month and bucket of the sessions was reduced to, while the cells are computed."""
        return self.month(f"{self.work}/grouped_sessions", month, bucket)

    def counted(self, model: str, month: Month, bucket: int) -> Location:
        """The rows of a model for a bucket, in the windows that end with a month, likewise."""
        return self.month(f"{self.work}/{model}", month, bucket)

    def filled(self, month: Month) -> Location:
        """The cells of a month that are not published yet."""
        return self.made(self.cells(month))

    def made(self, target: Location) -> Location:
        """Where a file of the lake is until it is published; what is private stays so."""
        parts = target.parts[len(self.root.parts) :]
        base = self.private if parts[0] == PRIVATE else self.root
        return base.joinpath(self.work, "made", *parts)

    def publish(self, targets: Iterable[Location]) -> None:
        """Put files in their places. Raises HzmetricsError."""
        storage.move([(self.made(target), target) for target in targets])

    @property
    def private(self) -> Location:
        """The directory of what was logged."""
        return self.root / PRIVATE

    def make_private(self) -> None:
        """Make that directory. Raises HzmetricsError if others can enter it, or it cannot be made.

        Who may read objects is for their store to decide.
        """
        private = self.private
        try:
            if not isinstance(private, Path):
                if storage.is_empty(private):
                    log.warning("addresses as they were logged get into %s: see that others cannot read it", private)
                return
            files.make_directory(private.parent)
            files.make_directory(private, files.SECRET_DIRECTORY)
            others = private.stat().st_mode & 0o077
        except OSError as error:
            raise HzmetricsError(f"cannot make {private}: {error.strerror}") from None
        if others:
            raise HzmetricsError(f"other users of this machine can enter {private}; run: chmod 700 {private}")

    def read_log(self, number: int) -> Location:
        """The requests of a log, while it is ingested."""
        return self.private / self.work / f"log-{number:08d}.parquet"

    def read_agents(self, number: int) -> Location:
        """Its user agents, likewise."""
        return self.private / self.work / f"agents-{number:08d}.parquet"

    def dimension(self, table: str) -> Location:
        """The file of a table with addresses or names as they are, which requests are completed by."""
        return self.private / f"{table}.parquet"

    def has_dimension(self, table: str) -> bool:
        """Whether there is such a file. Raises HzmetricsError."""
        return storage.exists(self.dimension(table))

    def requests(self, month: Month, number: int) -> Location:
        """The requests that a log has of a month."""
        return self.private / "requests" / f"month={month}" / f"log-{number:08d}.parquet"

    def logins(self, number: int) -> Location:
        """The logins of an auth log."""
        return self.private / "logins" / f"log-{number:08d}.parquet"

    def piece(self, table: str, month: Month, window: int, number: int) -> Location:
        """The rows of some addresses in a window of a month, while sessions are made."""
        return self.root / self.work / table / f"month={month}" / f"window-{window}-{number:04d}.parquet"

    @contextmanager
    def cleared(self, name: str) -> Iterator[None]:
        """Remove a directory for what is there only during a run, which a killed run may have left, and again after it.

        Raises HzmetricsError.
        """
        self.clear(name)
        try:
            yield
        except BaseException as error:
            # an object store that does not answer would be waited for again
            if isinstance(self.root, Path) or not isinstance(error, StoreUnavailable):
                with suppress(HzmetricsError):  # what went wrong before tells more
                    self.clear(name)
            raise
        self.clear(name)

    def clear(self, *names: str) -> None:
        """Remove directories and what is in them. Raises HzmetricsError."""
        for name in names:
            storage.remove(self.root / name)
