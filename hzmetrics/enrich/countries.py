"""The sources of countries (spec 20 §4.2 to §4.4)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

from hzmetrics.config import Settings
from hzmetrics.enrich.addresses import Address, address, is_local
from hzmetrics.enrich.geocache import Cache
from hzmetrics.enrich.ipinfo import Service
from hzmetrics.enrich.places import DatabaseAbsent, Places
from hzmetrics.errors import LookupFailure
from hzmetrics.store import Store

NONE = "-"
"""The country of an address that has none. Final."""


class Countries:
    """The sources of countries, each asked at most once for an address (spec 20 §4.2 to §4.4).

    Raises ConfigurationError if the address of the remote service is none.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        geoip = settings.geoip
        self._reads_ipv6 = geoip.database is not None or ("ipv6" in settings.corrections and not geoip.url)
        self._cache = Cache(store, settings.clock)
        self._service = Service(geoip) if geoip.url else None
        self._local: Places | None = None
        self._known: dict[Address, str] = {}
        self.can_answer = geoip.database is not None or self._service is not None
        """Whether a source is configured; one whose file does not exist yet is none."""
        self.trouble = "no country source is configured ([geoip] database)"
        """Why an address may be without an answer."""
        if self._service:
            self.trouble = "the address service gave no answer"
        if geoip.database is not None:
            try:
                self._local = Places(geoip.database)
            except DatabaseAbsent as absence:
                self.can_answer = self._service is not None
                self.trouble = str(absence)
            except LookupFailure as failure:
                self.trouble = str(failure)

    def revision(self) -> str:
        """What changes when an address without an answer may get one; empty where a source can answer all the time."""
        return "" if self.can_answer else repr((self._reads_ipv6, self._cache.revision()))

    def of(self, texts: Iterable[str]) -> dict[str, str]:
        """The country of each text, `-` for what is no address or has no country; a missing one has no answer yet."""
        asked = {text: self._asked(text) for text in texts}
        self._learn({found for found in asked.values() if found is not None})
        countries = {text: NONE if found is None else self._known.get(found) for text, found in asked.items()}
        return {text: country for text, country in countries.items() if country is not None}

    def _asked(self, text: str) -> Address | None:
        """The address to ask for, None for what no source is asked about. Without a local database no IPv6 text is."""
        found = address(text)
        return None if found is None or is_local(found) or (":" in text and not self._reads_ipv6) else found

    def _learn(self, addresses: set[Address]) -> None:
        """Ask cache, local database and service, in this order, for the addresses not known yet."""
        # a set less the keys of a dictionary takes a look at each key
        unknown = [found for found in addresses if found not in self._known]
        unknown.sort(key=lambda found: (found.version, int(found)))
        cached = self._cache.countries([found for found in unknown if isinstance(found, IPv4Address)])
        self._known |= {found: _or_none(code) for found, code in cached.items()}
        unknown = [found for found in unknown if found not in cached]
        without = self._ask_local(unknown)
        if self._service is None:
            self._known |= dict.fromkeys(without, NONE)
            return
        self._known |= {found: NONE for found in without if isinstance(found, IPv6Address)}
        remaining = [found for found in unknown if found not in self._known and isinstance(found, IPv4Address)]
        answers = self._service.many(remaining)
        self._cache.keep(answers)
        self._known |= {found: _or_none(place.code) for found, place in answers.items()}

    def _ask_local(self, addresses: list[Address]) -> list[Address]:
        """Look up in the local database, if there is one; the addresses that it holds no country of."""
        if self._local is None:
            return []
        without = []
        try:
            for found in addresses:
                country = self._local.country(found)
                if country is None:
                    without.append(found)
                else:
                    self._known[found] = country
        except LookupFailure as failure:
            self.trouble = str(failure)
            self._local = None
        return without


def _or_none(code: str) -> str:
    return code if code.strip(" ") else NONE
