"""The configuration: every complaint names the file, the section and the key (spec 65 §2 to §4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from hzmetrics import config
from hzmetrics.config import MariaDb, Sqlite
from hzmetrics.errors import ConfigurationError, UsageError

MARIADB = "[hub]\nsite = here\n[db]\nuser = u\npassword = p%w;#x\nhub_db = h\nmetrics_db = m\n"


@pytest.fixture
def load(tmp_path: Path) -> object:
    def read(text: str, **environment: str) -> config.Settings:
        path = tmp_path / "hz.conf"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return config.load(path, {"HZMETRICS_HOME": str(tmp_path / "home"), **environment})

    return read


def test_defaults(load, tmp_path: Path) -> None:
    settings = load("")
    assert settings.db == Sqlite(tmp_path / "home/state")
    assert (settings.prefix, settings.hub.site, settings.hub.log_prefix) == ("jos_", "", "hub")
    assert (settings.dns.nameserver, settings.dns.concurrency, settings.dns.timeout) == ("system", 100, 2.0)
    assert (settings.months_per_run, settings.corrections, settings.warnings) == (1, frozenset(), ())
    assert settings.geoip.database is None and settings.geoip.timeout == 5.0


def test_values_are_literal_and_secret(load) -> None:
    settings = load(MARIADB.replace("user = u", "USER: u"))
    assert isinstance(settings.db, MariaDb)
    assert (settings.db.host, settings.db.port, settings.db.user) == ("localhost", None, "u")
    assert settings.db.password == "p%w;#x"
    assert "p%w" not in repr(settings.db)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[pipeline]\nmonths_per_run = 0\n", "[pipeline] months_per_run: '0' is not a whole number of at least 1"),
        ("[pipeline]\nmonths_per_run = two\n", "[pipeline] months_per_run: 'two' is not"),
        ("[db]\nport = -1\n", "[db] port: '-1' is not"),
        ("[db]\nsqlite = /x\nhost = y\n", "[db] sqlite: cannot be used together with host"),
        ("[db]\nsqlite = /x\nmetrics_db = y\n", "[db] sqlite: cannot be used together with metrics_db"),
        ("[dns]\nconcurrency = 0\n", "[dns] concurrency: '0' is below 1"),
        (
            "[metrics]\ncorrections = all-days, al-days\n",
            "[metrics] corrections: 'al-days' is no correction; known are",
        ),
        ("[hub]\n[hub]\n", "cannot read configuration"),
        ("[hub]\nsite = a\nSITE = b\n", "cannot read configuration"),
        ("site = a\n", "cannot read configuration"),
    ],
)
def test_complaints_say_where(load, tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        load(text)
    assert complaint in str(error.value)
    assert str(tmp_path / "hz.conf") in str(error.value)


def test_what_is_odd_costs_a_warning(load, tmp_path: Path) -> None:
    settings = load("[DB]\nhost = x\n[hub]\nsit = here\n[course:One]\nraw = x\n[events]\na = b\n")
    path = tmp_path / "hz.conf"
    assert settings.warnings == (
        f"{path}: [DB]: unknown section, ignored; did you mean [db]?",
        f"{path}: [hub] sit: unknown key, ignored; did you mean site?",
    )
    path.write_text(MARIADB, encoding="utf-8")
    path.chmod(0o644)
    assert f"chmod 600 {path}" in config.load(path, {}).warnings[0]


@pytest.mark.parametrize("broken", ["missing", "directory", "binary"])
def test_a_file_that_cannot_be_read_is_not_passed_over(tmp_path: Path, broken: str) -> None:
    path = tmp_path / broken
    if broken == "directory":
        path.mkdir()
    if broken == "binary":
        path.write_bytes(b"[hub]\nsite = \xff\n")
    home = tmp_path / "home/conf"
    home.mkdir(parents=True)
    (home / "hzmetrics.conf").write_text("")
    environment = {"HZMETRICS_CONFIG": str(path), "HZMETRICS_HOME": str(tmp_path / "home")}
    with pytest.raises(ConfigurationError, match=f"cannot read configuration {path}"):
        config.load(None, environment)
    assert config.load(None, {**environment, "HZMETRICS_CONFIG": ""}).file == home / "hzmetrics.conf"


def test_without_a_configuration_the_three_places_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        config.load(None, {"HZMETRICS_HOME": str(tmp_path)})
    places = ["-c FILE", "HZMETRICS_CONFIG", f"{tmp_path}/conf/hzmetrics.conf"]
    assert [place for place in places if place in str(error.value)] == places


def test_the_environment_wins_where_it_makes_sense(load) -> None:
    text = "[dns]\nnameserver = 192.0.2.1\nconcurrency = 7\ntimeout = x\n"
    assert load(text).dns == config.Dns("192.0.2.1", 7, 2.0)
    environment = {"HZMETRICS_DNS_NAMESERVER": "", "HZMETRICS_DNS_CONCURRENCY": "x", "HZMETRICS_DNS_TIMEOUT": "0.5"}
    assert load(text, **environment).dns == config.Dns("system", 7, 0.5)
    with pytest.raises(UsageError, match="HZMETRICS_NOW"):
        load("", HZMETRICS_NOW="yesterday")


def test_directories(load, tmp_path: Path) -> None:
    paths = load("", HZMETRICS_LOG_ROOT=str(tmp_path / "logs")).paths
    assert [str(path.relative_to(tmp_path)) for path in paths.expected] == [
        "home", "home/bin", "home/conf", "home/state", "logs/hubzero/metrics", "logs/hubzero/daily",
        "logs/hubzero/imported", "logs/httpd/daily", "logs/httpd/imported",
    ]  # fmt: skip
    assert paths.log_file == tmp_path / "logs/hubzero/metrics/manage.log"
