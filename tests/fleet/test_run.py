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
TOML = """
directory = "made"
[[hubs]]
name = "exported"
lake = "lake"
[[hubs]]
name = "logs"
logs = ["logs/access.log-*", "logs/cmsauth.log-*"]
[[hubs]]
name = "packed"
logs = ["packed/*"]
buckets = 3
[[hubs]]
name = "broken"
lake = "nowhere"
"""
ALL = Months()


def lines(month: int, day: int, visitors: int = 4) -> str:
    return "".join(
        f"81.2.69.{who} - - [{day:02d}/{['Jan', 'Feb', 'Mar'][month - 1]}/2024:{hour}:{who:02d}:00 +0000] "
        f'"GET /{hour} HTTP/1.1" 200 5120 "-" "{AGENT}"\n'
        for hour in (10, 14)
        for who in range(visitors)
    )


@pytest.fixture
def fleet(filled: TestHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:  # noqa: F811
    """Three hubs that can be counted, and one that cannot."""
    monkeypatch.setenv("HZMETRICS_NOW", "2024-04-10")
    assert filled.run("lake", "export", str(tmp_path / "lake"), "--buckets", "2") == 0
    for directory in ("logs", "packed"):
        (tmp_path / directory).mkdir()
    for month in (1, 2, 3):
        (tmp_path / f"logs/access.log-20240{month}28").write_text(lines(month, 5) + lines(month, 20))
        (tmp_path / f"packed/2024-0{month}.gz").write_bytes(gzip.compress(lines(month, 7, 9).encode()))
    file = tmp_path / "hubs.toml"
    file.write_text(TOML.replace(', "logs/cmsauth.log-*"', ""))
    return definition.read(file)


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
        paths = sorted(
            path
            for pattern in hub.logs
            for path in fleet.file.parent.glob(pattern.removeprefix(f"{fleet.file.parent}/"))
        )
        ingest(settings, root, paths, Here(), hub.buckets, False)
        make_sessions(settings, root, None, Here())
    summarize(root, ALL, Here())
    return cells(root)


def test_each_hub_has_the_cells_that_it_has_alone(fleet: Fleet, tmp_path: Path) -> None:
    chosen = Recording()
    lake = {path: path.read_bytes() for path in (tmp_path / "lake").rglob("*") if path.is_file()}
    report = done(fleet, chosen)
    assert report.failed == ["broken"] and report.files > 20
    assert [report.hubs[name] for name in ("exported", "logs", "packed")] == [Done(0, 3), Done(3, 3), Done(3, 3)]
    assert chosen.stages[:8] == [
        ["ReadLog", "SumRows"],
        ["GroupSessions", "PlaceRequests"],
        ["CountVisitors", "SurveyMonth"],
        ["CutSessions", "FillCells"],
        ["NumberSessions"],
        ["SumRows"],
        ["GroupSessions"],
        ["CountVisitors"],
    ]
    assert chosen.stages[8:] == [["FillCells"], ["ReadHub"], ["_PublishSite"]]
    for name in ("exported", "logs", "packed"):
        assert cells(fleet.directory / "hubs" / name) == alone(fleet, name, tmp_path / f"alone-{name}") != {}
    assert {path: path.read_bytes() for path in (tmp_path / "lake").rglob("*") if path.is_file()} == lake
    assert "is no lake" in state.read(fleet.directory / "hubs/broken").failure


def test_only_what_has_changed_is_done_again(fleet: Fleet, tmp_path: Path, filled: TestHub) -> None:  # noqa: F811
    done(fleet)
    chosen = Recording()
    assert done(fleet, chosen).files == 0
    assert chosen.stages == [["ReadHub"], ["_PublishSite"]]
    (tmp_path / "logs/access.log-20240229").write_text(lines(2, 11))
    assert filled.run("lake", "export", str(tmp_path / "lake")) == 0  # the same rows
    before = {path: path.stat().st_mtime_ns for path in fleet.directory.glob("hubs/*/cells/*/*")}
    report = done(fleet)
    assert (report.hubs["exported"], report.hubs["logs"], report.hubs["packed"]) == (Done(0, 0), Done(1, 2), Done(0, 0))
    changed = {path for path, time in before.items() if path.stat().st_mtime_ns != time}
    assert changed == {fleet.directory / f"hubs/logs/cells/month=2024-0{month}/cells.parquet" for month in (2, 3)}
    paths = sorted((tmp_path / "logs").iterdir())
    (tmp_path / "logs/access.log-20240229").rename(tmp_path / "logs/access.log-20240330")  # the order of its coming
    assert len(paths) == 4
    assert cells(fleet.directory / "hubs/logs") == alone(fleet, "logs", tmp_path / "again")


def test_a_hub_that_fails_keeps_its_figures(fleet: Fleet, tmp_path: Path) -> None:
    done(fleet)
    before = cells(fleet.directory / "hubs/logs")
    (tmp_path / "logs/access.log-20240331.gz").write_bytes(b"damaged")
    (tmp_path / "logs/access.log-20240330").write_text(lines(3, 30))
    part = next((tmp_path / "lake").glob("websessions/*/*.parquet"))
    whole = part.read_bytes()
    part.write_bytes(whole[:-20])
    manifest = tmp_path / "lake/manifest.json"
    manifest.write_text(manifest.read_text().replace('"exported": "2', '"exported": "3'))
    report = done(fleet)
    assert report.failed == ["exported", "logs", "broken"] and isinstance(report.hubs["packed"], Done)
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
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: type[Any]
) -> None:
    class Killed(BaseException):
        pass

    def die(self: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(step, "__call__", die)
        with pytest.raises(Killed):
            done(fleet)
    assert "cut short" in state.read(fleet.directory / "hubs/packed").failure
    assert done(fleet).failed == ["broken"]
    assert cells(fleet.directory / "hubs/packed") == alone(fleet, "packed", tmp_path / "alone")


def test_a_lake_that_changes_meanwhile_is_read_again(fleet: Fleet, tmp_path: Path) -> None:
    class Exporting(Here):
        def map(self, tasks: Sequence[Callable[[], Any]]) -> list[Any]:
            manifest = tmp_path / "lake/manifest.json"
            manifest.write_text(manifest.read_text().replace('"exported": "2', '"exported": "3'))
            return super().map(tasks)

    report = done(fleet, Exporting())
    assert "was changed while" in str(report.hubs["exported"])
    assert not cells(fleet.directory / "hubs/exported")
    assert done(fleet).failed == ["broken"]


def test_a_log_that_has_grown_is_not_counted_twice(fleet: Fleet, tmp_path: Path) -> None:
    done(fleet)
    with (tmp_path / "logs/access.log-20240328").open("a") as file:
        file.write(lines(3, 29))
    (tmp_path / "logs/access.log-20240328").rename(tmp_path / "logs/access.log-20240401")
    failure = done(fleet).hubs["logs"]
    assert isinstance(failure, Failure) and "access.log-20240401 has grown since it was read" in failure.reason


def test_corrections_that_are_not_the_lakes_are_refused(fleet: Fleet, tmp_path: Path) -> None:
    done(fleet)
    (tmp_path / "other.conf").write_text("[logs]\nformat = auto\n[metrics]\ncorrections = ipv6\n")
    file = tmp_path / "hubs.toml"
    file.write_text(file.read_text().replace('logs = ["packed/*"]', 'logs = ["packed/*"]\nconfig = "other.conf"'))
    (tmp_path / "packed/2024-04.gz").write_bytes(gzip.compress(lines(3, 9).encode()))
    failure = done(definition.read(file)).hubs["packed"]
    assert isinstance(failure, Failure) and "was made otherwise: the corrections changed" in failure.reason


def test_the_command_tells_what_failed(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(fleet.file)
    with lock.hold_lake(fleet.directory):
        assert main(["fleet", "run", file]) == 1
        assert "nothing was done" in capsys.readouterr().err
    assert main(["fleet", "run", file, "--months", "2024-02..2024-03", "--workers", "1"]) == 1
    said = capsys.readouterr()
    assert "3 of 4 hubs are up to date: 6 new logs, 6 months computed" in said.out
    assert "not up to date: broken" in said.out and f"ERROR broken: {fleet.file.parent}/nowhere is no lake" in said.err
    assert [str(month) for month in Place(fleet.directory / "hubs/logs").computed()] == ["2024-02", "2024-03"]
    assert main(["fleet", "run", file, "--workers", "1"]) == 1
    assert "0 new logs, 4 months computed" in capsys.readouterr().out
    assert main(["fleet", "status", file]) == 1
    assert "2024-01..2024-03" in capsys.readouterr().out


def test_processes_do_the_same(fleet: Fleet, tmp_path: Path) -> None:
    with runner.opened(2) as chosen:
        assert done(fleet, chosen).failed == ["broken"]
    assert cells(fleet.directory / "hubs/packed") == alone(fleet, "packed", tmp_path / "alone")
