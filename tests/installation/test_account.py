"""An administrator makes the database and the user of hzmetrics, with the rights that it needs and no more."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pymysql
import pytest

from hzmetrics import config
from hzmetrics.installation import account
from tests.conftest import TestHub
from tests.mariadb_server import SOCKET

ODD = "o'd`d\\_x"
"""A name of a user that only careful quoting survives."""
PASSWORD = "it's a \\secret\" #;%"


def write(hub: TestHub, **keys: str) -> None:
    """Replace the `[db]` section."""
    text = hub.configuration.read_text(encoding="utf-8").partition("[db]")[0]
    section = "\n".join(f"{key} = {value}" for key, value in keys.items())
    hub.configuration.write_text(f"{text}[db]\n{section}\n", encoding="utf-8")


@pytest.mark.mariadb
@pytest.mark.skipif(SOCKET not in os.environ, reason=f"no MariaDB server: {SOCKET} is not set")
@pytest.mark.skipif(os.geteuid() != 0, reason="the server knows root as its administrator")
class TestOnServer:
    @pytest.fixture
    def new(self, make_hub: Callable[[str], TestHub], database_name: str) -> Iterator[TestHub]:
        """A hub whose metrics database and database user do not exist."""
        hub = make_hub("mariadb")
        metrics_db = f"{database_name}_m%x`y"
        keys = {"user": ODD, "password": PASSWORD, "metrics_db": metrics_db, "hub_db": f"{database_name}_hub"}
        write(hub, socket=os.environ[SOCKET], **keys)
        yield hub
        with pymysql.connect(unix_socket=os.environ[SOCKET], user="root") as server, server.cursor() as cursor:
            cursor.execute("DROP USER IF EXISTS %s@localhost", (ODD,))
            cursor.execute(f"DROP DATABASE IF EXISTS `{metrics_db.replace('`', '``')}`")

    def test_init_names_the_way_and_goes_it(self, new: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
        assert new.run("init") == 1
        assert "run as root on the machine of the server: hzmetrics init --admin" in capsys.readouterr().err
        assert new.run("init", "--admin") == 0
        assert new.run("init", "--admin") == 0
        assert "exists; its password is not changed" in capsys.readouterr().err
        new.run("doctor")
        told = capsys.readouterr().out
        assert "OK    rights" in told and "OK    hub database" in told
        assert "secret" not in (new.root / "log.txt").read_text(encoding="utf-8")

    def test_the_printed_statements_do_the_same(self, new: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
        assert new.run("init", "--sql") == 0
        printed = capsys.readouterr().out
        assert "secret" not in printed
        with pymysql.connect(unix_socket=os.environ[SOCKET], user="root") as server, server.cursor() as cursor:
            cursor.execute("SET sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'")  # whatever the administrator's mode
            for statement in printed.splitlines():
                cursor.execute(statement.removesuffix(";"))
            cursor.execute("SHOW GRANTS FOR %s@localhost", (ODD,))
            grants = [str(row[0]) for row in cursor.fetchall()]
        assert grants[0].startswith("GRANT USAGE ON *.*") and len(grants) == 9
        assert new.run("init") == 0


def test_without_a_server_on_this_machine(
    make_hub: Callable[[str], TestHub], capsys: pytest.CaptureFixture[str]
) -> None:
    hub = make_hub("sqlite")
    for option in ("--admin", "--sql"):
        assert hub.run("init", option) == 2
        assert "SQLite needs no user" in capsys.readouterr().err
    write(hub, host="192.0.2.1", user="u", password="p", metrics_db="m")
    assert hub.run("init", "--admin") == 2
    assert "hzmetrics init --sql" in capsys.readouterr().err


def test_a_user_of_the_system_needs_no_password(make_hub: Callable[[str], TestHub]) -> None:
    hub = make_hub("sqlite")
    write(hub, user="www-data", metrics_db="m")
    assert account.statements(config.load(hub.configuration))[1] == (
        "CREATE USER IF NOT EXISTS `www-data`@`localhost` IDENTIFIED VIA unix_socket"
    )
