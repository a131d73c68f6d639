"""What happens when something fails (spec 60 §10): nothing is lost, and the next runs get there all the same."""

from __future__ import annotations

import datetime as dt
import fcntl
import gzip
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hzmetrics import lock
from hzmetrics.ingest.imports import import_day
from hzmetrics.store.tables import metrics
from tests.conftest import NOTHING_COMES, TestHub
from tests.enrich.dns_server import NO_NAME, DnsServer, Reply, serve
from tests.pipeline.scenario import LOG_DIRS, insert, log_text, state, summary

ALL = [0, 1, 3, 12, 13, 14]
MARCH_FILE = "httpd/daily/parity-access.log-20260310"


@pytest.fixture
def names() -> Iterator[DnsServer]:
    """A name server that knows no name."""
    with serve(DnsServer()) as server:
        yield server


def deafen(server: DnsServer) -> None:
    """From now on nothing is answered."""
    server.default = server.root = Reply(drop=-1)


def mend(server: DnsServer) -> None:
    server.default = server.root = NO_NAME


@pytest.fixture
def pipeline(hub: TestHub, names: DnsServer, monkeypatch: pytest.MonkeyPatch) -> TestHub:
    """A hub with empty log directories and a name server of its own, on 19 May 2026 at half past nine."""
    return prepare(hub, names, monkeypatch)


def prepare(hub: TestHub, names: DnsServer, monkeypatch: pytest.MonkeyPatch) -> TestHub:
    with hub.configuration.open("a", encoding="utf-8") as file:
        file.write(f"[dns]\nnameserver = {names.address}\ntimeout = 0.1\n")
        file.write(NOTHING_COMES)
    for name in LOG_DIRS:
        (hub.root / "logs" / name).mkdir(parents=True)
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:30:00")
    return hub


def feed(hub: TestHub, name: str, *days: str) -> Path:
    path = hub.root / "logs" / name
    path.write_bytes(log_text(name, list(days)))
    return path


def rows(hub: TestHub, table: sa.Table) -> int:
    return int(hub.store.metrics.scalar(sa.select(sa.func.count()).select_from(table)))


def test_an_import_whose_analysis_failed_is_marked_and_redone(pipeline: TestHub, names: DnsServer) -> None:
    feed(pipeline, MARCH_FILE, "2026-03-10", "2026-03-10")
    deafen(names)
    assert pipeline.run("run") == 1
    stored = state(pipeline)
    assert (stored["rebuild_cascade_from"], stored["unfinished_months"]) == ("2026-03", "2026-03")
    assert "Traceback" in (pipeline.root / "log.txt").read_text()
    mend(names)
    assert pipeline.run("run") == 0
    assert "catchup 2026-03: redo" in (pipeline.root / "log.txt").read_text()
    assert state(pipeline)["unfinished_months"] == "2026-03:summary"
    assert summary(pipeline)["2026-03"]["user"] == [1]


def test_a_closed_month_waits_a_day_for_its_lookups_and_no_longer(
    pipeline: TestHub, names: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(pipeline, MARCH_FILE, "2026-03-10")
    deafen(names)
    for now, code in (("19T09:30:00", 1), ("20T09:29:59", 1), ("20T09:30:00", 0)):
        monkeypatch.setenv("HZMETRICS_NOW", f"2026-05-{now}")
        assert pipeline.run("run") == code
    assert "goes on without the lookups" in (pipeline.root / "log.txt").read_text()
    assert summary(pipeline)["2026-03"]["user"] == [1]
    assert pipeline.run("run") == 0  # to rebuild
    mend(names)
    assert pipeline.run("run") == 0
    assert state(pipeline)["lookups_failing"] == ""


def test_a_failed_lookup_leaves_the_daily_gate_open_and_stops_nothing(pipeline: TestHub, names: DnsServer) -> None:
    feed(pipeline, "httpd/daily/parity-access.log-20260518", "2026-05-18")
    deafen(names)
    assert pipeline.run("run") == 1
    assert "analyzed" not in state(pipeline)
    assert rows(pipeline, metrics.webhits) == 1
    mend(names)
    assert pipeline.run("run") == 0
    assert state(pipeline)["analyzed"] == "2026-05-19"


def test_a_file_that_cannot_be_moved_is_left_out_until_it_changes(
    pipeline: TestHub, capsys: pytest.CaptureFixture[str]
) -> None:
    path = feed(pipeline, MARCH_FILE, "2026-03-10")
    imported = pipeline.root / "logs/httpd/imported"
    imported.rmdir()
    imported.write_text("in the way")
    assert pipeline.run("run") == 1
    assert rows(pipeline, metrics.web) == 1
    assert pipeline.run("run") == 0
    assert state(pipeline)["mode"] == "rebuild"
    assert pipeline.run("status") == 1
    assert str(path) in capsys.readouterr().out
    imported.unlink()
    os.utime(path)
    assert pipeline.run("run", "--all") == 0  # the rebuild that is going on looks at no files
    assert pipeline.run("run", "--all") == 0
    assert (imported / path.name).exists()
    assert rows(pipeline, metrics.web) == 1
    assert state(pipeline)["bad_files"] == "[]"


def test_an_unreadable_file_is_named_and_the_others_go_on(pipeline: TestHub) -> None:
    dangling = pipeline.root / "logs/httpd/daily/parity-access.log-20260309"
    dangling.symlink_to(pipeline.root / "nowhere")
    feed(pipeline, MARCH_FILE, "2026-03-10")
    assert pipeline.run("run") == 1
    assert rows(pipeline, metrics.web) == 1
    assert pipeline.run("run") == 0
    assert state(pipeline)["mode"] == "rebuild"
    assert f"{dangling} is left out until it or a setting of [logs] changes" in (pipeline.root / "log.txt").read_text()


@pytest.mark.parametrize(
    "mistake", ["[geoip]\nurl = ftp://x\ndatabase = /nowhere/cities.mmdb\n", "[logs]\nunread_lines = 0\n"]
)
def test_a_mistake_in_the_configuration_is_no_fault_of_a_file(
    pipeline: TestHub, mistake: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = feed(pipeline, MARCH_FILE, "2026-03-10")
    right = pipeline.configuration.read_text(encoding="utf-8")
    section, *_ = mistake.partition("\n")
    assert section not in right
    pipeline.configuration.write_text(right + mistake, encoding="utf-8")
    assert pipeline.run("run") == 2
    assert mistake.split()[1] in capsys.readouterr().err
    assert path.exists()
    assert state(pipeline).get("bad_files", "[]") == "[]"
    pipeline.configuration.write_text(right, encoding="utf-8")
    assert pipeline.run("run", "--all") == 0
    assert rows(pipeline, metrics.web) == 1


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may read everything")
def test_a_file_without_the_right_to_read_it_waits_for_the_right(
    make_hub: Callable[[str], TestHub], names: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = prepare(make_hub("sqlite"), names, monkeypatch)
    powerless = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    command = [*powerless, sys.executable, "-m", "hzmetrics", "run"]

    def run() -> tuple[int, str]:
        done = subprocess.run(command, env={**os.environ, **hub.environment}, stderr=subprocess.PIPE, text=True)
        return done.returncode, done.stderr

    path = feed(hub, "httpd/daily/parity-access.log-20260517", "2026-05-17")
    feed(hub, "httpd/daily/parity-access.log-20260518", "2026-05-18")
    path.chmod(0)
    code, said = run()
    assert code == 1 and f"cannot read {path}: Permission denied" in said and "Traceback" not in said
    assert rows(hub, metrics.web) == 1
    assert run()[0] == 0
    path.chmod(0o640)
    assert run()[0] == 0
    assert rows(hub, metrics.web) == 2


def test_manual_imports_try_a_remembered_file(pipeline: TestHub) -> None:
    path = pipeline.root / "logs/httpd/daily/parity-access.log-20260310.gz"
    path.write_bytes(gzip.compress(log_text("httpd/", ["2026-03-10"] * 9))[:40])
    assert pipeline.run("run") == 1
    assert pipeline.run("process", "--next") == 1
    path.write_bytes(gzip.compress(log_text("httpd/", ["2026-03-10"] * 9)))
    assert pipeline.run("process", "--next") == 0
    assert rows(pipeline, metrics.web) == 9


def test_run_all_works_everything_off(pipeline: TestHub) -> None:
    feed(pipeline, "httpd/daily/parity-access.log-20260115", "2026-01-15")
    feed(pipeline, MARCH_FILE, "2026-03-10")
    feed(pipeline, "httpd/daily/parity-access.log-20260518", "2026-05-18")
    assert pipeline.run("run", "--all") == 0
    stored = state(pipeline)
    assert (stored["mode"], stored["analyzed"]) == ("normal", "2026-05-19")
    assert {month: grids["user"] for month, grids in summary(pipeline).items()} == {
        f"2026-{number:02d}": ALL for number in range(1, 5)
    }


def test_a_failure_ends_a_run_of_many_units(pipeline: TestHub) -> None:
    """The unit that meets a bad file is done; the next run goes on behind it."""
    path = pipeline.root / "logs/httpd/daily/parity-access.log-20260310.gz"
    path.write_bytes(gzip.compress(log_text("httpd/", ["2026-03-10"] * 9))[:40])
    feed(pipeline, "httpd/daily/parity-access.log-20260311", "2026-03-11")
    assert pipeline.run("run", "--all") == 1
    assert state(pipeline)["mode"] == "catchup"
    assert summary(pipeline)["2026-03"]["user"] == [1]
    assert pipeline.run("run", "--all") == 0
    assert state(pipeline)["mode"] == "normal"


def test_months_per_run_bounds_the_units(pipeline: TestHub) -> None:
    with pipeline.configuration.open("a", encoding="utf-8") as file:
        file.write("[pipeline]\nmonths_per_run = 2\n")
    feed(pipeline, "httpd/daily/parity-access.log-20260115", "2026-01-15")
    feed(pipeline, MARCH_FILE, "2026-03-10")
    assert pipeline.run("run") == 0
    assert state(pipeline)["mode"] == "catchup"
    assert sorted(summary(pipeline)) == ["2026-01", "2026-03"]
    assert pipeline.run("run") == 0  # the change to rebuild, and the first month of the walk
    assert state(pipeline)["rebuild_cursor"] == "2026-02"


def test_changed_corrections_redo_every_month(pipeline: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(pipeline, MARCH_FILE, "2026-03-10")
    assert pipeline.run("run", "--all") == 0
    text = pipeline.configuration.read_text(encoding="utf-8")
    pipeline.configuration.write_text(f"{text}[metrics]\ncorrections = half-up, all-days\n", encoding="utf-8")
    with monkeypatch.context() as terminal:
        terminal.setattr("sys.stdin.isatty", lambda: True)
        assert pipeline.run("run") == 1
        assert "corrections" not in state(pipeline)
        assert pipeline.run("summarize", "--month", "2026-04", "--yes") == 0
    stored = state(pipeline)
    assert (stored["corrections"], stored["dirty_months"]) == ("all-days,half-up", "2026-03")
    assert pipeline.run("run", "--all") == 0
    assert state(pipeline)["dirty_months"] == ""
    pipeline.configuration.write_text(text, encoding="utf-8")
    assert pipeline.run("run", "--dry-run") == 0
    assert state(pipeline)["corrections"] == "all-days,half-up"
    assert pipeline.run("run") == 0
    assert state(pipeline)["corrections"] == "none"


def test_a_clock_set_back_repeats_nothing_wrong(pipeline: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    for now in ("2026-05-19T00:30:00", "2026-05-18T23:30:00", "2026-05-19T00:30:00"):
        monkeypatch.setenv("HZMETRICS_NOW", now)
        assert pipeline.run("tick") == 0
        assert state(pipeline)["analyzed"] == now[:10]


@pytest.mark.parametrize(
    ("instant", "today"),
    [
        ("2026-03-08T06:30:00Z", "2026-03-08"),  # the night that has no 2:30
        ("2026-11-01T05:30:00Z", "2026-11-01"),  # the hour that comes twice, first time
        ("2026-11-01T06:30:00Z", "2026-11-01"),  # and second
        ("2027-01-01T04:30:00Z", "2026-12-31"),
        ("2027-01-01T05:30:00Z", "2027-01-01"),
    ],
)
def test_half_past_comes_every_hour_of_a_year(
    pipeline: TestHub, monkeypatch: pytest.MonkeyPatch, instant: str, today: str
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        monkeypatch.setenv("HZMETRICS_NOW", instant)
        assert pipeline.run("tick") == 0
        assert state(pipeline)["analyzed"] == today
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


def test_two_at_once_never_both_work(pipeline: TestHub) -> None:
    feed(pipeline, MARCH_FILE, "2026-03-10")
    command = [sys.executable, "-m", "hzmetrics", "run"]
    environment = {**os.environ, **pipeline.environment}
    both = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    messages = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("is held by" in text for text in messages) <= 1
    assert rows(pipeline, metrics.web) == 1


def test_a_killed_run_leaves_no_stale_lock_and_is_reported(
    pipeline: TestHub, names: DnsServer, capsys: pytest.CaptureFixture[str]
) -> None:
    feed(pipeline, MARCH_FILE, "2026-03-10")
    names.default = Reply(delay=30)
    process = subprocess.Popen(
        [sys.executable, "-m", "hzmetrics", "run"],
        env={**os.environ, **pipeline.environment},
        stderr=subprocess.DEVNULL,
    )
    pid_file = pipeline.root / "home/state/hzmetrics.pid"
    wait_for(lambda: pid_file.exists() and rows(pipeline, metrics.web) == 1)
    assert pipeline.run("process", "--month", "2026-03") == 1
    process.send_signal(signal.SIGKILL)
    process.wait()
    mend(names)
    assert pid_file.exists()
    assert pipeline.run("status") == 1
    assert "was killed" in capsys.readouterr().out
    assert pipeline.run("run", "--all") == 0
    assert "left over by process" in (pipeline.root / "log.txt").read_text()
    assert not pid_file.exists()
    assert summary(pipeline)["2026-04"]["user"] == ALL


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("content", "described"),
    [
        ("", ""),
        ("no sense at all", ""),
        ("99999999 ? 2026-05-19T09:25:00.000+00:00", "process 99999999, which has ended"),
        ("1 12345 2026-05-19T09:25:00.000+00:00", "process 1 of another environment"),
        ("1 ? 2026-05-19T09:25:00.000+00:00", "process 1, now another program"),
    ],
)
def test_a_left_over_lock_file_is_described_and_no_obstacle(
    tmp_path: Path, make_hub: Callable[[str], TestHub], caplog: pytest.LogCaptureFixture, content: str, described: str
) -> None:
    hub = make_hub("sqlite")
    path = hub.settings.paths.state / lock.RUN
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with caplog.at_level("INFO", "hzmetrics"):
        with lock.hold(hub.settings):
            pid, _, _ = path.read_text().split()
            assert pid == str(os.getpid())
            assert path.stat().st_mode & 0o777 == 0o644
    assert not path.exists()
    messages = [record.getMessage() for record in caplog.records]
    assert any(described in message for message in messages) if described else not messages


def test_a_lock_taken_on_a_removed_file_is_taken_again(make_hub: Callable[[str], TestHub]) -> None:
    """One process opens the file, its holder removes it: the lock on what was opened names nothing any more."""
    hub = make_hub("sqlite")
    path = hub.settings.paths.state / lock.RUN
    path.parent.mkdir(parents=True)
    with path.open("w") as old:
        fcntl.flock(old, fcntl.LOCK_EX)
        path.unlink()
        with lock.hold(hub.settings), pytest.raises(lock.LockHeld), lock.hold(hub.settings):
            pass


def test_an_idle_tick_and_status_leave_the_engine_alone(pipeline: TestHub) -> None:
    environment = {**os.environ, **pipeline.environment, "HZMETRICS_NOW": "2026-05-19T09:25:00"}
    loaded = {}
    for turn, command in enumerate(("tick", "tick", "status")):
        code = [sys.executable, "-X", "importtime", "-m", "hzmetrics", command]
        done = subprocess.run(code, env=environment, capture_output=True, text=True)
        loaded[turn] = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
        assert "sqlalchemy" in loaded[turn]
    for turn in (1, 2):  # what a first tick has to find out, the next one knows
        assert not {"duckdb", "pyarrow", "alembic"} & loaded[turn]


def test_a_full_disk_under_the_state_directory_costs_only_the_record(
    pipeline: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`/dev/full` takes no byte; the record of the run cannot be written, and the run is done all the same."""
    assert pipeline.run("run") == 0
    record = pipeline.root / "home/state/last-run.json"
    record.unlink()
    (pipeline.root / f"home/state/last-run.{os.getpid()}").symlink_to("/dev/full")
    monkeypatch.setenv("HZMETRICS_NOW", f"{dt.date(2026, 5, 20)}T09:30:00")
    assert pipeline.run("run") == 0
    assert state(pipeline)["analyzed"] == "2026-05-20"


@pytest.mark.parametrize("how", ["grows", "is replaced", "is rotated away"])
def test_a_log_that_changes_while_it_is_read_waits_for_the_next_run(pipeline: TestHub, how: str) -> None:
    """What was read is taken back, the file stays, and the next run has it whole."""
    path = feed(pipeline, MARCH_FILE, "2026-03-10", "2026-03-10")
    whole = log_text("httpd/", ["2026-03-10"] * 5)

    def change(done: int, total: int) -> None:
        if how == "is replaced":
            path.unlink()
        if how == "is rotated away":
            path.rename(path.with_name(f"{path.name}.1"))
        else:
            path.write_bytes(whole)

    report = import_day(pipeline.store, pipeline.settings, dt.date(2026, 3, 10), progress=change)
    assert [source.path for source in report.changed] == [path]
    assert rows(pipeline, metrics.web) == 0
    assert pipeline.run("run") == 0
    assert rows(pipeline, metrics.web) == (2 if how == "is rotated away" else 5)


def test_times_that_are_in_no_month_stop_nothing(pipeline: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lenient server has let a month zero in, and a log may say the last month that there is."""
    with pipeline.store.metrics.begin() as connection:
        insert(connection, "web", [
            {"datetime": time, "ip": "192.0.2.1", "content": "/", "dnload": 0}
            for time in ("2026-00-10 10:00:00", "2026-03-10 10:00:00", "9999-12-31 10:00:00")
        ])  # fmt: skip
        insert(connection, "pipeline_state", [{"k": "catchup_started", "v": "2026-13"}])
    assert pipeline.run("run") == 0
    assert sorted(summary(pipeline)) == ["2026-03"]
    assert state(pipeline)["catchup_started"] == "2026-03"
    assert pipeline.run("run", "--all") == 0
    assert pipeline.run("status") == 0


def test_a_mark_on_nothing_is_dropped_with_a_warning(pipeline: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert pipeline.run("mark-dirty", "2025-02") == 0
    assert pipeline.run("run") == 0
    assert re.search(r"WARNING 2025-02 is marked", capsys.readouterr().err)
    assert state(pipeline)["dirty_months"] == ""


def test_rebuild_from_goes_where_it_is_told(pipeline: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    with pipeline.store.metrics.begin() as connection:
        values = {"mode": "catchup", "rebuild_cascade_from": "2025-11", "rebuild_cursor": "2024-01"}
        insert(connection, "pipeline_state", [{"k": key, "v": value} for key, value in values.items()])
    assert pipeline.run("rebuild-from", "2026-03") == 0
    assert state(pipeline) == {**values, "mode": "rebuild", "rebuild_cursor": "2026-03"}
    assert "WARNING rows of 2025-11 have changed" in capsys.readouterr().err
