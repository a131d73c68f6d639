"""The names of addresses, asked of hosts file and name servers (spec 20 §2.2 to §2.3). c-ares asks."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import islice
from pathlib import Path
from queue import Empty, SimpleQueue

import pycares

from hzmetrics import files
from hzmetrics.config.schema import Dns
from hzmetrics.enrich.addresses import Address, address
from hzmetrics.errors import ConfigurationError

HOSTS = Path("/etc/hosts")

TRIES = 5
"""Times c-ares sends a query. For a server it knows to be quick it waits a quarter of a second at first and then longer
each time; with this many, somebody is still listening at the deadline."""

SPARE = 1.0
"""Seconds beyond one try after which an address is given up."""

_SERVER = re.compile(r"\[(.+)\](?::(\d{1,5}))?|([^:]+)(?::(\d{1,5}))?|(.+:.*:.*)", re.ASCII)

DEFINITE = (None, pycares.errno.ARES_ENOTFOUND, pycares.errno.ARES_ENODATA)
"""What c-ares reports when a server gave an answer, or said that there is no name."""


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
        unknown = {}
        for each in dict.fromkeys(addresses):
            if each in self.hosts:
                answers.names[each] = self.hosts[each]
            else:
                unknown[each.reverse_pointer] = each
        for asked, records in self._ask(unknown, pycares.QUERY_TYPE_PTR, budget):
            answers.names[unknown[asked]] = _name(asked, records)
        answers.failed = unknown.values() - answers.names.keys()
        return answers

    def probe(self) -> bool:
        """Whether the resolver works: it has answered already, or answers a question about the root."""
        return self.works or any(True for _ in self._ask(["."], pycares.QUERY_TYPE_NS))

    def _ask(
        self, names: Iterable[str], kind: int, budget: float | None = None
    ) -> Iterator[tuple[str, Sequence[pycares.DNSRecord]]]:
        """The names that got a definite answer, each with its answer section; empty when there is nothing of that name.

        Some questions are in flight at a time; c-ares takes the replies, in a thread of its own.
        """
        left = iter(names)
        until = math.inf if budget is None else time.monotonic() + budget
        arrived: SimpleQueue[tuple[str, pycares.DNSResult, int | None]] = SimpleQueue()
        given_up: dict[str, float] = {}
        """When, for each question in flight, the oldest first."""
        with closing(pycares.Channel(servers=self.servers, timeout=self.settings.timeout, tries=TRIES)) as channel:
            while (now := time.monotonic()) < until:
                for name in islice(left, self.settings.concurrency - len(given_up)):
                    with suppress(pycares.AresError):  # raised where no server accepts the question: it has no answer
                        channel.query(name, kind, callback=lambda *reply, name=name: arrived.put((name, *reply)))
                        given_up[name] = min(until, now + self.settings.timeout + SPARE)
                if not given_up:
                    return
                oldest = next(iter(given_up))
                try:
                    name, result, error = arrived.get(timeout=max(0.0, given_up[oldest] - now))
                except Empty:
                    del given_up[oldest]
                    continue
                if given_up.pop(name, None) and error in DEFINITE:
                    self.works = True
                    yield name, () if error else result.answer


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
        lines = files.read(path).decode("utf-8", "replace").splitlines()
    except OSError:
        return {}
    names: dict[Address, str] = {}
    for line in lines:
        words = line.partition("#")[0].split()
        found = address(words[0]) if len(words) > 1 else None
        if found is not None:
            names.setdefault(found, words[1])
    return names
