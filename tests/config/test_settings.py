"""The configuration: every complaint names the file, the section and the key (spec 65 §2 to §4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from hzmetrics import config
from hzmetrics.config import MariaDb, Sqlite
from hzmetrics.errors import ConfigurationError, UsageError
from hzmetrics.users.settings import jupyterhub

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
    assert (settings.months_per_run, settings.corrections, settings.mistakes) == (1, frozenset(), [])
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
        ("[dns]\nconcurrency = 0\n", "[dns] concurrency: '0' is not a whole number of at least 1"),
        (
            "[metrics]\ncorrections = all-days, al-days\n",
            "hz.conf:2: [metrics] corrections: 'al-days' is not the name of a correction; did you mean all-days?",
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


def test_a_password_that_all_users_can_read_is_reported(load, tmp_path: Path) -> None:
    assert load(MARIADB).exposure == ""
    path = tmp_path / "hz.conf"
    path.chmod(0o644)
    assert f"chmod 600 {path}" in config.load(path, {}).exposure


@pytest.mark.parametrize("text", ["[jupyterhub]\napi_token = t0ken\n", "[geoip]\nhub_key = t0ken\n"])
def test_a_key_that_all_users_can_read_is_refused(load, tmp_path: Path, text: str) -> None:
    load(text)
    path = tmp_path / "hz.conf"
    path.chmod(0o644)
    with pytest.raises(ConfigurationError) as error:
        config.load(path, {})
    assert str(error.value).startswith(f"{path}:2: ") and str(error.value).endswith(f"run: chmod 640 {path}")
    assert "t0ken" not in str(error.value)
    (mistake,) = config.find_mistakes(config.read(path, {}))
    assert mistake.is_fatal
    path.chmod(0o640)
    config.load(path, {})


def test_a_token_file_that_all_users_can_read_is_refused(load, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("t0ken")
    token.chmod(0o640)
    settings = load(f"[jupyterhub]\napi_token_file = {token}\n")
    assert jupyterhub(settings).api_token == "t0ken"
    token.chmod(0o644)
    with pytest.raises(ConfigurationError, match=f"api_token_file: .* run: chmod 640 {token}"):
        jupyterhub(settings)


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


def test_an_invalid_time_is_refused(load) -> None:
    with pytest.raises(UsageError, match="HZMETRICS_NOW"):
        load("", HZMETRICS_NOW="yesterday")


def test_directories(load, tmp_path: Path) -> None:
    paths = load("", HZMETRICS_LOG_ROOT=str(tmp_path / "logs")).paths
    assert [str(path.relative_to(tmp_path)) for path in paths.expected] == [
        "home", "home/bin", "home/conf", "home/state", "logs/hubzero/metrics", "logs/hubzero/daily",
        "logs/hubzero/imported", "logs/httpd/daily", "logs/httpd/imported",
    ]  # fmt: skip
    assert paths.log_file == tmp_path / "logs/hubzero/metrics/manage.log"
