"""Every command says an expected error in one line, with the right exit code (spec 65 §1, spec 60 §10.5)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from hzmetrics.cli import FAMILIES
from tests.conftest import TestHub
from tests.mariadb_server import SOCKET

pytestmark = [
    pytest.mark.mariadb,
    pytest.mark.slow,
    pytest.mark.skipif(SOCKET not in os.environ, reason=f"no MariaDB server: {SOCKET} is not set"),
]

LOG = "parity-access.log-20260301"

ARGUMENTS = {
    "import": "--next", "import-apache": LOG, "import-auth": LOG, "reimport": "--since 2026-01", "identify-bots": LOG,
    "agents": "--month 2026-02", "rebuild-webhits": "--all", "forget-import": LOG, "lookup": "192.0.2.1",
    "reconstruct-imported-sources": "--apply", "repair-imported-sources": "--apply",
    "resolve-dns": "metrics web", "fill-domain": "metrics web", "fill-ipcountry": "metrics web", "fill-geo": "--all",
    "clean-bots": "web", "fill-user-info": "metrics toolstart", "process": "--month 2026-02",
    "analyze": "--month 2026-02", "summarize": "--month 2026-02", "rebuild-summaries": "--since 2026-02",
    "rebuild-from": "2026-02", "mark-dirty": "2026-02", "clear-dirty": "2026-02", "run": "--yes",
    "anonymise": "--before 2026-01", "migrate": "--apply", "tools": "top", "events": "update", "courses": "usage",
    "publish": "--dir pages", "report": "--output report.html", "export": "grids",
    "lake": "export lake",
}  # fmt: skip
"""What a command is called with, where it needs arguments."""

WITHOUT_DATABASE = {
    "config", "demo", "fleet", "lookup", "fetch-logs", "archive-logs", "agents", "courses", "openmetrics", "serve",
}  # fmt: skip
"""Commands that need no database, or make do without."""

REPORTS = {"status", "doctor"}
"""Commands that report a failure of the database on standard output, as one of several things."""

MAKE_DO = {"init", "setup-db", "migrate", "gen-tool-stats", "tools", "whoisonline"}
"""Commands that create a missing metrics database, if the user may, or need the hub's alone."""

CAUSES: dict[str, tuple[tuple[str, str], tuple[str, ...]]] = {
    "password": (("password =", "password = wrong"), ("user name or password refused", "user and password")),
    "socket": (("socket = /", "socket = /nowhere/"), ("the server cannot be reached", "host, port and socket")),
    "name": (("_metrics", "_nosuch"), ("the database does not exist", "metrics_db")),
}


def command_lines() -> Iterator[list[str]]:
    for commands in FAMILIES.values():
        for name in commands:
            yield [name, *ARGUMENTS.get(name, "").split()]


@pytest.fixture
def broken(make_hub: Callable[[str], TestHub], request: pytest.FixtureRequest) -> Iterator[TestHub]:
    """A hub on MariaDB in whose configuration one thing is wrong."""
    hub = make_hub("mariadb")
    change = CAUSES[request.param][0]
    text = hub.configuration.read_text(encoding="utf-8")
    assert change[0] in text
    hub.configuration.write_text(text.replace(*change), encoding="utf-8")
    for kind in ("httpd", "hubzero"):
        (hub.root / "logs" / kind / "daily").mkdir(parents=True)
    (hub.root / "logs/httpd/daily" / LOG).touch()
    yield hub


@pytest.mark.parametrize(("broken", "cause"), [(cause, cause) for cause in CAUSES], indirect=["broken"])
def test_one_line_names_file_key_and_socket(
    broken: TestHub, cause: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2026-03-10T12:30:00")
    monkeypatch.chdir(broken.root / "logs/httpd/daily")
    what, keys = CAUSES[cause][1]
    wrong = {}
    for words in command_lines():
        if words[0] in WITHOUT_DATABASE or (cause == "name" and words[0] in MAKE_DO):
            continue
        capsys.readouterr()
        code = broken.run(*words)
        output = capsys.readouterr()
        errors = [line for line in output.err.splitlines() if " ERROR " in line or " CRITICAL " in line]
        told = [line for line in output.out.splitlines() if what in line][:1] if words[0] in REPORTS else errors
        is_told = len(told) == 1 and what in told[0] and f"check {keys} under [db] in {broken.configuration}" in told[0]
        if not is_told or "Traceback" in output.err or code != 1:
            wrong[" ".join(words)] = (code, output.err)
    assert not wrong
