"""Write a log of the invented hub: `python -m benchmarks.traffic --lines 1000000 access.log`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hzmetrics.calendar import Month
from hzmetrics.demo import logs, traffic, world
from hzmetrics.errors import UsageError


def write(path: Path, lines: int, month: Month, seed: int, fields: int, auth: Path | None = None) -> int:
    """Write about `lines` lines of one month to `path`, day after day; returns how many they are."""
    invented = world.invent(seed, month.first_day, month.last_day, lines)
    pages = traffic.known_pages(invented)
    days = month.last_day.day
    written = 0
    with path.open("wb") as access, (auth or Path("/dev/null")).open("wb") as logins:
        for number in range(days):
            date = month.first_day.replace(day=number + 1)
            day = traffic.day(invented, pages, date, lines / days)
            written += logs.append(logs.access_lines(day, fields), access)
            logs.append(logs.auth_lines(day), logins)
    return written


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
    print(f"{written} lines in {options.path}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
