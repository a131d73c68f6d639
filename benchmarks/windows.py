"""Long windows: the six periods of the last month of a long history, for the first time and again, from its snapshots.

    python -m benchmarks.windows --months 241 --sessions 104167 --memory 700

The history is that of `benchmarks.history` in SQLite, in a directory that `--keep` names, or a temporary one. After the
first time, its months have snapshots. Each summary runs in a process of its own.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from benchmarks.history import LAST, Size
from benchmarks.scale import make, measure, settings_of
from hzmetrics import snapshots
from hzmetrics.pipeline.steps import Step

SUMMARY = Step("summarize-month", (LAST,))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=241, help="the last one has no sessions yet")
    parser.add_argument("--sessions", type=int, default=104_167, help="a month")
    parser.add_argument("--memory", type=int, default=700, help="[engine] memory, in MB")
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        history = options.keep or Path(folder) / "history"
        make(history, Size(options.months, options.sessions))
        kept = snapshots.directory(settings_of(history))
        shutil.rmtree(kept, ignore_errors=True)
        print(f"{(options.months - 1) * options.sessions:,} sessions, [engine] memory = {options.memory}MB")
        for time in ("first time", "again", "once more"):
            cost = measure(SUMMARY, history, options.memory)
            print(f"  {time:<12}{cost.seconds:9.2f} s{cost.core_seconds:9.2f} core-s{cost.peak:7.0f} MB", flush=True)
        print(f"  snapshots: {sum(path.stat().st_size for path in kept.iterdir()) / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
