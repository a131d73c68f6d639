"""Runs over several hubs: the cells of each are those that the hub has alone, whatever happens to the others."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from hzmetrics import lock
from hzmetrics.calendar import Months
from hzmetrics.cli import main
from hzmetrics.engine import runner
from hzmetrics.engine.runner import Here
from hzmetrics.engine.stages import Failure
from hzmetrics.fleet import definition, state
from hzmetrics.fleet.definition import Fleet
from hzmetrics.fleet.run import Report, run
from hzmetrics.fleet.settings import of_hub, of_run
from hzmetrics.fleet.work import Done
from hzmetrics.lake.cutting import NumberSessions
from hzmetrics.lake.ingest import ingest
from hzmetrics.lake.place import Place
from hzmetrics.lake.sessions import make_sessions
from hzmetrics.lake.summarize import summarize
from hzmetrics.lake.tasks import CountVisitors
from tests.conftest import TestHub
from tests.lake.conftest import filled  # noqa: F401  a fixture

pytestmark = pytest.mark.integration

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
HUBS = {
    "exported": 'lake = "lake"',
    "logs": 'logs = ["logs/access.log-*"]',
    "packed": 'logs = ["packed/*"]\nbuckets = 3',
    "broken": 'lake = "nowhere"',
}
ALL = Months()


def lines(month: int, day: int, visitors: int = 4) -> str:
    return "".join(
        f"81.2.69.{who} - - [{day:02d}/{['Jan', 'Feb', 'Mar'][month - 1]}/2024:{hour}:{who:02d}:00 +0000] "
        f'"GET /{hour} HTTP/1.1" 200 5120 "-" "{AGENT}"\n'
        for hour in (10, 14)
        for who in range(visitors)
    )


def a_fleet(root: Path, *names: str) -> Fleet:
    """Some of the hubs, with their logs."""
    for month in (2, 3):
        if "logs" in names:
            (root / "logs").mkdir(exist_ok=True)
            (root / f"logs/access.log-20240{month}28").write_text(lines(month, 5) + lines(month, 20))
        if "packed" in names:
            (root / "packed").mkdir(exist_ok=True)
            (root / f"packed/2024-0{month}.gz").write_bytes(gzip.compress(lines(month, 7, 9).encode()))
    file = root / "hubs.toml"
    tables = [f'[[hubs]]\nname = "{name}"\n{HUBS[name]}\n' for name in names]
    file.write_text("\n".join(['directory = "made"', *tables]))
    return definition.read(file)


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2024-04-10")


@pytest.fixture
def exporting(filled: TestHub, tmp_path: Path) -> TestHub:  # noqa: F811
    """The hub whose lake is read."""
    assert filled.run("lake", "export", str(tmp_path / "lake"), "--buckets", "2") == 0
    return filled


@pytest.fixture
def fleet(exporting: TestHub, tmp_path: Path) -> Fleet:
    """Three hubs that can be counted, and one that cannot."""
    return a_fleet(tmp_path, *HUBS)


@pytest.fixture
def of_logs(tmp_path: Path) -> Fleet:
    """One hub."""
    return a_fleet(tmp_path, "logs")


def test_damaged_cells_are_computed_again(of_logs: Fleet) -> None:
    done(of_logs)
    place = Place(of_logs.results(of_logs.hubs[0]))
    expected = cells(place.root)
    place.cells(place.computed()[0]).write_bytes(b"x")
    report = done(of_logs)
    assert report.failed == ["logs"]
    assert "the next run computes them again" in state.read(place.root).failure
    assert not done(of_logs).failed
    assert cells(place.root) == expected


def test_logs_are_not_counted_in_two_ways(of_logs: Fleet) -> None:
    done(of_logs)
    expected = cells(of_logs.results(of_logs.hubs[0]))
    (of_logs.directory.parent / "one.conf").write_text("[logs]\nformat = auto\n[metrics]\ncorrections = all-days\n")
    of_logs.file.write_text(of_logs.file.read_text() + '\nconfig = "one.conf"\n')
    changed = definition.read(of_logs.file)
    outcome = done(changed).hubs["logs"]
    assert isinstance(outcome, Failure) and "remove " in outcome.reason
    assert cells(of_logs.results(of_logs.hubs[0])) == expected


class Recording(Here):
    """Notes the kinds of tasks of each stage."""

    def __init__(self) -> None:
        self.stages: list[list[str]] = []

    def map(self, tasks: Sequence[Callable[[], Any]]) -> list[Any]:
        kinds = {type(getattr(task, "task", task)).__name__ for task in tasks}
        self.stages.append(sorted(kinds))
        return super().map(tasks)


def done(fleet: Fleet, chosen: runner.Runner | None = None) -> Report:
    return run(fleet, of_run(fleet), ALL, chosen or Here())


def cells(root: Path) -> dict[str, list[dict[str, Any]]]:
    return {
        path.parent.name: pq.ParquetFile(path).read().to_pylist() for path in sorted(root.glob("cells/*/cells.parquet"))
    }


def alone(fleet: Fleet, name: str, root: Path) -> dict[str, list[dict[str, Any]]]:
    """The cells of a hub that the commands for one lake compute."""
    hub = next(hub for hub in fleet.hubs if hub.name == name)
    if hub.lake:
        shutil.copytree(hub.lake, root)
    else:
        settings = of_hub(fleet, hub)
        paths = sorted((fleet.file.parent / name).iterdir())
        ingest(settings, root, paths, Here(), hub.buckets, False)
        make_sessions(settings, root, None, Here())
    summarize(root, ALL, Here())
    return cells(root)


def test_each_hub_has_the_cells_that_it_has_alone(fleet: Fleet, tmp_path: Path) -> None:
    chosen = Recording()
    lake = {path: path.read_bytes() for path in (tmp_path / "lake").rglob("*") if path.is_file()}
    report = done(fleet, chosen)
    assert report.failed == ["broken"] and report.files > 20
    assert [report.hubs[name] for name in ("exported", "logs", "packed")] == [Done(0, 3), Done(2, 2), Done(2, 2)]
    assert chosen.stages[:8] == [
        ["ReadAccessLogs", "SumOthers", "SumSessions"],
        ["GroupSessions", "PlaceRequests"],
        ["CountVisitors", "SurveyMonth"],
        ["CutSessions", "FillCells"],
        ["NumberSessions"],
        ["SumOthers", "SumSessions"],
        ["GroupSessions"],
        ["CountVisitors"],
    ]
    assert chosen.stages[8:] == [["FillCells"]]
    for name in ("exported", "logs", "packed"):
        assert cells(fleet.directory / "hubs" / name) == alone(fleet, name, tmp_path / f"alone-{name}") != {}
    assert {path: path.read_bytes() for path in (tmp_path / "lake").rglob("*") if path.is_file()} == lake
    assert "is no lake" in state.read(fleet.directory / "hubs/broken").failure


def test_only_what_has_changed_is_done_again(fleet: Fleet, exporting: TestHub, tmp_path: Path) -> None:
    done(fleet)
    chosen = Recording()
    assert done(fleet, chosen).files == 0
    assert chosen.stages == []
    (tmp_path / "logs/access.log-20240330").write_text(lines(3, 11))
    assert exporting.run("lake", "export", str(tmp_path / "lake")) == 0
    export_again(tmp_path)  # with the same rows
    before = {path: path.stat().st_mtime_ns for path in fleet.directory.glob("hubs/*/cells/*/*")}
    report = done(fleet)
    assert (report.hubs["exported"], report.hubs["logs"], report.hubs["packed"]) == (Done(0, 0), Done(1, 1), Done(0, 0))
    changed = {path for path, time in before.items() if path.stat().st_mtime_ns != time}
    assert changed == {fleet.directory / "hubs/logs/cells/month=2024-03/cells.parquet"}
    assert cells(fleet.directory / "hubs/logs") == alone(fleet, "logs", tmp_path / "alone")


def test_a_hub_that_fails_keeps_its_figures(fleet: Fleet, tmp_path: Path) -> None:
    done(fleet)
    before = cells(fleet.directory / "hubs/logs")
    (tmp_path / "logs/access.log-20240331.gz").write_bytes(b"damaged")
    (tmp_path / "logs/access.log-20240330").write_text(lines(3, 30))
    part = max((tmp_path / "lake").glob("websessions/*/*.parquet"), key=lambda path: path.stat().st_size)
    whole = part.read_bytes()
    part.write_bytes(whole[:-20])
    export_again(tmp_path)
    report = done(fleet)
    assert report.failed == ["exported", "logs", "broken"] and report.hubs["packed"] == Done(0, 0)
    failures = [one.reason for one in report.hubs.values() if isinstance(one, Failure)]
    assert part.name in failures[0] and "1 of 2 new logs could not be read" in failures[1]
    assert "access.log-20240331.gz" in failures[1]
    assert cells(fleet.directory / "hubs/logs") == before
    page = (fleet.pages / "hubs/logs/index.html").read_text()
    assert "The last run did not succeed: these figures are of" in page
    part.write_bytes(whole)
    (tmp_path / "logs/access.log-20240331.gz").unlink()
    assert done(fleet).failed == ["broken"]
    assert cells(fleet.directory / "hubs/logs") != before


@pytest.mark.parametrize("step", [NumberSessions, CountVisitors])
def test_a_killed_run_is_completed_by_the_next(
    of_logs: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: type[Any]
) -> None:
    class Killed(BaseException):
        pass

    def die(self: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(step, "__call__", die)
        with pytest.raises(Killed):
            done(of_logs)
    assert "cut short" in state.read(of_logs.directory / "hubs/logs").failure
    assert done(of_logs).hubs == {"logs": Done(0, 2)}
    assert cells(of_logs.directory / "hubs/logs") == alone(of_logs, "logs", tmp_path / "alone")


@pytest.mark.parametrize("stage", [1, 3])
def test_a_lake_that_changes_meanwhile_is_read_again(exporting: TestHub, tmp_path: Path, stage: int) -> None:
    class Exporting(Recording):
        def map(self, tasks: Sequence[Callable[[], Any]]) -> list[Any]:
            found = super().map(tasks)
            if len(self.stages) == stage:
                export_again(tmp_path)
            return found

    fleet = a_fleet(tmp_path, "exported")
    assert "was changed while" in str(done(fleet, Exporting()).hubs["exported"])
    assert not cells(fleet.directory / "hubs/exported")
    assert done(fleet).hubs == {"exported": Done(0, 3)}


def export_again(root: Path) -> None:
    """Let the lake look as after another export."""
    manifest = root / "lake/manifest.json"
    manifest.write_text(manifest.read_text().replace('"exported": "2', '"exported": "3'))


def test_logs_that_do_not_fit_are_refused(of_logs: Fleet, tmp_path: Path) -> None:
    done(of_logs)
    (of_logs.directory / "hubs/logs/state.json").write_text("{")
    assert "is not the state of a hub" in str(done(of_logs).hubs["logs"])
    assert done(of_logs).hubs == {"logs": Done(0, 2)}
    shutil.rmtree(of_logs.directory / "hubs/logs/lake")
    assert done(of_logs).hubs == {"logs": Done(2, 0)}
    last = tmp_path / "logs/access.log-20240328"
    with last.open("a") as file:
        file.write(lines(3, 29))
    last.rename(tmp_path / "logs/access.log-20240401")
    assert "access.log-20240401 has grown since it was read" in str(done(of_logs).hubs["logs"])
    (tmp_path / "logs/access.log-20240401").write_text(lines(3, 29))
    (tmp_path / "other.conf").write_text("[logs]\nformat = auto\n[metrics]\ncorrections = ipv6\n")
    of_logs.file.write_text(f'{of_logs.file.read_text()}config = "other.conf"\n')
    failure = done(definition.read(of_logs.file)).hubs["logs"]
    assert "the corrections or the time zone have changed" in str(failure)
    of_logs.file.write_text(of_logs.file.read_text().replace("access.log-*", "missing-*"))
    assert f"no log is named {tmp_path}/logs/missing-*" in str(done(definition.read(of_logs.file)).hubs["logs"])


def test_the_command_tells_what_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fleet = a_fleet(tmp_path, "logs", "broken")
    file = str(fleet.file)
    with lock.hold_lake(fleet.directory):
        assert main(["fleet", "run", file]) == 1
        assert "nothing was done" in capsys.readouterr().err
    assert main(["fleet", "run", file, "--months", "2024-03..2024-03", "--workers", "1"]) == 1
    said = capsys.readouterr()
    assert "1 of 2 hubs are up to date: 2 new logs, 1 months computed" in said.out
    assert "not up to date: broken" in said.out and f"ERROR broken: {tmp_path}/nowhere is no lake" in said.err
    assert [str(month) for month in Place(fleet.directory / "hubs/logs").computed()] == ["2024-03"]
    assert main(["fleet", "run", file, "--workers", "1"]) == 1
    assert "0 new logs, 1 months computed" in capsys.readouterr().out
    assert main(["fleet", "status", file]) == 1
    assert "2024-02..2024-03" in capsys.readouterr().out


@pytest.mark.slow
def test_processes_do_the_same(of_logs: Fleet, tmp_path: Path) -> None:
    with runner.opened(2) as chosen:
        assert done(of_logs, chosen).hubs == {"logs": Done(2, 2)}
    assert cells(of_logs.directory / "hubs/logs") == alone(of_logs, "logs", tmp_path / "alone")
