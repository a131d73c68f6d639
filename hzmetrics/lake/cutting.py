"""The pieces of work that the sessions of a lake are made of.

1. A month is surveyed: hits a day, and where the requests of each window are divided.
2. Sessions are made of the requests of some addresses in one window of a month. A session ends where the address
   changes (spec 30 §5), but one without an address can run on into the first address: those two are in one piece.
3. The pieces of a month are put together by bucket. Only here is it known how many sessions come before a piece, and
   which is the last of the month.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from hzmetrics.calendar import Month, Window
from hzmetrics.engine import Engine, relation
from hzmetrics.lake import tables
from hzmetrics.lake.place import Place
from hzmetrics.lake.rows import rows_of, write
from hzmetrics.lake.storage import Location
from hzmetrics.sessions.build import register_windows

KEEP_LAST = "last-session"
"""The correction that keeps the last session of a month (spec 30 §8). A piece does not know whether it has that."""

ALL_SESSIONS = {"ids_before": 0, "after": 0, "through": 2**62}
"""The relation `batch`: everything is written at once."""


@dataclass(frozen=True)
class Requests:
    """What all tasks know of the requests of a month."""

    place: Place
    month: Month
    logs: tuple[int, ...]
    """The numbers of the logs that have some."""
    windows: tuple[Window, ...]
    """The windows in which sessions are searched for."""
    corrections: frozenset[str]

    def engine(self, windows: tuple[Window, ...], condition: str = "true") -> Engine:
        """An engine that knows the requests that a condition on their address chooses, and some windows."""
        engine = Engine("hzmetrics.sessions", corrections=self.corrections | {KEEP_LAST})
        rows = rows_of(engine, [self.place.requests(self.month, number) for number in self.logs])
        found = f"{rows} WHERE {condition}"
        engine.define("requests", f"SELECT id, datetime, t, ip, host, domain FROM {found}", reads=())
        engine.define("request_details", f"SELECT id, ipcountry, dnload FROM {found}", reads=())
        if self.place.has_dimension("tool_starts"):
            starts = rows_of(engine, [self.place.dimension("tool_starts")])
            when = f"datetime >= '{self.month.start}' AND datetime <= '{self.month.stop[:10]} 23:59:59'"
            engine.define("tool_starts", f"SELECT * FROM {starts} WHERE {when}", reads=())
        else:
            engine.create("tool_starts")
        register_windows(engine, windows)
        return engine


@dataclass(frozen=True)
class Survey:
    """What step 1 found."""

    hits: Mapping[str, int]
    """Requests by day."""
    divisions: Mapping[int, tuple[str, ...]]
    """By the number of each window with requests: the folded addresses with which its pieces begin, after the first."""


@dataclass(frozen=True)
class SurveyMonth:
    """Step 1."""

    requests: Requests
    pieces: int
    """Into how many pieces of about equal size the requests of a window are divided at most."""
    least: int
    """How many requests are worth a piece of their own."""

    def __call__(self) -> Survey:
        with self.requests.engine(self.requests.windows) as engine:
            engine.build("identified_requests")
            days = engine.query("SELECT datetime[:10] AS day, count(*) AS hits FROM requests GROUP BY day ORDER BY day")
            found = engine.query(
                f"""
                WITH
                addresses AS (
                    SELECT part, fold(ip) AS address, count(*) AS requests FROM identified_requests GROUP BY ALL
                ),
                placed AS (
                    SELECT
                        part, address,
                        sum(requests) OVER (PARTITION BY part) AS total,
                        (sum(requests) OVER upto - requests) * least({self.pieces}, 1 + total // {self.least})
                            // total AS piece,
                        count(*) FILTER (address <> '') OVER upto AS number
                    FROM addresses
                    WINDOW upto AS (PARTITION BY part ORDER BY address)
                )
                SELECT part, piece, min(address) FILTER (number > 1) AS first
                FROM placed
                GROUP BY part, piece
                ORDER BY part, piece
                """
            )
        divisions: dict[int, tuple[str, ...]] = {}
        for row in found.to_pylist():
            begin = (row["first"],) if row["piece"] and row["first"] is not None else ()
            divisions[row["part"]] = (*divisions.get(row["part"], ()), *begin)
        return Survey(dict(zip(days["day"].to_pylist(), days["hits"].to_pylist(), strict=True)), divisions)


@dataclass(frozen=True)
class CutSessions:
    """Step 2. Returns the number of sessions."""

    requests: Requests
    window: int
    """The number of the window, from 1 on."""
    piece: int
    begin: str
    """The first folded address."""
    end: str | None
    """The first after them; None: there is none."""
    is_plain: bool
    key: bytes
    """The key of the pseudonyms."""
    buckets: int

    def __call__(self) -> int:
        requests = self.requests
        condition = "address >= getvariable('first_address')"
        if self.end is not None:
            condition += " AND address < getvariable('end_of_addresses')"
        with requests.engine((requests.windows[self.window - 1],), condition) as engine:
            engine.set_variable("first_address", self.begin)
            engine.set_variable("end_of_addresses", self.end or "")
            tables.set_key(engine, self.key)
            engine.register_values("batch", ALL_SESSIONS)
            engine.build("session_rows")
            engine.build("request_details")
            engine.keep(
                "countries",
                "SELECT number AS id, max(ipcountry) AS ipcountry "
                "FROM sessionized_requests JOIN request_details USING (id) GROUP BY number",
            )
            engine.keep(
                "websessions",
                "SELECT id, datetime, ip, host, domain, coalesce(c.ipcountry, '') AS ipcountry, duration, jobs "
                "FROM session_rows LEFT JOIN countries AS c USING (id)",
            )
            bucketed = tables.bucketed(tables.rows("websessions", self.is_plain), self.buckets)
            engine.keep("bucketed_sessions", bucketed)
            write(engine, "SELECT * FROM bucketed_sessions ORDER BY bucket, id", self.path("websessions"))
            downloads = """
                SELECT r.number AS sessionid, r.datetime, s.bucket
                FROM sessionized_requests AS r
                JOIN request_details AS d ON d.id = r.id
                JOIN bucketed_sessions AS s ON s.id = r.number
                WHERE d.dnload = 1 AND s.jobs = 0 AND s.duration >= 0
                ORDER BY s.bucket, r.number, r.datetime
            """
            write(engine, downloads, self.path("download_requests"))
            return int(engine.query("SELECT count(*) AS number FROM sessions")["number"][0].as_py())

    def path(self, table: str) -> Location:
        """Where the rows of a table are written."""
        return self.requests.place.piece(table, self.requests.month, self.window, self.piece)


@dataclass(frozen=True)
class Piece:
    """The place of a piece's sessions among all."""

    cut: CutSessions
    before: int
    """How many sessions are numbered before those of the piece."""


@dataclass(frozen=True)
class NumberSessions:
    """Step 3, for one bucket. Returns the number of sessions."""

    place: Place
    month: Month
    bucket: int
    pieces: tuple[Piece, ...]
    left_out: int | None
    """The number of the session that is left out; None: all count."""

    def __call__(self) -> int:
        with Engine() as engine:
            for table, column, order in (
                ("websessions", "id", "datetime, id"),
                ("download_requests", "sessionid", "sessionid, datetime"),
            ):
                paths = [piece.cut.path(table) for piece in self.pieces]
                places = [(str(path), piece.before) for path, piece in zip(paths, self.pieces, strict=True)]
                engine.lend("places", relation(places, {"filename": pa.string(), "before": pa.int64()}))
                engine.keep(
                    "numbered",
                    f"""
                    SELECT * EXCLUDE (bucket, filename, before) REPLACE ({column} + before AS {column})
                    FROM {rows_of(engine, paths, ", filename = true")}
                    JOIN places USING (filename)
                    WHERE bucket = {self.bucket}
                    """,
                )
                if self.left_out is not None:
                    engine.connection.execute(f"DELETE FROM numbered WHERE {column} = {self.left_out}")
                write(engine, f"SELECT * FROM numbered ORDER BY {order}", self.place.made(self.path(table)))
                if table == "websessions":
                    count = engine.query("SELECT count(*) AS number FROM numbered")["number"][0].as_py()
        return int(count)

    def path(self, table: str) -> Location:
        """Where the rows of a table will be."""
        return self.place.month(table, self.month, self.bucket)
