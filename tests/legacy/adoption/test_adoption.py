"""A database of an older layout is adopted without losing a row, however often the work is interrupted (spec 70 §8)."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator

import pymysql
import pytest

from hzmetrics.calendar import Month
from hzmetrics.errors import StoreError
from hzmetrics.grids.state import GRIDS
from hzmetrics.installation.adoption import rebuild, space, work
from hzmetrics.store.schema import require_transactional
from tests.conftest import TestHub
from tests.enrich.dns_server import DnsServer, serve
from tests.legacy.adoption.database import LAYOUTS, TARGET, OldDatabase, Rows
from tests.mariadb_server import SOCKET
from tests.pipeline.scenario import log_text
from tests.pipeline.test_failures import prepare, wait_for

pytestmark = [
    pytest.mark.mariadb,
    pytest.mark.skipif(SOCKET not in os.environ, reason=f"no MariaDB server: {SOCKET} is not set"),
]

COPIED = (
    "web", "websessions", "userlogin", "toolstart", "sessionlog_metrics", "webhits", "bot_useragents", "exclude_list",
    "countries", "continents", "country_continent", "domainclass", "domainclasses",
)  # fmt: skip
"""Tables whose rows summaries are made of."""

Adopt = Callable[[str], OldDatabase]


@pytest.fixture
def adopt(make_hub: Callable[[str], TestHub]) -> Iterator[Adopt]:
    """Loads an older metrics database in the place of a hub's own."""
    made: list[OldDatabase] = []

    def load(layout: str) -> OldDatabase:
        old = OldDatabase(make_hub("mariadb"), layout)
        old.load()
        made.append(old)
        return old

    yield load
    for old in made:
        old.drop()
        old.cursor.connection.close()


def assert_nothing_lost(old: OldDatabase, columns: dict[str, list[str]], before: Rows) -> None:
    """Every row of `before` is still there, value for value; flags that were missing may be there now."""
    fill = old.case.get("fill", {})
    for table, names in columns.items():
        keep = [name for name in names if name not in fill.get(table, [])]
        places = [names.index(name) for name in keep]
        was: Counter[tuple[str | None, ...]] = Counter()
        for row, count in before[table].items():
            was[tuple(row[place] for place in places)] += count
        now = old.rows({table: keep})[table]
        assert not was - now, table
        assert table in TARGET["may_grow"] or not sum(was.values()) or not now - was, table


def assert_converged(old: OldDatabase) -> None:
    """The schema is at least what the product and the CMS need."""
    have, engines = old.columns(), old.engines()
    for table, wanted in TARGET["tables"].items():
        assert engines[table] == wanted.get("engine", engines[table]), table
        assert list(have[table]) == wanted.get("exact", list(have[table])), table
        for column, width in wanted.get("columns", {}).items():
            assert column in have[table]
            assert (have[table][column][1] or width) >= width, (table, column)
        indexes = list(old.indexes(table).values())
        for key in wanted.get("unique", []):
            assert any(unique and set(columns) == set(key) for columns, unique in indexes), (table, key)
        for key in wanted.get("index", []):
            assert any(columns[: len(key)] == key for columns, _ in indexes), (table, key)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_adoption(adopt: Adopt, layout: str) -> None:
    old = adopt(layout)
    old.sql("CREATE VIEW visits AS SELECT ip, COUNT(*) AS n FROM web GROUP BY ip")
    old.sql("CREATE INDEX site_own ON web (uidNumber)")
    columns = {table: list(names) for table, names in old.columns().items()}
    before, schema, answers = old.rows(), old.schema(), old.answers()
    view, ids, indexes = old.sql("SELECT * FROM visits ORDER BY ip"), old.next_ids(), old.indexes("web")

    assert old.hub.run("migrate") == 0
    assert old.hub.run("doctor") == 1
    assert (old.rows(), old.schema()) == (before, schema)

    assert old.hub.run("init") == 0
    assert_nothing_lost(old, columns, before)
    assert {**old.engines(), **old.case.get("heavy", {})} == old.engines()
    assert old.sql("SELECT v FROM pipeline_state WHERE k = 'history_floor'") == [(str(old.hub.settings.clock.month),)]
    if old.case.get("heavy"):
        with pytest.raises(StoreError, match=r"web .MyISAM.*hzmetrics migrate --apply"):
            require_transactional(old.hub.store)

    assert old.hub.run("migrate", "--apply") == 0
    assert_nothing_lost(old, columns, before)
    assert_converged(old)
    require_transactional(old.hub.store)
    assert old.answers() == answers
    assert old.sql("SELECT * FROM visits ORDER BY ip") == view
    assert {table: old.next_ids()[table] >= count for table, count in ids.items()} == dict.fromkeys(ids, True)
    assert {name: old.indexes("web")[name] for name in indexes} == indexes
    assert old.sql("SELECT COUNT(*) FROM web WHERE dnload IS NULL") == [(0,)]
    assert old.sql("SELECT v FROM pipeline_state WHERE k = 'dirty_months' AND v <> ''") == []

    after = old.rows(), old.schema()
    assert old.hub.run("migrate", "--apply") == 0
    assert old.hub.run("init") == 0
    assert (old.rows(), old.schema()) == after


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["legacy-package", "legacy-live"])
def test_later_summaries_are_those_of_a_fresh_import_of_the_same_rows(
    adopt: Adopt, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    """The first month after those with rows, all periods: in the adopted database, then in one of our own making."""
    old = adopt(layout)
    hub, month = old.hub, Month.parse(str(old.sql("SELECT LEFT(MAX(datetime), 7) FROM web")[0][0])).plus(1)

    def summarized() -> Rows:
        for log in ("httpd/daily/parity-access.log", "hubzero/daily/cmsauth.log"):
            path = hub.root / f"logs/{log}-{month.last_day:%Y%m%d}"
            path.write_bytes(log_text(log, [f"{month}-{day:02d}" for day in (3, 3, 3, 17, 17, 26)]))
        assert hub.run("import", "--month", str(month)) == 0
        assert hub.run("analyze", "--month", str(month)) == 0
        query = f"SELECT * FROM {{}} WHERE datetime = '{month.key}'"
        return {grid.name: Counter(old.sql(query.format(grid.name))) for grid in GRIDS}

    with serve(DnsServer()) as server:
        prepare(hub, server, monkeypatch)
        monkeypatch.setenv("HZMETRICS_NOW", f"{month.plus(1)}-02T09:25:00")
        assert hub.run("migrate", "--apply") == 0
        kept = f"{old.name}_kept"
        old.sql(f"CREATE OR REPLACE DATABASE {kept}")
        for table in COPIED:
            old.sql(f"CREATE TABLE {kept}.{table} AS SELECT * FROM {table}")
        columns = {table: ", ".join(f"`{column}`" for column in old.columns()[table]) for table in COPIED}
        adopted = summarized()

        old.drop()
        shutil.rmtree(hub.root / "logs")
        assert hub.run("init") == 0
        old.sql(f"USE {old.name}")
        for table, names in columns.items():
            old.sql(f"DELETE FROM {table}")
            old.sql(f"INSERT IGNORE INTO {table} ({names}) SELECT {names} FROM {kept}.{table}")
        old.sql(f"DROP DATABASE {kept}")
        assert summarized() == adopted
    assert all(sum(cells.values()) > 40 for cells in adopted.values())


def test_killed_at_random_it_ends_in_the_same_state(adopt: Adopt, monkeypatch: pytest.MonkeyPatch) -> None:
    old = adopt("legacy-package")
    columns = {table: list(names) for table, names in old.columns().items()}
    before, answers = old.rows(), old.answers()
    script = (
        "from hzmetrics.installation.adoption import rebuild; rebuild.RANGE = 100; "
        "from hzmetrics.cli import main; main()"
    )
    chance = random.Random(7)
    for _ in range(12):
        applier = subprocess.Popen(
            [sys.executable, "-c", script, "migrate", "--apply"],
            env={**os.environ, **old.hub.environment}, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            applier.wait(chance.uniform(0.35, 0.75))
            break
        except subprocess.TimeoutExpired:
            applier.send_signal(signal.SIGKILL)
            applier.wait()
    assert old.hub.run("migrate", "--apply") == 0
    assert_nothing_lost(old, columns, before)
    assert_converged(old)
    assert old.answers() == answers
    assert not [table for table in old.engines() if table.startswith("hzmetrics_new_")]


def test_a_rebuild_goes_on_where_it_was(adopt: Adopt, monkeypatch: pytest.MonkeyPatch) -> None:
    old = adopt("legacy-live")
    rows = old.rows({"web": ["id", "content"]})
    monkeypatch.setattr(rebuild, "RANGE", 50)
    insertions: list[str] = []
    execute = work.Work.execute

    def interrupted(self: work.Work, statement: str, *values: object) -> int:
        if "INSERT INTO `hzmetrics_new_web`" in statement:
            insertions.append(statement)
            if len(insertions) == 4:
                raise StoreError("interrupted")
        return execute(self, statement, *values)

    monkeypatch.setattr(work.Work, "execute", interrupted)
    assert old.hub.run("migrate", "--apply") == 1
    assert old.sql("SELECT COUNT(*) FROM hzmetrics_new_web") == [(150,)]
    assert old.hub.run("migrate", "--apply") == 0
    assert insertions[4].split("WHERE")[1] == insertions[3].split("WHERE")[1]
    assert old.rows({"web": ["id", "content"]}) == rows


def test_an_original_is_never_forgotten(
    adopt: Adopt, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed just after the swap."""
    old = adopt("legacy-live")
    finish = rebuild._Renaming.finish

    def interrupted(self: rebuild._Renaming) -> None:
        finish(self)
        raise StoreError("interrupted")

    with monkeypatch.context() as context:
        context.setattr(rebuild._Renaming, "finish", interrupted)
        assert old.hub.run("migrate", "--apply") == 1
    (original,) = [name for name in old.engines() if name.endswith("_original")]
    assert old.hub.run("migrate", "--apply") == 0
    old.hub.run("doctor")
    assert f"DROP TABLE {original}" in capsys.readouterr().out


def test_a_changed_definition_starts_the_copy_anew(adopt: Adopt, monkeypatch: pytest.MonkeyPatch) -> None:
    old = adopt("legacy-live")
    with monkeypatch.context() as context:
        context.setattr(rebuild, "_swap", lambda *_: (_ for _ in ()).throw(StoreError("interrupted")))
        assert old.hub.run("migrate", "--apply") == 1
    old.sql("ALTER TABLE web ADD COLUMN site_own VARCHAR(20) NOT NULL DEFAULT 'kept'")
    assert old.hub.run("migrate", "--apply") == 0
    assert old.sql("SELECT DISTINCT site_own FROM web") == [("kept",)]
    assert old.engines()["web"] == "InnoDB"


def test_what_others_write_meanwhile_is_not_lost(adopt: Adopt, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are added, changed and deleted after they were compared, just before the lock."""
    old = adopt("legacy-live")
    make_equal = rebuild._make_equal
    calls: list[str] = []

    def written_to(under_lock: work.Work, table: rebuild.TableState, copy: str, columns: list[str]) -> None:
        make_equal(under_lock, table, copy, columns)
        if table.name == "web" and not calls:
            calls.append(copy)
            old.sql("INSERT INTO web (datetime, content, ip) VALUES ('2015-01-01', '/late', '192.0.2.9')")
            old.sql("UPDATE web SET domain = 'changed.example' WHERE ip = '192.0.2.1'")
            old.sql("DELETE FROM web WHERE ip = '192.0.2.2'")

    monkeypatch.setattr(rebuild, "_make_equal", written_to)
    assert old.hub.run("migrate", "--apply") == 0
    assert calls
    original = old.rows({"web_original": [name for name in old.columns()["web_original"] if name != "dnload"]})
    assert (
        old.rows({"web": [name for name in old.columns()["web_original"] if name != "dnload"]})["web"]
        == (original["web_original"])
    )
    assert old.sql("SELECT COUNT(*) FROM web WHERE content = '/late' OR domain = 'changed.example'") == [(2,)]


def test_doubled_cells_fold_and_what_disagrees_is_kept_aside(adopt: Adopt) -> None:
    old = adopt("legacy-package")
    grid = "summary_user_vals"
    cell = "rowid = 1 AND colid = 1 AND period = 1 AND datetime = '2014-01-00'"
    old.sql(f"DELETE FROM {grid} WHERE {cell}")
    for value in (5, 7, 5, 9, 9):
        old.sql(f"INSERT INTO {grid} VALUES (1, 1, '2014-01-00', 1, {value}, 1)")
    others = old.sql(f"SELECT COUNT(*) FROM {grid} WHERE NOT ({cell})")
    assert old.hub.run("migrate", "--apply") == 0
    assert old.sql(f"SELECT value FROM {grid} WHERE {cell}") == [(9,)]
    assert old.sql(f"SELECT COUNT(*) FROM {grid} WHERE NOT ({cell})") == others
    assert old.sql("SELECT grid, CAST(datetime AS CHAR), value, valfmt FROM replaced_cells ORDER BY value") == [
        (grid, "2014-01-00 00:00:00", "5", 1), (grid, "2014-01-00 00:00:00", "7", 1)
    ]  # fmt: skip


def test_without_space_nothing_heavy_happens(
    adopt: Adopt, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = adopt("legacy-live")
    assert old.hub.run("init") == 0
    before = old.rows(), old.schema(), old.engines()
    monkeypatch.setenv(space.PROBE, "4096")
    assert old.hub.run("migrate", "--apply") == 1
    assert "4.1 kB are free" in capsys.readouterr().err
    assert (old.rows(), old.schema(), old.engines()) == before


def test_space_that_cannot_be_seen_is_asked_for(
    adopt: Adopt, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = adopt("legacy-live")
    monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
    assert old.hub.run("migrate", "--apply") == 1
    assert "--space-checked" in capsys.readouterr().err
    assert old.hub.run("migrate", "--apply", "--space-checked") == 0


def test_a_second_applier_says_so(
    adopt: Adopt, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = adopt("legacy-live")
    monkeypatch.setattr("hzmetrics.installation.adoption.apply.PATIENCE", 0)
    with old.hub.store.metrics.session() as first:
        first.exec_driver_sql("SELECT GET_LOCK(%s, 0)", (work.lock_name(first),))
        assert old.hub.run("migrate", "--apply") == 1
        assert "another process is migrating" in capsys.readouterr().err
    assert "imported_sources" not in old.columns()


def test_a_tick_during_a_migration_says_so_and_leaves(
    adopt: Adopt, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The tick of minute 30, by the service user: neither its `init` nor its run gets in between.

    See spec 60 §2, spec 70 §8.1.
    """
    old = adopt("legacy-live")
    log = old.hub.root / "logs/httpd/daily/parity-access.log-20260518"
    log.parent.mkdir(parents=True)
    log.write_bytes(log_text("httpd/", ["2026-05-18"]))
    monkeypatch.setattr("hzmetrics.installation.bootstrap.user_name", lambda: "www-data")
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:30:00")
    old.sql("LOCK TABLES web READ")  # the swap of the table waits for us
    applier = subprocess.Popen(
        [sys.executable, "-m", "hzmetrics", "migrate", "--apply"],
        env={**os.environ, **old.hub.environment}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    waiting = f"db = '{old.name}' AND state LIKE 'Waiting for table metadata lock%'"
    wait_for(lambda: old.sql(f"SELECT COUNT(*) FROM information_schema.processlist WHERE {waiting}") == [(1,)])
    assert old.hub.run("tick") == 0
    said = capsys.readouterr().err
    assert "another process is migrating this database; nothing done" in said
    assert f"hzmetrics.pid is held by process {applier.pid}" in said
    assert log.exists()
    assert old.hub.run("migrate", "--apply") == 1
    assert f"hzmetrics.pid is held by process {applier.pid}" in capsys.readouterr().err
    old.sql("UNLOCK TABLES")
    assert applier.wait(60) == 0
    assert_converged(old)


def test_triggers_are_not_lost_silently(adopt: Adopt, capsys: pytest.CaptureFixture[str]) -> None:
    old = adopt("legacy-live")
    old.sql("CREATE TRIGGER watcher BEFORE INSERT ON webhits FOR EACH ROW SET NEW.hits = NEW.hits")
    assert old.hub.run("migrate", "--apply") == 1
    assert "triggers (watcher)" in capsys.readouterr().err
    assert old.engines()["webhits"] == "MyISAM"


def test_a_newer_database_is_refused(adopt: Adopt, capsys: pytest.CaptureFixture[str]) -> None:
    old = adopt("legacy-live")
    old.sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    old.sql("INSERT INTO alembic_version VALUES ('9999')")
    before = old.schema()
    for command in (["init"], ["migrate"], ["migrate", "--apply"], ["setup-db"]):
        assert old.hub.run(*command) == 1
        assert "revision 9999" in capsys.readouterr().err
    assert old.hub.run("doctor", "--fix") == 1
    assert old.schema() == before


def test_an_empty_server(make_hub: Callable[[str], TestHub], capsys: pytest.CaptureFixture[str]) -> None:
    old = OldDatabase(make_hub("mariadb"), "empty")
    old.hub.store.close()
    old.drop()
    assert old.hub.run("migrate") == 0
    assert "create the table" in capsys.readouterr().out
    assert old.hub.run("setup-db", "--dry-run") == 0
    assert old.sql(f"SHOW DATABASES LIKE '{old.name}'") == []
    assert old.hub.run("init") == 0
    old.sql(f"USE {old.name}")
    assert old.sql("SELECT @@collation_database") == [("utf8mb3_general_ci",)]
    assert all(old.sql(f"SELECT COUNT(*) FROM {table}") != [(0,)] for table in TARGET["seeded"])
    assert old.sql("SELECT * FROM pipeline_state") == []
    with pytest.raises(pymysql.err.IntegrityError):
        old.sql("INSERT INTO alembic_version SELECT * FROM alembic_version")
    assert old.hub.run("migrate", "--apply") == 0
    assert_converged(old)
    assert old.hub.run("doctor") == 0
    for table in old.columns():
        old.sql(f"TRUNCATE TABLE `{table}`")
    assert old.hub.run("init") == 0
    assert old.hub.run("migrate", "--apply") == 0
    assert old.sql("SELECT * FROM pipeline_state") == []


def test_a_user_who_may_not_create_databases(
    make_hub: Callable[[str], TestHub], capsys: pytest.CaptureFixture[str]
) -> None:
    """The database is there: `init` works. It is not: `init` says what the administrator has to run."""
    old = OldDatabase(make_hub("mariadb"), "empty")
    old.hub.store.close()
    user = f"{old.name}_user"
    old.sql(f"CREATE OR REPLACE USER {user}@localhost IDENTIFIED BY 'hidden'")
    text = old.hub.configuration.read_text(encoding="utf-8")
    old.hub.configuration.write_text(
        text.replace("user = root", f"user = {user}").replace("password =", "password = hidden")
    )
    try:
        old.drop()
        assert old.hub.run("init") == 1
        message = capsys.readouterr().err
        assert "hzmetrics init --admin" in message
        assert old.hub.run("init", "--sql") == 0
        statements = capsys.readouterr().out
        assert f"CREATE DATABASE IF NOT EXISTS `{old.name}`" in statements
        assert "hidden" not in message + statements
        old.sql(f"CREATE DATABASE {old.name}")
        old.sql(
            "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, CREATE TEMPORARY TABLES, LOCK TABLES "
            f"ON {old.name}.* TO {user}@localhost"
        )
        assert old.hub.run("init") == 0
        assert old.hub.run("migrate", "--apply") == 0
        assert old.hub.run("doctor") == 1
        report = capsys.readouterr().out
        hub = old.name.replace("_metrics", "_hub")
        escaped = hub.replace("_", r"\_")
        assert f"GRANT SELECT ON `{escaped}`.* TO `{user}`@`localhost`" in report
        assert "hidden" not in report + (old.hub.root / "log.txt").read_text(encoding="utf-8")
    finally:
        old.sql(f"DROP USER {user}@localhost")
