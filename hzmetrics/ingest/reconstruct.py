"""Ledger rows for files imported before there was a ledger: archived files matched with table rows (spec 10 §13)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.collation import fold
from hzmetrics.config import Settings
from hzmetrics.engine import Engine
from hzmetrics.errors import HzmetricsError
from hzmetrics.ingest import auth, ledger, sources
from hzmetrics.ingest.access import AccessLog, Rules
from hzmetrics.ingest.auth import AuthLog
from hzmetrics.ingest.ledger import Record
from hzmetrics.ingest.log_file import PACKAGE
from hzmetrics.ingest.sources import Source
from hzmetrics.log import log
from hzmetrics.logs.packing import Limits, UnreadableLog
from hzmetrics.logs.reader import open_log
from hzmetrics.store import Store
from hzmetrics.store.bulk import fitted_rows
from hzmetrics.store.database import Database
from hzmetrics.store.tables.metrics import imported_sources, userlogin, web


@dataclass(frozen=True)
class Target:
    """One of the two tables that files become rows of. Models `NAME_keys` and `NAME_matches` say which rows."""

    table: sa.Table
    stored: str
    """What the models call its rows."""
    key: tuple[str, ...]
    kind: sources.Kind
    pattern: str
    log: Callable[[sa.Connection, Settings], AccessLog | AuthLog]


TARGETS = {
    "web": Target(
        web,
        "stored_requests",
        ("datetime", "ip", "content"),
        "access",
        "*-access*log*",
        lambda connection, settings: AccessLog(Rules.read(connection, settings)),
    ),
    "userlogin": Target(
        userlogin,
        "stored_logins",
        ("datetime", "ip", "user", "action"),
        "auth",
        "cmsauth*log*",
        lambda connection, settings: AuthLog(auth.Rules.read(connection, settings)),
    ),
}


@dataclass(frozen=True)
class Found:
    """The rows of a table that a file's lines match; None of them where `rows` is 0."""

    start: int | None
    end: int | None
    rows: int


def reconstruct(
    store: Store,
    settings: Settings,
    targets: Sequence[str] = tuple(TARGETS),
    since: Month | None = None,
    validate: bool = False,
    apply: bool = False,
) -> int:
    """Find the rows of archived files that the ledger does not know, and record them if `apply`; files considered.

    Reconstructed records of logins that no longer hold their number of rows are replaced. With `validate`, which wins,
    compare the files that it does know with what is found. Raises HzmetricsError at the end if there was an anomaly.
    """
    considered = anomalies = 0
    for name in targets:
        run = _Reconstruction(store.metrics, settings, name, validate)
        considered += run.consider(since)
        anomalies += run.anomalies
        if apply and not validate:
            run.record()
    if not considered:
        log.info("no archived file to consider")
    if anomalies:
        raise HzmetricsError(f"{anomalies} anomalies; see above")
    return considered


class _Reconstruction:
    """One target's files, in order."""

    def __init__(self, database: Database, settings: Settings, name: str, validate: bool) -> None:
        self.database = database
        self.settings = settings
        self.name = name
        self.target = TARGETS[name]
        self.validate = validate
        self.anomalies = 0
        self.findings: dict[str, tuple[str, Found, Record | None]] = {}
        """What to record: file name, rows and the record that they replace, by the name under the collation, of which
        the ledger has one."""
        self._ranges: list[tuple[int, int]] = []
        """First and last ids of the files so far."""

    def consider(self, since: Month | None) -> int:
        """Look at the files in question; their number."""
        directory = sources.base(self.settings, self.target.kind) / sources.IMPORTED
        files = sources.dated_files(directory, self.target.pattern, self.target.kind)
        with self.database.connect() as connection:
            records = [record for record in ledger.records(connection) if record.target == self.name]
        known = {ledger.source_name(record.filename): record for record in records}
        known |= {fold(record.filename): record for record in records}  # its own record, before that of X.gz for X

        def recorded(source: Source) -> Record | None:
            name = ledger.stored_name(source.path.name)
            return known.get(fold(name)) or known.get(ledger.source_name(name))

        chosen = [(source, recorded(source)) for source in files if since is None or source.month >= since]
        if self.validate:
            chosen = [(source, record) for source, record in chosen if record]
        else:
            chosen = [(source, record) for source, record in chosen if record is None or self._drifted(record)]
        for source, record in chosen:
            try:
                found = self._find(source)
            except UnreadableLog as error:
                self._anomaly(source, str(error))
                continue
            if found is None:
                self._anomaly(source, "no line is recognized")
            elif record and self.validate:
                self._compare(source, found, record)
            else:
                self._plan(source, found, record)
        return len(chosen)

    def record(self) -> None:
        """Write the ledger rows, all or none."""
        with self.database.begin() as connection:
            for filename, found, replaced in self.findings.values():
                if replaced:
                    connection.execute(sa.delete(imported_sources).where(imported_sources.c.id == replaced.id))
                ids = None if found.start is None or found.end is None else (found.start, found.end)
                clock = self.settings.clock
                ledger.record(self.database, connection, filename, self.name, ids, found.rows, clock, "reconstruct")

    def _drifted(self, record: Record) -> bool:
        """Whether a reconstructed record of logins no longer holds its number of rows. Those of requests may."""
        if self.name != "userlogin" or record.origin != "reconstruct" or not record.has_range:
            return False
        number = self.target.table.c.id
        query = sa.select(sa.func.count()).where(number.between(record.start, record.end))
        with self.database.connect() as connection:
            return bool(connection.execute(query).scalar() != record.rows)

    def _find(self, source: Source) -> Found | None:
        """The table rows of a file; None if it has no recognized line."""
        limits = Limits.of(self.settings)
        with self.database.connect() as connection, open_log(source.path, limits) as stream:
            with self.target.log(connection, self.settings) as log_file:
                keys = [_keys(log_file, self.name, lines) for lines in log_file.chunks(stream)]
        return self._match(pa.concat_tables(keys)) if sum(map(len, keys)) else None

    def _match(self, keys: pa.Table) -> Found:
        when = self.target.table.c.datetime
        times = keys["datetime"]
        columns = [self.target.table.c[name] for name in ("id", *self.target.key)]
        first, last = min(times.to_pylist()), max(times.to_pylist())
        stored = self.database.read(sa.select(*columns).where(when.between(first, last)))
        with Engine(PACKAGE) as engine:
            engine.register(f"{self.name}_keys", fitted_rows(self.target.table, keys))
            engine.register(self.target.stored, stored)
            row = engine.table(f"{self.name}_matches").to_pylist()[0]
        return Found(row["first_id"], row["last_id"], row["matched"])

    def _plan(self, source: Source, found: Found, replaced: Record | None) -> None:
        if found.start is not None and found.end is not None:
            self._check_overlap(source, found)
            missing = found.end - found.start + 1 - found.rows
            log.info(
                "%s: %d rows of %s, ids %d to %d%s",
                source.path.name, found.rows, self.name, found.start, found.end,
                f", {missing} ids between are not its own" if missing else "",
            )  # fmt: skip
        else:
            log.info("%s: no rows of %s", source.path.name, self.name)
        name = source.path.name
        first, *_ = self.findings.setdefault(fold(ledger.stored_name(name)), (name, found, replaced))
        if first != name:
            self._anomaly(source, f"the ledger cannot tell it from {first}; not recorded")

    def _compare(self, source: Source, found: Found, record: Record) -> None:
        if found.start is None or found.end is None:
            if record.has_range and record.rows:
                self._anomaly(source, f"disagrees: the ledger has {record.rows} rows, none is found")
            else:
                log.info("%s: agrees, no rows of %s", source.path.name, self.name)
            return
        self._check_overlap(source, found)
        if record.start is None or record.end is None:
            self._anomaly(source, f"disagrees: the ledger has no range, found are ids {found.start} to {found.end}")
        elif record.start <= found.start and found.end <= record.end:
            log.info("%s: agrees, ids %d to %d", source.path.name, found.start, found.end)
        else:
            self._anomaly(
                source,
                f"disagrees: the ledger has ids {record.start} to {record.end}, found are {found.start} to {found.end}",
            )

    def _check_overlap(self, source: Source, found: Found) -> None:
        assert found.start is not None and found.end is not None
        if any(found.start <= end and start <= found.end for start, end in self._ranges):
            self._anomaly(source, f"ids {found.start} to {found.end} overlap those of an earlier file")
        self._ranges.append((found.start, found.end))

    def _anomaly(self, source: Source, problem: str) -> None:
        self.anomalies += 1
        log.warning("%s, %s: %s", source.path.name, self.name, problem)


def _keys(log_file: AccessLog | AuthLog, name: str, lines: pa.Table) -> pa.Table:
    log_file.read(lines)
    return log_file.engine.table(f"{name}_keys")
