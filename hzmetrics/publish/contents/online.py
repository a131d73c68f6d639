"""Who is online: a map, and the numbers as a list beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hzmetrics.output.document import document
from hzmetrics.publish import pages
from hzmetrics.publish.figures.online import NUMBERS, Online
from hzmetrics.publish.writer import Writer

WORLD = "vendor/land-110m.json"
DATA = "data/online"
COLUMNS = ("place", "latitude", "longitude", *NUMBERS)


def write(writer: Writer, online: Online, countries: Mapping[str, str]) -> None:
    """Put in the page with its data; `countries`: their names. Raises OSError."""
    writer.script("assets/world", dict(pages.assets())[WORLD].decode("utf-8").strip())
    writer.script("assets/countries", document(countries))
    rows = [
        (place.name, place.latitude, place.longitude, [place.numbers[name] for name in NUMBERS])
        for place in online.places
    ]
    total = [sum(row[3][kind] for row in rows) + online.elsewhere[name] for kind, name in enumerate(NUMBERS)]
    elsewhere = [online.elsewhere[name] for name in NUMBERS]
    columns = [(name, latitude, longitude, *numbers) for name, latitude, longitude, numbers in rows]
    if any(elsewhere):
        columns.append(("elsewhere", None, None, *elsewhere))
    told = {
        "generated": online.generated,
        "places": [dict(zip(COLUMNS, row, strict=True)) for row in columns],
    }
    writer.data(DATA, document(told), COLUMNS, lambda: columns)
    made_of = [online.generated, rows, elsewhere, online.address]
    values: dict[str, Any] = {"online": online, "rows": rows, "total": total, "elsewhere": elsewhere, "data": DATA}
    for address, is_framed in (("online.html", False), ("online-map.html", True)):
        found = values | {"is_framed": is_framed}
        writer.page(address, "online.html", made_of, lambda found=found: found, until=online.generated)  # type: ignore[misc]
