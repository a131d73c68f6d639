"""The hubs of a fleet, as `hubs.toml` lists them (docs/fleet.md)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hzmetrics import files
from hzmetrics.calendar import ALL_MONTHS, Months
from hzmetrics.config.keys import nearest
from hzmetrics.errors import ConfigurationError, UsageError
from hzmetrics.lake import storage
from hzmetrics.lake.storage import Location

LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
"""Of the names of hubs: they are names of directories too."""
LONGEST = 64

TOP = ("directory", "pages", "title", "config", "months", "hubs")
HUB = ("name", "title", "lake", "logs", "config", "dimensions", "home", "buckets", "url")
OF_LOGS = ("config", "dimensions", "home", "buckets")
"""The keys that say how logs are taken in."""
MOST_BUCKETS = 4096
LAKE = "lake"
"""The directory of a lake that is made of logs."""


@dataclass(frozen=True)
class Hub:
    """One hub. Its rows come from a lake, or from logs."""

    name: str
    title: str
    lake: Location | None
    """A lake that the hub exports. It is only read."""
    logs: tuple[str, ...]
    """Patterns of names of logs."""
    config: Path | None
    """The configuration by which its logs are read."""
    dimensions: Location | None
    """An export of the hub with what logs do not say."""
    home: Path | None
    """The directory of the hub's installation, with the key of the pseudonyms of `dimensions`."""
    buckets: int | None
    url: str
    """The address of the pages that it publishes itself; empty: the fleet makes them."""


@dataclass(frozen=True)
class Fleet:
    """All hubs of a file."""

    file: Path
    title: str
    directory: Path
    """Where everything is that a run makes, but for the pages."""
    pages: Path
    """The directory of the pages."""
    config: Path | None
    """The configuration of the run, and of hubs that have none of their own."""
    months: Months
    hubs: tuple[Hub, ...]

    def results(self, hub: Hub) -> Path:
        """The directory of what is known of a hub: its cells, and how they came about."""
        return self.directory / "hubs" / hub.name

    def lake(self, hub: Hub) -> Location:
        """The lake of a hub."""
        return hub.lake or self.results(hub) / LAKE


def read(path: Path) -> Fleet:
    """The fleet of a file. Raises ConfigurationError, which names the file, the table and the key."""
    try:
        content = tomllib.loads(files.read(path).decode("utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"cannot read {path}: not UTF-8 at byte {error.start}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not TOML: {error}") from None
    return _fleet(_Table(path.absolute(), "", content, TOP))


@dataclass(frozen=True)
class _Table:
    """A table of the file, and what may be in it."""

    file: Path
    name: str
    values: Mapping[str, Any]
    known: tuple[str, ...]

    def __post_init__(self) -> None:
        for key in self.values:
            if key not in self.known:
                near = nearest(key, list(self.known)) or f"; known are {', '.join(self.known)}"
                raise self.error(key, f"unknown key{near}")

    def error(self, key: str, problem: str) -> ConfigurationError:
        return ConfigurationError(f"{self.file}: {' '.join(filter(None, [self.name, key]))}: {problem}")

    def text(self, key: str, default: str = "") -> str:
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.error(key, "not a text")
        if key in self.values and (not value.strip() or not value.isprintable()):
            raise self.error(key, "a text without visible characters, or with others than these")
        return value

    def path(self, key: str) -> Path | None:
        """A path; relative ones begin at the directory of the file."""
        text = self.text(key)
        return self.file.parent / text if text else None

    def lake(self, key: str) -> Location | None:
        """A lake: a directory, or the URL of a prefix in an object store."""
        text = self.text(key)
        try:
            return storage.location(text) if "://" in text else self.path(key)
        except UsageError as error:
            raise self.error(key, str(error)) from None


def _fleet(table: _Table) -> Fleet:
    directory = table.path("directory")
    if directory is None:
        raise table.error("directory", "missing: where everything is kept that a run makes")
    given = table.values.get("hubs")
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
        raise table.error("hubs", "no hubs: each is a table [[hubs]]")
    hubs = [_hub(table.file, number, values) for number, values in enumerate(given, 1)]
    for number, hub in enumerate(hubs, 1):
        place = f"{table.file}: [[hubs]] number {number}"
        for other in hubs[: number - 1]:
            if hub.name == other.name:
                raise ConfigurationError(f"{place} name: {hub.name!r} is there twice")
            if hub.lake and hub.lake == other.lake:
                raise ConfigurationError(f"{place} ({hub.name}) lake: {hub.lake} is that of {other.name} too")
            if same := sorted({*hub.logs} & {*other.logs}):
                raise ConfigurationError(f"{place} ({hub.name}) logs: {same[0]} are those of {other.name} too")
    try:
        months = Months.parse(table.text("months")) if "months" in table.values else ALL_MONTHS
    except UsageError as error:
        raise table.error("months", str(error)) from None
    config = table.path("config")
    hubs = [replace(hub, config=hub.config or (config if hub.logs else None)) for hub in hubs]
    pages = table.path("pages") or directory / "pages"
    return Fleet(table.file, table.text("title", "All hubs"), directory, pages, config, months, tuple(hubs))


def _hub(file: Path, number: int, values: Mapping[str, Any]) -> Hub:
    name = values.get("name")
    of_name = f" ({name})" if isinstance(name, str) and name.isprintable() else ""
    table = _Table(file, f"[[hubs]] number {number}{of_name}", values, HUB)
    if not table.text("name"):
        raise table.error("name", "missing")
    name = table.text("name")
    if not LETTERS.issuperset(name) or name.startswith("-") or len(name) > LONGEST:
        raise table.error("name", f"{name!r} is not made of a-z, 0-9 and -, up to {LONGEST} of them")
    logs = values.get("logs", [])
    if not isinstance(logs, list) or not all(isinstance(one, str) and one.strip() for one in logs):
        raise table.error("logs", "not a list of names of files, which may hold *, ? and **")
    if bool(logs) == ("lake" in values):
        raise table.error("", "each hub has either a lake or logs")
    if not logs and (of_logs := [key for key in OF_LOGS if key in values]):
        raise table.error(of_logs[0], "is of hubs with logs")
    buckets = values.get("buckets")
    if buckets is not None and (type(buckets) is not int or not 1 <= buckets <= MOST_BUCKETS):
        raise table.error("buckets", f"not a number from 1 to {MOST_BUCKETS:,}")
    url = table.text("url")
    if url and not url.startswith(("https://", "http://")):
        raise table.error("url", "not an address that begins with https:// or http://")
    return Hub(
        name=name,
        title=table.text("title", name),
        lake=table.lake("lake"),
        logs=tuple(str(file.parent / one) for one in logs),
        config=table.path("config"),
        dimensions=table.lake("dimensions"),
        home=table.path("home"),
        buckets=buckets,
        url=url,
    )
