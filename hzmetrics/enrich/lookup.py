"""What the configured sources know of one address: its name, and its place (spec 65 §12)."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.reversename
import geoip2.models
import maxminddb

from hzmetrics.config.schema import Dns
from hzmetrics.enrich.addresses import Address
from hzmetrics.enrich.places import Places
from hzmetrics.enrich.resolver import HOSTS, hosts_file, servers
from hzmetrics.errors import LookupFailure


@dataclass(frozen=True)
class Name:
    """The name of an address."""

    name: str | None
    """None for an address without a name."""
    answered_by: str
    """The name server, or the hosts file."""
    milliseconds: int


@dataclass(frozen=True)
class AddressDatabase:
    """A database in MaxMind format."""

    file: Path
    kind: str
    """As the database names itself, such as GeoLite2-City."""
    built: dt.datetime
    """In UTC."""


@dataclass(frozen=True)
class Location:
    """What a database says of an address; texts are English, and None where it does not say."""

    network: str
    """The network that the record applies to."""
    code: str | None
    country: str | None
    region: str | None
    city: str | None
    latitude: float | None
    longitude: float | None


class Server(NamedTuple):
    """A name server."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


def name_servers(settings: Dns) -> list[Server]:
    """The configured name servers, or those of the machine. Raises ConfigurationError or LookupFailure."""
    listed = servers(settings.nameserver)
    if listed is None:
        try:
            return [Server(str(address), 53) for address in dns.resolver.Resolver().nameservers]
        except dns.resolver.NoResolverConfiguration as error:
            raise LookupFailure(f"this machine has no name servers: {error}") from None
    parts = (server.rpartition(":") for server in listed)
    return [Server(host.strip("[]"), int(port)) for host, _, port in parts]


def name_of(settings: Dns, address: Address, hosts: Path = HOSTS) -> Name:
    """Ask for the name of an address, as enrichment does. Raises ConfigurationError or LookupFailure."""
    if found := hosts_file(hosts).get(address):
        return Name(found, str(hosts), 0)
    asked = name_servers(settings)
    query = dns.message.make_query(dns.reversename.from_address(str(address)), dns.rdatatype.PTR)
    for server in asked:
        begun = time.monotonic()
        if (response := _ask(settings, server, query)) is not None:
            records = [one for rrset in response.answer if rrset.rdtype == dns.rdatatype.PTR for one in rrset]
            name = records[-1].to_text().removesuffix(".") if records else None
            return Name(name, str(server), round((time.monotonic() - begun) * 1000))
    raise LookupFailure(f"{', '.join(map(str, asked))}: no answer")


def response_time(settings: Dns, server: Server) -> int:
    """Milliseconds until the name server answers a question about the root. Raises LookupFailure."""
    begun = time.monotonic()
    if _ask(settings, server, dns.message.make_query(dns.name.root, dns.rdatatype.NS)) is None:
        raise LookupFailure(f"{server}: no answer")
    return round((time.monotonic() - begun) * 1000)


def _ask(settings: Dns, server: Server, query: dns.message.QueryMessage) -> dns.message.Message | None:
    """The definite answer of a name server, or None."""
    try:
        response, _ = dns.query.udp_with_fallback(query, server.address, settings.timeout, server.port)
    except (OSError, dns.exception.DNSException):
        return None
    return response if response.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN) else None


def location_of(file: Path, address: Address) -> tuple[AddressDatabase, Location | None]:
    """The address database, and what it says of an address. Raises LookupFailure."""
    Places(file).close()  # refuses a database that does not say where addresses are
    try:
        with maxminddb.open_database(file) as reader:
            metadata = reader.metadata()
            built = dt.datetime.fromtimestamp(metadata.build_epoch, dt.UTC)
            database = AddressDatabase(file, metadata.database_type, built)
            if address.version > metadata.ip_version:
                return database, None
            record, prefix = reader.get_with_prefix_len(address)
            answer = None
            if isinstance(record, dict) and record:
                answer = geoip2.models.City(["en"], ip_address=address, prefix_len=prefix, **record)
    except (OSError, ValueError, TypeError, AttributeError, maxminddb.InvalidDatabaseError) as error:
        raise LookupFailure(f"the address database {file} is damaged: {error}") from None
    return database, _location(answer) if answer else None


def _location(answer: geoip2.models.City) -> Location:
    """Without a country, that of the registration counts (spec 20 §4.3)."""
    country = answer.country if answer.country.iso_code else answer.registered_country
    region = answer.subdivisions[0].name if answer.subdivisions else None
    where = answer.location
    return Location(
        str(answer.traits.network),
        country.iso_code,
        country.name,
        region,
        answer.city.name,
        where.latitude,
        where.longitude,
    )
