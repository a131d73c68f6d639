"""How fast logs become rows: figures and their ratios, all measured in this run.

    python -m benchmarks.ingest [--lines 1000000] [--socket MARIADB.sock]

Measured on the traffic of the invented hub are filtering its lines through the shortcut for plain lines, the same
through the whole grammar, filtering the same requests in the combined format and as JSON objects with
`[logs] format = auto`, and the whole import with bot detection into SQLite and, with a socket, into MariaDB (as user
root; the databases `hzmetrics_benchmark_hub` and `hzmetrics_benchmark_metrics` are dropped and created again). Where
GoAccess is installed, it makes a report of the same requests in the combined format, and each import is compared with
it. CPU
seconds are those of this process, all threads together: they tell more than seconds on a machine that is busy.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pymysql

from benchmarks.traffic import write
from hzmetrics import config
from hzmetrics.calendar import Month
from hzmetrics.ingest.access import AccessLog, Rules
from hzmetrics.ingest.addresses import Clients, anywhere
from hzmetrics.ingest.bots import Bots
from hzmetrics.ingest.filters import Excludes
from hzmetrics.ingest.imports import import_access
from hzmetrics.logs.formats import AUTO, HUB
from hzmetrics.logs.reader import open_log
from hzmetrics.logs.settings import LogSettings
from hzmetrics.store import Store
from hzmetrics.store.schema import create_metrics

MONTH = Month(2025, 6)
SAMPLE = 100_000
"""Lines that are filtered also in a form that is not plain, by the whole grammar."""


@dataclass(frozen=True)
class Spent:
    seconds: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s ({self.cpu:.2f} s CPU)"


@contextmanager
def spending() -> Iterator[list[Spent]]:
    """Measures what is done inside; the list then has one element."""
    spent: list[Spent] = []
    begun, cpu = time.perf_counter(), time.process_time()
    yield spent
    spent.append(Spent(time.perf_counter() - begun, time.process_time() - cpu))


def combined(line: str) -> str:
    """The request of a hub's line in the combined format."""
    head, request, answer, referrer, _, agent, _ = line.split('"')
    day, clock, zone, *_ = head.split()
    status, size, client = answer.split()
    time = f"{dt.date.fromisoformat(day):%d/%b/%Y}:{clock} {zone}"
    return f'{client} - - [{time}] "{request}" {status} {size} "{referrer}" "{agent}"\n'


def as_object(line: str) -> str:
    """The request of a hub's line as a JSON object."""
    head, request, answer, referrer, _, agent, _ = line.split('"')
    day, clock, zone, *_ = head.split()
    status, size, client = answer.split()
    members = {
        "time_iso8601": f"{day}T{clock}{zone[:3]}:{zone[3:]}",
        "remote_addr": client,
        "remote_user": "-",
        "request": request,
        "status": status,
        "body_bytes_sent": size,
        "http_referer": referrer,
        "http_user_agent": agent,
        "request_time": "0.012",
    }
    return json.dumps(members) + "\n"


def rewritten(path: Path, target: Path, form: Callable[[str], str]) -> Path:
    """Write the requests of a hub's log in another form."""
    with path.open() as hub, target.open("w") as lines:
        lines.writelines(map(form, hub))
    return target


def filtered(path: Path, log_format: str = HUB) -> Spent:
    """Filter all lines of a file."""
    logs = LogSettings(log_format)
    rules = Rules(Clients(anywhere([]), False), Excludes([], [], []), Bots(frozenset()), logs)
    with spending() as spent, AccessLog(rules) as log, open_log(path) as stream:
        for _ in log.kept(stream):
            pass
    return spent[0]


def imported(path: Path, root: Path, database: dict[str, str]) -> tuple[Spent, int]:
    """Import a file into new databases; what was spent, and the rows."""
    file = root / "benchmark-access.log-20250701"
    file.hardlink_to(path)
    environment = {"HZMETRICS_HOME": str(root / "home"), "HZMETRICS_LOG_ROOT": str(root / "logs")}
    sections = {"hub": {"site": "benchmark"}, "db": database}
    settings = config.build(config.Source(root / "hzmetrics.conf", sections, environment=environment))
    store = Store(settings)
    create_metrics(store.metrics, settings.prefix)
    with spending() as spent:
        rows = import_access(store, settings, file)
    store.close()
    return spent[0], rows


def reported(path: Path) -> Spent | None:
    """What GoAccess spends on a report of a log in the combined format, without a database; None if it is missing."""
    program = shutil.which("goaccess")
    if program is None:
        return None
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [program, str(path), "--log-format=COMBINED", "--no-progress", "-o", str(path.with_suffix(".json"))]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Spent(seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def fresh_databases(socket: str) -> dict[str, str]:
    names = {"hub_db": "hzmetrics_benchmark_hub", "metrics_db": "hzmetrics_benchmark_metrics"}
    with pymysql.connect(unix_socket=socket, user="root") as server, server.cursor() as cursor:
        for name in names.values():
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb3")
    return {"host": "localhost", "socket": socket, "user": "root", **names}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000, help="about as many (default: %(default)s)")
    parser.add_argument("--socket", help="of a MariaDB server")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hzmetrics-benchmark-") as directory:
        root = Path(directory)
        whole, sample = root / "whole.log", root / "sample.log"
        lines, addresses = write(whole, options.lines, MONTH, seed=1, fields=23)
        small = write(sample, SAMPLE, MONTH, seed=1, fields=23).lines

        odd = root / "odd.log"
        odd.write_text("".join(line.replace(" ", "  ", 1) for line in sample.open()))  # two blanks are not plain
        quick, exact = filtered(sample), filtered(odd)
        print(f"filtering {small:,} lines: shortcut {quick}, whole grammar {exact}, {exact.cpu / quick.cpu:.1f} times")
        filtering = filtered(whole)
        print(
            f"filtering {lines:,} lines from {addresses:,} addresses: {filtering}, "
            f"{lines / filtering.seconds:,.0f} lines/s"
        )
        same = rewritten(whole, root / "combined.log", combined)
        objects = rewritten(whole, root / "objects.log", as_object)
        for name, path in (("combined", same), ("JSON", objects)):
            spent = filtered(path, log_format=AUTO)
            print(f"filtering them as {name}: {spent}, {spent.cpu / filtering.cpu:.1f} times the hub's format")
        report = reported(same)
        if report:
            print(f"a report of them by GoAccess, for comparison: {report}, {lines / report.seconds:,.0f} lines/s")
        stores = {"SQLite": {"sqlite": str(root / "db")}}
        if options.socket:
            stores["MariaDB"] = fresh_databases(options.socket)
        for name, database in stores.items():
            place = root / name
            place.mkdir()
            taken, rows = imported(whole, place, database)
            print(
                f"importing {lines:,} lines, {rows:,} rows, into {name}: {taken}, "
                f"{lines / taken.seconds:,.0f} lines/s, {taken.seconds / filtering.seconds:.1f} times filtering"
                + (f", {report.seconds / taken.seconds:.2f} times as fast as GoAccess" if report else "")
            )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory: {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
