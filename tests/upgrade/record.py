"""Records what version 1.0.0 leaves on a hub: databases, configuration, logs, state, and the numbers it computes next.

Run once, with the code of that version first on the path, and a server for the dump:

    PYTHONPATH=CHECKOUT_OF_1.0.0 python record.py SOCKET

It writes `1.0.0/`: `hub.tar.xz`, a directory with everything but the databases of a server; `mariadb.sql.xz`, both
databases on a server; `expected.json.xz`, the tables of numbers after 1.0.0 itself has done all the work that waits.
The modules of that version are looked up by name, because they are not those beside this file.
"""

from __future__ import annotations

import datetime as dt
import json
import lzma
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pymysql

HERE = Path(__file__).parent / "1.0.0"
ROOT = Path("/tmp/hub-1.0.0")
MONTHS = ("2026-01", "2026-02", "2026-03", "2026-04")
"""The last one is a backlog: its files wait in `daily/`."""
TODAY = dt.datetime(2026, 5, 4, 9, 2)
LINES, SEED = 4_500, 11

LIVE = {
    "follow": {"timezone": "UTC"},
    "activity": {"enabled": "yes", "retention_days": "14"},
    "active_users": {"enabled": "yes", "events": "login, logout, simulation"},
    "events": {"enabled": "yes", "max_concurrent_logins": "2"},
    "courses": {"student_pattern": "[0-9a-f]{8}"},
    "course:mathematics": {"staff": "aaaaaaaa"},
    "pipeline": {"months_per_run": "2"},
}
"""Sections of the live side, besides those of a demonstration."""

NUMBERS = {
    "metrics": ("summary_user_vals", "summary_simusage_vals", "summary_misc_vals", "webhits"),
    "hub": ("jos_resource_stats", "jos_resource_stats_tools", "jos_resource_stats_tools_topvals", "jos_stats_topvals"),
}


def command(*words: str, at: dt.datetime, home: Path = ROOT, fails: bool = False) -> str:
    """Run a command line of 1.0.0 at a time of its clock."""
    environment = {
        **os.environ, "TZ": "UTC", "HZMETRICS_NOW": at.isoformat(), "HZMETRICS_CONFIG": str(home / "hzmetrics.conf"),
        "HZMETRICS_HOME": str(home / "home"), "HZMETRICS_LOG": str(home / "hzmetrics.log"),
        "HZMETRICS_LOG_ROOT": str(home / "logs"),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "hzmetrics", *words], env=environment, cwd="/", capture_output=True, text=True
    )
    if bool(done.returncode) != fails:
        raise RuntimeError(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def invent() -> None:
    """Four months of a hub, three of them analyzed, and the logs of today up to now."""
    shutil.rmtree(ROOT, ignore_errors=True)
    month = resolve_name("hzmetrics.calendar:Month.parse")
    clock = resolve_name("hzmetrics.calendar:Clock")
    invention, run = resolve_name("hzmetrics.demo.invention"), resolve_name("hzmetrics.demo.run")
    imports = resolve_name("hzmetrics.ingest.imports")
    reporter = resolve_name("hzmetrics.demo.progress:Reporter")()
    directory = resolve_name("hzmetrics.demo.directory:Directory")(ROOT)
    os.environ["HZMETRICS_NOW"] = TODAY.isoformat()
    settings = directory.make({**invention.sections(directory), **LIVE}, clock(TODAY.replace(tzinfo=dt.UTC)))
    store = resolve_name("hzmetrics.store:Store")(settings)
    first, last = month(MONTHS[0]), month(MONTHS[-1])
    invention.invent(directory, settings, store, first, last, LINES, SEED, reporter)
    for day in imports.pending_days(settings):
        if f"{day:%Y-%m}" != MONTHS[-1]:
            imports.import_day(store, settings, day)
    run.analyze(store, settings, [month(text) for text in MONTHS[:-1]], reporter)
    store.close()
    (ROOT / "environment").unlink()


def live_day() -> None:
    """The logs of today grow from tick to tick; courses are recorded; somebody is online."""
    access, auth = ROOT / "logs/httpd/hub-access.log", ROOT / "logs/hubzero/cmsauth.log"
    agent = "Mozilla/5.0 (X11; Linux x86_64) Firefox/127.0"
    seen = str(int(TODAY.replace(tzinfo=dt.UTC).timestamp()) + 3000)
    with sqlite3.connect(ROOT / "databases/hub.db") as hub:
        users = hub.execute("SELECT id, username FROM jos_users ORDER BY id LIMIT 12").fetchall()
        hub.executemany(
            "INSERT INTO jos_session (session_id, guest, time, userid, username, ip) VALUES (?, ?, ?, ?, ?, ?)",
            [(f"s{n}", int(n > 3), seen, *((0, "") if n > 3 else users[n]), f"192.0.2.{n}") for n in range(8)],
        )
    for step in range(13):
        at = TODAY + dt.timedelta(minutes=5 * step)
        if at.minute == 32:
            at += dt.timedelta(minutes=1)
        with access.open("a") as log, auth.open("a") as logins:
            for n in range(step % 4 + 1):
                moment = at - dt.timedelta(seconds=60 - 7 * n)
                stamp = f"{moment:%Y-%m-%d %H:%M:%S}"
                log.write(
                    f'{stamp} +0000 2001{n} - "GET /resources/{n} HTTP/1.1" 200 51{n} 192.0.2.{n} "-" '
                    f'"{agent}" TLSv1.3 0 51{n} - s{n} s{n} - com_resources view - - {n}\n'
                )
                uid, name = users[(step + n) % len(users)]
                logins.write(f"{moment:%Y-%m-%d %H:%M:%S} {uid} [{name}] 192.0.2.{n} login\n")
                if n == 2:
                    logins.write(f"{moment:%Y-%m-%d %H:%M:%S} 0 [nobody] 192.0.2.9 invalid\n")
        for n in range(3):
            student = f"{step % 5:08x}"
            command("courses", "record-open", "mathematics", student, f"lesson-{n}.ipynb", "open", "8888", at=at)
        if step == 0:
            command("courses", "record-header", "mathematics", at=at)
        command("courses", "record-counts", "mathematics", *[str(step + n) for n in range(18)], at=at)
        command("tick", at=at)


def troubles() -> None:
    """A dirty month, and a file that failed and is remembered."""
    command("mark-dirty", MONTHS[1], at=TODAY)
    bad = ROOT / "logs/httpd/daily/hub-access.log-20260503.gz"
    bad.write_bytes(b"\x1f\x8b\x08\x00 this is no archive")
    state, facts = resolve_name("hzmetrics.pipeline.state"), resolve_name("hzmetrics.pipeline.facts")
    store = resolve_name("hzmetrics.store:Store")(resolve_name("hzmetrics.config:load")(ROOT / "hzmetrics.conf"))
    entry = facts.look_at(state.BadFile(str(bad), 0, 0, "not a gzip file"))
    with store.metrics.begin() as connection:
        state.remember_bad_files(connection, [entry])
    store.close()


def expected() -> dict[str, Any]:
    """The numbers after 1.0.0 has worked off everything, on a copy of its databases."""
    copy = Path(tempfile.mkdtemp()) / "databases"
    shutil.copytree(ROOT / "databases", copy)
    before = numbers(ROOT)
    aside = Path(tempfile.mkdtemp()) / "hub"
    shutil.copytree(ROOT, aside)
    at = TODAY + dt.timedelta(hours=3)
    command("run", "--all", at=at)
    command("rebuild-from", MONTHS[0], at=at)
    command("run", "--all", at=at)
    after = numbers(ROOT)
    live = {
        name: json.loads(command(*words, "--json", at=at))
        for name, words in {
            "courses": ("courses", "daily", "mathematics"),
            "activity": ("activity", "show"),
        }.items()
    }
    shutil.rmtree(ROOT)
    shutil.move(aside, ROOT)
    return {"before": before, "after": after, "live": live}


def numbers(root: Path) -> dict[str, list[list[Any]]]:
    """The tables of numbers, without numbers of rows and times of processing."""
    found = {}
    for side, tables in NUMBERS.items():
        with sqlite3.connect(root / f"databases/{side}.db") as database:
            for table in tables:
                names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
                kept = [name for name in names if name not in ("id", "processed_on")]
                if table == "jos_resource_stats_tools_topvals":
                    query = (
                        "SELECT s.resid, s.datetime, s.period, v.top, v.rank, v.name, v.value"
                        " FROM jos_resource_stats_tools_topvals v JOIN jos_resource_stats_tools s ON s.id = v.id"
                    )
                else:
                    query = f"SELECT {', '.join(kept)} FROM {table}"
                found[table] = sorted(([*row] for row in database.execute(query)), key=repr)
    return found


def as_server_sql(socket: str) -> Iterator[str]:
    """Both databases as statements, after copying the rows into tables that 1.0.0 makes on a server."""
    sa = resolve_name("sqlalchemy")
    names = {"hub": "recorded_hub", "metrics": "recorded_metrics"}
    with pymysql.connect(unix_socket=socket, user="root", autocommit=True) as server, server.cursor() as cursor:
        for name in names.values():
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb3")
    configuration = ROOT.with_suffix(".server.conf")
    configuration.write_text(
        f"[hub]\nsite = hub\n[db]\nsocket = {socket}\nuser = root\n"
        f"hub_db = {names['hub']}\nmetrics_db = {names['metrics']}\n"
    )
    store_type, load = resolve_name("hzmetrics.store:Store"), resolve_name("hzmetrics.config:load")
    target, source = store_type(load(configuration)), store_type(load(ROOT / "hzmetrics.conf"))
    with target.hub.begin() as connection:
        resolve_name("hzmetrics.store.hub:HubTables")("jos_").metadata.create_all(connection)
    resolve_name("hzmetrics.store.schema:create_metrics")(target.metrics, "jos_")
    for side in names:
        there, here = getattr(target, side), getattr(source, side)
        with here.connect() as connection:
            tables = sa.inspect(connection).get_table_names()
        for table in tables:
            with here.connect() as reading, there.begin() as writing:
                rows = [dict(row) for row in reading.exec_driver_sql(f"SELECT * FROM {table}").mappings()]
                writing.exec_driver_sql(f"DELETE FROM {table}")
                known = {column["name"] for column in sa.inspect(writing).get_columns(table)}
                rows = [
                    {name: value for name, value in row.items() if name in known} for row in rows
                ]  # a copy has more
                if rows:
                    marks = ", ".join(["%s"] * len(rows[0]))
                    columns = ", ".join(f"`{name}`" for name in rows[0])
                    writing.exec_driver_sql(
                        f"INSERT INTO {table} ({columns}) VALUES ({marks})",
                        [tuple(map(as_server_time, row.values())) for row in rows],
                    )
    target.close()
    source.close()
    with pymysql.connect(unix_socket=socket, user="root", charset="utf8mb4") as server, server.cursor() as cursor:
        for side, name in names.items():
            yield f"-- {side}"
            cursor.execute(f"SHOW TABLES FROM {name}")
            for (table,) in cursor.fetchall():
                cursor.execute(f"SHOW CREATE TABLE {name}.{table}")
                yield (cursor.fetchone() or ("", ""))[1].replace("\n", " ")
                cursor.execute(f"SELECT * FROM {name}.{table}")
                for row in cursor.fetchall():
                    yield f"INSERT INTO {table} VALUES ({', '.join(server.literal(value) for value in row)})"


def as_server_time(value: Any) -> Any:
    """A UTC time of SQLite as a server stores it."""
    is_time = isinstance(value, str) and len(value) == 20 and value[10] == "T" and value[-1] == "Z"
    return value[:19].replace("T", " ") if is_time else value


def main(socket: str) -> None:
    HERE.mkdir(exist_ok=True)
    os.environ["TZ"] = "UTC"
    invent()
    live_day()
    troubles()
    with lzma.open(HERE / "expected.json.xz", "wt") as file:
        json.dump(expected(), file)
    with lzma.open(HERE / "mariadb.sql.xz", "wt") as file:
        file.writelines(f"{statement}\n" for statement in as_server_sql(socket))
    for database in (ROOT / "databases").glob("*.db"):
        with sqlite3.connect(database) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("VACUUM")
    with tarfile.open(HERE / "hub.tar.xz", "w:xz") as archive:
        archive.add(ROOT, ROOT.name)
    for path in sorted(HERE.iterdir()):
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main(sys.argv[1])
