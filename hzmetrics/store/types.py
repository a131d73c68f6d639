"""Column types that mean the same on MariaDB and SQLite (spec 70 §1 to §2).

Wall-clock times are text in Python and in every relation (`YYYY-MM-DD HH:MM:SS`): the stored values include zero dates
(`0000-00-00 00:00:00`) and day-zero months (`2025-07-00 00:00:00`), which no date type can hold.
"""

from __future__ import annotations

import sys
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import DDLCompiler, GenericTypeCompiler, SQLCompiler

ZERO_DATE = "0000-00-00 00:00:00"

_INTEGER_NAMES = {8: "TINYINT", 16: "SMALLINT", 32: "INT", 64: "BIGINT"}


class Int(sa.Integer):
    """An integer of `bits` bits; `serial` numbers its rows by itself on MariaDB although it is not the primary key."""

    def __init__(self, bits: int = 32, unsigned: bool = False, serial: bool = False) -> None:
        super().__init__()
        self.bits = bits
        self.unsigned = unsigned
        self.serial = serial

    @property
    def low(self) -> int:
        return 0 if self.unsigned else -(1 << (self.bits - 1))

    @property
    def high(self) -> int:
        return (1 << (self.bits if self.unsigned else self.bits - 1)) - 1


class Real(sa.Float[float]):
    """A floating-point number; `single` keeps 24 bits of it on MariaDB."""

    def __init__(self, single: bool = False, unsigned: bool = False) -> None:
        super().__init__()
        self.single = single
        self.unsigned = unsigned

    @property
    def low(self) -> float:
        return 0.0 if self.unsigned else -self.high

    @property
    def high(self) -> float:
        return (2 - 2.0**-23) * 2.0**127 if self.single else sys.float_info.max


class Varchar(sa.String):
    """Text of at most `length` characters."""

    def __init__(self, length: int) -> None:
        super().__init__(length)


class Char(Varchar):
    """Text of at most `length` characters, a short code."""


class ExactText(sa.String):
    """Text of at most 255 characters that compares byte by byte."""

    def __init__(self, length: int = 255) -> None:
        super().__init__(length)


class TinyText(sa.Text):
    """Text of at most 255 bytes of UTF-8."""


class LongText(sa.Text):
    """Text of up to 64 KiB (or more, on SQLite)."""

    BYTES = 65_535


class Json(sa.Text):
    """A JSON document (spec 80 §1); of any size on both stores."""


class Wallclock(sa.String):
    """A DATETIME as logged, without a time zone; text in Python."""

    def column_expression(self, colexpr: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
        return as_text(colexpr)


class Timestamp(Wallclock):
    """A TIMESTAMP column of the hub, which the server sets; text in Python."""


class UtcTime(sa.types.TypeDecorator[str]):
    """An instant in UTC: `YYYY-MM-DDTHH:MM:SSZ` in Python and on SQLite, a DATETIME on MariaDB (spec 80 §1)."""

    impl = Wallclock
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return value if value is None or dialect.name == "sqlite" else value.replace("T", " ").rstrip("Z")

    def column_expression(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
        return utc_text(column)


class as_text(sa.sql.functions.FunctionElement[str]):
    """A wall-clock column as text, also where a driver would make a date of it."""

    type = sa.String()
    inherit_cache = True
    name = "as_text"


class utc_text(sa.sql.functions.FunctionElement[str]):
    """A UTC column as `YYYY-MM-DDTHH:MM:SSZ`."""

    type = sa.String()
    inherit_cache = True
    name = "utc_text"


class epoch_seconds(sa.sql.functions.FunctionElement[int]):
    """Unix seconds of a wall-clock column, as the database's own time zone has them (spec 30)."""

    type = sa.BigInteger()
    inherit_cache = True
    name = "epoch_seconds"


class leading_number(sa.sql.functions.FunctionElement[float]):
    """The number a text begins with; 0 if it begins with none, NULL for NULL (spec 35 §2)."""

    type = sa.Float()
    inherit_cache = True
    name = "leading_number"


class is_ascii(sa.sql.functions.FunctionElement[bool]):
    """Whether all characters of a text are ASCII; NULL for NULL."""

    type = sa.Boolean()
    inherit_cache = True
    name = "is_ascii"


class now_stamp(sa.sql.functions.FunctionElement[str]):
    """Default of a column that tells when its row was last written."""

    type = sa.String()
    inherit_cache = True
    name = "now_stamp"


def is_empty(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """NULL, or nothing but blanks (spec 20 §1.2)."""
    return sa.or_(column.is_(None), sa.func.rtrim(column) == "")


@compiles(Int)
def _int(type_: Int, compiler: GenericTypeCompiler, **kw: Any) -> str:
    return "INTEGER"


@compiles(Int, "mysql", "mariadb")
def _int_mariadb(type_: Int, compiler: GenericTypeCompiler, **kw: Any) -> str:
    return (
        _INTEGER_NAMES[type_.bits]
        + (" UNSIGNED" if type_.unsigned else "")
        + (" NOT NULL AUTO_INCREMENT" if type_.serial else "")
    )


@compiles(Real)
def _real(type_: Real, compiler: GenericTypeCompiler, **kw: Any) -> str:
    return "REAL"


@compiles(Real, "mysql", "mariadb")
def _real_mariadb(type_: Real, compiler: GenericTypeCompiler, **kw: Any) -> str:
    return ("FLOAT" if type_.single else "DOUBLE") + (" UNSIGNED" if type_.unsigned else "")


@compiles(Varchar)
def _varchar(type_: Varchar, compiler: GenericTypeCompiler, **kw: Any) -> str:
    return f"VARCHAR({type_.length}) COLLATE NOCASE"


@compiles(Varchar, "mysql", "mariadb")
def _varchar_mariadb(type_: Varchar, compiler: GenericTypeCompiler, **kw: Any) -> str:
    return f"{'CHAR' if isinstance(type_, Char) else 'VARCHAR'}({type_.length})"


@compiles(ExactText)
def _exact_text(type_: ExactText, compiler: GenericTypeCompiler, **kw: Any) -> str:
    return f"VARCHAR({type_.length})"


@compiles(ExactText, "mysql", "mariadb")
def _exact_text_mariadb(type_: ExactText, compiler: GenericTypeCompiler, **kw: Any) -> str:
    return f"VARCHAR({type_.length}) COLLATE utf8mb3_bin"


@compiles(TinyText)
@compiles(LongText)
def _text(type_: sa.Text, compiler: GenericTypeCompiler, **kw: Any) -> str:
    return "TEXT COLLATE NOCASE"


@compiles(Json)
def _json(type_: Json, compiler: GenericTypeCompiler, **kw: Any) -> str:
    return "TEXT"


@compiles(Json, "mysql", "mariadb")
def _json_mariadb(type_: Json, compiler: GenericTypeCompiler, **kw: Any) -> str:
    return "LONGTEXT"


@compiles(TinyText, "mysql", "mariadb")
def _tinytext_mariadb(type_: TinyText, compiler: GenericTypeCompiler, **kw: Any) -> str:
    return "TINYTEXT"


@compiles(LongText, "mysql", "mariadb")
def _longtext_mariadb(type_: LongText, compiler: GenericTypeCompiler, **kw: Any) -> str:
    return "TEXT"


@compiles(Wallclock)
def _wallclock(type_: Wallclock, compiler: GenericTypeCompiler, **kw: Any) -> str:
    return "DATETIME"


@compiles(Timestamp)
def _timestamp(type_: Timestamp, compiler: GenericTypeCompiler, **kw: Any) -> str:
    return "TIMESTAMP"


@compiles(as_text)
@compiles(utc_text)
def _as_text(element: as_text, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **kw)


@compiles(as_text, "mysql", "mariadb")
def _as_text_mariadb(element: as_text, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **kw)} AS CHAR(19))"


@compiles(utc_text, "mysql", "mariadb")
def _utc_text_mariadb(element: utc_text, compiler: SQLCompiler, **kw: Any) -> str:
    return f"DATE_FORMAT({compiler.process(element.clauses, **kw)}, '%%Y-%%m-%%dT%%H:%%i:%%sZ')"


@compiles(epoch_seconds)
def _epoch_seconds(element: epoch_seconds, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(strftime('%s', {compiler.process(element.clauses, **kw)}, 'utc') AS INTEGER)"


@compiles(epoch_seconds, "mysql", "mariadb")
def _epoch_seconds_mariadb(element: epoch_seconds, compiler: SQLCompiler, **kw: Any) -> str:
    return f"UNIX_TIMESTAMP({compiler.process(element.clauses, **kw)})"


@compiles(leading_number)
def _leading_number(element: leading_number, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **kw)} AS REAL)"


@compiles(leading_number, "mysql", "mariadb")
def _leading_number_mariadb(element: leading_number, compiler: SQLCompiler, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)} + 0e0)"


@compiles(is_ascii)
def _is_ascii(element: is_ascii, compiler: SQLCompiler, **kw: Any) -> str:
    text = compiler.process(element.clauses, **kw)
    return f"(length(CAST({text} AS BLOB)) = length({text}))"


@compiles(is_ascii, "mysql", "mariadb")
def _is_ascii_mariadb(element: is_ascii, compiler: SQLCompiler, **kw: Any) -> str:
    text = compiler.process(element.clauses, **kw)
    return f"(LENGTH(CONVERT({text} USING utf8mb4)) = CHAR_LENGTH({text}))"


@compiles(now_stamp)
def _now_stamp(element: now_stamp, compiler: DDLCompiler, **kw: Any) -> str:
    return "(datetime('now', 'localtime'))"


@compiles(now_stamp, "mysql", "mariadb")
def _now_stamp_mariadb(element: now_stamp, compiler: DDLCompiler, **kw: Any) -> str:
    return "current_timestamp() ON UPDATE current_timestamp()"
