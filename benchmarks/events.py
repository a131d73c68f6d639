"""Events: what a tick over many new lines costs, and how many lines a second a watcher keeps up with.

python benchmarks/events.py --lines 300000
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
import time
from pathlib import Path

from hzmetrics import config
from hzmetrics.calendar import Clock
from hzmetrics.events.settings import EventSettings
from hzmetrics.events.update import update
from hzmetrics.follow.settings import Following
from hzmetrics.store import Store

START = dt.datetime(2026, 2, 3, tzinfo=dt.UTC)


def line(number: int) -> str:
    return (
        f"{START + dt.timedelta(seconds=number // 50):%Y-%m-%d %H:%M:%S} UTC {1000 + number % 90} - "
        f'"{"POST" if number % 40 == 0 else "GET"} /projects/{number % 5000}/files?page={number % 7} HTTP/1.1" 200 '
        f'{500 + number % 9000} 203.0.113.{number % 250} "https://hub.example.org/projects" "Mozilla/5.0 (X11; Linux) '
        f'AppleWebKit/537.36 Chrome/120.0 Safari/537.36" TLSv1.3 0 {number % 999} - - - - - - - - -\n'
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=300_000)
    lines = parser.parse_args().lines
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "signatures.tsv").write_text("files\taccess\tPOST\t^/projects/[^/]+/files\t200-399\n")
        sections = {
            "follow": {"access_logs": f"{home}/access.log", "timezone": "UTC", "max_bytes": str(1 << 34)},
            "events": {"signatures": f"{home}/signatures.tsv"},
        }
        environment = {"HZMETRICS_HOME": folder, "HZMETRICS_LOG_ROOT": folder}
        settings = config.build(config.Source(sections=sections, environment=environment))
        following = Following.of(settings)
        rules, store, log = EventSettings.of(settings, following), Store(settings), home / "access.log"
        log.touch()
        update(store, following, rules, Clock(START))
        with log.open("a") as file:
            file.writelines(map(line, range(lines)))
        begun = time.process_time()
        outcome = update(store, following, rules, Clock(START + dt.timedelta(seconds=lines // 50 + 120)))
        one_tick = time.process_time() - begun
        print(f"one tick over {lines:,} lines: {outcome.events:,} events, {one_tick:.2f} s of CPU")
        begun, seconds = time.process_time(), 10
        for second in range(seconds):
            with log.open("a") as file:
                file.writelines(map(line, range(lines + second * 10_000, lines + second * 10_000 + 10_000)))
            update(store, following, rules, Clock(START + dt.timedelta(seconds=lines // 50 + 200 * second)))
        used = time.process_time() - begun
        print(f"watching: {seconds * 10_000 / used:,.0f} lines a second of CPU, the writing of the log included")
        store.close()


if __name__ == "__main__":
    main()
