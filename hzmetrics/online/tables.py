"""Visitors in and out of the hub's tables `session` and `session_geo` (spec 35 §2), values cut to their columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from hzmetrics.collation import fold
from hzmetrics.errors import ConfigurationError, StoreError
from hzmetrics.log import log
from hzmetrics.online.visitors import LIFETIME, Location, Visitor, ordered
from hzmetrics.store import Store
from hzmetrics.store.tables import metrics
from hzmetrics.store.types import Int, leading_number
from hzmetrics.store.upsert import insert_missing

PLACE = ("countrySHORT", "countryLONG", "ipREGION", "ipCITY", "ipLATITUDE", "ipLONGITUDE")
LOOKUPS = ("host", "domain", *PLACE, "bot")
"""The columns that a refresh finds out; the others are copied from the session."""
SESSION = 7
"""How many fields of a Visitor come from its session."""
BATCH = 1000
"""Rows named in one statement."""


def read_visitors(store: Store) -> list[Visitor]:
    """All rows of `session_geo`. Raises StoreError."""
    table = store.hub_tables.session_geo
    lookups = [table.c[name] for name in LOOKUPS]
    rows = store.hub.rows(sa.select(*_session_columns(table), *lookups))
    return ordered(_session(row, *_found(row)) for row in rows if row[0] is not None)


def read_sessions(store: Store, now: float) -> list[Visitor]:
    """The fresh sessions of the CMS at the Unix second `now`. Raises StoreError."""
    table = store.hub_tables.session
    rows = store.hub.rows(sa.select(*_session_columns(table)).where(now - leading_number(table.c.time) < LIFETIME))
    return [_session(row) for row in rows if row[0] is not None]


def _session_columns(table: sa.Table) -> list[sa.ColumnElement[Any]]:
    column = table.c
    seconds = leading_number(column.time).label("seconds")
    return [column.session_id, column.username, column.time, seconds, column.guest, column.userid, column.ip]


def _session(row: sa.Row[Any], *found: Any) -> Visitor:
    """A visitor from the columns of its session and what was found out about it."""
    session_id, username, time, seconds, guest, userid, ip = row[:SESSION]
    return Visitor(
        _text(session_id) or "", _text(username), _text(time), seconds, _whole(guest), _whole(userid), _text(ip), *found
    )


def _found(row: sa.Row[Any]) -> tuple[str | None, str | None, Location, int | None]:
    host, domain, short, long, region, city, latitude, longitude, bot = row[SESSION:]
    texts = _text(short), _text(long), _text(region), _text(city)
    return _text(host), _text(domain), Location(*texts, _number(latitude), _number(longitude)), _whole(bot)


def _text(value: Any) -> str | None:
    """A value of a text column, which a hub may have made a binary or a number one."""
    if value is None or isinstance(value, str):
        return value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None


def _whole(value: Any) -> int | None:
    try:
        return None if value is None else int(value)
    except ValueError:
        return None


def bot_domains(store: Store) -> frozenset[str]:
    """The domains of robots in `exclude_list`, folded. Without that list there are none: a warning."""
    try:
        rows = store.metrics.rows(sa.select(metrics.exclude_list.c.type, metrics.exclude_list.c.filter))
    except (ConfigurationError, StoreError) as error:
        log.warning("no visitor is marked as a robot: %s", error)
        return frozenset()
    return frozenset(fold(row.filter) for row in rows if fold(row.type) == "DOMAIN")


def fitted(store: Store, visitors: Sequence[Visitor]) -> list[Visitor]:
    """`visitors` as the hub's own `session_geo` stores them: text cut to its width, numbers to their range."""
    if not visitors:
        return []
    table = store.hub_tables.session_geo
    with store.hub.connect() as connection:
        widths = {
            column["name"]: getattr(column["type"], "length", None)
            for column in sa.inspect(connection).get_columns(table.name)
        }

    def cut(name: str, value: str | None) -> str | None:
        return None if value is None else _three_bytes(value)[: widths.get(name)]

    return [
        visitor._replace(
            session_id=cut("session_id", visitor.session_id) or "",
            username=cut("username", visitor.username),
            time=cut("time", visitor.time),
            guest=_within(visitor.guest, table.c.guest.type),
            userid=_within(visitor.userid, table.c.userid.type),
            ip=cut("ip", visitor.ip),
            host=cut("host", visitor.host),
            domain=cut("domain", visitor.domain),
            place=visitor.place._replace(
                country=cut("countrySHORT", visitor.place.country),
                country_name=cut("countryLONG", visitor.place.country_name),
                region=cut("ipREGION", visitor.place.region),
                city=cut("ipCITY", visitor.place.city),
            ),
        )
        for visitor in visitors
    ]


def _three_bytes(text: str) -> str:
    """Each character beyond U+FFFF as four `?`, what a utf8mb3 column makes of it."""
    return text if text.isascii() else "".join(c if c < "\U00010000" else "????" for c in text)


def _within(number: int | None, column_type: sa.types.TypeEngine[Any]) -> int | None:
    assert isinstance(column_type, Int)
    return None if number is None else max(column_type.low, min(column_type.high, number))


def save(store: Store, before: Sequence[Visitor], after: Sequence[Visitor]) -> None:
    """Make the rows `before` the rows `after`, in one transaction; other columns keep their values. Raises StoreError.

    A row stays the same while its session columns do; a session that comes back after it was stale is a new row.
    """
    table = store.hub_tables.session_geo
    old = {visitor[:SESSION]: visitor for visitor in before}
    kept = {visitor[:SESSION] for visitor in after}
    gone = [visitor.session_id for key, visitor in old.items() if key not in kept]
    new = [visitor for visitor in after if visitor[:SESSION] not in old]
    changed = [visitor for visitor in after if old.get(visitor[:SESSION], visitor) != visitor]
    if not (gone or new or changed):
        return
    with store.hub.begin() as connection:
        for start in range(0, len(gone), BATCH):
            connection.execute(sa.delete(table).where(table.c.session_id.in_(gone[start : start + BATCH])))
        insert_missing(connection, table, [_row(visitor) for visitor in new])
        if changed:
            connection.execute(
                sa.update(table)
                .where(table.c.session_id == sa.bindparam("key"))
                .values({name: sa.bindparam(f"new_{name}") for name in LOOKUPS}),
                [
                    {"key": visitor.session_id, **{f"new_{name}": value for name, value in _lookups(visitor).items()}}
                    for visitor in changed
                ],
            )


def _row(visitor: Visitor) -> dict[str, Any]:
    return {
        "session_id": visitor.session_id,
        "username": visitor.username,
        "time": visitor.time,
        "guest": visitor.guest,
        "userid": visitor.userid,
        "ip": visitor.ip,
        **_lookups(visitor),
    }


def _lookups(visitor: Visitor) -> dict[str, Any]:
    return dict(zip(LOOKUPS, (visitor.host, visitor.domain, *visitor.place, visitor.bot), strict=True))
