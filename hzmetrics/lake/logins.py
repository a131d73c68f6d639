"""The logins of a lake of logs: auth logs to the table `userlogin_lite` (spec 10 §6, spec 50 §4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from hzmetrics import files
from hzmetrics.calendar import Month
from hzmetrics.engine import Engine
from hzmetrics.ingest.addresses import Clients
from hzmetrics.ingest.auth import AuthLog, Rules
from hzmetrics.ingest.log_file import Judged, LogFile
from hzmetrics.lake import tables
from hzmetrics.lake.manifest import Manifest
from hzmetrics.lake.place import Place
from hzmetrics.lake.reading import Found, ReadLogs, write_chunks
from hzmetrics.lake.rows import rows_of, write
from hzmetrics.lake.storage import Location
from hzmetrics.logs.reader import Identity
from hzmetrics.store.bulk import fitted_rows
from hzmetrics.store.tables.metrics import userlogin

WRITTEN = pa.schema(
    {
        "place": pa.int64(),
        "datetime": pa.string(),
        "user": pa.string(),
        "uidNumber": pa.int64(),
        "ip": pa.string(),
        "action": pa.string(),
    }
)
"""What is written of a log: the columns of `userlogin`, and the place among the kept lines."""


@dataclass(frozen=True)
class ReadAuthLogs(ReadLogs):
    """The logins of auth logs."""

    def judging(self) -> AuthLog:
        reading = self.reading
        excluded = reading.excludes.ip
        return AuthLog(Rules(Clients.of(reading.logs.corrections, excluded), excluded, reading.days))

    def keep(self, number: int, chunks: Iterator[pa.Table]) -> None:
        rows = (fitted_rows(userlogin, rows) for rows in chunks)
        write_chunks(self.place.read_log(number), WRITTEN, rows)

    def found(self, text: Identity, judged: LogFile[Any, Any] | Judged[Any, Any]) -> Found:
        return Found("", text, judged.account)


@dataclass(frozen=True)
class PlaceLogins:
    """Puts the logins of an auth log into the lake. It has no requests of any month."""

    place: Place
    read: int
    """The number under which the log was read."""
    number: int
    """Its number in the lake."""

    def __call__(self) -> tuple[Month, ...]:
        with Engine() as engine:
            logins = f"SELECT * FROM {rows_of(engine, [self.place.read_log(self.read)])} ORDER BY place"
            write(engine, logins, self.place.made(self.place.logins(self.number)), files.SECRET)
        return ()

    def targets(self, months: Iterable[Month]) -> list[Location]:
        """The file that the lake gets."""
        return [self.place.logins(self.number)]


def write_logins(place: Place, logs: Sequence[int], found: Manifest, key: bytes) -> None:
    """Write the table `userlogin_lite` out of the logins of some auth logs: of equal ones the first (spec 10 §6.3)."""
    with Engine("hzmetrics.grids") as engine:
        tables.set_key(engine, key)
        if logs:
            logins = rows_of(engine, [place.logins(number) for number in logs], ", filename = true")
            engine.keep(
                "userlogin_lite",
                f"""
                SELECT "user", ip, NULL::VARCHAR AS pseudonym, datetime
                FROM {logins}
                QUALIFY row_number() OVER (
                    PARTITION BY datetime, "uidNumber", fold("user"), fold(ip), fold(action) ORDER BY filename, place
                ) = 1
                """,
            )
        else:
            engine.create("userlogin_lite")
        bucketed = tables.bucketed(tables.rows("userlogin_lite", found.names == "plain"), found.buckets)
        engine.keep("bucketed_logins", bucketed)
        for bucket in range(found.buckets):
            of_bucket = f"SELECT * EXCLUDE (bucket) FROM bucketed_logins WHERE bucket = {bucket} ORDER BY ALL"
            write(engine, of_bucket, place.part("userlogin_lite", bucket))
