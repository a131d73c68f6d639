"""How much there is of everything in the invented world, and who comes how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"

BROWSERS = (
    (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36", 46.0),
    (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/17.5 Safari/605.1.15", 21.0),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", 14.0),
    (f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {WEBKIT} Mobile/15E148", 12.0),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0", 6.0),
    ("Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", 1.0),
)
"""The browsers of people, with weights; the last one looks like a machine to the filters."""


class Kinds(NamedTuple):
    """A number for each kind of visits.

    They are those of people who do not log in, people who do, search engines, scrapers, and the monitor.
    """

    guest: float
    member: float
    crawler: float
    scraper: float
    watch: float


SHARE = Kinds(guest=0.55, member=0.17, crawler=0.2, scraper=0.07, watch=0.01)
"""Share of each kind in the lines."""

PAGES = Kinds(guest=4.5, member=6.0, crawler=14.0, scraper=22.0, watch=1.0)
"""Average number of pages of a visit."""


@dataclass(frozen=True)
class Proportions:
    """What can be chosen for a world; as it is here, for the demonstration."""

    lines_of_a_person: int = 30
    """Log lines for each person who may come."""
    providers: float = 1.0
    """How many times as many people use an access provider as its weight says."""
    resources: int = 120
    listed: int = 1
    """Pages of each list of search results or of resources."""
    share: Kinds = SHARE
    pages: Kinds = PAGES
    assets: float = 1.2
    """Style sheets, scripts and pictures loaded with a page that a person reads, on the average."""
    browsers: tuple[tuple[str, float], ...] = BROWSERS
    """User agents of people and scrapers, with weights."""


DEMO = Proportions()
