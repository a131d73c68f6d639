"""Write a log of the invented hub: `python -m benchmarks.traffic --lines 1000000 access.log`.

The traffic is that of an ordinary month: a million lines come from about 83,000 addresses, and the import keeps about
375,000 of them. They ask for some 7,400 URLs, with about 1,900 user agents, and a few of either take most.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from hzmetrics.calendar import Month
from hzmetrics.demo import logs, traffic, world
from hzmetrics.demo.proportions import BROWSERS, PAGES, WEBKIT, Kinds, Proportions
from hzmetrics.errors import UsageError

SYSTEMS = (
    "Windows NT 10.0; Win64; x64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "X11; Linux x86_64",
    "X11; CrOS x86_64 14541.0.0",
    "Linux; Android 10; K",
    "Linux; Android 14; Pixel 8",
    "Linux; Android 13; SM-S911B",
    "Linux; Android 12; M2101K6G",
)


def _versions() -> Iterator[str]:
    """The user agents of 60 versions of two browsers, the newest first."""
    for version, system in product(range(126, 66, -1), SYSTEMS):
        yield f"Mozilla/5.0 ({system}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"
        for build in range(3):
            yield f"Mozilla/5.0 ({system}) {WEBKIT} Chrome/{version}.0.{4 * version + 5_974}.{60 + build} Safari/537.36"


ORDINARY = Proportions(
    lines_of_a_person=3,
    providers=6,
    resources=3_000,
    listed=100,
    share=Kinds(guest=0.65, member=0.09, crawler=0.18, scraper=0.07, watch=0.01),
    pages=PAGES._replace(guest=1.3),
    assets=3.3,
    browsers=(*BROWSERS, *((agent, 20 / rank) for rank, agent in enumerate(_versions(), 1))),
)
"""Those of an ordinary month. A short log has somewhat more addresses a line: fewer people share one."""


class Written(NamedTuple):
    """How many lines a log has, and from how many addresses."""

    lines: int
    addresses: int


def write(path: Path, lines: int, month: Month, seed: int, fields: int, auth: Path | None = None) -> Written:
    """Write about `lines` lines of one month to `path`, day after day."""
    invented = world.invent(seed, month.first_day, month.last_day, lines, ORDINARY)
    pages = traffic.known_pages(invented)
    days = month.last_day.day
    written, addresses = 0, pa.array([], pa.string())
    with path.open("wb") as access, (auth or Path("/dev/null")).open("wb") as logins:
        for number in range(days):
            date = month.first_day.replace(day=number + 1)
            day = traffic.day(invented, pages, date, lines / days)
            written += logs.append(logs.access_lines(day, fields), access)
            logs.append(logs.auth_lines(day), logins)
            addresses = pa.concat_arrays([addresses, day.requests["ip"].combine_chunks()]).unique()
    return Written(written, len(addresses))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--lines", type=int, default=1_000_000, help="about as many (default: %(default)s)")
    parser.add_argument("--month", default="2025-06", help="the month they are of (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fields", type=int, choices=(14, 23), default=23, help="form of the lines")
    parser.add_argument("--auth", type=Path, help="also write the month's auth log to this file")
    options = parser.parse_args()
    try:
        month = Month.parse(options.month)
    except UsageError as error:
        parser.error(str(error))
    written = write(options.path, options.lines, month, options.seed, options.fields, options.auth)
    print(f"{written.lines} lines from {written.addresses} addresses in {options.path}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
