"""Names of visitors' addresses, and the domains of the names (spec 35 §3 to §4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hzmetrics.config.schema import Dns
from hzmetrics.log import log
from hzmetrics.online.visitors import UNKNOWN

FORCED = (
    "brain.grub.org",
    "crawl.yahoo.net",
    "crawl8-public.alexa.com",
    "hanta.yahoo.com",
    "idle.eidetica.com",
    "morgue1.corp.yahoo.com",
    "msnbot.msn.com",
    "panchma.tivra.com",
    "tpiol.tpiol.com",
    "xs4.kso.co.uk",
    "zeus.nj.nec.com",
    "punch.purdue.edu",
    "san2.attens.net",
    "search.msn.com",
    "sac.overture.com",
    "66.237.109.194.ptr.us.xo.net",
    "67.108.223.130.ptr.us.xo.net",
    "67.106.152.131.ptr.us.xo.net",
)
"""Hosts that end with one of these have it as their domain; the first that fits."""


def look_up(dns: Dns, ips: Iterable[str], budget: float) -> dict[str, tuple[str, str]]:
    """Host and domain of each address, asked for within `budget` seconds. Without an answer the host is the address.

    No resolver, however broken, fails a refresh: it costs a warning.
    """
    from hzmetrics.enrich.addresses import address
    from hzmetrics.enrich.resolver import Resolver

    addresses = {ip: address(ip) for ip in ips}
    asked = {found for found in addresses.values() if found}
    try:
        answers = Resolver(dns).names(asked, budget)
    except Exception as error:
        log.warning("visitors stay without names: %s: %s", type(error).__name__, error)
        return with_domains({ip: ip for ip in addresses})
    if answers.failed:
        log.warning("the resolver gave no answer for %d of %d visitors' addresses", len(answers.failed), len(asked))
    return with_domains({ip: (found and answers.names.get(found)) or ip for ip, found in addresses.items()})


def with_domains(hosts: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """By address, from its host: host and domain. A host that is the address has the domain `(unknown)`.

    See spec 35 §4.
    """
    domains = {host: forced for host in hosts.values() if (forced := next(filter(host.endswith, FORCED), None))}
    ordinary = {host for ip, host in hosts.items() if host and host != ip and host not in domains}
    if ordinary:
        from hzmetrics.enrich.domains import domains_of  # brings the engine: not for a refresh without new names

        found = domains_of(ordinary)
        domains |= {host: domain for host, domain in found.items() if domain not in ("", "?")}
    return {ip: (host, UNKNOWN if host == ip else domains.get(host, UNKNOWN)) for ip, host in hosts.items()}
