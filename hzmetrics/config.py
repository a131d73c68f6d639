"""Settings: the configuration file and the environment, checked, in frozen values (spec 65 §2 to §4).

Built once per invocation by `load`, then passed. Every complaint names the file, the section and the key.
"""

from __future__ import annotations

import configparser
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from hzmetrics.calendar import Clock
from hzmetrics.errors import ConfigurationError

CORRECTIONS = (
    "all-days",
    "last-session",
    "session-order",
    "bots-first",
    "bot-tokens",
    "exact-ip-filter",
    "ipv6",
    "zones",
    "offsets",
    "absolute-urls",
    "window-start",
    "dated-logins",
    "distinct-total",
    "half-up",
)
"""Names of the corrections an operator can switch on (spec 15)."""

KEYS: dict[str, tuple[str, ...]] = {
    "hub": ("site", "apps_dir", "hub_dir", "timezone"),
    "logs": ("format", "trusted_proxies", "fields"),
    "db": ("host", "port", "socket", "user", "password", "hub_db", "hub_db_prefix", "metrics_db", "sqlite"),
    "dns": ("nameserver", "concurrency", "timeout"),
    "metrics": ("corrections",),
    "geoip": ("database", "url", "hub_key", "timeout"),
    "pipeline": ("months_per_run",),
}
"""The keys of each section that this module reads; other sections belong to the live side and check their own."""

ACTIVITY_SECTIONS = (
    "http",
    "activity",
    "jupyterhub",
    "active_users",
    "events",
    "events:thresholds",
    "follow",
    "courses",
    "logs",
)
"""Sections that other packages read, besides one `course:NAME` a course (spec 10 §1, spec 80 to 86)."""

DEFAULT_HOME = Path("/opt/hubzero/metrics")


@dataclass(frozen=True)
class Hub:
    site: str
    """Prefix of the access logs' names; empty when not configured."""
    apps_dir: Path
    hub_dir: Path | None

    @property
    def log_prefix(self) -> str:
        return self.site or "hub"


@dataclass(frozen=True)
class MariaDb:
    """Where the two MariaDB databases are. An empty name is reported when a command needs that database."""

    host: str
    port: int | None
    socket: str
    user: str
    password: str = field(repr=False)
    hub_db: str
    metrics_db: str


@dataclass(frozen=True)
class Sqlite:
    """The directory of `hub.db` and `metrics.db`."""

    directory: Path


@dataclass(frozen=True)
class Dns:
    nameserver: str
    concurrency: int
    timeout: float


@dataclass(frozen=True)
class Geoip:
    database: Path | None
    url: str
    hub_key: str
    timeout: float


@dataclass(frozen=True)
class Paths:
    """Directories (spec 65 §4, spec 10 §8.1)."""

    home: Path
    access_logs: Path
    cms_logs: Path
    log_file: Path

    @property
    def state(self) -> Path:
        return self.home / "state"

    @property
    def staging(self) -> Path:
        return self.cms_logs / "metrics"

    @property
    def expected(self) -> tuple[Path, ...]:
        """The nine directories that `init` makes and `doctor` checks, in order."""
        return (
            self.home,
            self.home / "bin",
            self.home / "conf",
            self.state,
            self.staging,
            self.cms_logs / "daily",
            self.cms_logs / "imported",
            self.access_logs / "daily",
            self.access_logs / "imported",
        )

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Paths:
        home = Path(environment.get("HZMETRICS_HOME") or DEFAULT_HOME)
        root = environment.get("HZMETRICS_LOG_ROOT")
        if root:
            access, cms = Path(root).absolute() / "httpd", Path(root).absolute() / "hubzero"
        else:
            access = Path("/var/log/apache2" if Path("/etc/apache2").is_dir() else "/var/log/httpd")
            cms = Path("/var/log/hubzero")
        log_file = Path(environment.get("HZMETRICS_LOG") or cms / "metrics" / "manage.log")
        return cls(home.absolute(), access, cms, log_file)


@dataclass(frozen=True)
class Settings:
    """Everything an invocation is told from outside."""

    file: Path
    """The configuration file in use."""
    hub: Hub
    db: MariaDb | Sqlite
    prefix: str
    """Table prefix of the hub (`hub_db_prefix`)."""
    dns: Dns
    geoip: Geoip
    corrections: frozenset[str]
    months_per_run: int
    paths: Paths
    clock: Clock
    sections: Mapping[str, Mapping[str, str]]
    """The file as read, for the sections that others own."""
    warnings: tuple[str, ...] = ()
    """What is odd about the configuration without being fatal."""


def clock(environment: Mapping[str, str] = os.environ) -> Clock:
    """The clock of this invocation. Raises UsageError for an invalid `HZMETRICS_NOW`."""
    text = environment.get("HZMETRICS_NOW")
    return Clock.parse(text) if text else Clock()


def locate(option: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The configuration file to use (spec 65 §2.1). Raises ConfigurationError when there is none."""
    if option is not None:
        return option
    if environment.get("HZMETRICS_CONFIG"):
        return Path(environment["HZMETRICS_CONFIG"])
    default = Paths.of(environment).home / "conf" / "hzmetrics.conf"
    if default.is_file() and os.access(default, os.R_OK):
        return default
    raise ConfigurationError(f"no configuration: looked for -c FILE, then HZMETRICS_CONFIG, then {default}")


def load(
    option: Path | None = None, environment: Mapping[str, str] = os.environ, time: Clock | None = None
) -> Settings:
    """Read and check the configuration. Raises ConfigurationError, or UsageError for an invalid `HZMETRICS_NOW`."""
    path = locate(option, environment)
    return build(path, _read(path), environment, time)


def build(
    path: Path,
    sections: Mapping[str, Mapping[str, str]],
    environment: Mapping[str, str] = os.environ,
    time: Clock | None = None,
) -> Settings:
    """Settings from the sections of `path`. Raises ConfigurationError."""
    reader = _Reader(path, sections)
    paths = Paths.of(environment)
    corrections = _corrections(reader)
    return Settings(
        file=path,
        hub=Hub(
            site=reader.text("hub", "site"),
            apps_dir=Path(reader.text("hub", "apps_dir") or "/apps"),
            hub_dir=reader.path("hub", "hub_dir"),
        ),
        db=_database(reader, paths),
        prefix=reader.text("db", "hub_db_prefix", "jos_"),
        dns=Dns(
            nameserver=environment.get("HZMETRICS_DNS_NAMESERVER", reader.text("dns", "nameserver")) or "system",
            concurrency=_concurrency(reader, environment),
            timeout=_number(environment.get("HZMETRICS_DNS_TIMEOUT"), _number(reader.text("dns", "timeout"), 2.0)),
        ),
        geoip=Geoip(
            database=reader.path("geoip", "database"),
            url=reader.text("geoip", "url"),
            hub_key=reader.text("geoip", "hub_key") or "_HUBZERO_OPNSRC_V1_",
            timeout=_number(reader.text("geoip", "timeout"), 5.0),
        ),
        corrections=corrections,
        months_per_run=reader.at_least_one("pipeline", "months_per_run", 1),
        paths=paths,
        clock=time or clock(environment),
        sections=sections,
        warnings=(*reader.unknown(), *_exposed_password(path, reader)),
    )


def _read(path: Path) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(interpolation=None, default_section="\0", strict=True)
    try:
        with path.open(encoding="utf-8") as file:
            parser.read_file(file, source=str(path))
    except OSError as error:
        raise ConfigurationError(f"cannot read configuration {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"cannot read configuration {path}: not UTF-8 at byte {error.start}") from None
    except configparser.Error as error:
        reason = " ".join(str(error).split())
        raise ConfigurationError(f"cannot read configuration {path}: {reason}") from None
    return {name: dict(parser.items(name)) for name in parser.sections()}


class _Reader:
    """Values of one file, with complaints that say where."""

    def __init__(self, path: Path, sections: Mapping[str, Mapping[str, str]]) -> None:
        self.file = path
        self.sections = sections

    def text(self, section: str, key: str, default: str = "") -> str:
        return self.sections.get(section, {}).get(key, default).strip()

    def path(self, section: str, key: str) -> Path | None:
        text = self.text(section, key)
        return Path(text) if text else None

    def at_least_one(self, section: str, key: str, default: int) -> int:
        text = self.text(section, key)
        try:
            number = int(text) if text else default
        except ValueError:
            number = 0
        if number < 1:
            raise self.error(section, key, f"{text!r} is not a whole number of at least 1")
        return number

    def error(self, section: str, key: str, problem: str) -> ConfigurationError:
        return ConfigurationError(f"{self.file}: [{section}] {key}: {problem}")

    def unknown(self) -> list[str]:
        found = []
        for section in self.sections:
            if section not in (*KEYS, *ACTIVITY_SECTIONS) and not section.startswith("course:"):
                near = get_close_matches(section.lower(), (*KEYS, *ACTIVITY_SECTIONS), n=1)
                hint = f"; did you mean [{near[0]}]?" if near else ""
                found.append(f"{self.file}: [{section}]: unknown section, ignored{hint}")
        for section, keys in KEYS.items():
            for key in self.sections.get(section, {}):
                if key not in keys:
                    near = get_close_matches(key, keys, n=1)
                    hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(keys)}"
                    found.append(f"{self.file}: [{section}] {key}: unknown key, ignored{hint}")
        return found


def _database(reader: _Reader, paths: Paths) -> MariaDb | Sqlite:
    if "db" not in reader.sections:
        return Sqlite(paths.state)
    directory = reader.path("db", "sqlite")
    if directory is not None:
        for key in ("host", "hub_db", "metrics_db"):
            if reader.text("db", key):
                raise reader.error("db", "sqlite", f"cannot be used together with {key}")
        return Sqlite(directory)
    port = reader.at_least_one("db", "port", 3306) if reader.text("db", "port") else None
    return MariaDb(
        host=reader.text("db", "host") or "localhost",
        port=port,
        socket=reader.text("db", "socket"),
        user=reader.text("db", "user"),
        password=reader.text("db", "password"),
        hub_db=reader.text("db", "hub_db"),
        metrics_db=reader.text("db", "metrics_db"),
    )


def _corrections(reader: _Reader) -> frozenset[str]:
    names = [name.strip() for name in reader.text("metrics", "corrections").split(",") if name.strip()]
    if names in ([], ["none"]):
        return frozenset()
    if names == ["all"]:
        return frozenset(CORRECTIONS)
    for name in names:
        if name not in CORRECTIONS:
            known = ", ".join(("none", "all", *CORRECTIONS))
            raise reader.error("metrics", "corrections", f"{name!r} is no correction; known are {known}")
    return frozenset(names)


def _concurrency(reader: _Reader, environment: Mapping[str, str]) -> int:
    """Environment, then file, then 100; what is no integer is passed over (spec 20 §2.3)."""
    for origin, text in (
        ("HZMETRICS_DNS_CONCURRENCY", environment.get("HZMETRICS_DNS_CONCURRENCY", "")),
        (f"{reader.file}: [dns] concurrency", reader.text("dns", "concurrency")),
    ):
        try:
            number = int(text)
        except ValueError:
            continue
        if number < 1:
            raise ConfigurationError(f"{origin}: {text!r} is below 1")
        return number
    return 100


def _number(text: str | None, default: float) -> float:
    """The positive number in `text`, else the default: numbers that cannot be read are passed over (spec 20 §2.3)."""
    try:
        number = float(text or "")
    except ValueError:
        return default
    return number if 0 < number < float("inf") else default


def _exposed_password(path: Path, reader: _Reader) -> list[str]:
    try:
        mode = path.stat().st_mode
    except OSError:
        return []
    if reader.text("db", "password") and mode & (stat.S_IROTH | stat.S_IWOTH):
        return [f"{path}: every user of this machine can read the password in it; run: chmod 600 {path}"]
    return []
