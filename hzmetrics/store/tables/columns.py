"""The kinds of columns that tables are made of, each named once.

Most columns have a value in every row: where none is given, the empty value of their type. `column` makes these.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from hzmetrics.store.types import ZERO_DATE, Int, Real, Timestamp, Wallclock, now_stamp

Default = str | now_stamp


def column(name: str, type_: sa.types.TypeEngine[Any], default: Default | None = None) -> sa.Column[Any]:
    """A column without NULLs, which holds `default`, or the empty value of its type, where nothing is given."""
    return sa.Column(name, type_, nullable=False, server_default=empty(type_) if default is None else default)


def optional(name: str, type_: sa.types.TypeEngine[Any], default: Default | None = None) -> sa.Column[Any]:
    """A column that may hold NULL, and holds `default` where nothing is given."""
    return sa.Column(name, type_, server_default=default)


def required(name: str, type_: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    """A column without NULLs whose value every row has to give."""
    return sa.Column(name, type_, nullable=False)


def key(name: str, type_: sa.types.TypeEngine[Any], default: Default | None = None) -> sa.Column[Any]:
    """A column of the primary key."""
    return sa.Column(name, type_, primary_key=True, autoincrement=False, server_default=default)


def serial(name: str, type_: Int) -> sa.Column[Any]:
    """The primary key, which the database numbers."""
    return sa.Column(name, type_, primary_key=True)


def empty(type_: sa.types.TypeEngine[Any]) -> Default:
    """The empty value of a type, as text: 0, no text, the zero date; of a column that the server keeps, now."""
    match type_:
        case Int() | Real():
            return "0"
        case Timestamp():
            return now_stamp()
        case Wallclock():
            return ZERO_DATE
        case _:
            return ""
