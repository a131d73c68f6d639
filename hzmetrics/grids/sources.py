"""What the grids read of the databases: the columns they need, and of dated rows those the windows can hold.

See spec 50 §6.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.calendar import Month, Window, Year
from hzmetrics.engine import Columns
from hzmetrics.grids.logins import current_logins
from hzmetrics.snapshots import Logins, Snapshot, Snapshots
from hzmetrics.store import Store, copies
from hzmetrics.store.by_number import by_number
from hzmetrics.store.tables.metrics import (
    country_continent,
    domainclass,
    profiles_copy,
    summary_user_vals,
    toolstart,
    userlogin,
    web,
    webhits,
    websessions,
)

SESSIONLOG = ("sessnum", "username", "appname", "start", "walltime", "viewtime", "cputime")
JOBLOG = ("sessnum", "job", "event", "venue", "cputime")
TOOLSTART = ("user", "datetime", "countryresident", "orgtype")
"""The columns read of these tables."""


def base_relations(
    store: Store,
    month: Month,
    periods: Sequence[int],
) -> dict[str, Any]:
    """The relations that the models begin with, by name, but for those of sessions and logins.

    Those of many rows are streams: they can be read once.
    """
    metrics, hub, tables = store.metrics, store.hub, store.hub_tables
    window = widest(month, periods)
    profiles = profiles_copy(store.prefix).c
    in_window = sa.and_(*_within(tables.sessionlog.c.start, window))
    logged = copies.relation(hub, tables.sessionlog, *SESSIONLOG, enough=in_window)
    return {
        "country_continent": metrics.read(sa.select(country_continent)),
        "domainclass": metrics.read(sa.select(domainclass.c.domain, domainclass.c["class"])),
        "xprofiles": metrics.stream(
            sa.select(
                profiles.uidNumber,
                profiles.username,
                profiles.registerDate,
                profiles.orgtype,
                profiles.countryresident,
            )
        ),
        "toolstart": copies.relation(metrics, toolstart, *TOOLSTART, enough=toolstart.c.datetime < window.stop),
        "webhits": metrics.read(sa.select(webhits).where(*_within(webhits.c.datetime, window))),
        "sessionlog": logged if isinstance(logged, Columns) else logged.read_all(),
        "joblog": copies.relation(
            hub,
            tables.joblog,
            *JOBLOG,
            enough=tables.joblog.c.sessnum.in_(sa.select(tables.sessionlog.c.sessnum).where(in_window)),
        ),
        "tool_version": hub.read(sa.select(tables.tool_version.c.toolname, tables.tool_version.c.instance)),
        "stored": metrics.read(
            sa.select(
                summary_user_vals.c.rowid,
                summary_user_vals.c.colid,
                summary_user_vals.c.period,
                summary_user_vals.c.value,
                summary_user_vals.c.valfmt,
            ).where(summary_user_vals.c.datetime == month.key, summary_user_vals.c.rowid.in_((6, 7, 8)))
        ),
    }


class MonthRows(NamedTuple):
    """The sessions of one month and their downloads: the relations `websessions` and `download_requests`."""

    sessions: pa.Table | pa.RecordBatchReader
    downloads: pa.Table | pa.RecordBatchReader
    snapshot: Snapshot | None = None
    """Where what is made of them is kept; None: it is not."""


class YearRows(NamedTuple):
    """The sessions of a year by its months, which what is kept of the year is made of."""

    year: Year
    months: Iterator[MonthRows | BinaryIO]
    snapshot: Snapshot


class LoginRows(NamedTuple):
    """Logins: the relation `userlogin_lite`."""

    logins: pa.Table | pa.RecordBatchReader
    snapshot: Snapshot | None = None
    """Where what is made of them is kept; None: it is not."""


Rows = BinaryIO | MonthRows | YearRows | LoginRows
"""Sessions of a month or year, or logins: a snapshot, or what it is made of."""

FEWEST = 1_000_000
"""Sessions of settled years for which counting them once pays: fewer are counted with the others as fast."""


class SettledRows(NamedTuple):
    """The sessions and logins of settled years, which are before every window but the widest of a month."""

    month: Month
    period: int
    """Code of the widest window."""
    last: Year
    sessions: Iterator[Rows]
    logins: Iterator[Rows]
    snapshots: Sequence[Snapshot]
    """Those of all these rows."""
    kept: Snapshots
    """Where what is counted of them is kept."""


class History(NamedTuple):
    """The sessions and logins that the cells of a month count."""

    sessions: Iterator[Rows]
    logins: Iterator[Rows]
    settled: SettledRows | None = None
    """Those of settled years, which are then not among the others."""


def stored_history(store: Store, snapshots: Snapshots, month: Month, periods: Sequence[int]) -> History:
    """The sessions and logins that are stored; those of settled years apart, if that pays. Raises StoreError."""
    spans, of_logins = session_spans(store, snapshots, month, periods), login_spans(store, snapshots)
    settled = _settled(store, snapshots, spans, of_logins, month, periods)
    last = settled.last.number if settled else 0
    return History(
        sessions_of(store, snapshots, [span for span in spans if not isinstance(span, Year) or span.number > last]),
        stored_logins(store, snapshots, [span for span in of_logins if span.year.number > last]),
        settled,
    )


def _settled(
    store: Store,
    snapshots: Snapshots,
    spans: Sequence[Month | Year],
    of_logins: Sequence[Logins],
    month: Month,
    periods: Sequence[int],
) -> SettledRows | None:
    """The settled years among some spans, and those of their logins, if all have snapshots, or will have."""
    period, *others = sorted(periods, key=lambda code: str(month.period(code).start))
    stop = min((str(month.period(code).start) for code in others), default=month.stop)
    years = [span for span in spans if isinstance(span, Year) and str(span.window.stop) <= stop]
    if not years:
        return None
    last = years[-1]
    sessions = [(year, snapshots.of(year)) for year in years]
    logins = [(span, snapshots.of(span)) for span in of_logins if span.year.number <= last.number]
    found = [snapshot for _, snapshot in (*sessions, *logins) if snapshot]
    if len(found) < len(sessions) + len(logins) or sum(one.rows for one in found[: len(years)]) < FEWEST:
        return None
    return SettledRows(
        month,
        period,
        last,
        (year_rows(store, snapshots, year, snapshot) for year, snapshot in sessions if snapshot),
        (logins_of(store, snapshots, span, snapshot) for span, snapshot in logins),
        found,
        snapshots,
    )


def stored_sessions(
    store: Store, snapshots: Snapshots, month: Month, periods: Sequence[int], with_last: bool = True
) -> Iterator[Rows]:
    """The sessions in the windows of a month's periods; `with_last`: those of the month too. Raises StoreError."""
    yield from sessions_of(store, snapshots, session_spans(store, snapshots, month, periods, with_last))


def session_spans(
    store: Store, snapshots: Snapshots, month: Month, periods: Sequence[int], with_last: bool = True
) -> list[Month | Year]:
    """The months and years in the windows of a month's periods that have sessions; `with_last`: the month too.

    Years that no window cuts are taken as a whole. Raises StoreError.
    """
    starts = {str(month.period(code).start) for code in periods}
    window = Window(min(starts), month.stop if with_last else month.start)
    spans = list(_spans(store, window, starts))
    start, stop = str(window.start), str(window.stop)
    snapshots.expect(spans, [one for one in snapshots.spans(Month) if not start <= one.start < stop])
    return spans


def sessions_of(store: Store, snapshots: Snapshots, spans: Iterable[Month | Year]) -> Iterator[Rows]:
    """The sessions of some spans. Raises StoreError."""
    for span in spans:
        snapshot = snapshots.of(span) if isinstance(span, Year) else None
        if not isinstance(span, Year) or not snapshot:
            yield from _months(store, snapshots, span.window)
        else:
            yield year_rows(store, snapshots, span, snapshot)


def year_rows(store: Store, snapshots: Snapshots, year: Year, snapshot: Snapshot) -> Rows:
    """The sessions of a year that has a snapshot, or will have one."""
    return snapshot.whole() or YearRows(year, _months(store, snapshots, year.window), snapshot)


def _spans(store: Store, window: Window, starts: Collection[str]) -> Iterator[Month | Year]:
    """The years and months of a window that have sessions: as many whole years as none of `starts` cuts."""
    rest = window
    while first := next(occupied_months(store, rest), None):
        year = Year(first.year)
        begin, end = str(year.window.start), str(year.window.stop)
        is_whole = str(window.start) <= begin and end <= str(window.stop)
        span = year if is_whole and not any(begin < start < end for start in starts) else first
        yield span
        rest = Window(span.window.stop, window.stop)


def _months(store: Store, snapshots: Snapshots, window: Window) -> Iterator[MonthRows | BinaryIO]:
    """The rows of each month of a window that has sessions, or its snapshot."""
    for month in occupied_months(store, window):
        snapshot = snapshots.of(month)
        kept = snapshot.whole() if snapshot else None
        yield kept or month_rows(store, month)._replace(snapshot=snapshot)


def occupied_months(store: Store, window: Window) -> Iterator[Month]:
    """The months of a window that have sessions, ascending."""
    time, start, stop = websessions.c.datetime, str(window.start), str(window.stop)
    first = Month.parse(start[:7])
    while start < stop:
        earliest = store.metrics.scalar(sa.select(sa.func.min(time)).where(time >= start, time < stop))
        if not earliest:
            return
        first = next(month for month in first.through(Month(9999, 12)) if str(earliest) < month.stop)
        yield first
        start = first.stop


def stored_logins(store: Store, snapshots: Snapshots, spans: Sequence[Logins] | None = None) -> Iterator[Rows]:
    """The logins that `userlogin_lite` holds when it has been made anew, or those of them not in other years than some.

    Only years that are over have snapshots: the logins of the running one are few. Raises StoreError.
    """
    time, over = userlogin.c.datetime, _over(snapshots)
    others = sa.or_(time < over.start, time >= over.stop)  # as NOT, the whole table would be read
    yield LoginRows(current_logins(store, bool(snapshots.pseudonym_key), others))
    for span in login_spans(store, snapshots) if spans is None else spans:
        yield logins_of(store, snapshots, span, snapshots.of(span))


def login_spans(store: Store, snapshots: Snapshots) -> list[Logins]:
    """The years that are over and have logins."""
    spans = list(map(Logins, _years_of_logins(store, _over(snapshots))))
    snapshots.expect(spans)
    return spans


def logins_of(store: Store, snapshots: Snapshots, span: Logins, snapshot: Snapshot | None) -> Rows:
    """The logins of a year, which `snapshot` has, or will have."""
    kept = snapshot.whole() if snapshot else None
    return kept or year_of_logins(store, span, bool(snapshots.pseudonym_key))._replace(snapshot=snapshot)


def _over(snapshots: Snapshots) -> Window:
    """The years that are over."""
    return Window(Year(1).window.start, Year(snapshots.current.year).window.start)


def year_of_logins(store: Store, span: Logins, has_pseudonyms: bool) -> LoginRows:
    """The logins of a year."""
    return LoginRows(current_logins(store, has_pseudonyms, sa.and_(*_within(userlogin.c.datetime, span.window))))


def _years_of_logins(store: Store, window: Window) -> Iterator[Year]:
    """The years of a window that have logins, ascending."""
    time, rest = userlogin.c.datetime, window
    while first := store.metrics.scalar(sa.select(sa.func.min(time)).where(*_within(time, rest))):
        year = Year(int(str(first)[:4]))
        yield year
        rest = Window(year.window.stop, window.stop)


def month_rows(store: Store, month: Month) -> MonthRows:
    """The sessions that begin in a month, and their downloads."""
    session = websessions.c
    # SQLite does not know how many rows an index has: by that of downloads, it would look at those of all months
    dnload = web.c.dnload if store.metrics.is_mariadb else web.c.dnload + 0
    of_month = sa.and_(*_within(session.datetime, month.window))
    sessions = sa.select(
        session.id,
        session.datetime,
        session.ip,
        session.host,
        session.domain,
        session.ipcountry,
        session.duration,
        session.jobs,
    )
    downloads = (
        sa.select(web.c.sessionid, web.c.datetime)
        .join(websessions, session.id == web.c.sessionid)
        .where(dnload == 1, session.jobs == 0, session.duration >= 0)
    )
    return MonthRows(
        *(
            store.metrics.stream(by_number(store.metrics, query, websessions, of_month))
            for query in (sessions, downloads)
        )
    )


def widest(month: Month, periods: Sequence[int]) -> Window:
    """The stretch that holds the windows of all `periods`."""
    return Window(min(str(month.period(code).start) for code in periods), month.stop)


def _within(time: sa.ColumnElement[str], window: Window) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return time >= window.start, time < window.stop
