"""The tables of a lake: their columns are those of the grids' inputs of the same names (docs/lake.md)."""

from __future__ import annotations

import hashlib

from hzmetrics import files
from hzmetrics.config import Settings
from hzmetrics.engine import Engine
from hzmetrics.errors import HzmetricsError
from hzmetrics.grids import SECTIONS

BY_MONTH = ("websessions", "download_requests")
"""Partitioned by the month in which a session begins, and by bucket."""

BY_BUCKET = ("userlogin_lite",)
"""Partitioned by bucket."""

WHOLE = (
    "toolstart",
    "xprofiles",
    "sessionlog",
    "joblog",
    "webhits",
    "domainclass",
    "country_continent",
    "tool_version",
    "applications",
)
"""One file each."""

PSEUDONYMS = {
    "websessions": {
        "ip": "address_code(address_of(ip, host))",
        "host": "code('visitor', visitor_of(ip, host))",
    },
    "userlogin_lite": {
        "user": 'user_code("user")',
        "ip": "address_code(address_of(ip, pseudonym))",
        "pseudonym": "NULL::VARCHAR",
    },
    "toolstart": {"user": 'user_code("user")'},
    "xprofiles": {
        "uidNumber": (
            "CASE WHEN uidNumber IS NOT NULL THEN dense_rank() OVER (ORDER BY code('account', uidNumber::VARCHAR)) END"
        ),
        "username": "user_code(username)",
    },
    "sessionlog": {"username": "user_code(username)"},
}
"""What stands for names, addresses and numbers of accounts, as SQL (`engine/macros.sql`)."""

NO_CELL_OF_USERS = "NOT (grid = 'misc' AND rowid IN (6, 7))"
"""Of the grid `misc`, new accounts and logins of a day count users."""

KEY = "lake.key"
BLOCK = 64
"""Bytes of a block of SHA-256."""


def sections(has_hub: bool) -> tuple[str, ...]:
    """The sections of the grids that can be computed, with or without the tables of a hub."""
    return SECTIONS if has_hub else ("int", "dl", "misc")


def rows(table: str, is_plain: bool) -> str:
    """The query of a table's rows as they are exported, of the relation of the same name in an engine."""
    replaced = {} if is_plain else PSEUDONYMS.get(table, {})
    columns = ", ".join(f'{sql} AS "{name}"' for name, sql in replaced.items())
    return f'SELECT *{f" REPLACE ({columns})" if columns else ""} FROM "{table}"'


def bucketed(query: str, buckets: int) -> str:
    """The rows of a query, each with its bucket: equal addresses are in one."""
    return f"SELECT *, (md5_number(fold(ip)) % {buckets})::BIGINT AS bucket FROM ({query})"


def key(settings: Settings) -> bytes:
    """The key of the pseudonyms, made when first needed, readable by its owner only.

    Raises ConfigurationError if others can read it, and HzmetricsError.
    """
    path = settings.paths.state / KEY
    try:
        return files.read_secret(path)
    except (OSError, ValueError) as error:
        raise HzmetricsError(f"cannot use the key for pseudonyms in {path}: {error}") from None


def fingerprint(secret: bytes) -> str:
    """What tells a key from others, and does not tell it."""
    return hashlib.sha256(b"hzmetrics lake " + secret).hexdigest()[:16]


def set_key(engine: Engine, secret: bytes) -> None:
    """Give an engine the key for the macro `hmac`."""
    padded = secret.ljust(BLOCK, b"\0")
    for name, mask in (("hmac_inner", 0x36), ("hmac_outer", 0x5C)):
        engine.set_variable(name, bytes(byte ^ mask for byte in padded))
