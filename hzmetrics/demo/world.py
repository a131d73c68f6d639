"""The invented world: organizations with their networks, people, tools and pages, all from one seed.

Addresses come from reserved ranges (benchmarking 198.18.0.0/15, shared 100.64.0.0/10, documentation
2001:db8::/32), names end in `.example`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hzmetrics.demo.maxmind import place
from hzmetrics.demo.proportions import DEMO, Proportions

Numbers = npt.NDArray[np.int64]

PROVIDER, SEARCH = 4, 5
"""Classes of organizations (spec 50 §6) that are invented differently: access providers and search engines."""

SCRAPERS = ("scrape-farm.example", "quiet-harvest.example")
"""Domains that crawl under the name of a browser; they are on the exclude list."""

MONITOR = "198.51.100.10"
"""The address of the machine that monitors the hub."""

TOOLS = (
    ("bandlab", "Band Structure Lab"),
    ("quantumdot", "Quantum Dot Explorer"),
    ("nanowire", "Nanowire Transport"),
    ("driftdiff", "Drift-Diffusion Lab"),
    ("crystalview", "Crystal Viewer"),
    ("mosfetsim", "MOSFet Simulator"),
    ("photongrid", "Photonic Grid"),
    ("heatflow", "Thermal Transport"),
    ("molclusters", "Molecular Clusters"),
    ("pntoy", "PN Junction Teaching Tool"),
    ("afmstudio", "AFM Studio"),
    ("workspace", "Workspace"),
)
"""Alias and title of each simulation tool, the most used first."""

ORGANIZATION_TYPES = (
    ("universitygraduate", 34),
    ("universityundergraduate", 22),
    ("universityfaculty", 14),
    ("universitystaff", 4),
    ("precollegestudent", 3),
    ("industry", 9),
    ("government", 5),
    ("personal", 4),
    ("unemployed", 1),
    ("", 4),
)
"""The kinds of employers in profiles, and their weights."""

GIVEN_NAMES = (
    "Ada Ben Chloé Dmitri Elif Farid Grace Hiro Inés José Kavya Lars Mei Noor Olga Priya Quinn Rosa Sven Tariq"
)
FAMILY_NAMES = (
    "Abara Bianchi Castillo Dietrich Eriksen Farouk Gupta Hansen Ito Jansen Kim Lindqvist Moreau Nakamura Okafor Petrov"
    " Quist Rossi Schmidt Tanaka Umar Vargas Weber Xu Yilmaz Zhou"
)


class Organization(NamedTuple):
    """An organization: its domain, class (spec 50 §6), place, share of the visitors, and networks."""

    domain: str
    name: str
    kind: int
    country: str
    region: str
    city: str
    latitude: float
    longitude: float
    weight: float
    network: int
    """First address of its IPv4 network."""
    size: int
    """Addresses in that network."""
    prefix6: str
    """Its IPv6 network without the end, `2001:db8:N`."""

    @property
    def networks(self) -> tuple[str, str]:
        """Both networks as text."""
        return f"{dotted(self.network)}/{33 - self.size.bit_length()}", f"{self.prefix6}::/48"


@dataclass(frozen=True)
class Addresses:
    """The addresses of all visitors, in columns."""

    ip: list[str]
    host: list[str]
    """The name of each address; `?` where it has none."""
    organization: Numbers


@dataclass(frozen=True)
class Accounts:
    """The hub's accounts, in columns, in order of registration."""

    uid: Numbers
    username: list[str]
    name: list[str]
    registered: Numbers
    """Unix seconds of the wall clock."""
    home: Numbers
    """The address (index) that the person uses."""
    country: list[str]
    kind: list[str]
    """The kind of employer in the profile."""
    has_profile: npt.NDArray[np.bool_]


class Resource(NamedTuple):
    """A published resource: `id`, `title`, and for those with a file its path and public address."""

    id: int
    title: str
    path: str

    @property
    def download(self) -> str:
        return f"/resources/{self.id}/download/{self.path.rpartition('/')[2]}"


@dataclass(frozen=True)
class World:
    """Everything in the invented world, for a range of days."""

    seed: int
    first: dt.date
    last: dt.date
    proportions: Proportions
    organizations: tuple[Organization, ...]
    addresses: Addresses
    visitors: Numbers
    """Addresses (indexes) of people, in the order in which they first come."""
    crawlers: Numbers
    """Addresses of search engines."""
    scrapers: Numbers
    accounts: Accounts
    resources: tuple[Resource, ...]

    def rng(self, *key: int) -> np.random.Generator:
        """A generator of random numbers, the same for the same key."""
        return np.random.default_rng((self.seed, *key))


def invent(seed: int, first: dt.date, last: dt.date, lines: int, proportions: Proportions = DEMO) -> World:
    """The world in which about `lines` log lines are written from `first` to `last`."""
    rng = np.random.default_rng((seed, 0))
    organizations = _organizations()
    people = max(300, lines // proportions.lines_of_a_person)
    weights = np.array([o.weight * (proportions.providers if o.kind == PROVIDER else 1) for o in organizations])
    owners = rng.choice(len(organizations), people, p=weights / weights.sum())
    domains = [organization.domain for organization in organizations]
    search = np.repeat([i for i, o in enumerate(organizations) if o.kind == SEARCH], 12)
    scraping = np.repeat([domains.index(domain) for domain in SCRAPERS], 25)
    owners = np.concatenate([owners, search, scraping])
    addresses = _addresses(rng, organizations, owners)
    visitors = np.arange(people)
    return World(
        seed,
        first,
        last,
        proportions,
        organizations,
        addresses,
        visitors,
        np.arange(people, people + len(search)),
        np.arange(people + len(search), len(owners)),
        _accounts(rng, organizations, addresses, visitors, first, last, max(60, lines // 250)),
        _resources(rng, proportions.resources),
    )


def places(organizations: Sequence[Organization], countries: dict[str, str]) -> list[tuple[str, dict[str, Any]]]:
    """The address database of the invented networks; `countries` are the names of the codes."""
    return [
        (network, place(o.country, countries[o.country], o.region, o.city, o.latitude, o.longitude))
        for o in organizations
        for network in o.networks
    ]


def dotted(address: int) -> str:
    """An IPv4 address as text."""
    return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


def _organizations() -> tuple[Organization, ...]:
    """Read the list; institutions get 2,048 addresses of 198.18.0.0/15 each, providers 65,536 of 100.64.0.0/10."""
    lines = files("hzmetrics.demo").joinpath("organizations.tsv").read_text(encoding="utf-8").splitlines()[1:]
    next_free = {True: 100 << 24 | 64 << 16, False: 198 << 24 | 18 << 16}
    found = []
    for number, line in enumerate(lines, 1):
        domain, name, kind, country, region, city, latitude, longitude, weight = line.split("\t")
        is_provider = int(kind) == PROVIDER
        size = 1 << 16 if is_provider else 1 << 11
        where = (country, region, city, float(latitude), float(longitude))
        networks = (next_free[is_provider], size, f"2001:db8:{number:x}")
        found.append(Organization(domain, name, int(kind), *where, float(weight), *networks))
        next_free[is_provider] += size
    return tuple(found)


def _addresses(rng: np.random.Generator, organizations: Sequence[Organization], owners: Numbers) -> Addresses:
    """One address for each owner. Some share theirs with others; one in seven has no name."""
    sizes = np.array([organization.size for organization in organizations])[owners]
    bases = np.array([organization.network for organization in organizations])[owners]
    numbers = bases + 1 + (rng.random(len(owners)) ** 2 * (sizes - 2)).astype(np.int64)
    nameless = (numbers * 2654435761 % 7) == 0
    ips = [dotted(number) for number in numbers.tolist()]
    hosts = [
        "?" if silent else _host(organizations[owner], ip)
        for owner, ip, silent in zip(owners.tolist(), ips, nameless.tolist(), strict=True)
    ]
    return Addresses(ips, hosts, owners)


def _host(organization: Organization, ip: str) -> str:
    *_, third, fourth = ip.split(".")
    if organization.kind == PROVIDER:
        return f"{ip.replace('.', '-')}.pool.{organization.domain}"
    if organization.kind == SEARCH:
        return f"crawl-{third}-{fourth}.{organization.domain}"
    department = ("lib", "ece", "physics", "dorm", "lab", "www")[int(fourth) % 6]
    return f"pc{int(third) % 8}{fourth}.{department}.{organization.domain}"


def _accounts(
    rng: np.random.Generator,
    organizations: Sequence[Organization],
    addresses: Addresses,
    visitors: Numbers,
    first: dt.date,
    last: dt.date,
    count: int,
) -> Accounts:
    """Accounts: two thirds are older than the first day, the rest register while we watch."""
    start, stop = epoch(first), epoch(last) + 86400
    old = count * 2 // 3
    registered = np.sort(
        np.concatenate([rng.integers(start - 4 * 365 * 86400, start, old), rng.integers(start, stop, count - old)])
    )
    home = rng.choice(visitors, count)
    given, family = GIVEN_NAMES.split(), FAMILY_NAMES.split()
    names = [
        f"{given[g]} {family[f]}"
        for g, f in zip(rng.integers(0, len(given), count), rng.integers(0, len(family), count), strict=True)
    ]
    kinds, weights = zip(*ORGANIZATION_TYPES, strict=True)
    shares = np.array(weights) / sum(weights)
    return Accounts(
        np.arange(1001, 1001 + count),
        [f"{name[0].lower()}{name.split()[1].lower()}{number}" for number, name in enumerate(names)],
        names,
        registered,
        home,
        [organizations[owner].country for owner in addresses.organization[home].tolist()],
        rng.choice(kinds, count, p=shares).tolist(),
        rng.random(count) < 0.85,
    )


def _resources(rng: np.random.Generator, count: int) -> tuple[Resource, ...]:
    """Lectures, papers and data sets, most with a file."""
    subjects = ("Quantum Transport", "Nanophotonics", "Heat Flow", "Molecular Electronics", "Biosensors", "Spintronics")
    kinds = (("Lecture", "slides.pdf"), ("Notes", "notes.pdf"), ("Data Set", "data.zip"), ("Seminar", "talk.mp4"))
    found = []
    for number in range(count):
        subject, (kind, file) = subjects[number % len(subjects)], kinds[int(rng.integers(0, len(kinds)))]
        year, month = 2019 + 5 * number // count, 1 + number % 12
        path = f"{year}/{month:02d}/{400 + number:05d}/{file}" if rng.random() < 0.8 else ""
        found.append(Resource(400 + number, f"{subject} {kind} {number // len(subjects) + 1}", path))
    return tuple(found)


def epoch(day: dt.date) -> int:
    """Seconds from 1970 to a midnight, all on the wall clock."""
    return (day - dt.date(1970, 1, 1)).days * 86400
