"""The settings of one invocation (spec 65 §2 to §4): built once, then passed."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from hzmetrics.calendar import Clock, Month, Months
from hzmetrics.config.mistakes import exposed_secrets, find_mistakes
from hzmetrics.config.schema import CORRECTIONS, Db, Dns, Engine, Geoip, Hub, Logs, Metrics, Pipeline
from hzmetrics.config.section import BadSetting, Mistake, Section
from hzmetrics.config.source import Source, home, locate, read
from hzmetrics.errors import UsageError
from hzmetrics.files import SECRET, exposure

S = TypeVar("S", bound=Section)


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
    file: Path
    """The configuration that says so."""


@dataclass(frozen=True)
class Sqlite:
    """The directory of `hub.db` and `metrics.db`."""

    directory: Path


@dataclass(frozen=True)
class Paths:
    """Directories (spec 65 §4, spec 10 §8.1)."""

    home: Path
    access_logs: Path
    cms_logs: Path
    log_file: Path
    is_site: bool = False
    """Whether the logs are those of a site without a hub, which are read where they are."""

    @property
    def state(self) -> Path:
        return self.home / "state"

    @property
    def staging(self) -> Path:
        return self.cms_logs / "metrics"

    @property
    def expected(self) -> tuple[Path, ...]:
        """The directories that `init` makes and `doctor` checks, in order: nine, and of a site three."""
        if self.is_site:
            return self.home, self.state, self.log_file.parent
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

    @property
    def written(self) -> tuple[Path, ...]:
        """Those of the expected directories in which files are made or moved."""
        return tuple(path for path in self.expected if path not in (self.home, self.home / "bin", self.home / "conf"))

    @classmethod
    def of(cls, environment: Mapping[str, str], is_site: bool = False) -> Paths:
        root = environment.get("HZMETRICS_LOG_ROOT")
        if root:
            access, cms = Path(root).absolute() / "httpd", Path(root).absolute() / "hubzero"
        else:
            access = Path("/var/log/apache2" if Path("/etc/apache2").is_dir() else "/var/log/httpd")
            cms = Path("/var/log/hubzero")
        log_file = Path(environment.get("HZMETRICS_LOG") or cms / "metrics" / "manage.log")
        return cls(home(environment), access, cms, log_file, is_site)


@dataclass(frozen=True)
class Settings:
    """Everything an invocation is told from outside."""

    source: Source
    """The configuration file in use, and the environment."""
    hub: Hub
    db: MariaDb | Sqlite
    prefix: str
    """Table prefix of the hub (`hub_db_prefix`)."""
    dns: Dns
    geoip: Geoip
    corrections: frozenset[str]
    """The corrections in force (spec 15)."""
    months_per_run: int
    memory: int
    """Bytes that the engine may use before it works on disk."""
    paths: Paths
    clock: Clock

    @property
    def file(self) -> Path:
        """The configuration file in use."""
        return self.source.file

    def section(self, section: type[S], name: str = "") -> S:
        """The values of any section; `name` says which, where there are several of the kind."""
        return section(self.source, name)

    @property
    def is_site(self) -> bool:
        """Whether this is a site without a hub: `[logs] files` says where its logs are."""
        return self.paths.is_site

    @property
    def plausible_days(self) -> tuple[dt.date, dt.date]:
        """The first and the last day that a log line can be of. Raises ConfigurationError."""
        logs, today = self.section(Logs), self.clock.today
        ahead = min(logs.days_ahead, (dt.date.max - today).days)
        return logs.earliest, today + dt.timedelta(days=ahead)

    @property
    def plausible_months(self) -> Months:
        """The months of these days; the pipeline works on no others."""
        return Months(*map(Month.of, self.plausible_days))

    def refuse_early(self, month: Month) -> None:
        """Raise UsageError for a month before the plausible ones."""
        first = self.plausible_months.first
        if month < first:
            raise UsageError(f"{month} is before {first}: the pipeline works on no month before [logs] earliest")

    @property
    def chosen_corrections(self) -> frozenset[str]:
        """The corrections as configured, `all` unexpanded."""
        return _chosen_corrections(self.source, self.is_site)

    @property
    def mistakes(self) -> list[Mistake]:
        """What is wrong in the configuration, here without stopping this invocation."""
        return find_mistakes(self.source)

    @property
    def exposure(self) -> str:
        """A warning, if every user of this machine can read the password; else empty."""
        remedy = exposure(self.file, SECRET) if self.section(Db).password else ""
        return f"{self.file}: it holds a password, and {remedy}" if remedy else ""


def clock(environment: Mapping[str, str] = os.environ) -> Clock:
    """The clock of this invocation. Raises UsageError for an invalid `HZMETRICS_NOW`."""
    text = environment.get("HZMETRICS_NOW")
    return Clock.parse(text) if text else Clock()


def load(
    option: Path | None = None, environment: Mapping[str, str] = os.environ, time: Clock | None = None
) -> Settings:
    """Read and check the configuration. Raises ConfigurationError, or UsageError for an invalid `HZMETRICS_NOW`."""
    return build(read(locate(option, environment), environment), time)


def build(source: Source, time: Clock | None = None) -> Settings:
    """Settings from a source. Raises ConfigurationError for what no command can do without."""
    for mistake in exposed_secrets(source):
        raise BadSetting(mistake)
    hub, db = Hub(source), Db(source)
    is_site = bool(Logs(source).files) and not (hub.site or hub.hub_dir or db.hub_db)
    paths = Paths.of(source.environment, is_site)
    return Settings(
        source=source,
        hub=hub,
        db=_database(db, paths),
        prefix=db.hub_db_prefix,
        dns=_checked(Dns(source)),
        geoip=Geoip(source),
        corrections=expanded(_chosen_corrections(source, is_site)),
        months_per_run=Pipeline(source).months_per_run,
        memory=Engine(source).memory,
        paths=paths,
        clock=time or clock(source.environment),
    )


def _chosen_corrections(source: Source, is_site: bool) -> frozenset[str]:
    """The key `corrections`; a site has no numbers of earlier versions, so without the key it gets all."""
    metrics = Metrics(source)
    return frozenset({"all"}) if is_site and not metrics.is_given("corrections") else metrics.corrections


def expanded(names: frozenset[str], every: frozenset[str] = frozenset(CORRECTIONS)) -> frozenset[str]:
    """A list of corrections in which `all` stands for `every` one."""
    return (names - {"all"}) | (every if "all" in names else frozenset())


def _checked(dns: Dns) -> Dns:
    _ = dns.concurrency
    return dns


def _database(db: Db, paths: Paths) -> MariaDb | Sqlite:
    if db.section not in db.origin.sections:
        return Sqlite(paths.state)
    for key, problem in db.contradictions():
        raise db.error(key, problem)
    if db.sqlite is not None:
        return Sqlite(db.sqlite)
    return MariaDb(
        host=db.host,
        port=db.port,
        socket=db.socket,
        user=db.user,
        password=db.password,
        hub_db=db.hub_db,
        metrics_db=db.metrics_db,
        file=db.origin.file,
    )
