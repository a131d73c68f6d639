"""What an idle tick and `status` cost: `python -m benchmarks.tick [--years N]`.

An idle tick is what cron starts every five minutes and finds nothing to do: CPU seconds, resident memory, and that the
columnar engine was not even imported. `status` is measured on a hub with twenty years of months.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.calendar import PERIODS, Month
from hzmetrics.store import Store
from hzmetrics.store.tables import metrics

HEAVY = ("duckdb", "pyarrow", "alembic", "numpy")
LAST = Month(2026, 4)
NOW = "2026-05-19T09:25:00"

Cost = tuple[float, float, float]
"""Elapsed seconds, CPU seconds, MB."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--years", type=int, default=20)
    parser.add_argument("--repeat", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        environment = make_hub(Path(scratch))
        measure(environment, "init")
        imported = heavy_imports(environment, "tick")
        tell("idle tick, empty hub", [measure(environment, "tick") for _ in range(arguments.repeat)])
        filling = multiprocessing.Process(target=fill, args=(environment, arguments.years))
        filling.start()  # elsewhere: a child's memory is counted from that of the process which starts it
        filling.join()
        tell(f"idle tick, {arguments.years} years", [measure(environment, "tick") for _ in range(arguments.repeat)])
        tell(f"status, {arguments.years} years", [measure(environment, "status") for _ in range(arguments.repeat)])
        print(f"heavy modules of an idle tick: {', '.join(imported) or 'none'}")


def make_hub(root: Path) -> dict[str, str]:
    """An invented hub on SQLite; its environment."""
    (root / "hubroot/app/site/stats/maps").mkdir(parents=True)
    configuration = root / "hzmetrics.conf"
    configuration.write_text(f"[hub]\nsite = parity\nhub_dir = {root}/hubroot\n[db]\nsqlite = {root}/db\n")
    return {
        **os.environ,
        "HZMETRICS_CONFIG": str(configuration),
        "HZMETRICS_HOME": str(root / "home"),
        "HZMETRICS_LOG": str(root / "log"),
        "HZMETRICS_LOG_ROOT": str(root / "logs"),
        "HZMETRICS_NOW": NOW,
    }


def fill(environment: dict[str, str], years: int) -> None:
    """Rows of every day and all cells of every month."""
    settings = config.load(environment=environment)
    store = Store(settings)
    months = list(LAST.plus(1 - 12 * years).through(LAST))
    days = [f"{month}-{day:02d}" for month in months for day in range(1, month.last_day.day + 1)]
    with store.metrics.begin() as connection:
        connection.execute(sa.insert(metrics.webhits), [{"datetime": f"{day} 00:00:00", "hits": 20} for day in days])
        times = [f"{day} {hour:02d}:00:00" for day in days for hour in range(20)]
        ip = "192.0.2.1"
        connection.execute(sa.insert(metrics.web), [{"datetime": t, "ip": ip, "content": "/"} for t in times])
        connection.execute(
            sa.insert(metrics.websessions), [{"id": i, "datetime": t, "ip": ip} for i, t in enumerate(times, 1)]
        )
        connection.execute(
            sa.insert(metrics.userlogin), [{"datetime": t, "user": "ann", "ip": ip, "action": "login"} for t in times]
        )
        connection.execute(
            sa.insert(metrics.imported_sources),
            [
                {"filename": f"parity-access.log-{day.replace('-', '')}.gz", "target_table": "web", "row_count": 20,
                 "imported_at": f"{day} 00:00:00"}
                for day in days
            ],
        )  # fmt: skip
        for grid in (metrics.summary_user_vals, metrics.summary_misc_vals, metrics.summary_simusage_vals):
            cells = [
                {"rowid": row, "colid": column, "datetime": month.key, "period": period, "value": 1}
                for month in months for period in PERIODS for row in range(1, 9) for column in range(1, 12)
            ]  # fmt: skip
            connection.execute(sa.insert(grid), cells)
    store.close()


def measure(environment: dict[str, str], command: str) -> Cost:
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "hzmetrics", command],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode > (command == "status"):  # which ends with 1 where months wait for their numbers
        raise SystemExit(f"{command} ended with {process.returncode}")
    return time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def heavy_imports(environment: dict[str, str], command: str) -> list[str]:
    """The heavy modules that a command imports."""
    code = f"import sys; from hzmetrics.cli import main; main(['{command}']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return [module for module in HEAVY if module in done.stdout.split()]


def tell(what: str, costs: list[Cost]) -> None:
    """The best of several: the rest is what else the machine did."""
    elapsed, cpu, memory = (min(values) for values in zip(*costs, strict=True))
    print(f"{what:<24}{elapsed:6.2f} s elapsed {cpu:6.2f} s CPU {memory:6.0f} MB")


if __name__ == "__main__":
    main()
