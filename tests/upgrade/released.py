"""A hub as a released version left it, put onto one of the stores."""

from __future__ import annotations

import io
import json
import lzma
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.cli import main
from hzmetrics.store import Store
from tests.mariadb_server import SOCKET

RECORDED = Path(__file__).parent / "1.0.0"
ROOT = "/tmp/hub-1.0.0"
"""Where the hub was when it was recorded."""

NUMBERS = {
    "metrics": ("summary_user_vals", "summary_simusage_vals", "summary_misc_vals", "webhits"),
    "hub": ("jos_resource_stats", "jos_resource_stats_tools", "jos_resource_stats_tools_topvals", "jos_stats_topvals"),
}

Rows = list[list[Any]]


@cache
def expected() -> dict[str, Any]:
    """What 1.0.0 had computed (`before`) and computed next (`after`), and what it said of the live side (`live`)."""
    found: dict[str, Any] = json.loads(lzma.decompress((RECORDED / "expected.json.xz").read_bytes()))
    return found


@dataclass
class Released:
    """The hub: its directory, and what its commands are called with."""

    root: Path

    def run(self, *words: str) -> int:
        return main(words)

    @contextmanager
    def store(self) -> Iterator[Store]:
        store = Store(config.load(self.root / "hzmetrics.conf"))
        yield store
        store.close()

    def rows(self, side: str, query: str) -> Rows:
        """The rows of a query, sorted."""
        with self.store() as store, getattr(store, side).connect() as connection:
            return sorted(([*row] for row in connection.exec_driver_sql(query)), key=repr)

    def numbers(self) -> dict[str, Rows]:
        """The tables of numbers, without the numbers of rows and the times of processing."""
        found = {}
        for side, tables in NUMBERS.items():
            for table in tables:
                if table == "jos_resource_stats_tools_topvals":
                    found[table] = self.rows(
                        side,
                        "SELECT s.resid, s.datetime, s.period, v.top, v.`rank`, v.name, v.value"
                        " FROM jos_resource_stats_tools_topvals v JOIN jos_resource_stats_tools s ON s.id = v.id",
                    )
                    continue
                with self.store() as store, getattr(store, side).connect() as connection:
                    columns = [column["name"] for column in sa.inspect(connection).get_columns(table)]
                kept = ", ".join(f"`{name}`" for name in columns if name not in ("id", "processed_on"))
                found[table] = self.rows(side, f"SELECT {kept} FROM {table}")
        return found


def restore(kind: str, root: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> Released:
    """Put the recorded hub below `root`; on MariaDB into two databases, whose names begin with `name`."""
    with tarfile.open(fileobj=io.BytesIO((RECORDED / "hub.tar.xz").read_bytes())) as archive:
        archive.extractall(root, filter="data")
    home = root / Path(ROOT).name
    configuration = home / "hzmetrics.conf"
    text = configuration.read_text(encoding="utf-8").replace(ROOT, str(home))
    if kind == "mariadb":
        server = f"host = localhost\nsocket = {os.environ[SOCKET]}\nuser = root\n"
        server += f"hub_db = {name}_hub\nmetrics_db = {name}_metrics"
        text = text.replace(f"sqlite = {home}/databases", server)
        _load(name)
    configuration.write_text(text, encoding="utf-8")
    configuration.chmod(0o600)
    for variable, value in {
        "CONFIG": configuration, "HOME": home / "home", "LOG": home / "hzmetrics.log", "LOG_ROOT": home / "logs",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"HZMETRICS_{variable}", str(value))
    hub = Released(home)
    _move(hub)
    return hub


def _load(name: str) -> None:
    with (
        pymysql.connect(unix_socket=os.environ[SOCKET], user="root", charset="utf8mb4", autocommit=True) as server,
        server.cursor() as cursor,
    ):
        cursor.execute("SET SESSION sql_mode = '', foreign_key_checks = 0, unique_checks = 0")
        for statement in lzma.decompress((RECORDED / "mariadb.sql.xz").read_bytes()).decode().splitlines():
            if statement.startswith("-- "):
                database = f"{name}_{statement[3:]}"
                cursor.execute(f"DROP DATABASE IF EXISTS {database}")
                cursor.execute(f"CREATE DATABASE {database} CHARACTER SET utf8mb3")
                cursor.execute(f"USE {database}")
                cursor.execute("BEGIN")
            else:
                cursor.execute(statement)
        cursor.execute("COMMIT")


def _move(hub: Released) -> None:
    """What names files names those of this copy: paths, inodes, and when a file was changed."""
    with hub.store() as store, store.metrics.begin() as connection:

        def change(statement: str, **values: object) -> None:
            connection.execute(sa.text(statement), values)

        change("UPDATE log_files SET path = REPLACE(path, :old, :new)", old=ROOT, new=str(hub.root))
        for (path,) in connection.exec_driver_sql("SELECT path FROM log_files").fetchall():
            log = Path(path).stat()
            change("UPDATE log_files SET device = :d, inode = :i WHERE path = :p", d=log.st_dev, i=log.st_ino, p=path)
        for course, file in connection.exec_driver_sql("SELECT course, file FROM course_files").fetchall():
            found = (hub.root / "home/raw" / course / file).stat()
            change(
                "UPDATE course_files SET device = :d, inode = :i WHERE course = :c AND file = :f",
                d=found.st_dev, i=found.st_ino, c=course, f=file,
            )  # fmt: skip
        text = connection.exec_driver_sql("SELECT v FROM pipeline_state WHERE k = 'bad_files'").scalar_one()
        bad = json.loads(text.replace(ROOT, str(hub.root)))
        bad[0]["modified"] = Path(bad[0]["path"]).stat().st_ctime_ns
        change("UPDATE pipeline_state SET v = :v WHERE k = 'bad_files'", v=json.dumps(bad))
