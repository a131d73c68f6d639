"""Every benchmark runs to its end, on little: what it measures is for those who call it with more."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.ingest import MONTH, imported
from benchmarks.traffic import write

ROOT = Path(__file__).parent.parent

SMALL = {
    "activity": "--users 50 --recent 20 --times 2",
    "backlog": "--lines 20 --months 1",
    "courses": "--events 2000",
    "daily": "--requests 500 --years 1 --sessions 100",
    "enrich": "--rows 500 --addresses 50 --filters 5",
    "events": "--lines 500",
    "grids": "--rows 500",
    "history": "{} --months 1 --sessions 100",
    "ingest": "--lines 2000",
    "lake": "--sessions 100 --months 2 --workers 1 2",
    "lists": "--requests 2000 --months 2",
    "online": "--sessions 20 --addresses 20",
    "ordinary": "--lines 2000 --daily",
    "publish": "--years 1 --tools 3 --resources 5",
    "rebuild": "--months 2 --requests 200",
    "scale": "--sessions 100 --months 1 2",
    "serve": "--users 20 --requests 50 --readers 4",
    "sessions": "--rows 500",
    "tick": "--years 1 --repeat 1",
    "tools": "--sqlite {} --tools 3 --sessions 50 --jobs 50 --resources 20 --rows 500",
    "traffic": "{} --lines 100",
    "windows": "--months 3 --sessions 100",
    "workers": "--logs 2 --lines 300 --months 1",
}
"""Arguments by benchmark; `{}` is a path in a temporary directory."""


def test_all_benchmarks_are_here() -> None:
    assert set(SMALL) == {path.stem for path in (ROOT / "benchmarks").glob("[!_]*.py")}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_a_benchmark_runs_on_little(name: str, tmp_path: Path) -> None:
    arguments = SMALL[name].format(tmp_path / "made").split()
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr


def test_the_traffic_has_the_proportions_of_an_ordinary_month(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    written = write(log, 30_000, MONTH, seed=1, fields=23)
    lines = log.read_text().splitlines()
    urls, agents = ([line.split('"')[field] for line in lines] for field in (1, 5))
    _, rows = imported(log, tmp_path, {"sqlite": str(tmp_path / "databases")})
    assert written.lines == len(lines)
    assert written.addresses == len({line.split('"')[2].split()[2] for line in lines})
    assert written.addresses / written.lines == pytest.approx(0.09, rel=0.2)
    assert rows / written.lines == pytest.approx(0.375, rel=0.05)
    for values, least in ((urls, 2_000), (agents, 600)):
        (_, most), *_ = counts = Counter(values).most_common()
        assert len(counts) > least
        assert most > len(lines) / 30
        assert sum(count for _, count in counts[:100]) > len(lines) / 2
