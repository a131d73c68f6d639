"""An ordinary hub: its month of 1,000,000 lines and its years of daily logs, now and before, against GoAccess.

    python -m benchmarks.ordinary [--socket MARIADB.sock] [--lines 1000000] [--daily 2700 32000]

GoAccess makes a report of the same lines in the combined format, without a database; the ratio says how many times as
long it takes. `before` and `reference` are recorded: what the first version of this program and the pipeline that it
replaces took for this work, on MariaDB and two cores, on a day on which GoAccess took 10.1 s for the month. Without a
socket on SQLite. Core-seconds are those of this program, without the server's.
"""

from __future__ import annotations

import argparse
import gzip
import logging
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from benchmarks import backlog
from benchmarks.ingest import MONTH, Spent, combined, fresh_databases, imported, reported, rewritten, spending
from benchmarks.traffic import write
from hzmetrics import config
from hzmetrics.calendar import Clock
from hzmetrics.demo.directory import Directory
from hzmetrics.grids.summarize import summarize_month
from hzmetrics.ingest.imports import import_day, pending_days
from hzmetrics.ingest.readers import Readers
from hzmetrics.log import log
from hzmetrics.sessions.build import build_sessions
from hzmetrics.store import Store
from hzmetrics.store.schema import create_hub

SMALL = 20
"""Lines of a small log."""


class Recorded(NamedTuple):
    """What was recorded, in words."""

    before: str = ""
    reference: str = ""


NOTHING = Recorded()
LINES = 1_000_000
IMPORT = Recorded("5.7 s, 1.77 x", "55.8 s")
SESSIONS = Recorded("6.7 s", "308 s")
SUMMARY = Recorded("1.6 s", "20 s")
"""Of the month with about so many lines."""
SMALL_LOG = Recorded("0.14 s")
YEARS = {2_700: Recorded("172 s"), 32_000: Recorded("430 s, then stopped")}
"""By the lines of a day; the second year ended for want of memory."""


def tell(work: str, spent: Spent, recorded: Recorded, report: Spent | None) -> None:
    """Print a row of the table."""
    ratio = f"{report.seconds / spent.seconds:.2f}" if report else ""
    print(
        f"{work:<45}{spent.seconds:>9.3f}{spent.cpu:>9.3f}{ratio:>11}{recorded.before:>21}{recorded.reference:>11}",
        flush=True,
    )


def month(root: Path, lines: int, socket: str | None) -> None:
    """Tell what a month costs."""
    whole = root / "whole.log"
    import_, sessions_, summary = (IMPORT, SESSIONS, SUMMARY) if lines == LINES else (NOTHING, NOTHING, NOTHING)
    lines = write(whole, lines, MONTH, seed=1, fields=23).lines
    report = reported(rewritten(whole, root / "combined.log", combined))
    database = fresh_databases(socket) if socket else {"sqlite": str(root / "databases")}
    spent, rows = imported(whole, root, database)
    tell(f"import of {lines:,} lines, {rows:,} are kept", spent, import_, report)
    sections = {"hub": {"site": "benchmark"}, "db": database}
    settings = config.build(config.Source(sections=sections, environment={"HZMETRICS_HOME": str(root / "home")}))
    with closing(Store(settings)) as store:
        create_hub(store.hub, store.hub_tables.metadata)
        with spending() as spent_on_sessions:
            sessions = build_sessions(store, settings, MONTH)
        tell(f"its {sessions:,} sessions", spent_on_sessions[0], sessions_, report)
        with spending() as spent_on_cells:
            cells = summarize_month(store, settings, MONTH)
        tell(f"its {cells:,} cells, six periods", spent_on_cells[0], summary, report)


def small_logs(root: Path, socket: str | None) -> None:
    """Tell what is spent around the lines of a log, in a month of small ones."""
    directory = Directory(root / "small")
    backlog.make(directory, 1, SMALL, socket)
    settings = config.load(directory.configuration, directory.environment)
    files = 0
    with closing(Store(settings)) as store, closing(Readers(settings)) as readers, spending() as spent:
        for day in pending_days(settings, Clock().month.plus(-1)):
            import_day(store, settings, day, readers=readers)
            files += 2
    each = Spent(spent[0].seconds / files, spent[0].cpu / files)
    tell(f"one log of {SMALL} lines, of {files}", each, SMALL_LOG, None)


def year(root: Path, lines: int, socket: str | None) -> None:
    """Tell what twelve months of daily logs cost, with so many lines a day."""
    directory, same = Directory(root / f"year-{lines}"), root / "combined.log"
    written = backlog.make(directory, 12, lines, socket)
    with same.open("w") as file:
        file.writelines(map(combined, _access_lines(directory)))
    report = reported(same)
    files = backlog.number_of_files(directory)
    tell(
        f"{files:,} logs, {written:,} lines, 12 months",
        backlog.run_all(directory),
        YEARS.get(lines, Recorded()),
        report,
    )


def _access_lines(directory: Directory) -> Iterator[str]:
    for path in sorted(directory.root.rglob("*access.log-*")):
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
            yield from file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=LINES, help="of the month, about (default: %(default)s)")
    parser.add_argument("--daily", type=int, nargs="*", default=[2_700], help="lines of a day, for each year")
    parser.add_argument("--socket", help="of a MariaDB server")
    options = parser.parse_args()
    log.setLevel(logging.WARNING)
    head = "x GoAccess", "before, recorded", "reference"
    print(f"{'work':<45}{'s':>9}{'core-s':>9}{head[0]:>11}{head[1]:>21}{head[2]:>11}")
    with tempfile.TemporaryDirectory(prefix="hzmetrics-benchmark-") as folder:
        root = Path(folder)
        if options.lines:
            month(root, options.lines, options.socket)
        small_logs(root, options.socket)
        for lines in options.daily:
            year(root, lines, options.socket)


if __name__ == "__main__":
    main()
