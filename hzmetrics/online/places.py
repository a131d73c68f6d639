"""Where visitors' addresses are: as the hub's cache says, else the local database, else the remote service.

See spec 35 §5.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address

from hzmetrics.config import Settings
from hzmetrics.config.schema import Geoip
from hzmetrics.enrich.addresses import Address, address
from hzmetrics.enrich.geocache import Cache
from hzmetrics.enrich.places import DatabaseAbsent, Place, Places
from hzmetrics.errors import ConfigurationError, LookupFailure
from hzmetrics.log import log
from hzmetrics.online.visitors import NOWHERE, Location
from hzmetrics.store import Store


def locate(store: Store, settings: Settings, ips: Iterable[str], budget: float) -> dict[str, Location]:
    """The location of each address; NOWHERE where no source knows one. A source in trouble costs a warning.

    The remote service, where one is configured, is asked for at most `budget` seconds.
    """
    addresses = {ip: address(ip) for ip in ips}
    distinct = {found for found in addresses.values() if found}
    cache = Cache(store, settings.clock)
    entries = cache.entries([found for found in distinct if isinstance(found, IPv4Address)])
    known: dict[Address, Location] = {found: Location(*entry) for found, entry in entries.items()}
    for found, place in _in_database(settings.geoip, distinct - known.keys()).items():
        known[found] = _location(place)
    if settings.geoip.url:
        unknown = [found for found in distinct - known.keys() if isinstance(found, IPv4Address)]
        answers = _from_service(settings.geoip, unknown, budget)
        cache.keep(answers)
        known |= {found: _location(place) for found, place in answers.items()}
    return {ip: known.get(found, NOWHERE) if found else NOWHERE for ip, found in addresses.items()}


def _in_database(geoip: Geoip, addresses: set[Address]) -> dict[Address, Place]:
    """What the local database knows. Damage hides only the addresses whose records it hits."""
    if geoip.database is None or not addresses:
        return {}
    found: dict[Address, Place] = {}
    damage = None
    try:
        places = Places(geoip.database)
    except DatabaseAbsent as absence:
        log.debug("new visitors are on no map: %s", absence)  # every five minutes; status warns of it
        return {}
    except LookupFailure as failure:
        log.warning("new visitors are on no map: %s", failure)
        return {}
    for each in addresses:
        try:
            place = places.place(each)
        except LookupFailure as failure:
            damage = failure
        else:
            if place:
                found[each] = place
    places.close()
    if damage:
        log.warning("some new visitors are on no map: %s", damage)
    return found


def _from_service(geoip: Geoip, addresses: Iterable[IPv4Address], budget: float) -> dict[IPv4Address, Place]:
    """What the remote service, asked for each address by itself, says of those in a country."""
    from hzmetrics.enrich.ipinfo import PARALLEL, Service

    try:
        service = Service(geoip)
    except ConfigurationError as error:
        log.warning("new visitors are on no map: %s", error)
        return {}
    deadline = time.monotonic() + budget
    service.timeout = min(service.timeout, max(budget, 1) / len(service.endpoints))

    def ask(each: IPv4Address) -> Place | None:
        return service.one(each) if time.monotonic() < deadline else None

    asked = list(addresses)
    with ThreadPoolExecutor(PARALLEL) as threads:
        answers = zip(asked, threads.map(ask, asked), strict=True)
        return {each: place for each, place in answers if place and place.code != "-"}


def _location(place: Place) -> Location:
    """A country without coordinates is on no map."""
    latitude, longitude = place.latitude, place.longitude
    if latitude is None or longitude is None or not (math.isfinite(latitude) and math.isfinite(longitude)):
        latitude = longitude = 0.0
    return Location(place.code, place.country, place.region, place.city, latitude, longitude)
