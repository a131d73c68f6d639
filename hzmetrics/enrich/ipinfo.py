"""The remote address service (spec 20 §4.4)."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address

from hzmetrics.config.schema import Geoip
from hzmetrics.enrich.places import Place
from hzmetrics.errors import ConfigurationError
from hzmetrics.log import log

ENDPOINTS = (
    "https://help.hubzero.org/ipinfo/v1",
    "https://hubzero.org/ipinfo/v1",
    "http://help.hubzero.org/ipinfo/v1",
    "http://hubzero.org/ipinfo/v1",
)
"""Asked, in this order, when the configured one does not answer."""

REFUSED = "_INVALID_KEY_OR_KEY-HUB_HOSTNAME_MISMATCH_"
SUCCESS = "_SUCCESS_"
BATCH = 100
"""Addresses a request."""

PARALLEL = 10
"""Requests at a time."""

LONGEST_ANSWER = 1 << 20
"""Bytes read of an answer; a batch needs a few hundred an address."""


class Service:
    """The service of one configuration. Raises ConfigurationError for one that is no web address."""

    def __init__(self, geoip: Geoip) -> None:
        if not geoip.url.startswith(("http://", "https://")):
            raise ConfigurationError(f"[geoip] url: {geoip.url!r} is not of the form http://... or https://...")
        first = geoip.url.rstrip("/")
        self.endpoints = (first, *(endpoint for endpoint in ENDPOINTS if endpoint != first))
        self.key = geoip.hub_key
        self.timeout = geoip.timeout
        self.is_silent = False
        """Whether the service did not answer or refused the key: further batches would fail in the same way."""

    def many(self, addresses: Sequence[IPv4Address]) -> dict[IPv4Address, Place]:
        """What is known of the addresses; one that is missing got no definite answer."""
        batches = [addresses[start : start + BATCH] for start in range(0, len(addresses), BATCH)]
        if self.is_silent or not batches:
            return {}
        first = self._ask_batch(batches[0])
        self.is_silent = first is None
        if self.is_silent:
            return {}
        with ThreadPoolExecutor(PARALLEL) as threads:
            roots = [first, *threads.map(self._ask_batch, batches[1:])]
        asked = set(addresses)
        return {address: place for root in roots for address, place in _of_batch(root) if address in asked}

    def one(self, address: IPv4Address) -> Place | None:
        """What is known of one address, None without a definite answer."""
        root = self._ask("n_ip", str(int(address)))
        if root is None or _text(root, "status") != SUCCESS:
            return None
        for element in root.iter("ipset"):
            if _text(element, "n_ip") == str(int(address)):
                return _answer(element)
        return None

    def _ask_batch(self, addresses: Sequence[IPv4Address]) -> ElementTree.Element | None:
        root = self._ask("n_ips", ",".join(str(int(address)) for address in addresses))
        if root is not None and _text(root, "status") == REFUSED:
            log.warning("address service: the key is refused")
            return None
        return root

    def _ask(self, name: str, numbers: str) -> ElementTree.Element | None:
        """The first well-formed answer of an endpoint."""
        query = urllib.parse.urlencode({"hub_key": self.key, name: numbers}, safe=",")
        for endpoint in self.endpoints:
            try:
                with urllib.request.urlopen(f"{endpoint}/?&{query}", timeout=self.timeout) as reply:
                    return parse(reply.read(LONGEST_ANSWER))
            except (OSError, http.client.HTTPException, ValueError, ElementTree.ParseError) as error:
                log.warning("address service %s: %s", endpoint, error)
        return None


class _PlainTree(ElementTree.TreeBuilder):
    """Builds trees of documents without a document type: what would define entities is refused unread."""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        raise ValueError("the answer has a document type")


def parse(document: bytes) -> ElementTree.Element:
    """The root of an answer. Raises ValueError or ParseError for one that is not plain, well-formed XML."""
    root: ElementTree.Element = ElementTree.fromstring(document, ElementTree.XMLParser(target=_PlainTree()))
    return root


def _of_batch(root: ElementTree.Element | None) -> Iterator[tuple[IPv4Address, Place]]:
    if root is None:
        return
    for element in root.iter("ipset"):
        number = _text(element, "n_ip")
        if _text(element, "status") == SUCCESS and number.isascii() and number.isdigit() and int(number) < 1 << 32:
            yield IPv4Address(int(number)), _answer(element)


def _answer(element: ElementTree.Element) -> Place:
    code, country, region, city = (_text(element, name) for name in ("countryCode", "countryName", "region", "city"))
    return Place(code, country, region, city, _coordinate(element, "lat"), _coordinate(element, "long"))


def _text(element: ElementTree.Element, name: str) -> str:
    return (element.findtext(name) or "").strip() or "-"


def _coordinate(element: ElementTree.Element, name: str) -> float | None:
    try:
        number = float(_text(element, name))
    except ValueError:
        return None
    return number if abs(number) <= 360 else None
