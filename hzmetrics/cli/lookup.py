"""Look-ups."""

from __future__ import annotations

from dataclasses import asdict
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import click

from hzmetrics.cli.app import App, Text, pass_app
from hzmetrics.errors import LookupFailure, UsageError
from hzmetrics.output.document import print_document
from hzmetrics.output.text import say

if TYPE_CHECKING:
    from hzmetrics.enrich.addresses import Address


def _address(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise UsageError(f"{text!r} is not an IPv4 or IPv6 address") from None


@click.command()
@click.argument("address", type=Text("ADDRESS", _address))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@pass_app
def lookup(app: App, address: Address, as_json: bool) -> int:
    """Look up the name and the place of one address.

    The configured name servers and the configured address database are asked. Nothing is stored. The exit code is 1 if
    one of them does not answer.
    """
    from hzmetrics.enrich import lookup as sources

    settings = app.settings
    found: dict[str, Any] = {"address": str(address), "name": None, "location": None, "database": None, "errors": []}
    try:
        found["name"] = asdict(sources.name_of(settings.dns, address))
    except LookupFailure as failure:
        found["errors"].append(str(failure))
    if settings.geoip.database:
        try:
            database, location = sources.location_of(settings.geoip.database, address)
        except LookupFailure as failure:
            found["errors"].append(str(failure))
        else:
            found["location"] = location and asdict(location)
            found["database"] = {
                "file": str(database.file),
                "kind": database.kind,
                "built": f"{database.built:%Y-%m-%d}",
            }
    if as_json:
        print_document(found, indent=2)
    else:
        say(*_lines(found, bool(settings.geoip.database)))
    return 1 if found["errors"] else 0


def _lines(found: dict[str, Any], has_database: bool) -> list[str]:
    """What was found, a line for each fact."""
    rows = [("address", found["address"])]
    if name := found["name"]:
        source = f"{name['answered_by']}, {name['milliseconds']} ms"
        rows.append(("name", f"{name['name'] or 'none'} (answered by {source})"))
    if place := found["location"]:
        country = " ".join(filter(None, (place["country"], place["code"] and f"({place['code']})")))
        rows += [("country", country or "unknown")]
        rows += [(key, place[key]) for key in ("region", "city") if place[key]]
        if place["latitude"] is not None and place["longitude"] is not None:
            rows.append(("location", f"{place['latitude']}, {place['longitude']}"))
        rows.append(("network", place["network"]))
    elif found["database"]:
        rows.append(("country", "unknown: the address is not in the database"))
    if database := found["database"]:
        rows.append(("database", f"{database['file']}, {database['kind']} of {database['built']}"))
    if not has_database:
        rows.append(("database", "none is configured: set [geoip] database"))
    rows += [("error", error) for error in found["errors"]]
    return [f"{name:<9} {value}" for name, value in rows]
