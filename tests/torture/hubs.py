"""A small invented hub, kept in the states that entry points begin with, and compared in the state they end with."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pymysql
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.calendar import Clock, Month
from hzmetrics.demo import invention
from hzmetrics.demo.directory import Directory
from hzmetrics.demo.progress import Reporter
from hzmetrics.store import Store
from hzmetrics.store.schema import create_metrics
from hzmetrics.store.tables.hub import HubTables
from tests.torture.program import Command, Fault

NOW = "2026-11-20T12:30:00"
"""The minute of the hour at which a tick does the pipeline's work as well."""

FIRST, LAST = Month(2026, 9), Month(2026, 10)
LINES = 12_000
KEPT_DAYS = ("20",)
"""Days of each month whose logs are kept: every file costs an import of its own."""

TODAYS = "20261118"
"""The day of the logs of the current month."""

SIDES = ("hub", "metrics")

GIVEN_AGAIN = {"id", "pk_start", "pk_end", "sessionid"}
"""Numbers of rows, which a database does not give again after a transaction that was not committed: only whether there
is one is compared."""

OF_FILES = {"device", "inode", "head_hash"}
"""What tells files apart: theirs are copies, and one holds what the machine was doing."""

OF_THE_MACHINE = {"updated_at", "replaced_at", "revision"}
"""What the machine's own clock says, and chance."""

WAYS = {"catchup_started", "rebuild_cursor", "active_users.logins"}
"""Keys that remember a way, not where it ends; the last one is the number of a row."""

NO_MONTHS = ("dirty_months", "")
"""A key of the pipeline's state that says the same as none."""

MEASURED = "counts.raw"
"""What the machine was doing at a moment: a measurement that was not finished is not made up for."""

OF_MEASURED = ("counts.raw", "counts-")
"""How the names of files begin that hold such measurements, and what was derived from them."""

FOLLOWED = ("logs", "home/raw")
"""Directories of files that others write."""

SUMS = {"activity_weights"}
"""Tables of sums that are kept from run to run, or computed again: equal but for rounding."""

COPIES = {"userlogin_lite"}
"""Copies that each summary makes for itself: of what there was at the last one."""

PASSING = {*COPIES, "LOADED_ROWS", "loaded_rows", "sqlite_sequence", "sqlite_stat1"}

RANDOM = re.compile(r"\.[a-z0-9_]{8}\.new$")
"""The end of the names of files that are being written: nothing reads them, and killed processes' are removed."""

SITE = "site"
GENERATIONS = ".site.generations"
MAPS = "hub/app/site/stats/maps"
"""Directories of files that visitors read. Of the site's generations, those that are not shown are removed unread."""

SAID = ("hzmetrics.log", ".lock", ".pid")
"""Ends of names of files that nothing is read from; `.log` itself is the end of log files."""

Tables = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class End:
    """What has become of a hub."""

    failed: tuple[tuple[str, int], ...]
    """Commands on the way that did not end with 0, and how they ended."""
    said: str
    tables: Tables
    logs: list[str]
    pages: dict[str, str]


@dataclass
class Hub:
    """An invented hub on one store, always in the same place."""

    kind: str
    base: Path
    nameserver: str
    name: str
    """Prefix of the databases on MariaDB."""
    socket: str = ""
    now: str = NOW
    """The time at which commands run."""
    ends: dict[tuple[str, ...], End] = field(default_factory=dict)
    """The ends found so far, by the commands that led there, the time, and the digest of the hub before them."""

    @property
    def directory(self) -> Directory:
        return Directory(self.base / "hub")

    @property
    def root(self) -> Path:
        return self.directory.root

    @property
    def environment(self) -> dict[str, str]:
        return {**self.directory.environment, "HZMETRICS_NOW": self.now, "TMPDIR": str(self.base / "tmp")}

    @property
    def settings(self) -> config.Settings:
        return config.load(environment=self.environment)

    @property
    def output(self) -> Path:
        return self.base / "output.txt"

    @property
    def listing(self) -> Path:
        return self.base / "boundaries.txt"

    def invent(self) -> None:
        """Make the hub, before any work is done, and keep it as the state `new`."""
        (self.base / "tmp").mkdir(exist_ok=True)
        directory = self.directory
        sections = invention.sections(directory)
        sections["dns"] = {"nameserver": self.nameserver}
        sections["activity"] = {"enabled": "yes"}
        if self.kind == "mariadb":
            sections["db"] = {"host": "localhost", "socket": self.socket, "user": "root", "password": "",
                              "hub_db": f"{self.name}_hub", "metrics_db": f"{self.name}_metrics"}  # fmt: skip
        clock = Clock.parse(NOW)
        settings = directory.make(sections, clock)
        directory.configuration.chmod(0o600)
        with closing(Store(settings)) as store:
            if self.kind == "mariadb":
                self._make_databases(store)
            invention.invent(directory, settings, store, FIRST, LAST, LINES, 1, Reporter())
        for logs in (settings.paths.access_logs / "daily", settings.paths.cms_logs / "daily"):
            for path in sorted(logs.iterdir()):
                month, day = path.name.removesuffix(".gz")[-4:-2], path.name.removesuffix(".gz")[-2:]
                if (month, day) == ("10", "18"):
                    new = path.with_name(path.name.replace("20261018", TODAYS))
                    new.write_bytes(path.read_bytes().replace(b"2026-10-18", b"2026-11-18"))
                if day not in KEPT_DAYS and not path.name.endswith(TODAYS):
                    path.unlink()
        self.keep("new")

    def _make_databases(self, store: Store) -> None:
        with self.server() as cursor:
            for side in SIDES:
                cursor.execute(f"DROP DATABASE IF EXISTS {self.name}_{side}")
                cursor.execute(f"CREATE DATABASE {self.name}_{side} CHARACTER SET utf8mb3")
        with store.hub.begin() as connection:
            HubTables("jos_").metadata.create_all(connection)
        create_metrics(store.metrics, "jos_")

    def server(self) -> Any:
        """A connection that waits for no row: it reads what is committed."""
        connection = pymysql.connect(unix_socket=self.socket, user="root", autocommit=True)
        cursor = connection.cursor()
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        return cursor

    def keep(self, state: str) -> None:
        """Keep the present state under a name."""
        _copy_tree(self.root, self.base / "states" / state)
        if self.kind == "mariadb":
            self._copy(self.name, f"{self.name}_{state}")

    def restore(self, state: str) -> None:
        """Make a kept state the present one."""
        shutil.rmtree(self.root)
        _copy_tree(self.base / "states" / state, self.root)
        if self.kind == "mariadb":
            self._copy(f"{self.name}_{state}", self.name)

    def forget(self, state: str) -> None:
        """Do not keep a state any longer."""
        shutil.rmtree(self.base / "states" / state)
        if self.kind == "mariadb":
            with self.server() as cursor:
                for side in SIDES:
                    cursor.execute(f"DROP DATABASE {self.name}_{state}_{side}")

    def has(self, state: str) -> bool:
        return (self.base / "states" / state).exists()

    def _copy(self, source: str, target: str) -> None:
        """Copy both databases, with the numbers that their rows have."""
        with self.server() as cursor:
            cursor.execute("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', foreign_key_checks = 0")
            for side in SIDES:
                cursor.execute(f"DROP DATABASE IF EXISTS {target}_{side}")
                cursor.execute(f"SHOW CREATE DATABASE {source}_{side}")
                made = str(cursor.fetchone()[1]).replace(f"`{source}_{side}`", f"`{target}_{side}`")
                cursor.execute(made)
                cursor.execute(f"SHOW FULL TABLES FROM {source}_{side} WHERE Table_type = 'BASE TABLE'")
                for table, _ in cursor.fetchall():
                    here, there = f"{source}_{side}.`{table}`", f"{target}_{side}.`{table}`"
                    cursor.execute(f"CREATE TABLE {there} LIKE {here}")
                    cursor.execute(f"INSERT INTO {there} SELECT * FROM {here}")

    def drop(self) -> None:
        """Leave nothing on the server."""
        if self.kind == "mariadb":
            with self.server() as cursor:
                cursor.execute(f"SHOW DATABASES LIKE '{self.name}\\_%'")
                for (name,) in cursor.fetchall():
                    cursor.execute(f"DROP DATABASE `{name}`")

    def is_locked(self) -> bool:
        """Whether a command holds tables against all readers."""
        if self.kind != "mariadb":
            return False
        with self.server() as cursor:
            return any(cursor.execute(f"SHOW OPEN TABLES FROM {self.name}_{side} WHERE In_use > 0") for side in SIDES)

    def command(self, text: str, fault: Fault | None = None, threads: int = 1) -> Command:
        """A command line in this hub."""
        self.listing.unlink(missing_ok=True)
        return Command(tuple(text.split()), self.environment, self.root, self.output, self.listing, fault, threads)

    def does(self, texts: Sequence[str], threads: int = 1) -> list[tuple[str, int]]:
        """Run commands undisturbed; those that did not end with 0, and how."""
        codes = [(text, self.command(text, threads=threads).run()) for text in texts]
        return [(text, code) for text, code in codes if code]

    @staticmethod
    def kill(process: int) -> None:
        """Kill a command with its children, if it still runs."""
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)

    def tables(self, exact: bool = False, left_out: Set[str] = WAYS) -> Tables:
        """The rows of all tables of both databases, sorted; without the numbers of rows unless `exact`."""
        with closing(Store(self.settings)) as store:
            return dict(sorted(_rows(store, exact, left_out)))

    def digest_of_rows(self) -> str:
        """Of all rows of all tables."""
        return hashlib.sha256(repr(self.tables(left_out=frozenset())).encode()).hexdigest()

    def digest(self, of_rows: str = "") -> str:
        """Of all that the next command can find: it does the same to hubs of equal digests.

        `of_rows`: that of the rows, if it is known.
        """
        found = hashlib.sha256((of_rows or self.digest_of_rows()).encode())
        generations, shown = self.root / GENERATIONS, (self.root / SITE).resolve()
        for path in sorted(self.root.rglob("*")):
            is_hidden = generations in path.parent.parents and not path.is_relative_to(shown)
            if path.is_relative_to(self.directory.databases) or path.name.startswith(OF_MEASURED) or is_hidden:
                continue
            if not RANDOM.search(path.name):
                is_read = path.is_file() and not path.name.endswith(SAID)
                found.update(repr((str(path.relative_to(self.root)), path.read_bytes() if is_read else b"")).encode())
        return found.hexdigest()

    def end(self, commands: tuple[str, ...], digest: str = "") -> End:
        """What these commands make of the hub; each run is repeated until it changes nothing.

        From equal hubs they lead to equal ends: only ways that were not gone before are gone.
        """
        if not commands:
            return End((), "", self.tables(), self.logs(), self.pages(SITE, MAPS))
        digest = digest or self.digest()
        key = (*commands, self.now, digest)
        if key not in self.ends:
            failed = tuple(self.does(commands[:1]))
            said = self.said if failed else ""
            after = self.digest()
            is_under_way = commands[0] == "run" and after != digest and not failed
            rest = self.end(commands if is_under_way else commands[1:], after)
            self.ends[key] = replace(rest, failed=failed + rest.failed, said=said + rest.said)
        return self.ends[key]

    def logs(self) -> list[str]:
        """The log files, where they are now."""
        return sorted(name for name, path in self._files(FOLLOWED) if path.name != MEASURED)

    def pages(self, *directories: str) -> dict[str, str]:
        """What visitors find: the published files, with digests of what is in them."""
        return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in self._files(directories)}

    def _files(self, directories: Iterable[str]) -> Iterator[tuple[str, Path]]:
        """The files in some directories, but not those that are still being written."""
        for path in (path for name in directories for path in (self.root / name).rglob("*")):
            if path.is_file() and not RANDOM.search(path.name):
                yield str(path.relative_to(self.root)), path

    @property
    def said(self) -> str:
        """The last of what the commands have printed."""
        return self.output.read_text(errors="replace")[-4000:] if self.output.exists() else ""


def _copy_tree(source: Path, target: Path) -> None:
    """Copy a hub's directory. What others write is linked: files that are followed are known by their inodes."""

    def copy(one: str, other: str) -> None:
        is_followed = any(Path(one).is_relative_to(source / directory) for directory in FOLLOWED)
        (os.link if is_followed and Path(one).name != MEASURED else shutil.copy2)(one, other)

    shutil.copytree(source, target, symlinks=True, copy_function=copy)


def _rows(store: Store, exact: bool, left_out: Set[str]) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    dropped = OF_FILES | OF_THE_MACHINE
    for database in (store.hub, store.metrics):
        with database.connect() as connection:
            for name in sa.inspect(connection).get_table_names():
                if name in PASSING:
                    continue
                result = connection.exec_driver_sql(f"SELECT * FROM {name}")
                kept = [(n, key in GIVEN_AGAIN) for n, key in enumerate(result.keys()) if key not in dropped]
                rounded = name in SUMS
                rows = [
                    tuple(row[n] if exact else _value(row[n], is_number, rounded) for n, is_number in kept)
                    for row in result
                    if left_out.isdisjoint(row) and MEASURED not in row
                ]
                ends = [row for row in rows if row != NO_MONTHS] if left_out else rows
                yield f"{database.name}.{name}", sorted(ends, key=repr)


def _value(value: Any, is_number: bool, rounded: bool) -> Any:
    if is_number:
        return value not in (None, "", 0, "0")
    return f"{value:.9g}" if rounded and isinstance(value, float) else value


def difference(found: Tables, expected: Tables) -> dict[str, str]:
    """In words, the tables that differ."""
    told = {}
    for name in sorted(found.keys() | expected.keys()):
        have, want = found.get(name), expected.get(name)
        if have is None or want is None:
            told[name] = "missing" if have is None else "left over"
        elif have != want:
            more = [row for row in have if row not in want]
            less = [row for row in want if row not in have]
            told[name] = f"{len(have)} rows, not {len(want)}; +{more[:2]} -{less[:2]}"
    return told
