"""The local address database: a country or city file in MaxMind format (spec 20 §4.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import maxminddb

from hzmetrics import files
from hzmetrics.enrich.addresses import Address
from hzmetrics.errors import LookupFailure

_COUNTRIES = re.compile(r"city|country|location|enterprise", re.IGNORECASE)
_OTHERS = re.compile(
    r"\basn?\b|asn|\bisp\b|connection|domain|anonymous|proxy|privacy|user-?count|static-?ip|risk|carrier|density",
    re.IGNORECASE,
)
"""Types of databases, by their own names, that hold countries, and that hold something else about an address."""


@dataclass(frozen=True)
class Place:
    """Where an address is. A text is `-` and a coordinate (degrees) None where the source does not say."""

    code: str
    """ISO code of the country."""
    country: str
    region: str
    city: str
    latitude: float | None
    longitude: float | None


class DatabaseAbsent(LookupFailure):
    """There is no file of this name, as before the first download."""


class Places:
    """An open database. Raises LookupFailure if the file cannot be opened, holds no countries, or is damaged.

    `built` is when it was made, in seconds since 1970.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            files.open_regular(file).close()
            self._reader = maxminddb.open_database(file)
        except FileNotFoundError:
            raise DatabaseAbsent(f"there is no address database {file}") from None
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise LookupFailure(f"the address database {file} cannot be used: {_reason(error)}") from None
        metadata = self._reader.metadata()
        self.built = float(metadata.build_epoch)
        if _OTHERS.search(metadata.database_type) and not _COUNTRIES.search(metadata.database_type):
            self.close()
            raise LookupFailure(
                f"the address database {file} cannot be used: it is a {metadata.database_type} database, which does "
                "not say where an address is; a City or Country database is needed"
            )

    def close(self) -> None:
        self._reader.close()

    def country(self, address: Address) -> str | None:
        """The code of the country of an address, or None."""
        return _text(_country(self._record(address)), "iso_code")

    def place(self, address: Address) -> Place | None:
        """Where an address is; None without a country. Names are English."""
        record = self._record(address)
        country = _country(record)
        code = _text(country, "iso_code")
        if code is None:
            return None
        regions = record.get("subdivisions")
        region = regions[0] if isinstance(regions, list) and regions else None
        location = _mapping(record.get("location"))
        return Place(
            code,
            _name(country) or "-",
            _name(region) or "-",
            _name(record.get("city")) or "-",
            _number(location.get("latitude")),
            _number(location.get("longitude")),
        )

    def _record(self, address: Address) -> Mapping[str, Any]:
        if address.version == 6 and self._reader.metadata().ip_version == 4:
            return {}
        try:
            return _mapping(self._reader.get(address))
        except (ValueError, maxminddb.InvalidDatabaseError) as error:
            raise LookupFailure(f"the address database {self.file} is damaged: {_reason(error)}") from None


def _country(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The country of a record that has a code, else the one it is registered in."""
    country = _mapping(record.get("country"))
    return country if _text(country, "iso_code") else _mapping(record.get("registered_country"))


def _name(thing: object) -> str | None:
    return _text(_mapping(_mapping(thing).get("names")), "en")


def _text(thing: Mapping[str, Any], key: str) -> str | None:
    value = thing.get(key)
    return value if isinstance(value, str) and value else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _mapping(thing: object) -> Mapping[str, Any]:
    return thing if isinstance(thing, Mapping) else {}


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
