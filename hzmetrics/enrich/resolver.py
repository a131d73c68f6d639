"""The names of addresses, asked of hosts file and name servers (20 §2.2-2.3). c-ares asks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

import aiodns
import pycares

from hzmetrics.config import Dns
from hzmetrics.enrich.addresses import Address, address
from hzmetrics.errors import ConfigurationError

HOSTS = Path("/etc/hosts")

TRIES = 5
"""Times c-ares sends a query. For a server it knows to be quick it waits a quarter of a second at first and then longer
each time; with this many, somebody is still listening at the deadline."""

SPARE = 1.0
"""Seconds beyond one try after which an address is given up."""

_SERVER = re.compile(r"\[(.+)\](?::(\d{1,5}))?|([^:]+)(?::(\d{1,5}))?|(.+:.*:.*)", re.ASCII)

DEFINITE = (aiodns.error.ARES_ENOTFOUND, aiodns.error.ARES_ENODATA)
"""What c-ares reports when a server said that there is no name."""


def servers(text: str) -> list[str] | None:
    """The name servers in a setting, as `address:port`; None for `system`, the machine's own resolver configuration.

    The setting is `ADDRESS`, `ADDRESS:PORT`, `[IPV6]:PORT`, or several of them separated by commas. Raises
    ConfigurationError.
    """
    if text.strip() in ("", "system"):
        return None
    return [_server(part.strip()) for part in text.split(",")]


def _server(text: str) -> str:
    match = _SERVER.fullmatch(text)
    host, port = (match[1] or match[3] or match[5], int(match[2] or match[4] or 53)) if match else ("", 0)
    try:
        server = ip_address(host)
    except ValueError:
        server = None
    if server is None or not 0 < port < 1 << 16:
        raise ConfigurationError(f"name server {text!r} is not ADDRESS, ADDRESS:PORT or [IPV6]:PORT")
    return f"[{server}]:{port}" if server.version == 6 else f"{server}:{port}"


@dataclass
class Answers:
    """What became of the questions about some addresses."""

    names: dict[Address, str | None] = field(default_factory=dict)
    """The definite answers: the name, as answered and without the final dot, or None for an address without one."""
    failed: set[Address] = field(default_factory=set)
    """Addresses without a definite answer: no reply in time, or a server in trouble."""


class Resolver:
    """Asks for the names of addresses: first the hosts file, then the name servers.

    Raises ConfigurationError for a name server that is no address.
    """

    def __init__(self, settings: Dns, hosts: Path = HOSTS) -> None:
        self.settings = settings
        self.servers = servers(settings.nameserver)
        self.hosts = hosts_file(hosts)
        self.works = False
        """Whether a name server has given a definite answer."""

    def names(self, addresses: Iterable[Address], budget: float | None = None) -> Answers:
        """Ask for each address once; `budget` are the seconds that all together may take."""
        answers = Answers()
        unknown = []
        for each in dict.fromkeys(addresses):
            if each in self.hosts:
                answers.names[each] = self.hosts[each]
            else:
                unknown.append(each)
        if unknown:
            asyncio.run(self._ask(unknown, answers, budget))
        answers.failed = {each for each in unknown if each not in answers.names}
        return answers

    def probe(self) -> bool:
        """Whether the resolver works: it has answered already, or answers a question about the root."""
        if not self.works:
            asyncio.run(self._probe())
        return self.works

    async def _ask(self, addresses: Sequence[Address], answers: Answers, budget: float | None) -> None:
        queue = iter(addresses)
        async with self._channel() as channel:
            work = [self._work(channel, queue, answers) for _ in range(min(self.settings.concurrency, len(addresses)))]
            try:
                async with asyncio.timeout(budget):
                    await asyncio.gather(*work)
            except TimeoutError:
                pass

    async def _work(self, channel: aiodns.DNSResolver, queue: Iterator[Address], answers: Answers) -> None:
        """One of the questions in flight at a time."""
        for each in queue:
            asked = each.reverse_pointer
            try:
                records = await self._query(channel, asked, "PTR")
            except (TimeoutError, aiodns.error.DNSError):
                continue
            answers.names[each] = _name(asked, records)

    async def _probe(self) -> None:
        async with self._channel() as channel:
            try:
                await self._query(channel, ".", "NS")
            except (TimeoutError, aiodns.error.DNSError):
                return

    async def _query(self, channel: aiodns.DNSResolver, name: str, kind: str) -> Sequence[pycares.DNSRecord]:
        """The answer section; empty when there is nothing of that name. Raises TimeoutError, DNSError."""
        try:
            async with asyncio.timeout(self.settings.timeout + SPARE):
                result = await channel.query_dns(name, kind)
        except aiodns.error.DNSError as error:
            if error.args[0] not in DEFINITE:
                raise
            self.works = True
            return ()
        self.works = True
        return result.answer

    def _channel(self) -> aiodns.DNSResolver:
        return aiodns.DNSResolver(self.servers, timeout=self.settings.timeout, tries=TRIES)


def _name(asked: str, records: Sequence[pycares.DNSRecord]) -> str | None:
    """The last name of the address, or of a name that the address is an alias of."""
    owners = {asked}
    names = []
    for record in records:
        if record.name.lower() not in owners:
            continue
        match record.data:
            case pycares.CNAMERecordData(cname=alias):
                owners.add(alias.lower())
            case pycares.PTRRecordData(dname=name):
                names.append(name)
    return (names[-1] or None) if names else None


def hosts_file(path: Path) -> dict[Address, str]:
    """The first name of each address in a hosts file; nothing if it cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    names: dict[Address, str] = {}
    for line in lines:
        words = line.partition("#")[0].split()
        found = address(words[0]) if len(words) > 1 else None
        if found is not None:
            names.setdefault(found, words[1])
    return names
