"""What the commands say when the server refuses or a table is missing: one line, exit code 1, nothing half written."""

import os
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from hzmetrics.store.tables import metrics
from tests.conftest import TestHub
from tests.ingest.test_imports import access_line, count, write
from tests.mariadb_server import SOCKET

pytestmark = [
    pytest.mark.mariadb,
    pytest.mark.skipif(SOCKET not in os.environ, reason=f"no MariaDB server: {SOCKET} is not set"),
]

ACCESS, AUTH = "parity-access.log-20250701", "cmsauth.log-20250701"
LOGIN = "2025-07-01 10:00:00 1 [ann] 198.51.100.7 login\n"

Say = Callable[..., str]


@pytest.fixture
def on_server(make_hub: Callable[[str], TestHub]) -> TestHub:
    """A hub whose logs of one day are pending."""
    hub = make_hub("mariadb")
    write(hub, ACCESS, access_line() + access_line(agent="some bot"))
    write(hub, AUTH, LOGIN, "hubzero/daily")
    return hub


@pytest.fixture
def complaint(on_server: TestHub, capfd: pytest.CaptureFixture[str]) -> Say:
    """Runs a command that has to fail; the last line of standard error."""

    def say(*arguments: str) -> str:
        assert on_server.run(*arguments) == 1
        said = capfd.readouterr().err
        assert "Traceback" not in said
        return said.splitlines()[-1]

    return say


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("user = root", "user = hzt_nobody"), "user name or password refused"),
        (("_metrics", "_nosuch"), "the database does not exist"),
    ],
)
def test_a_server_that_refuses(on_server: TestHub, complaint: Say, change: tuple[str, str], reason: str) -> None:
    path = on_server.configuration
    path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    access, auth = (str(on_server.root / "logs" / name) for name in (f"httpd/daily/{ACCESS}", f"hubzero/daily/{AUTH}"))
    for arguments in (
        ("import-apache", access), ("import-auth", auth), ("identify-bots", access), ("import", "--next"),
        ("forget-import", ACCESS), ("repair-imported-sources",), ("rebuild-webhits", "--all"), ("backfill-dnload",),
    ):  # fmt: skip
        assert f": {reason} (" in complaint(*arguments), arguments


@pytest.mark.parametrize("table", [metrics.exclude_list, metrics.bot_useragents, metrics.imported_sources])
def test_a_missing_table(on_server: TestHub, complaint: Say, table: sa.Table) -> None:
    with on_server.store.metrics.connect() as connection:
        connection.exec_driver_sql(f"DROP TABLE {table}")
    access = on_server.root / "logs/httpd/daily" / ACCESS
    assert f"{table}' doesn't exist" in complaint("import-apache", str(access))
    assert "files could not be imported" in complaint("import", "--day", "2025-07-01")
    assert access.exists()
    assert count(on_server, metrics.web) == count(on_server, metrics.webhits) == 0
