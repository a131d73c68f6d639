"""`config`, `config check`, `config sample`, and the first `init`."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from hzmetrics import memory
from hzmetrics.cli import main
from hzmetrics.config import Settings, build
from hzmetrics.config.daily import not_yet_told
from hzmetrics.config.sample import sample
from tests.config.conftest import Write

TEXT = """\
[hub]
site = here
[db]
user = u
password = sesame
hub_db = h
metrics_db = m
[course:py]
staff = ann
[events:thresholds]
own = 1
[geoip]
hub_key = open
"""


def test_every_setting_and_where_it_came_from(
    write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(write(TEXT).file)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "secret")
    assert main(["-c", file, "config", "--json"]) == 0
    printed = capsys.readouterr().out
    found = {(one["section"], one["key"]): (one["value"], one["origin"], one["place"]) for one in json.loads(printed)}
    assert found["hub", "site"] == ("here", "file", f"{file}:2")
    assert found["hub", "apps_dir"] == ("/apps", "default", "")
    assert found["db", "password"] == ("********", "file", f"{file}:5")
    assert found["jupyterhub", "api_token"] == ("********", "environment", "JUPYTERHUB_API_TOKEN")
    assert found["course:py", "staff"] == ("ann", "file", f"{file}:9")
    assert [key for section, key in found if section == "events:thresholds"] == ["own"]
    assert found["", "HZMETRICS_HOME"][1] == "environment"
    assert main(["-c", file, "config"]) == 0
    printed += capsys.readouterr().out
    assert f"# {file}:2\n" in printed
    assert not [word for word in ("sesame", "secret", "= open") if word in printed]


def test_a_bad_value_is_shown_as_it_is_given(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(write("[pipeline]\nmonths_per_run = 0\n").file)
    assert main(["-c", file, "config"]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("months_per_run"))
    assert line.split() == ["months_per_run", "=", "0", "#", f"{file}:2"]
    assert main(["-c", file, "config", "check"]) == 2
    printed = capsys.readouterr()
    assert "months_per_run: '0' is not a whole number" in printed.err and not printed.out
    assert main(["-c", file, "config", "check", "--json"]) == 2
    assert [mistake["place"] for mistake in json.loads(capsys.readouterr().out)] == [f"{file}:2"]


def test_a_configuration_without_mistakes(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(write("[hub]\nsite = here\n").file)
    assert main(["-c", file, "config", "check"]) == 0
    assert capsys.readouterr().out == f"{file}: no mistakes\n"


def test_the_sample_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "sample"]) == 0
    assert capsys.readouterr().out == sample()


def test_init_without_a_configuration_writes_the_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "home/conf/hzmetrics.conf"
    assert main(["init"]) == 2
    assert file.read_text(encoding="utf-8") == sample()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = capsys.readouterr()
    assert str(file) in told.err and "[hub] site, [db] user" in told.err and not told.out
    file.write_text("[hub]\nsite = mine\nnew = 1\n", encoding="utf-8")
    assert main(["init"]) == 2
    assert "mine" in file.read_text(encoding="utf-8")
    assert "hzmetrics.conf:3: [hub] new: unknown key" in capsys.readouterr().err


def test_init_creates_no_file_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["-c", str(tmp_path / "named.conf"), "init"]) == 2
    monkeypatch.setenv("HZMETRICS_CONFIG", str(tmp_path / "named.conf"))
    assert main(["init"]) == 2
    assert not list(tmp_path.rglob("*.conf"))


def test_init_follows_no_link_that_leads_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "home/conf/hzmetrics.conf"
    file.parent.mkdir(parents=True)
    file.symlink_to(tmp_path / "elsewhere")
    assert main(["init"]) == 2
    assert not (tmp_path / "elsewhere").exists()


def settings(write: Write, home: Path, now: str) -> Settings:
    return build(write("", HZMETRICS_HOME=str(home), HZMETRICS_NOW=now))


def test_warnings_are_given_once_a_day(write: Write, tmp_path: Path) -> None:
    monday = settings(write, tmp_path / "home", "2026-05-18T10:00:00")
    assert not_yet_told(monday, []) == []
    assert not (tmp_path / "home").exists()
    assert not_yet_told(monday, ["a"]) == ["a"]
    assert not_yet_told(monday, ["a", "b"]) == ["b"]
    assert not_yet_told(monday, ["b", "a"]) == []
    assert not_yet_told(settings(write, tmp_path / "home", "2026-05-19"), ["a"]) == ["a"]
    (tmp_path / "home/state/warnings.json").write_text("[1]", encoding="utf-8")
    assert not_yet_told(monday, ["a"]) == ["a"]


def test_warnings_are_given_each_time_where_nothing_can_be_written(write: Write, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way", encoding="utf-8")
    blocked = settings(write, tmp_path / "home", "2026-05-18")
    assert not_yet_told(blocked, ["a"]) == not_yet_told(blocked, ["a"]) == ["a"]


def test_what_cron_calls_warns_once_a_day(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(write(f"[hub]\nsite = x\n[db]\nsqlite = {tmp_path}\n[htp]\nlisten = 1\n").file)
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-18T10:00:00")
    warning = "[htp]: unknown section, ignored; did you mean [http]?"
    for expected in (True, False):
        assert main(["-c", file, "tick"]) == 0
        assert (warning in capsys.readouterr().err) == expected
    for _ in range(2):
        assert main(["-c", file, "mark-dirty", "2026-01"]) in (0, 1)
        assert warning in capsys.readouterr().err


def test_more_memory_than_there_is_is_named(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(write("[engine]\nmemory = 999999999999GB\n").file)
    assert main(["-c", file, "config", "check"]) == 2
    found = capsys.readouterr().err
    assert f"{file}:2: [engine] memory: is more than the memory there is, {memory.available() / 10**9:.1f} GB" in found


def test_a_name_that_no_file_has_is_noted(write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "here.log").touch()
    file = str(write(f"[logs]\nfiles = {tmp_path}/*.log, {tmp_path}/**/gone*.log\n").file)
    assert main(["-c", file, "config", "check"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{file}:2: [logs] files: no file is named {tmp_path}/**/gone*.log now", f"{file}: no mistakes",
    ]  # fmt: skip


def test_a_value_that_only_status_needs_is_checked_too(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(write("[freshness]\ntick_minutes = soon\n").file)
    assert main(["-c", file, "config", "check"]) == 2
    assert f"{file}:2: [freshness] tick_minutes: 'soon' is not a whole number" in capsys.readouterr().err


def test_a_file_may_begin_with_a_byte_order_mark(write: Write) -> None:
    assert write("\ufeff[hub]\nsite = here\n").sections == {"hub": {"site": "here"}}
